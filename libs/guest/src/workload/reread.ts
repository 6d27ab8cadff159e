/**
 * Page cache that the kernel has dropped is missed, and read again:
 *
 *   files that programs run from   0.15 of the largest cache the guest has had, at most what booting reads; the kernel sees their use
 *                                  in page tables and drops them last, and they are missed as often as they are used (activity.ts)
 *   all others                     0.3 of what is dropped, after the gaps of the cool class (0.3 is a guess: web servers 0.7, builds 0.6,
 *                                  backups 0.02)
 *
 * Where memory stays short, what is read again drives out something else, and that is missed next: the guest thrashes.
 */
import { evictedPages, readAgain } from '#memory-core';
import { TICK_MS } from '#units';
import { chanceOfUse } from './access-model.js';
import { touchedRatio } from './activity.js';
import { CACHE, MAPPED_OF_CACHE_RATIO, bootCache, cachePages, type Software } from './software.js';
import { activityAt, type Workload } from './workload.js';

/** Between two rounds of reading. */
export const REREAD_TICKS = 30;
const REREAD_MS = REREAD_TICKS * TICK_MS;
export const READ_AGAIN_RATIO = 0.3;

/** What a snapshot holds. Pages. */
export interface RereadState {
  /** Largest page cache so far: the files that the guest works with. */
  mostCache: number;
  /** After the last round: dropped and not back, and of these what programs run from. */
  evicted: number;
  missedMapped: number;
  /** Of the others, those that will be read again. */
  missed: number;
  /** Due, but not yet a whole page. */
  rereadDebt: number;
}

export function startRereading(software: Software): RereadState {
  return { mostCache: cachePages(software), evicted: 0, missedMapped: 0, missed: 0, rereadDebt: 0 };
}

/** One round, `ageMs` after boot. Returns false when nothing was read. */
export function reread(software: Software, workload: Workload, state: RereadState, ageMs: number): boolean {
  state.mostCache = Math.max(state.mostCache, cachePages(software));
  const dropped = evictedPages(software.memory, CACHE) - state.evicted;
  const missedMapped = mappedPagesMissing(software, state);
  const droppedOthers = Math.max(0, dropped - Math.max(0, missedMapped - state.missedMapped));
  state.missed += droppedOthers * (workload.readAgainRatio ?? READ_AGAIN_RATIO);
  const due = state.missed * chanceOfUse('cool', activityAt(workload, ageMs).load, REREAD_MS);
  state.missed -= due;
  const mappedChance = Math.min(1, touchedRatio(workload, 'FILE', REREAD_MS, ageMs) / MAPPED_OF_CACHE_RATIO);
  state.rereadDebt += due + missedMapped * mappedChance;
  const pages = Math.floor(state.rereadDebt);
  state.rereadDebt -= pages;
  if (pages > 0) readAgain(software.memory, CACHE, pages);
  state.evicted = evictedPages(software.memory, CACHE);
  state.missedMapped = mappedPagesMissing(software, state);
  return pages > 0;
}

/** Of the files that programs run from, what is not in memory: all others are dropped before them. */
function mappedPagesMissing(software: Software, { mostCache }: RereadState): number {
  const cache = cachePages(software);
  const mapped = Math.min(MAPPED_OF_CACHE_RATIO * mostCache, bootCache(software.ramPages));
  return Math.max(0, Math.min(mapped - cache, evictedPages(software.memory, CACHE)));
}
