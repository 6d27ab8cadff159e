import { describe, expect, it } from '@jest/globals';
import { MEMORY_METRICS, type MemoryMetric } from '#contracts';
import type { HistoryRange } from '../src/history/buckets.js';
import { History, type HistoryColumns } from '../src/history/history.js';
import { rollUpHistory } from '../src/history/roll-up.js';
import type { Aggregate } from '../src/history/sample-parts.js';
import { newId } from '../src/paging/ids.js';
import { aPartition, storeSamples, values, type StoredSample } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
const START = new Date('2026-03-01T10:00:00Z').getTime();
const MINUTE_MS = 60_000;
const METRICS: readonly MemoryMetric[] = ['usedBytes', 'pressureSome10Ratio', 'migratedPagesTotal'];

/** Three hours of two guests at uneven times, with a gap; reproducible. */
function someSamples(): StoredSample[] {
  let state = 12345;
  const random = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  return [newId(), newId()].flatMap((guestId) =>
    Array.from({ length: 2000 }, (_, at) => ({
      guestId,
      sampledAt: new Date(START + at * 5_400 + Math.floor(random() * 5_000) + (at > 900 ? 20 * MINUTE_MS : 0)),
      tick: at,
      values: values({
        usedBytes: Math.floor(random() * 2 ** 40),
        pressureSome10Ratio: Math.fround(random()),
        migratedPagesTotal: at,
      }),
    })),
  );
}

/** The same answer counted the plain way. */
function recount(samples: readonly StoredSample[], answer: HistoryColumns, range: HistoryRange, aggregate: Aggregate) {
  return METRICS.map((metric) =>
    answer.times.map((time) => {
      const inside = samples
        .filter(({ sampledAt }) => sampledAt >= range.from && sampledAt < range.to)
        .filter(({ sampledAt }) => sampledAt >= time && sampledAt.getTime() < time.getTime() + answer.stepMs)
        .map((sample) => sample.values[metric]);
      if (inside.length === 0) return null;
      if (aggregate === 'MIN') return Math.min(...inside);
      if (aggregate === 'MAX') return Math.max(...inside);
      return inside.reduce((sum, one) => sum + one, 0) / inside.length;
    }),
  );
}

function expectClose(got: readonly (number | null)[], wanted: readonly (number | null)[]): void {
  expect(got.map((value) => value === null)).toEqual(wanted.map((value) => value === null));
  got.forEach((value, at) =>
    expect(Math.abs((value ?? 0) - (wanted[at] ?? 0))).toBeLessThanOrEqual(1e-9 * Math.abs(wanted[at] ?? 0)),
  );
}

describe('the history of a guest', () => {
  const samples = someSamples();
  const guestId = samples[0]!.guestId;
  const own = samples.filter((sample) => sample.guestId === guestId);
  const ranges: [string, HistoryRange][] = [
    ['short buckets', { from: new Date(START), to: new Date(START + 8 * MINUTE_MS), stepMs: 7_000, maxPoints: null }],
    [
      'askew ends',
      {
        from: new Date(START + 61_234),
        to: new Date(START + 171 * MINUTE_MS + 1),
        stepMs: 10 * MINUTE_MS,
        maxPoints: null,
      },
    ],
    [
      'as few points as asked',
      { from: new Date(START - MINUTE_MS), to: new Date(START + 240 * MINUTE_MS), stepMs: null, maxPoints: 11 },
    ],
    [
      'a range within one cell',
      { from: new Date(START + 60_000), to: new Date(START + 120_000), stepMs: 5 * MINUTE_MS, maxPoints: null },
    ],
    [
      'nothing stored',
      { from: new Date(START - 600 * MINUTE_MS), to: new Date(START - 300 * MINUTE_MS), stepMs: null, maxPoints: 10 },
    ],
  ];

  const check = (): void => {
    describe.each(ranges)('%s', (_, range) => {
      it.each(['MIN', 'MEAN', 'MAX'] as const)(
        'gives the %s of each bucket as a plain recount does',
        async (aggregate) => {
          const answer = await new History(database()).ofGuest(guestId, range, METRICS, aggregate);
          const counted = recount(own, answer, range, aggregate);
          expect(answer.series.map((one) => one.metric)).toEqual(METRICS);
          answer.series.forEach((one, at) => expectClose(one.values, counted[at]!));
          expect(new Set([answer.times.length, ...answer.series.map((one) => one.values.length)]).size).toBe(1);
        },
      );
    });
  };

  it('is stored', async () => {
    await aPartition(database(), new Date(START), new Date(START + 300 * MINUTE_MS));
    await storeSamples(database(), samples);
  });

  describe('before the roll-up', check);

  it('is rolled up to the middle', async () => {
    await rollUpHistory(database(), new Date(START + 76 * MINUTE_MS), 30);
    const { rows } = await database().pool.query<{ last: Date; cells: number; samples: number }>(
      'SELECT max(cell_at) AS last, count(*)::int AS cells, sum(sample_count)::int AS samples FROM memory_rollup',
    );
    const until = START + 75 * MINUTE_MS;
    expect(rows[0]).toEqual({
      last: new Date(until - 5 * MINUTE_MS),
      cells: 30,
      samples: samples.filter(({ sampledAt }) => sampledAt.getTime() < until).length,
    });
  });

  describe('half rolled up', check);

  it('is rolled up whole, by two at once as by one', async () => {
    const now = new Date(START + 400 * MINUTE_MS);
    await Promise.all([rollUpHistory(database(), now, 30), rollUpHistory(database(), now, 30)]);
    const { rows } = await database().pool.query<{ samples: number }>(
      'SELECT sum(sample_count)::int AS samples FROM memory_rollup',
    );
    expect(rows[0]?.samples).toBe(samples.length);
  });

  describe('rolled up', () => {
    check();

    it('reads the cells and not the samples where whole cells make the buckets', async () => {
      const range: HistoryRange = {
        from: new Date(START),
        to: new Date(START + 60 * MINUTE_MS),
        stepMs: 10 * MINUTE_MS,
        maxPoints: null,
      };
      await database().pool.query('UPDATE memory_rollup SET max_values[4] = 7 WHERE guest_id = $1', [guestId]);
      const answer = await new History(database()).ofGuest(guestId, range, ['usedBytes'], 'MAX');
      expect(MEMORY_METRICS[3]).toBe('usedBytes');
      expect(answer.series[0]?.values).toEqual([7, 7, 7, 7, 7, 7]);
    });
  });

  it('adds up the means of all guests for the fleet', async () => {
    const range: HistoryRange = {
      from: new Date(START),
      to: new Date(START + 180 * MINUTE_MS),
      stepMs: 15 * MINUTE_MS,
      maxPoints: null,
    };
    const history = new History(database());
    const guests = [...new Set(samples.map((sample) => sample.guestId))];
    const each = await Promise.all(guests.map((id) => history.ofGuest(id, range, ['usedBytes'], 'MEAN')));
    const fleet = await history.ofFleet(range, ['usedBytes']);
    const sums = fleet.times.map((_, at) => {
      const means = each.flatMap((one) => one.series[0]?.values[at] ?? []);
      return means.length === 0 ? null : means.reduce((sum, mean) => sum + mean, 0);
    });
    expectClose(fleet.series[0]!.values, sums);
  });

  it('gives every sample, page by page, a tick that was sampled again once', async () => {
    const history = new History(database());
    const [first, second] = [...new Set(samples.map((sample) => sample.guestId))] as [string, string];
    const again = own.at(-1)!;
    await storeSamples(database(), [{ ...again, sampledAt: new Date(again.sampledAt.getTime() + 1) }]);
    const uses: { tick: number; usedBytes: number }[] = [];
    let after: string | null = null;
    for (let more = true; more;) {
      const page: Awaited<ReturnType<History['usesOfGuest']>> = await history.usesOfGuest(first, { first: 667, after });
      uses.push(...page.edges.map(({ node: { tick, usedBytes } }) => ({ tick, usedBytes })));
      more = page.hasNextPage;
      after = page.edges.at(-1)?.cursor ?? null;
    }
    expect(uses).toEqual(own.map(({ tick, values: { usedBytes } }) => ({ tick, usedBytes })));
    await expect(history.usesOfGuest(second, { first: 1, after })).rejects.toThrow(/after must be a cursor/);
  });

  it('has each metric once, and says so when none is asked for', async () => {
    const [, range] = ranges[0]!;
    const history = new History(database());
    const often = new Array<MemoryMetric>(2000).fill('usedBytes');
    for (const asked of [history.ofGuest(guestId, range, often, 'MEAN'), history.ofFleet(range, often)]) {
      expect((await asked).series.map(({ metric }) => metric)).toEqual(['usedBytes']);
    }
    const none = 'metrics must be one metric at least';
    await expect(history.ofGuest(guestId, range, [], 'MEAN')).rejects.toThrow(none);
    await expect(history.ofFleet(range, [])).rejects.toThrow(none);
  });

  it('is empty for an id that cannot be one', async () => {
    const [, range] = ranges[0]!;
    const answer = await new History(database()).ofGuest('no-uuid', range, ['usedBytes'], 'MEAN');
    expect(answer.series[0]?.values.every((value) => value === null)).toBe(true);
  });
});
