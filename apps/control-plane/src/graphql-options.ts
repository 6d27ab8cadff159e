/** The GraphQL server over HTTP: limits before anything runs, a set of loaders for each request, one shape of errors. */
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { FastifyRequest } from 'fastify';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import type { MercuriusContext } from 'mercurius';
import { formatErrors } from './errors/error-formatter.js';
import {
  MAX_TOKENS,
  checkCost,
  checkDepth,
  checkIsAnswerable,
  checkIsParsed,
  checkQueryText,
} from './limits/query-limits.js';
import { createLoaders, type Questions } from './loaders.js';

export const GRAPHQL_PATH = '/graphql';
/** A query is compiled when it comes for the second time. */
const COMPILE_AFTER = 1;

export function graphqlOptions(questions: Questions): MercuriusDriverConfig {
  return {
    driver: MercuriusDriver,
    path: GRAPHQL_PATH,
    autoSchemaFile: true,
    sortSchema: true,
    jit: COMPILE_AFTER,
    graphiql: false,
    graphql: { parseOptions: { maxLexicalTokens: MAX_TOKENS } },
    errorFormatter: formatErrors,
    context: () => ({ loaders: createLoaders(questions) }),
    hooks: {
      preParsing: (_: GraphQLSchema, source: string) => checkQueryText(source),
      preValidation: (_: GraphQLSchema, document: unknown) => {
        checkIsParsed(document);
        checkDepth(document);
      },
      preExecution: (
        schema: GraphQLSchema,
        document: DocumentNode,
        { reply }: MercuriusContext,
        variables: Record<string, unknown>,
      ) => {
        checkIsAnswerable(document, operationNameOf(reply.request));
        checkCost(schema, document, variables);
      },
    },
  } as MercuriusDriverConfig;
}

/** Of the body, or of the address where the query is in it. */
function operationNameOf({ body, query }: FastifyRequest): string | undefined {
  const { operationName } = (body ?? query) as { readonly operationName?: string | null };
  return operationName ?? undefined;
}
