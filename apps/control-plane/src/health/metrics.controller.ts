import { Queues } from '#jobs';
import { Fleet, Guests, Hosts } from '#persistence';
import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { RequestMetrics } from './request-metrics.js';
import { registerFleetMetrics } from './guest-metrics.js';

@Controller('metrics')
export class MetricsController {
  readonly #refresh: () => Promise<void>;

  constructor(
    private readonly metrics: RequestMetrics,
    fleet: Fleet,
    guests: Guests,
    hosts: Hosts,
    queues: Queues,
  ) {
    this.#refresh = registerFleetMetrics(metrics.registry, { fleet, guests, hosts, queues });
  }

  /** In the OpenMetrics format. */
  @Get()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    await this.#refresh();
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
