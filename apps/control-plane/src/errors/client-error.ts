/** Every error in the one shape that clients see: a message for people and a code of the closed list. */
import { DomainError, type ErrorCode } from '#contracts';
import { Logger } from '@nestjs/common';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { MAX_BODY_BYTES, MAX_TOKENS } from '../limits/query-limits.js';
import { pathOfValue } from './value-path.js';

const log = new Logger('api');

/** Codes of the web server and of the GraphQL server that mean something to a client. */
const SERVER_ERRORS: Readonly<Record<string, (error: Error) => [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => ['LIMIT_EXCEEDED', `body must be at most ${MAX_BODY_BYTES} bytes long`],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => ['BAD_INPUT', 'content-type must be application/json'],
  FST_ERR_CTP_INVALID_JSON_BODY: () => ['BAD_INPUT', 'body must be JSON'],
  FST_ERR_CTP_EMPTY_JSON_BODY: () => ['BAD_INPUT', 'body must be JSON with a query, got nothing'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => ['BAD_INPUT', 'content-length must be the length of the body'],
  FST_ERR_VALIDATION: (error) => ['BAD_INPUT', error.message],
  MER_ERR_GQL_VALIDATION: (error) => ['BAD_INPUT', error.message],
  MER_ERR_GQL_PERSISTED_QUERY_NOT_FOUND: () => ['BAD_INPUT', 'query must be a GraphQL query, got nothing'],
  MER_ERR_METHOD_NOT_ALLOWED: () => ['BAD_INPUT', 'GET takes queries only: send mutations with POST'],
};

const INTERNAL = 'Something went wrong inside Ballast; its log says what.';

/** What a client is told; what it may not be told goes to the log. */
export function toClientError(error: unknown): GraphQLFormattedError {
  const graphql = error instanceof GraphQLError ? error : undefined;
  const cause = rootOf(error);
  const [code, message] = codeAndMessage(graphql, cause);
  if (code === 'INTERNAL') log.error(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
  const { field = fieldOf(graphql), problems } = cause instanceof DomainError ? cause : {};
  return {
    message,
    ...(graphql?.locations === undefined ? {} : { locations: graphql.locations }),
    ...(graphql?.path === undefined ? {} : { path: graphql.path }),
    extensions: { code, ...(field === undefined ? {} : { field }), ...(problems === undefined ? {} : { problems }) },
  };
}

function codeAndMessage(graphql: GraphQLError | undefined, cause: unknown): [ErrorCode, string] {
  if (cause instanceof DomainError) return [cause.code, cause.message];
  if (graphql !== undefined && isAboutRequest(graphql)) return ofRequest(graphql);
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') {
    const known = SERVER_ERRORS[cause.code];
    if (known !== undefined) return known(cause);
  }
  return ['INTERNAL', INTERNAL];
}

/**
 * Syntax, validation and values of variables point at the query and have no path; what broke while the query was answered has
 * one, and what broke before has neither.
 */
function isAboutRequest({ path, nodes, originalError, message }: GraphQLError): boolean {
  return (
    path === undefined && (nodes !== undefined || originalError === undefined || message.startsWith('Variable "$'))
  );
}

/** The argument or variable that a value of the wrong shape was given for. */
function fieldOf(error: GraphQLError | undefined): string | undefined {
  if (error === undefined || !isAboutRequest(error)) return undefined;
  const [, variable, inside] = /^Variable "\$(\w+)" (?:.* at "([^"]+)")?/.exec(error.message) ?? [];
  if (variable !== undefined) return inside ?? variable;
  const [node] = error.nodes ?? [];
  return (node === undefined ? null : pathOfValue(node)) ?? undefined;
}

function ofRequest(error: GraphQLError): [ErrorCode, string] {
  if (error.message.startsWith('Syntax Error: Document contains more that')) {
    return ['LIMIT_EXCEEDED', `query must have at most ${MAX_TOKENS} tokens`];
  }
  const [node] = error.nodes ?? [];
  const path = node === undefined ? null : pathOfValue(node);
  return ['BAD_INPUT', path === null || error.message.includes(path) ? error.message : `${path}: ${error.message}`];
}

function rootOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError != null) cause = cause.originalError;
  return cause;
}
