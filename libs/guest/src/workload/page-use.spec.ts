import { describe, expect, it } from '@jest/globals';
import { DEFAULT_MIX, touchedShare } from './access-model.js';
import { touchedRatio } from './activity.js';
import { pageUse } from './page-use.js';
import type { Workload } from './workload.js';

const PAGES = 40_000;
const ANON = 0;
const CACHE = 5;
const US_PER_SEC = 1e6;

const workload: Workload = {
  startsMs: Float64Array.of(0),
  anonPages: Int32Array.of(1000),
  cachePagesPerTick: Float64Array.of(0),
  periodMs: 1000,
  offsetMs: 0,
  releaseRatio: 1,
  bootCachePages: 0,
  digest: '',
};
const atSec = (sec: number): { nowUs: number } => ({ nowUs: sec * US_PER_SEC });

/** Frames whose page was used in the last `sec` seconds. */
function used(clock: { readonly nowUs: number }, owner: number, sec: number): number[] {
  const use = pageUse(workload, clock, 0);
  return Array.from({ length: PAGES }, (_, pfn) => pfn).filter((pfn) => use.isUsed(owner, pfn, sec * 1000));
}

describe('use of pages without addresses', () => {
  it.each([5, 60, 600])('is as frequent within %i s as the access model says', (sec) => {
    const shares = [ANON, CACHE].map((owner) => used(atSec(3600), owner, sec).length / PAGES);
    expect(shares[0]).toBeCloseTo(touchedShare(DEFAULT_MIX, 1, sec * 1000), 1);
    // Only what is mapped is found used.
    expect(shares[1]).toBeCloseTo(Math.min(0.15, touchedRatio(workload, 'FILE', sec * 1000, 3_600_000)), 2);
  });

  it('is that of the same hot pages from one look to the next, but of others of the warm ones', () => {
    const [first, second] = [used(atSec(100), ANON, 60), new Set(used(atSec(200), ANON, 60))];
    const again = first.filter((pfn) => second.has(pfn)).length / first.length;
    expect(again).toBeGreaterThan(0.8);
    expect(again).toBeLessThan(0.98);
  });

  it('turns to other pages as phases change, some of them all the time, and never where there are no phases', () => {
    const classOf = (hours: number, redrawnPerHour: number): Set<number> => {
      const use = pageUse({ ...workload, redrawnPerHour }, atSec(3600 * hours), 0);
      // Within 20 s nearly all hot pages are used, and few others.
      const hot = new Set<number>();
      for (let pfn = 0; pfn < 4000; pfn++) if (use.isUsed(ANON, pfn, 20_000)) hot.add(pfn);
      return hot;
    };
    const share = (one: Set<number>, other: Set<number>): number =>
      [...one].filter((pfn) => other.has(pfn)).length / one.size;
    const apart = (hours: number, redrawnPerHour: number): number =>
      share(classOf(1, redrawnPerHour), classOf(1 + hours, redrawnPerHour));
    const still = apart(60, 0);
    expect(still).toBeGreaterThan(0.85);
    // Half of them after 60 hours; of those, some are drawn to be hot again.
    expect(still - apart(60, 0.05 / 6)).toBeGreaterThan(0.15);
    expect(still - apart(60, 0.05 / 6)).toBeLessThan(0.25);
    expect(still - apart(6, 0.05 / 6)).toBeLessThan(0.05);
    expect(still - apart(600, 0.05 / 6)).toBeGreaterThan(0.3);
  });

  it('has one answer to one question, and none before the software ran or when no time has passed', () => {
    expect(used(atSec(50), ANON, 10)).toEqual(used(atSec(50), ANON, 10));
    expect(used(atSec(50), ANON, 0)).toEqual([]);
    expect(used(atSec(0), ANON, 60)).toEqual([]);
    expect(used(atSec(5), ANON, 3600)).toEqual(used(atSec(5), ANON, 5));
  });
});
