import { describe, expect, it } from '@jest/globals';
import { RandomStream } from '#units';
import {
  bcaInterval,
  countInterval,
  designEffect,
  meanInterval,
  normalQuantile,
  normalShare,
  percentile,
  studentInterval,
  wilsonInterval,
} from './intervals.js';

const DATA_SETS = 250;

const around = ({ low, high }: { low: number; high: number }): [number, number] => [low, high];

describe('intervals', () => {
  it('of Student: five runs worked by hand', () => {
    // Mean 3, variance 2.5, standard error √0.5, t(4) = 2.7764.
    const interval = studentInterval([1, 2, 3, 4, 5]);
    expect(interval.mean).toBe(3);
    expect(interval.high - 3).toBeCloseTo(2.7764 * Math.sqrt(0.5), 6);
    expect(around(studentInterval([7]))).toEqual([7, 7]);
  });

  it('of Wilson: the examples of Newcombe (1998)', () => {
    for (const [events, trials, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const interval = wilsonInterval(events, trials);
      expect(interval.low).toBeCloseTo(low, 4);
      expect(interval.high).toBeCloseTo(high, 4);
    }
    expect(wilsonInterval(0, 2000, 10).high).toBeCloseTo(wilsonInterval(0, 200).high, 12);
  });

  it('of counts: the exact limits of Garwood', () => {
    for (const [events, low, high] of [
      [0, 0, 3.6889],
      [1, 0.0253, 5.5716],
      [10, 4.7954, 18.3904],
    ] as const) {
      expect(countInterval(events, 1).low).toBeCloseTo(low, 3);
      expect(countInterval(events, 1).high).toBeCloseTo(high, 3);
    }
    expect(countInterval(10, 5)).toMatchObject({ mean: 2 });
  });

  it('need as many more trials as clusters repeat themselves', () => {
    const repeated = [0, 4, 4, 0].map((events) => ({ events, trials: 4 }));
    expect(designEffect(repeated)).toBeCloseTo(4, 6);
    const mixed = Array.from({ length: 50 }, () => ({ events: 2, trials: 4 }));
    expect(designEffect(mixed)).toBe(1);
  });

  it('know the normal distribution', () => {
    expect(normalShare(0)).toBeCloseTo(0.5, 7);
    expect(normalShare(-1.645)).toBeCloseTo(0.04998, 4);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 5);
    expect(percentile([1, 2, 4], 0.75)).toBe(3);
    expect(percentile([-Infinity, 2, 4], 0.2)).toBe(-Infinity);
  });

  it('of the bootstrap lean to where skewed data lean', () => {
    const skewed = [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 6, 20];
    const { mean, low, high } = bcaInterval(skewed, 'x');
    expect(high - mean).toBeGreaterThan(mean - low);
    expect(bcaInterval(skewed, 'x')).toEqual({ mean, low, high });
    expect(around(bcaInterval(Array(12).fill(5) as number[], 'x'))).toEqual([5, 5]);
  });

  it.each([
    [4, 'normal', 0.92, 0.98],
    [12, 'normal', 0.88, 0.97],
    [30, 'exponential', 0.89, 0.97],
  ] as const)('of %i runs, %s, hold the truth about as often as they say', (runs, kind, least, most) => {
    const random = RandomStream.of(4, `coverage ${kind} ${runs}`);
    const draw = (): number => (kind === 'normal' ? 1 + random.nextNormal() : -Math.log(1 - random.nextFloat()));
    let held = 0;
    for (let at = 0; at < DATA_SETS; at++) {
      const { low, high } = meanInterval(Array.from({ length: runs }, draw), `${at}`);
      if (low <= 1 && 1 <= high) held++;
    }
    expect(held / DATA_SETS).toBeGreaterThan(least);
    expect(held / DATA_SETS).toBeLessThan(most + 0.01);
  });
});
