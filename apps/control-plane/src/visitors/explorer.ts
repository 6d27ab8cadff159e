/**
 * The page to try queries on: Altair, from files of its own package, since a fleet's network may reach nothing else. Its address shows
 * the schema, and subscriptions run by the protocol that the API speaks.
 */
import fastifyStatic from '@fastify/static';
import { getDistDirectory, renderAltair } from 'altair-static';
import type { FastifyInstance } from 'fastify';
import { GRAPHQL_PATH } from '../graphql-options.js';

const EXPLORER_PATH = '/explorer/';
/** Where somebody with a browser comes to look. */
const VISITED: ReadonlySet<string> = new Set(['/', GRAPHQL_PATH, '/explorer']);
const FIRST_QUERY = `{
  fleet { guestCount balloonActualBytes }
  guests(first: 5) {
    edges { node { name state memory { usedBytes totalBytes } } }
  }
}`;

/** A browser that opens the API gets something to look at. */
export function serveExplorer(server: FastifyInstance): void {
  const page = renderAltair({
    baseURL: EXPLORER_PATH,
    endpointURL: GRAPHQL_PATH,
    subscriptionsEndpoint: GRAPHQL_PATH,
    initialSubscriptionRequestHandlerId: 'graphql-ws',
    initialQuery: FIRST_QUERY,
    disableAccount: true,
    initialSettings: { 'banners.disable': true, 'alert.disableUpdateNotification': true },
  });
  server.addHook('onRequest', (request, reply, done) => {
    const isVisit =
      request.method === 'GET' && VISITED.has(request.url) && request.headers.accept?.includes('text/html');
    if (isVisit === true) void reply.redirect(EXPLORER_PATH);
    else done();
  });
  server.get(EXPLORER_PATH, (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  void server.register(fastifyStatic, {
    root: getDistDirectory(),
    prefix: EXPLORER_PATH,
    index: false,
    decorateReply: false,
  });
}
