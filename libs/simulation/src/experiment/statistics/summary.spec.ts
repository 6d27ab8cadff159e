import { describe, expect, it } from '@jest/globals';
import { aCell, aSpec, allCells } from '../../../test/experiment/cells.js';
import { summarize } from './summary.js';

const range = (count: number, from: number): number[] => Array.from({ length: count }, (_, at) => from + at);

describe('a summary', () => {
  const spec = aSpec();
  const cells = allCells(spec, (policyAt, ratioAt) => ({
    violated: ratioAt === 0 ? 0 : 0.1 / (1 + policyAt),
    spread: 0.4,
  }));
  const { summary, frontier, judgement } = summarize(spec, cells);
  const row = (policy: string, ratio: number, metric: string): (typeof summary)[number] | undefined =>
    summary.find((one) => one.policy === policy && one.ratio === ratio && one.metric === metric);

  it('has a row for each policy, ratio and metric, its mean within its interval', () => {
    expect(summary).toHaveLength(2 * 2 * 21);
    for (const { mean, low, high } of summary) {
      expect(low).toBeLessThanOrEqual(mean);
      expect(high).toBeGreaterThanOrEqual(mean);
    }
  });

  it('is the same whatever order the cells come in', () => {
    expect(summarize(spec, [...cells].reverse())).toEqual({ summary, frontier, judgement });
  });

  it('pairs policies seed by seed: the difference is known better than either', () => {
    const own = row('ballast', 2, 'violatedWindowsRatio')!;
    const difference = own.pairedDifferenceToBaseline!;
    expect(row('none', 2, 'violatedWindowsRatio')!.pairedDifferenceToBaseline).toBeNull();
    expect(difference.mean).toBeCloseTo(own.mean - row('none', 2, 'violatedWindowsRatio')!.mean, 9);
    expect(difference.high).toBeLessThan(0);
    const none = row('none', 2, 'violatedWindowsRatio')!;
    const independent = Math.hypot(own.high - own.low, none.high - none.low);
    expect(difference.high - difference.low).toBeLessThan(0.75 * independent);
  });

  it('corrects p values for the policies that are compared with the baseline at a ratio', () => {
    const policies = ['none', 'mom', 'esx', 'ballast'].map((name) => ({ name }));
    const many = aSpec({ policies, seeds: range(6, 1) });
    const violatedOf = (policyAt: number): number => 0.1 / (1 + policyAt * 0.02);
    const four = allCells(many, (policyAt) => ({ violated: violatedOf(policyAt), spread: 0.4 }));
    const two = { ...many, policies: [many.policies[0]!, many.policies[3]!] };
    const alone = four
      .filter(({ key }) => key.policyAt === 0 || key.policyAt === 3)
      .map((cell) => ({ ...cell, key: { ...cell.key, policyAt: cell.key.policyAt === 0 ? 0 : 1 } }));
    const pOf = (of: typeof summary, ratio: number): number | null =>
      of.find((one) => one.policy === 'ballast' && one.ratio === ratio && one.metric === 'violatedWindowsRatio')!
        .pairedDifferenceToBaseline!.holmP;
    const corrected = pOf(summarize(many, four).summary, 2)!;
    const uncorrected = pOf(summarize(two, alone).summary, 2)!;
    expect(uncorrected).toBeGreaterThan(0);
    expect(corrected).toBeGreaterThan(uncorrected);
    expect(corrected).toBeLessThanOrEqual(Math.min(1, 3 * uncorrected));
  });

  it('does not take no event in three days for never', () => {
    expect(row('none', 1, 'violatedWindowsRatio')).toMatchObject({ mean: 0, low: 0 });
    // 72 guest-days of 15 independent windows each: Wilson’s limit is z² / (n + z²).
    expect(row('none', 1, 'violatedWindowsRatio')!.high).toBeCloseTo(3.8415 / (72 * 15 + 3.8415), 6);
    expect(row('none', 1, 'hostOomKills')!.high).toBeCloseTo(3.6889 / 3, 3);
  });

  it('has the frontier between the ratios, with its interval and what broke', () => {
    const [none, ballast] = frontier;
    expect(none).toMatchObject({ policy: 'none', firstBroken: 'performance' });
    expect(none!.ratio).toBeGreaterThan(1);
    expect(ballast!.ratio).toBeGreaterThan(none!.ratio!);
    for (const { ratio, low, high } of frontier) {
      expect(low).toBeLessThanOrEqual(ratio!);
      expect(high).toBeGreaterThanOrEqual(ratio!);
    }
  });

  it('says how far guests are served when it is only the reserve that hosts do not keep', () => {
    const calm = allCells(spec, () => ({ violated: 0, spread: 0 }));
    const bare = calm.map((cell) => ({ ...cell, metrics: { ...cell.metrics, reserveKeptRatio: 0.5 } }));
    expect(summarize(spec, bare).frontier[0]).toMatchObject({
      ratio: null,
      ratioWithoutReserve: 2,
      firstBroken: 'reserve',
    });
  });

  it('goes on without cells that failed', () => {
    const some = cells.filter(({ key }) => key.seedAt !== 1 && !(key.policyAt === 1 && key.ratioAt === 1));
    const left = summarize(spec, some);
    expect(left.summary).toHaveLength(3 * 21);
    expect(left.frontier).toMatchObject([
      { firstBroken: 'performance' },
      { policy: 'ballast', ratio: 1, firstBroken: null },
    ]);
    expect(summarize(spec, []).frontier).toEqual(
      ['none', 'ballast'].map((policy) => ({
        policy,
        ratio: null,
        low: null,
        high: null,
        ratioWithoutReserve: null,
        firstBroken: null,
      })),
    );
  });

  it('holds the truth about as often as it says, although guests, days and fleets differ', () => {
    const truth = 0.05;
    let held = 0;
    const experiments = 40;
    for (let at = 0; at < experiments; at++) {
      const one = aSpec({ overcommitRatios: [1], policies: [{ name: 'none' }], seeds: range(10, at * 10) });
      const runs = one.seeds.map((seed, seedAt) =>
        aCell({ policyAt: 0, ratioAt: 0, seedAt }, seed, { violated: truth, spread: 0.3, guests: 8 }),
      );
      const found = summarize(one, runs).summary.find(({ metric }) => metric === 'violatedWindowsRatio')!;
      if (found.low <= truth && truth <= found.high) held++;
    }
    expect(held / experiments).toBeGreaterThan(0.84);
  });
});
