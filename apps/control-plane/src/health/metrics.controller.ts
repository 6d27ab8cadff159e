import { Queues } from '#jobs';
import { Database, Fleet, Guests, Hosts } from '#persistence';
import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { registerControllerMetrics } from './controller-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { registerFleetMetrics } from './guest-metrics.js';

@Controller('metrics')
export class MetricsController {
  readonly #refreshers: readonly (() => Promise<void>)[];

  constructor(
    private readonly metrics: RequestMetrics,
    fleet: Fleet,
    guests: Guests,
    hosts: Hosts,
    queues: Queues,
    database: Database,
  ) {
    const { registry } = metrics;
    const sources = { fleet, guests, hosts, queues };
    this.#refreshers = [registerFleetMetrics(registry, sources), registerControllerMetrics(registry, database)];
  }

  /** In the OpenMetrics format. */
  @Get()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    await Promise.all(this.#refreshers.map((refresh) => refresh()));
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
