/**
 * Page cache that the kernel has dropped is missed, and read again:
 *
 *   files that programs run from   0.15 of the largest cache the guest has had, at most half of what booting reads (a guess: an idle Debian
 *                                  maps about half of its page cache); the kernel sees their use in page tables and drops them last,
 *                                  and they are missed as often as they are used (activity.ts)
 *   all others                     0.3 of what the cache shrinks by, after the gaps of the cool class (0.3 is a guess: web servers 0.7,
 *                                  builds 0.6, backups 0.02). What new pages drive out of a full cache is not counted: the disk traffic of
 *                                  a workload has what is read again at full backing
 *
 * Where memory stays short, what is read again drives out something else, and that is missed next: the guest thrashes.
 */
import { evictedPages, readAgain } from '#memory-core';
import { TICK_MS } from '#units';
import { chanceOfUse } from './access-model.js';
import { touchedRatio } from './activity.js';
import { CACHE, MAPPED_OF_CACHE_RATIO, bootCache, cachePages, roomAboveHigh, type Software } from './software.js';
import { activityAt, type Workload } from './workload.js';

/** Between two rounds of reading. */
export const REREAD_TICKS = 30;
const REREAD_MS = REREAD_TICKS * TICK_MS;
export const READ_AGAIN_RATIO = 0.3;
/** Of what booting reads, a guess. */
const MAPPED_OF_BOOT_RATIO = 0.5;
/** Of RAM: the size of a full cache goes up and down by less than this as kswapd makes room for new pages. */
const SAW_TOOTH_RATIO = 1 / 64;

/** What a snapshot holds. Pages. */
export interface RereadState {
  /** Largest page cache so far: the files that the guest works with. */
  mostCache: number;
  /** By how much the cache is smaller than that, as far as it was counted; and what was missing of the files that programs run from. */
  shortage: number;
  missedMapped: number;
  /** Of the others, those that will be read again. */
  missed: number;
  /** Due, but not yet a whole page. */
  rereadDebt: number;
}

export function startRereading(software: Software): RereadState {
  return { mostCache: cachePages(software), shortage: 0, missedMapped: 0, missed: 0, rereadDebt: 0 };
}

/** One round, `ageMs` after boot. Returns false when nothing was read. */
export function reread(software: Software, workload: Workload, state: RereadState, ageMs: number): boolean {
  state.mostCache = Math.max(state.mostCache, cachePages(software));
  const shortage = Math.min(state.mostCache - cachePages(software), evictedPages(software.memory, CACHE));
  const lost = shortage - state.shortage;
  const slack = SAW_TOOTH_RATIO * software.ramPages;
  state.shortage = Math.max(shortage, Math.min(state.shortage, shortage + slack));
  const missedMapped = mappedPagesMissing(software, state);
  const lostOthers = Math.max(0, lost - Math.max(0, missedMapped - state.missedMapped));
  state.missed += lostOthers * (workload.readAgainRatio ?? READ_AGAIN_RATIO);
  const due = state.missed * chanceOfUse('cool', activityAt(workload, ageMs).load, REREAD_MS);
  state.missed -= due;
  const mappedChance = Math.min(1, touchedRatio(workload, 'FILE', REREAD_MS, ageMs) / MAPPED_OF_CACHE_RATIO);
  state.rereadDebt += due + missedMapped * mappedChance;
  const pages = Math.floor(state.rereadDebt);
  state.rereadDebt -= pages;
  if (pages > 0) readAgain(software.memory, CACHE, pages, Math.max(0, roomAboveHigh(software.memory)));
  state.missedMapped = mappedPagesMissing(software, state);
  return pages > 0;
}

/** Of the files that programs run from, what is not in memory: all others are dropped before them. */
function mappedPagesMissing(software: Software, { mostCache }: RereadState): number {
  const cache = cachePages(software);
  const mapped = Math.min(MAPPED_OF_CACHE_RATIO * mostCache, MAPPED_OF_BOOT_RATIO * bootCache(software.ramPages));
  return Math.max(0, Math.min(mapped - cache, evictedPages(software.memory, CACHE)));
}
