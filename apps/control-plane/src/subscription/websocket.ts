/**
 * GraphQL over WebSocket by the graphql-transport-ws protocol, at the same path as over HTTP and under the same limits and
 * error codes.
 */
import type { Server } from 'node:http';
import { execute, parse, subscribe, validate, GraphQLError, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { toClientError } from '../errors/client-error.js';
import { GRAPHQL_PATH } from '../graphql-options.js';
import { createLoaders, type Questions } from '../loaders.js';
import { MAX_BODY_BYTES, MAX_TOKENS, checkCost, checkDepth, checkQueryText, exceeded } from '../limits/query-limits.js';
import { answersTo, misdirected, MISDIRECTED, type HostNames } from '../visitors/host-name.js';
import { isWelcome } from '../visitors/origin.js';

const PING_MS = 12_000;
const GOING_AWAY = 1001;
const FORBIDDEN = 403;
/** Subscriptions of one connection: a dashboard needs a handful. */
const MOST_SUBSCRIPTIONS = 100;

interface Request {
  readonly query: string;
  readonly variables?: Record<string, unknown> | null | undefined;
  readonly operationName?: string | null | undefined;
}

/** Returns how to end all connections. */
export function serveWebSocket(
  server: Server,
  schema: GraphQLSchema,
  questions: Questions,
  names: HostNames,
): () => Promise<void> {
  const sockets = new WebSocketServer({
    server,
    path: GRAPHQL_PATH,
    maxPayload: MAX_BODY_BYTES,
    verifyClient: ({ req }, tell) => {
      const { host } = req.headers;
      if (answersTo(host, names)) tell(isWelcome(req), FORBIDDEN, 'a page of another origin');
      else tell(false, MISDIRECTED, misdirected(host));
    },
  });
  const graphql = useServer(
    {
      execute,
      subscribe,
      onSubscribe: ({ subscriptions }, _id, request) => {
        try {
          checkSubscriptions(Object.keys(subscriptions).length);
          return prepare(schema, questions, request);
        } catch (error) {
          return [toGraphqlError(error)];
        }
      },
      onError: (_, _id, _request, errors) => errors.map(toClientError),
      onNext: (_, _id, _request, _args, { data, errors }) => ({
        data: data ?? null,
        ...(errors === undefined ? {} : { errors: errors.map(toClientError) }),
      }),
    },
    sockets,
    PING_MS,
  );
  return async () => {
    for (const socket of sockets.clients) socket.close(GOING_AWAY, 'the server stops');
    await graphql.dispose();
  };
}

/** `count`: with the one that is asked for. */
function checkSubscriptions(count: number): void {
  if (count > MOST_SUBSCRIPTIONS) {
    throw exceeded(
      `subscriptions of a connection must be at most ${MOST_SUBSCRIPTIONS}: end some, or open another one`,
    );
  }
}

/** The protocol's library takes errors of this class alone; onError tells what is in it. */
function toGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

/** What to run, or why not. Throws what a limit or the parser throws. */
function prepare(
  schema: GraphQLSchema,
  questions: Questions,
  request: Request,
): ExecutionArgs | readonly GraphQLError[] {
  checkQueryText(request.query);
  const document = parse(request.query, { maxLexicalTokens: MAX_TOKENS });
  checkDepth(document);
  const errors = validate(schema, document);
  if (errors.length > 0) return errors;
  checkCost(schema, document, request.variables ?? {});
  return {
    schema,
    document,
    variableValues: request.variables ?? {},
    operationName: request.operationName ?? null,
    contextValue: { loaders: createLoaders(questions) },
  };
}
