import { describe, expect, it } from '@jest/globals';
import { DEFAULT_MIX } from '#guest';
import { GIB, PAGE_SIZE_BYTES } from '#units';
import { planHosts } from '../experiment/engine/plan-hosts.js';
import { aSpec } from '../../test/experiment/cells.js';
import { archetypeWorkload } from './archetypes.js';
import { DEFAULT_MODEL, underModel, type ModelFactors } from './model-constants.js';

const RAM_PAGES = (8 * GIB) / PAGE_SIZE_BYTES;
const WEB = archetypeWorkload('web', 8 * GIB, 1, { common: () => 0, own: 1 });

function bent(changes: Partial<ModelFactors>): typeof WEB {
  return underModel(WEB, { ...DEFAULT_MODEL, ...changes }, RAM_PAGES);
}

describe("factors on the workload model's constants", () => {
  it('leave the model as it stands at 1', () => {
    expect(bent({})).toBe(WEB);
  });

  it('weigh classes against each other, and the shares still sum to 1', () => {
    const { mix } = underModel({ ...WEB, mix: DEFAULT_MIX }, { ...DEFAULT_MODEL, frozenFactor: 2 }, RAM_PAGES);
    expect(mix!.frozen).toBeCloseTo(0.3 / 1.15, 12);
    expect(mix!.hot / mix!.cool).toBeCloseTo(DEFAULT_MIX.hot / DEFAULT_MIX.cool, 12);
    expect(mix!.hot + mix!.warm + mix!.cool + mix!.frozen).toBeCloseTo(1, 12);
  });

  it('make pages be used half as often at twice the gaps', () => {
    expect(bent({ gapFactor: 2 }).loadRatio![7]).toBeCloseTo(WEB.loadRatio![7]! / 2, 12);
  });

  it('turn to other pages more often, or never', () => {
    expect(bent({ phaseFactor: 2 }).redrawnPerHour).toBeCloseTo(0.1 / 6, 12);
    expect(bent({ phaseFactor: 0 }).redrawnPerHour).toBe(0);
  });

  it('make programs larger, up to what fits into the guest', () => {
    expect(bent({ footprintFactor: 1.5 }).anonPages[0]).toBe(Math.floor(1.5 * WEB.anonPages[0]!));
    expect(Math.max(...bent({ footprintFactor: 100 }).anonPages)).toBeLessThanOrEqual(0.9 * RAM_PAGES);
  });

  it('end fewer programs, or none', () => {
    expect(Math.max(...WEB.exits!)).toBe(1);
    expect(Math.max(...bent({ exitFactor: 0.5 }).exits!)).toBe(0.5);
    expect(Math.max(...bent({ exitFactor: 0 }).exits!)).toBe(0);
  });

  it('grow faster or slower, whatever processors the workload has', () => {
    expect([WEB.processors, bent({ growthFactor: 2.5 }).processors]).toEqual([undefined, 5]);
    expect(underModel({ ...WEB, processors: 12 }, { ...DEFAULT_MODEL, growthFactor: 0.5 }, RAM_PAGES).processors).toBe(
      6,
    );
  });

  it('run larger jobs by the clock, or none', () => {
    const jobs = WEB.jobPages!.reduce((sum, pages) => sum + pages, 0);
    const without = bent({ cronFactor: 0 });
    expect(jobs).toBeGreaterThan(0);
    expect(Math.max(...without.jobPages!)).toBe(0);
    const freed = WEB.anonPages.reduce((sum, pages, row) => sum + pages - without.anonPages[row]!, 0);
    expect(freed).toBe(jobs);
    expect(bent({ cronFactor: 2 }).jobPages![0]).toBe(2 * WEB.jobPages![0]!);
  });

  it('grow the cache faster and free more, as a chance can', () => {
    const { cachePagesPerTick, releaseRatio } = bent({ cacheGrowthFactor: 2, releaseFactor: 100 });
    expect(cachePagesPerTick[3]).toBe(2 * WEB.cachePagesPerTick[3]!);
    expect(releaseRatio).toBe(1);
  });

  it('read more of the dropped cache again, up to all of it', () => {
    expect(bent({ readAgainFactor: 0.5 }).readAgainRatio).toBe(0.35);
    expect(bent({ readAgainFactor: 100 }).readAgainRatio).toBe(1);
  });

  it('use huge pages for more or for nothing', () => {
    expect(bent({ hugeFactor: 2.5 }).hugeRatio).toBe(0.5);
    expect(bent({ hugeFactor: 0 }).hugeRatio).toBe(0);
  });

  it('have another digest, so that no guest is restored into another table', () => {
    const digests = [bent({ gapFactor: 2 }), bent({ hotFactor: 2 }), bent({ hotFactor: 3 }), WEB];
    expect(new Set(digests.map(({ digest }) => digest)).size).toBe(4);
  });

  it('reach the guests of an experiment', () => {
    const guests = { source: { kind: 'synthetic', mix: { web: 1 } }, count: 1 };
    const demandOf = (model: object): number => {
      const [host] = planHosts(aSpec({ guests, model }), 1, null);
      return host!.guests()[0]!.workload.anonPages[0]!;
    };
    expect(demandOf({ footprintFactor: 1.4 }) / demandOf({})).toBeCloseTo(1.4, 3);
  });
});
