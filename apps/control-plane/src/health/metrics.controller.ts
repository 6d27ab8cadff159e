import { Queues } from '#jobs';
import { Database, Fleet, Guests, Hosts } from '#persistence';
import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Gauge } from 'prom-client';
import { answersInTime } from './answers-in-time.js';
import { registerControllerMetrics } from './controller-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { registerFleetMetrics } from './guest-metrics.js';

@Controller('metrics')
export class MetricsController {
  /** By what they read. */
  readonly #collectors: Readonly<Record<string, () => Promise<void>>>;
  readonly #success: Gauge;

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
    this.#collectors = {
      ...registerFleetMetrics(registry, sources),
      controller: registerControllerMetrics(registry, database),
    };
    this.#success = new Gauge({
      name: 'ballast_scrape_collector_success',
      help: '1 when this scrape read what the collector shows; 0: what it shows is of an earlier scrape',
      labelNames: ['collector'],
      registers: [registry],
    });
  }

  /** In the OpenMetrics format. While the database or the queue is away, the rest is shown all the same. */
  @Get()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    await Promise.all(
      Object.entries(this.#collectors).map(async ([collector, refresh]) =>
        this.#success.set({ collector }, (await answersInTime(refresh())) ? 1 : 0),
      ),
    );
    void reply.header('content-type', this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
