import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import {
  collectDefaultMetrics,
  Histogram,
  openMetricsContentType,
  Registry,
  type OpenMetricsContentType,
} from 'prom-client';

const BUCKETS_SEC = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** This process and the requests that it answered. */
@Injectable()
export class RequestMetrics {
  readonly registry = new Registry<OpenMetricsContentType>();
  readonly #durations: Histogram;

  constructor() {
    this.registry.setContentType(openMetricsContentType);
    collectDefaultMetrics({ register: this.registry });
    this.#durations = new Histogram({
      name: 'ballast_http_request_duration_seconds',
      help: 'Time to the end of an answer',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_SEC,
      registers: [this.registry],
    });
  }

  observe(server: FastifyInstance): void {
    server.addHook('onResponse', (request, reply, done) => {
      const labels = {
        method: request.method,
        route: request.routeOptions.url ?? 'none',
        status: String(reply.statusCode),
      };
      this.#durations.observe(labels, reply.elapsedTime / 1000);
      done();
    });
  }
}
