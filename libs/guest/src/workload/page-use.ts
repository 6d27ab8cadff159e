/**
 * Which of the programs' pages were used lately, for the guest's own reclaim: the access model (access-model.ts) page by page.
 * A page is of one class for good, drawn by its frame and owner; whether it was used within a window is drawn anew each
 * millisecond. Nothing is kept: the same question at the same time has the same answer, in a restored guest as well.
 *
 * Pages of the cache are found used through page tables only: of those that programs map, so many are used that it makes the
 * share of the whole cache that activity.ts gives.
 */
import type { OwnerKind, PageUse } from '#memory-core';
import { US_PER_MS } from '#units';
import { touchedRatio } from './activity.js';
import { classOfPage, chanceOfUse } from './access-model.js';
import { MAPPED_OF_CACHE_RATIO, kindOfOwner } from './software.js';
import { activityAt, type Workload } from './workload.js';

/** Odd constants of well-mixed bits (2^32 over the golden ratio, and two primes): one of them for each thing that is drawn. */
const MIX_OWNER = 0x9e37_79b1;
const MIX_TIME = 0x85eb_ca6b;
const MIX_PAGE = 0xc2b2_ae35;

/** `clock` is the guest's; `bootMs` the time on it when its software started. */
export function pageUse(workload: Workload, clock: { readonly nowUs: number }, bootMs: number): PageUse {
  const nowMs = (): number => Math.floor(clock.nowUs / US_PER_MS);
  return {
    nowMs,
    isUsed(owner, pfn, windowMs) {
      if (windowMs <= 0) return false;
      const page = hash(Math.imul(pfn, MIX_PAGE) ^ Math.imul(owner + 1, MIX_OWNER));
      const ageMs = nowMs() - bootMs;
      const chance = chanceOf(workload, kindOfOwner(owner), page, Math.min(windowMs, ageMs), ageMs);
      return hash(Math.imul(pfn, MIX_PAGE) ^ Math.imul(nowMs(), MIX_TIME)) < chance;
    },
  };
}

/** Of the page that was drawn as `page`, 0 to 1. */
function chanceOf(workload: Workload, kind: OwnerKind, page: number, windowMs: number, ageMs: number): number {
  if (kind === 'FILE') {
    const isMapped = page < MAPPED_OF_CACHE_RATIO;
    return isMapped ? touchedRatio(workload, kind, windowMs, ageMs) / MAPPED_OF_CACHE_RATIO : 0;
  }
  if (workload.touchedPerMinuteRatio !== undefined) return touchedRatio(workload, kind, windowMs, ageMs);
  const { load, mix } = activityAt(workload, ageMs);
  return chanceOfUse(classOfPage(mix, page), load, windowMs);
}

/** 0 ≤ result < 1, evenly. */
function hash(seed: number): number {
  let bits = seed ^ (seed >>> 16);
  bits = Math.imul(bits, 0x7feb_352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846c_a68b);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
