/** The API process, made but not yet listening: the same for the command and for tests. */
import type { Configuration } from '#platform';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, QUESTIONS } from './app.module.js';
import { GRAPHQL_PATH } from './graphql-options.js';
import { RequestMetrics } from './health/request-metrics.js';
import { MAX_BODY_BYTES } from './limits/query-limits.js';
import type { Questions } from './loaders.js';
import { serveWebSocket } from './subscription/websocket.js';
import { serveExplorer } from './visitors/explorer.js';
import { answersTo, misdirected, MISDIRECTED } from './visitors/host-name.js';

export interface ControlPlane {
  /** Begins to answer; returns the address of the API. */
  listen(): Promise<string>;
  /** Ends connections, then lets go of database and queue. */
  close(): Promise<void>;
}

/** Throws DomainError UNAVAILABLE when database or queue do not answer. */
export async function createControlPlane(
  configuration: Configuration,
  logger: LoggerService | false,
): Promise<ControlPlane> {
  const adapter = new FastifyAdapter({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  const application = await NestFactory.create<NestFastifyApplication>(
    AppModule.forConfiguration(configuration),
    adapter,
    {
      logger,
      abortOnError: false,
    },
  );
  const server = adapter.getInstance();
  application.get(RequestMetrics).observe(server);
  server.addHook('onRequest', (request, reply, done) => {
    const { host } = request.headers;
    if (answersTo(host, configuration)) done();
    else
      void reply
        .code(MISDIRECTED)
        .send({ errors: [{ message: misdirected(host), extensions: { code: 'BAD_INPUT', field: 'Host' } }] });
  });
  serveExplorer(server);
  await application.init();
  const { schema } = application.get(GraphQLSchemaHost);
  const questions = application.get<Questions>(QUESTIONS);
  const endSubscriptions = serveWebSocket(application.getHttpServer(), schema, questions, configuration);
  return {
    async listen() {
      await application.listen(configuration.port, configuration.host);
      return `${(await application.getUrl()).replace('[::1]', 'localhost')}${GRAPHQL_PATH}`;
    },
    async close() {
      await endSubscriptions();
      await application.close();
    },
  };
}
