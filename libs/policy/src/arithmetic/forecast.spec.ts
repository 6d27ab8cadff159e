import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { forecastPeak, summedSeries } from './forecast.js';

const STEP_MS = 300_000;
const DAY = 288;
const rules = (horizonSteps: number, riskQuantile = 1): Parameters<typeof forecastPeak>[2] => ({
  horizonMs: horizonSteps * STEP_MS,
  riskQuantile,
});
const days = (count: number, shape: (step: number) => number): number[] =>
  Array.from({ length: count * DAY }, (_, at) => shape(at % DAY));

describe('forecastPeak', () => {
  it('expects a steady guest to stay as it is', () => {
    expect(forecastPeak(new Array<number>(50).fill(7), STEP_MS, rules(2))).toBe(7);
    expect(forecastPeak([7], STEP_MS, rules(2))).toBe(7);
  });

  it('expects the largest earlier rise within the horizon on top of the present', () => {
    expect(forecastPeak([0, 0, 10, 0, 0, 0, 0, 5], STEP_MS, rules(1))).toBe(15);
    expect(forecastPeak([0, 4, 10, 0, 0, 0, 0, 5], STEP_MS, rules(1))).toBe(11);
    expect(forecastPeak([0, 4, 10, 0, 0, 0, 0, 5], STEP_MS, rules(2))).toBe(15);
  });

  it('leaves the rarest rises out below a quantile of 1', () => {
    const once = [...new Array<number>(50).fill(1), 100, ...new Array<number>(49).fill(1)];
    expect(forecastPeak(once, STEP_MS, rules(1))).toBe(100);
    expect(forecastPeak(once, STEP_MS, rules(1, 0.9))).toBe(1);
  });

  it('expects at this time of day what earlier days reached', () => {
    const nightly = days(2, (step) => (step >= 10 && step < 20 ? 900 : 100));
    const beforeTheBatch = [...nightly, ...new Array<number>(9).fill(100)];
    const afterTheBatch = [...nightly, ...new Array<number>(40).fill(100)];
    expect(forecastPeak(beforeTheBatch, STEP_MS, rules(3, 0.5))).toBe(900);
    expect(forecastPeak(afterTheBatch, STEP_MS, rules(3, 0.5))).toBe(100);
  });

  it('never expects less than the present', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 2000 }),
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (series, horizon, quantile) => {
          const peak = forecastPeak(series, STEP_MS, rules(horizon, quantile));
          expect(peak).toBeGreaterThanOrEqual(series.at(-1)!);
          expect(peak).toBeLessThanOrEqual(series.at(-1)! + Math.max(...series));
        },
      ),
    );
  });

  it('folds a long history without losing its peaks', () => {
    const long = days(10, (step) => (step === 144 ? 500 : 100));
    expect(forecastPeak(long, STEP_MS, rules(12))).toBe(500);
  });
});

describe('summedSeries', () => {
  it('adds from the newest figure back, as far as the shortest history goes', () => {
    expect(
      summedSeries([
        [1, 2, 3],
        [10, 20],
      ]),
    ).toEqual([12, 23]);
    expect(summedSeries([])).toEqual([]);
  });
});
