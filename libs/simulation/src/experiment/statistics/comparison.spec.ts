import { describe, expect, it } from '@jest/globals';
import { RandomStream } from '#units';
import { bootstrapP, holm, studentP } from './comparison.js';
import { studentInterval } from './intervals.js';

/** Pairs whose mean lies `t` standard errors from zero. */
function pairsAt(t: number, count: number): number[] {
  const spread = Array.from({ length: count }, (_, at) => at - (count - 1) / 2);
  const deviation = Math.sqrt(spread.reduce((sum, value) => sum + value ** 2, 0) / (count - 1));
  return spread.map((value) => value / deviation + t / Math.sqrt(count));
}

describe('the chance of a difference without one', () => {
  it.each([
    [2, 12.7062],
    [3, 4.3027],
    [4, 3.1824],
    [5, 2.7764],
    [10, 2.2622],
    [30, 2.0452],
  ])('is 5 %% at the tabled point of t, for %i pairs', (count, t) => {
    expect(studentP(pairsAt(t, count))).toBeCloseTo(0.05, 5);
    expect(studentP(pairsAt(-t, count))).toBeCloseTo(0.05, 5);
  });

  it('is below 5 % exactly when the interval leaves zero out', () => {
    const random = RandomStream.of(3, 'pairs');
    for (let trial = 0; trial < 200; trial++) {
      const pairs = Array.from({ length: 2 + random.nextBelow(8) }, () => random.nextNormal() + 0.8);
      const { low, high } = studentInterval(pairs);
      expect(studentP(pairs)! < 0.05).toBe(low > 0 || high < 0);
    }
  });

  it('is 1 where nothing differs, and unknown from a single run', () => {
    expect(studentP([0, 0, 0])).toBe(1);
    expect(bootstrapP([0, 0, 0])).toBe(1);
    expect(studentP([5])).toBeNull();
    expect(bootstrapP([])).toBeNull();
  });

  it('counts replicates on the far side of zero', () => {
    const replicates = Array.from({ length: 199 }, (_, at) => at - 3.5);
    expect(bootstrapP(replicates)).toBeCloseTo((2 * 5) / 200, 12);
    expect(bootstrapP(replicates.map((value) => value + 1000))).toBeCloseTo(2 / 200, 12);
  });
});

describe("Holm's correction", () => {
  it('multiplies the smallest by how many there are, the next by one less, and never falls', () => {
    expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.6, 0.5])).toEqual([1, 1]);
    expect(holm([0.02, null, 0.02])).toEqual([0.04, null, 0.04]);
    expect(holm([0.04])).toEqual([0.04]);
  });

  it('calls one of five policies that are alike different in at most one experiment of twenty', () => {
    const random = RandomStream.of(4, 'alike');
    let uncorrected = 0;
    let corrected = 0;
    const experiments = 1000;
    for (let experiment = 0; experiment < experiments; experiment++) {
      const values = Array.from({ length: 5 }, () => studentP(Array.from({ length: 6 }, () => random.nextNormal())));
      if (values.some((value) => value! < 0.05)) uncorrected++;
      if (holm(values).some((value) => value! < 0.05)) corrected++;
    }
    expect(uncorrected / experiments).toBeGreaterThan(0.18);
    expect(corrected / experiments).toBeLessThan(0.065);
  });
});
