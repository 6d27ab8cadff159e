import { Queues } from '#jobs';
import { Database } from '#persistence';
import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { answersInTime } from './answers-in-time.js';

const UNAVAILABLE = 503;

interface Readiness {
  readonly status: 'ok' | 'unavailable';
  readonly checks: Readonly<Record<string, 'ok' | 'unavailable'>>;
}

/** For whoever watches over processes. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly database: Database,
    private readonly queues: Queues,
  ) {}

  /** The process runs and answers. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** What it needs answers too. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const checks = {
      database: await check(this.database.pool.query('SELECT 1')),
      queue: await check(this.queues.counts()),
    };
    const status = Object.values(checks).every((one) => one === 'ok') ? 'ok' : 'unavailable';
    if (status !== 'ok') void reply.code(UNAVAILABLE);
    return { status, checks };
  }
}

async function check(work: Promise<unknown>): Promise<'ok' | 'unavailable'> {
  return (await answersInTime(work)) ? 'ok' : 'unavailable';
}
