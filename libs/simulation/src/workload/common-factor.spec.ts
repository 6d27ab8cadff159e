import { describe, expect, it } from '@jest/globals';
import { RandomStream } from '#units';
import { CommonFactor, normalProcess, normalQuantile, orderWithCommon, STEP_MS } from './common-factor.js';

const DAYS = 60;
const STEPS = (DAYS * 86_400_000) / STEP_MS;

function correlation(one: ArrayLike<number>, other: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(one), mean(other)];
  let [both, left, right] = [0, 0, 0];
  for (let at = 0; at < one.length; at++) {
    const x = (one[at] ?? 0) - a;
    const y = (other[at] ?? 0) - b;
    [both, left, right] = [both + x * y, left + x * x, right + y * y];
  }
  return both / Math.sqrt(left * right);
}

/** Uncorrelated series, skewed and quantised as recorded ones are. */
function recorded(vm: number): number[] {
  const process = normalProcess(RandomStream.of(vm, 'recorded'), STEPS, true);
  return Array.from(process, (value) => Math.round(20 * Math.exp(0.8 * value)));
}

function meanPairwise(series: readonly (readonly number[])[]): number {
  const pairs = series.flatMap((one, at) => series.slice(at + 1).map((other) => correlation(one, other)));
  return pairs.reduce((sum, r) => sum + r, 0) / pairs.length;
}

describe('Load through time', () => {
  it('is as alike after five minutes, an hour, six hours and a day as the median VM of GWA-T-12', () => {
    const lags = [0, 1, 12, 72, 288];
    const sums = lags.map(() => 0);
    const runs = 12;
    for (let run = 0; run < runs; run++) {
      const process = normalProcess(RandomStream.of(run), STEPS, true);
      // Against the true mean 0: the slow part outlives a sample mean.
      lags.forEach((lag, at) => {
        let both = 0;
        for (let step = lag; step < STEPS; step++) both += (process[step] ?? 0) * (process[step - lag] ?? 0);
        sums[at] = (sums[at] ?? 0) + both / (STEPS - lag) / runs;
      });
    }
    expect(Math.abs((sums[0] ?? 0) - 1)).toBeLessThan(0.1);
    [0.62, 0.28, 0.19, 0.17].forEach((published, at) => {
      expect(Math.abs((sums[at + 1] ?? 0) / (sums[0] ?? 1) - published)).toBeLessThan(0.05);
    });
  });
});

describe('A common part in recorded series', () => {
  const vms = [1, 2, 3, 4, 5, 6].map(recorded);
  const shuffled = (fleet: number, tenant: number): number[][] => {
    const factor = new CommonFactor({ fleet, tenant }, 7, STEPS * STEP_MS, false);
    return vms.map((values) => {
      const order = orderWithCommon(values, (row) => factor.at(0, row * STEP_MS), factor.ownDeviation);
      return Array.from(order, (row) => values[row] ?? 0);
    });
  };

  it('is not there when none is asked for: every row keeps its place', () => {
    expect(shuffled(0, 0)).toEqual(vms);
    expect(Math.abs(meanPairwise(vms))).toBeLessThan(0.04);
  });

  it('makes guests of a tenant correlate by about its share, and leaves every marginal as recorded', () => {
    const together = shuffled(0.03, 0.25);
    const r = meanPairwise(together);
    expect(r).toBeGreaterThan(0.14);
    expect(r).toBeLessThan(0.34);
    const sorted = (values: readonly number[]): number[] => [...values].sort((one, other) => one - other);
    expect(together.map(sorted)).toEqual(vms.map(sorted));
  });

  it('of other tenants is that of the fleet alone', () => {
    const factor = new CommonFactor({ fleet: 0.03, tenant: 0.25 }, 7, STEPS * STEP_MS, false);
    const at = (tenant: number): number[] =>
      Array.from({ length: STEPS }, (_, row) => factor.at(tenant, row * STEP_MS));
    expect(Math.abs(correlation(at(0), at(1)))).toBeLessThan(0.3);
    expect(at(0)).toEqual(at(0));
  });
});

it('Normal quantiles are right to three digits', () => {
  for (const [p, x] of [
    [0.5, 0],
    [0.841_345, 1],
    [0.975, 1.96],
    [0.025, -1.96],
    [0.999, 3.09],
  ] as const) {
    expect(Math.abs(normalQuantile(p) - x)).toBeLessThan(1e-3);
  }
});
