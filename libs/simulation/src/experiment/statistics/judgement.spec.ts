import { describe, expect, it } from '@jest/globals';
import { aCell, aSpec } from '../../../test/experiment/cells.js';
import type { CellMetrics } from '../model/cell.js';
import { judge } from './judgement.js';

const spec = aSpec({ seeds: [11, 12, 13], guests: { source: { kind: 'synthetic', mix: { web: 1 } }, count: 12 } });

function judged(changes: readonly Partial<CellMetrics>[]): ReturnType<typeof judge> {
  const key = { policyAt: 1, ratioAt: 1 };
  const cells = changes.map((change, seedAt) =>
    aCell({ ...key, seedAt }, spec.seeds[seedAt]!, { violated: 0, spread: 0 }, change),
  );
  return judge(spec, { ...key, seedAt: 0 }, cells);
}

describe('the judgement of a policy at a ratio', () => {
  it('has nothing to say where the objective holds', () => {
    expect(judged([{}, {}, {}])).toEqual({ policy: 'ballast', ratio: 2, broken: [] });
  });

  it('names what broke with its value and what is allowed, and where it is worst', () => {
    const [broken] = judged([{}, { recoveryMsP99: 90_000 }, { recoveryMsP99: 30_000 }]).broken;
    expect(broken).toEqual({
      part: 'recovery',
      metric: 'recoveryMsP99',
      value: 40_000,
      limit: 10_000,
      brokenSeeds: [12, 13],
      worst: { seed: 12, guest: null, host: null },
    });
  });

  it('says first what misses its limit by most', () => {
    const { broken } = judged([{ recoveryMsP99: 90_000, reserveKeptRatio: 0.9 }, {}, {}]);
    expect(broken.map(({ part }) => part)).toEqual(['reserve', 'recovery']);
    expect(broken[0]!.value).toBeCloseTo(0.1 / 3, 12);
    const withKill = judged([{ recoveryMsP99: 90_000, hostOomKills: 1 }, {}, {}]).broken;
    expect(withKill.map(({ part }) => part)).toEqual(['safety', 'recovery']);
  });

  it('does not count what guests are short of at full backing, but tells of it', () => {
    const cells = spec.seeds.map((seed, seedAt) => {
      const cell = aCell({ policyAt: 0, ratioAt: 0, seedAt }, seed, { violated: 0, spread: 0 });
      // Of the second guest's 576 windows, 57 are violated under each seed; under the second seed, so they are at full backing.
      const [first, second, ...others] = cell.guests;
      const violated = { ...second!.days[0]!, violatedWindows: 57 };
      const day = seedAt === 1 ? { ...violated, shortAtFullBacking: 50 } : violated;
      const guests = [first!, { ...second!, days: [day, second!.days[1]!] }, ...others];
      const share = 57 / 576 / 12;
      const ofPolicy = seedAt === 1 ? 7 / 576 / 12 : share;
      const metrics = { ...cell.metrics, violatedWindowsRatio: share, policyViolatedWindowsRatio: ofPolicy };
      return { ...cell, guests, metrics };
    });
    const own = judge(spec, cells[1]!.key, [cells[1]!]);
    expect(own.broken).toMatchObject([{ metric: 'policyViolatedWindowsRatio', worst: { seed: 12, guest: 'g1' } }]);
    expect(own.broken[0]!.value).toBeCloseTo(7 / 576 / 12, 12);
    expect(own.shortAtFullBacking).toMatchObject({ guests: 1, worst: { seed: 12, guest: 'g1', host: 1 } });
    expect(own.shortAtFullBacking!.windowsRatio).toBeCloseTo(50 / 576 / 12, 12);
    expect(judge(spec, cells[0]!.key, cells).shortAtFullBacking!.windowsRatio).toBeCloseTo(50 / 576 / 12 / 3, 12);
    expect(judge(spec, cells[0]!.key, [cells[0]!, cells[2]!])).not.toHaveProperty('shortAtFullBacking');
  });

  it('names the guest that suffered most, and its host', () => {
    const cells = spec.seeds.map((seed, seedAt) =>
      aCell({ policyAt: 0, ratioAt: 0, seedAt }, seed, { violated: 0.1, spread: 0.8 }),
    );
    const [broken] = judge(spec, cells[0]!.key, cells).broken;
    const seedAt = spec.seeds.indexOf(broken!.worst.seed);
    const violated = cells[seedAt]!.guests.map(({ name, host, days }) => ({
      guest: name,
      host,
      windows: days.reduce((sum, day) => sum + day.violatedWindows, 0),
    }));
    const most = violated.reduce((worst, one) => (one.windows > worst.windows ? one : worst));
    expect(broken!.worst).toMatchObject({ guest: most.guest, host: most.host });
    expect(broken!.brokenSeeds).toEqual([11, 12, 13]);
  });
});
