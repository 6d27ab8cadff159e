import { describe, expect, it } from '@jest/globals';
import { columnsCost, historyCost } from './history-cost.js';

const HOUR = { from: new Date('2026-03-01T12:00:00Z'), to: new Date('2026-03-01T13:00:00Z') };
const ALL_METRICS = 20;

function cost(args: object): number {
  return historyCost(ALL_METRICS)({ args: { ...HOUR, ...args } });
}

describe('the cost of history', () => {
  it('grows with points and metrics, so that many guests can be asked for a little, and few for much', () => {
    const pages = {
      aLittle: 500 * cost({ maxPoints: 60, metrics: ['usedBytes'] }),
      much: 24 * cost({ maxPoints: 5000 }),
    };
    expect(pages.aLittle).toBeLessThan(50_000);
    expect(pages.much).toBeGreaterThan(50_000);
    expect(cost({})).toBe((500 * ALL_METRICS) / 40);
    expect(cost({ maxPoints: 5000 })).toBe(10 * cost({}));
    expect(cost({ maxPoints: 5000, metrics: ['usedBytes', 'freeBytes'] })).toBe(cost({}));
  });

  it('follows from the step where that tells how many points there are', () => {
    expect(cost({ step: 1_000 })).toBe(Math.ceil((3601 * ALL_METRICS) / 40));
    expect(cost({ step: 1_000, maxPoints: 5000, metrics: ['usedBytes'] })).toBe(Math.ceil(3601 / 40));
    expect(cost({ step: 1_800_000 })).toBe(columnsCost(1));
  });

  it('is bounded for what is refused later: no wrong argument makes it cheap, endless or no number', () => {
    expect(cost({ maxPoints: 1e9 })).toBe(cost({ maxPoints: 5000 }));
    for (const wrong of [{ maxPoints: -1 }, { step: 0 }, { step: 1, to: HOUR.from }, { metrics: [] }]) {
      expect(cost(wrong)).toBeGreaterThan(0);
      expect(cost(wrong)).toBeLessThanOrEqual(cost({ maxPoints: 5000 }));
    }
    expect(cost({ metrics: Array(1000).fill('usedBytes') })).toBe(cost({}));
  });
});
