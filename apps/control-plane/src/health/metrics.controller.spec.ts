import { describe, expect, it, jest } from '@jest/globals';
import { MetricsController } from './metrics.controller.js';
import { RequestMetrics } from './request-metrics.js';

const nothing = { edges: [], hasNextPage: false, hasPreviousPage: false };
const reply = { header: () => undefined };

/** What a control plane reads from, with the queue as it is given. */
function aController(counts: () => Promise<unknown>): MetricsController {
  const totals = { guestCount: 24, stalledGuests: 0 };
  const fleet = { totals: () => Promise.resolve(totals), clock: () => Promise.resolve({ tick: 7, speed: 1 }) };
  const none = (): Promise<unknown[]> => Promise.resolve([]);
  const list = {
    list: () => Promise.resolve(nothing),
    usage: () => Promise.resolve(new Map()),
    latest: none,
    find: none,
  };
  const rows = { pool: { query: () => Promise.resolve({ rows: [] }) } };
  const parts = [new RequestMetrics(), fleet, list, list, { counts }, rows];
  return new MetricsController(...(parts as unknown as ConstructorParameters<typeof MetricsController>));
}

async function scrape(controller: MetricsController): Promise<string> {
  return controller.scrape(reply as unknown as Parameters<MetricsController['scrape']>[0]);
}

describe('a scrape', () => {
  it('shows the fleet while the queue is away, and says which part it could not read', async () => {
    const shown = await scrape(aController(() => Promise.reject(new Error('connect ECONNREFUSED'))));
    expect(shown).toContain('ballast_fleet_guests 24');
    expect(shown).toContain('ballast_scrape_collector_success{collector="queues"} 0');
    expect(shown).toContain('ballast_scrape_collector_success{collector="hosts"} 1');
  });

  it('does not wait for a queue that never answers', async () => {
    jest.useFakeTimers();
    const shown = scrape(aController(() => new Promise(() => undefined)));
    await jest.advanceTimersByTimeAsync(3_000);
    expect(await shown).toContain('ballast_scrape_collector_success{collector="queues"} 0');
    jest.useRealTimers();
  });

  it('says 1 of all parts when all answer', async () => {
    const shown = await scrape(aController(() => Promise.resolve({ operations: { waiting: 3 } })));
    expect(shown).toContain('bullmq_job_count{queue="operations",state="waiting"} 3');
    expect(shown.match(/ballast_scrape_collector_success\{collector="\w+"\} 1/g)).toHaveLength(5);
  });
});
