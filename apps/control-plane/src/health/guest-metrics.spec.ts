import { expect, it } from '@jest/globals';
import { Registry, openMetricsContentType, type OpenMetricsContentType } from 'prom-client';
import { MEMORY_METRICS } from '#contracts';
import type { Page, PageRequest } from '#persistence';
import { registerFleetMetrics } from './guest-metrics.js';

const COUNT = 2001;
const SAMPLE = Object.fromEntries(MEMORY_METRICS.map((metric) => [metric, 1]));
const SIZES = { capacityBytes: 1, assignedBytes: 1, state: 'HIGH' };
const ROWS = Array.from({ length: COUNT }, (_, at) => ({
  id: `id-${at}`,
  name: `name-${at}`,
  hostId: 'id-0',
  ...SIZES,
}));

/** The page of a list whose cursors are places in it. */
function pageOf({ first, after }: PageRequest): Page<(typeof ROWS)[number]> {
  const start = after === null ? 0 : Number(after) + 1;
  const edges = ROWS.slice(start, start + first).map((node, at) => ({ cursor: String(start + at), node }));
  return { edges, hasNextPage: start + first < COUNT, hasPreviousPage: start > 0 };
}

it('a list is shown to its end, and whole while it is read anew', async () => {
  let mayRead = Promise.resolve();
  const list = (request: PageRequest): Promise<unknown> => mayRead.then(() => pageOf(request));
  const sources = {
    fleet: {
      totals: () => Promise.resolve({ guestCount: COUNT, stalledGuests: 0 }),
      clock: () => Promise.resolve({ tick: 1, speed: 1 }),
    },
    hosts: { list, usage: () => Promise.resolve(new Map()), find: () => Promise.resolve([ROWS[0]]) },
    guests: {
      list: (_filter: object, _order: string, request: PageRequest) => list(request),
      latest: (ids: readonly string[]) => Promise.resolve(ids.map((guestId) => ({ guestId, values: SAMPLE }))),
    },
    queues: { counts: () => Promise.resolve({}) },
  };
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(openMetricsContentType);
  const collectors = registerFleetMetrics(registry, sources as unknown as Parameters<typeof registerFleetMetrics>[1]);
  const refresh = (): Promise<unknown> => Promise.all(Object.values(collectors).map((collect) => collect()));
  const shown = async (name: string): Promise<number> => (await registry.metrics()).split(`\n${name}{`).length - 1;
  const NAMES = ['ballast_host_resident_bytes', 'ballast_guest_balloon_bytes'];

  await refresh();
  expect(await Promise.all(NAMES.map(shown))).toEqual([COUNT, COUNT]);

  let read: () => void = () => undefined;
  mayRead = new Promise((resolve) => (read = resolve));
  const again = refresh();
  expect(await Promise.all(NAMES.map(shown))).toEqual([COUNT, COUNT]);
  read();
  await again;
  expect(await Promise.all(NAMES.map(shown))).toEqual([COUNT, COUNT]);
});
