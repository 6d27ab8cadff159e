/** The GraphQL server over HTTP: limits before anything runs, a set of loaders for each request, one shape of errors. */
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { DocumentNode, GraphQLSchema } from 'graphql';
import { formatErrors } from './errors/error-formatter.js';
import { MAX_TOKENS, checkCost, checkDepth, checkIsParsed, checkQueryText } from './limits/query-limits.js';
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
    graphiql: true,
    graphql: { parseOptions: { maxLexicalTokens: MAX_TOKENS } },
    errorFormatter: formatErrors,
    context: () => ({ loaders: createLoaders(questions) }),
    hooks: {
      preParsing: (_: GraphQLSchema, source: string) => checkQueryText(source),
      preValidation: (_: GraphQLSchema, document: unknown) => {
        checkIsParsed(document);
        checkDepth(document);
      },
      preExecution: (schema: GraphQLSchema, document: DocumentNode, _: unknown, variables: Record<string, unknown>) =>
        checkCost(schema, document, variables),
    },
  } as MercuriusDriverConfig;
}
