import { describe, expect, it } from '@jest/globals';
import { planBuckets, type HistoryRange } from './buckets.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const from = new Date('2026-03-01T00:00:00Z');

function range(lengthMs: number, changes: Partial<HistoryRange> = {}): HistoryRange {
  return { from, to: new Date(from.getTime() + lengthMs), stepMs: null, maxPoints: null, ...changes };
}

describe('the buckets of a range', () => {
  it.each([
    [60_000, 1_000],
    [HOUR_MS, 10_000],
    [6 * HOUR_MS, 60_000],
    [DAY_MS, 300_000],
    [7 * DAY_MS, 1_500_000],
    [30 * DAY_MS, 5_400_000],
  ])('of %d ms are %d ms long when nothing is asked', (lengthMs, stepMs) => {
    expect(planBuckets(range(lengthMs)).stepMs).toBe(stepMs);
  });

  it('are never more than asked for, however the range lies', () => {
    for (const maxPoints of [1, 2, 7, 60, 499, 5000]) {
      for (const lengthMs of [1, 999, 61_001, HOUR_MS + 1, 3 * DAY_MS + 12_345, 400 * DAY_MS]) {
        for (const askewMs of [0, 1, 299_999, 123_456]) {
          const start = new Date(from.getTime() + askewMs);
          const asked = { from: start, to: new Date(start.getTime() + lengthMs), stepMs: null, maxPoints };
          const buckets = planBuckets(asked);
          expect(buckets.count).toBeLessThanOrEqual(maxPoints);
          expect(buckets.startMs).toBeLessThanOrEqual(start.getTime());
          expect(buckets.startMs + buckets.stepMs).toBeGreaterThan(start.getTime());
          expect(buckets.startMs + buckets.count * buckets.stepMs).toBeGreaterThanOrEqual(asked.to.getTime());
          expect(buckets.startMs + (buckets.count - 1) * buckets.stepMs).toBeLessThan(asked.to.getTime());
        }
      }
    }
  });

  it('are as short as the points that are asked for allow', () => {
    expect(planBuckets(range(2_400, { maxPoints: 100 })).stepMs).toBe(50);
    expect(planBuckets(range(2_400)).stepMs).toBe(1_000);
  });

  it('take a step as it is, and above five minutes as whole multiples of them', () => {
    expect(planBuckets(range(HOUR_MS, { stepMs: 7_000 })).stepMs).toBe(7_000);
    expect(planBuckets(range(30 * DAY_MS, { stepMs: (30 * DAY_MS) / 500 })).stepMs).toBe(5_400_000);
  });

  it.each([
    [range(0), 'to must be after from'],
    [range(-HOUR_MS), 'to must be after from'],
    [range(401 * DAY_MS), 'to must be at most 400 days after from'],
    [range(HOUR_MS, { stepMs: 9 }), 'step must be a whole number of milliseconds from 10'],
    [range(DAY_MS, { stepMs: 10_000 }), 'step must be at least 20 s'],
    [range(HOUR_MS, { stepMs: 60_000, maxPoints: 59 }), 'step must be at least 120 s'],
    [range(HOUR_MS, { maxPoints: 0 }), 'maxPoints must be from 1 to 5000'],
    [range(HOUR_MS, { maxPoints: 5001 }), 'maxPoints must be from 1 to 5000'],
  ])('are refused for %j', (asked, message) => {
    expect(() => planBuckets(asked)).toThrow(message);
  });
});
