/**
 * Which of the programs' pages were used lately, for the guest's own reclaim: the access model (access-model.ts) page by page.
 * A page is of one class, drawn by its frame, its owner and the page's phase: phases of a page are equally long and begin at a drawn
 * moment, so that at any time the same share of pages gets another class. Whether it was used within a window is drawn anew each
 * millisecond. Nothing is kept: the same question at the same time has the same answer, in a restored guest as well.
 *
 * Pages of the cache are found used through page tables only: of those that programs map, so many are used that it makes the
 * share of the whole cache that activity.ts gives.
 */
import type { PageUse } from '#memory-core';
import { US_PER_MS } from '#units';
import { touchedRatio } from './activity.js';
import { ACCESS_CLASSES, REDRAWN_PER_HOUR, chanceOfUse } from './access-model.js';
import { MAPPED_OF_CACHE_RATIO, kindOfOwner } from './software.js';
import { activityAt, type Workload } from './workload.js';

/** Odd constants of well-mixed bits (2^32 over the golden ratio, and primes): one of them for each thing that is drawn. */
const MIX_OWNER = 0x9e37_79b1;
const MIX_TIME = 0x85eb_ca6b;
const MIX_PAGE = 0xc2b2_ae35;
const MIX_PHASE = 0x27d4_eb2f;
const MIX_START = 0x1656_67b1;
const HOUR_MS = 3_600_000;

/** `clock` is the guest's; `bootMs` the time on it when its software started. */
export function pageUse(workload: Workload, clock: { readonly nowUs: number }, bootMs: number): PageUse {
  const nowMs = (): number => Math.floor(clock.nowUs / US_PER_MS);
  // Reclaim asks for a batch of pages at a time: what holds for all of them is worked out once.
  let chances = chancesOfUse(workload, 0, 0);
  const perMs = (workload.redrawnPerHour ?? REDRAWN_PER_HOUR) / HOUR_MS;
  return {
    nowMs,
    isUsed(owner, pfn, windowMs) {
      if (windowMs <= 0) return false;
      const now = nowMs();
      const ageMs = now - bootMs;
      if (chances.ageMs !== ageMs || chances.windowMs !== windowMs) chances = chancesOfUse(workload, windowMs, ageMs);
      const kind = kindOfOwner(owner) === 'FILE' ? 'FILE' : 'ANON';
      const seed = Math.imul(pfn, MIX_PAGE) ^ Math.imul(owner + 1, MIX_OWNER);
      // What programs map does not change.
      const phase = kind === 'FILE' ? 0 : Math.floor(ageMs * perMs + hash(seed ^ MIX_START));
      const page = hash(seed ^ Math.imul(phase, MIX_PHASE));
      const { belowPage, chance } = chances.of[kind];
      let which = 0;
      while (which < belowPage.length - 1 && page >= (belowPage[which] ?? 1)) which++;
      const wanted = chance[which] ?? 0;
      return wanted > 0 && hash(Math.imul(pfn, MIX_PAGE) ^ Math.imul(now, MIX_TIME)) < wanted;
    },
  };
}

/** Classes of pages: those drawn below a bound (and above the one before) are used with a chance. */
interface Classes {
  readonly belowPage: readonly number[];
  readonly chance: readonly number[];
}

interface Chances {
  readonly windowMs: number;
  readonly ageMs: number;
  readonly of: { readonly ANON: Classes; readonly FILE: Classes };
}

function chancesOfUse(workload: Workload, askedMs: number, ageMs: number): Chances {
  const windowMs = Math.min(askedMs, ageMs);
  const mapped = touchedRatio(workload, 'FILE', windowMs, ageMs) / MAPPED_OF_CACHE_RATIO;
  const FILE = { belowPage: [MAPPED_OF_CACHE_RATIO, 1], chance: [mapped, 0] };
  return { windowMs: askedMs, ageMs, of: { ANON: anonClasses(workload, windowMs, ageMs), FILE } };
}

function anonClasses(workload: Workload, windowMs: number, ageMs: number): Classes {
  if (workload.touchedPerMinuteRatio !== undefined) {
    return { belowPage: [1], chance: [touchedRatio(workload, 'ANON', windowMs, ageMs)] };
  }
  const { load, mix } = activityAt(workload, ageMs);
  let share = 0;
  return {
    belowPage: ACCESS_CLASSES.map((name) => (share += mix[name])),
    chance: ACCESS_CLASSES.map((name) => chanceOfUse(name, load, windowMs)),
  };
}

/** 0 ≤ result < 1, evenly. */
function hash(seed: number): number {
  let bits = seed ^ (seed >>> 16);
  bits = Math.imul(bits, 0x7feb_352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846c_a68b);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
