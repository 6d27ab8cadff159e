/**
 * Pages that come back after they were reclaimed, and what the generations learn from them: which kind of page is taken next, and
 * from how many reads on a page of a file is spared. A controller compares the rates at which what was evicted came back,
 * over the oldest generation that is now and, halved each time, those before. Source: mm/vmscan.c and mm/workingset.c of
 * Linux 6.12 (positive_ctrl_err, lru_gen_refault), as their behaviour is known.
 */
import {
  EV_WORKINGSET_ACTIVATE_ANON,
  EV_WORKINGSET_ACTIVATE_FILE,
  EV_WORKINGSET_REFAULT_ANON,
  EV_WORKINGSET_REFAULT_FILE,
  EV_WORKINGSET_RESTORE_ANON,
} from '../layout/events.js';
import {
  LRU_MIN_SEQ,
  LRU_TIERS,
  TIERS,
  TIER_FIELDS,
  T_AVERAGE_REFAULTED,
  T_AVERAGE_TOTAL,
  T_EVICTED,
  T_PROTECTED,
  T_REFAULTED,
} from '../layout/lru-fields.js';
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ACTIVE, listOfNewPage } from '../owners/generations.js';
import { KIND_ANON, KIND_FILE, O_EVICTED, O_EVICTED_NOW, O_KIND_PLUS_ONE, O_PAGES } from '../owners/owner-kind.js';
import { MOST_READS, setReads } from '../owners/page-use.js';
import { freeSwapPages } from '../owners/swap-slots.js';
import { SHARES } from './cost.js';

const ROW = OWNER_FIELDS;
/** Fewer refaults than a batch of pages say nothing. */
const FEW_REFAULTS = 64;
/** Tier of a page that was read 0 … MOST_READS times. */
const TIER_OF_READS = [0, 0, 1, 2, 2, 3] as const;
/** A slot's shadow: the oldest generation at the time (modulo 2^8), as much as tells whether it still is. */
const SHADOW_MASK = 0xff;

export function tierOf(reads: number): number {
  return TIER_OF_READS[reads];
}

function counter(kind: number, tier: number, field: number): number {
  return LRU_TIERS + (kind * TIERS + tier) * TIER_FIELDS + field;
}

export function countTier(memory: Memory, kind: number, tier: number, field: number): void {
  memory.lru[counter(kind, tier, field)]++;
}

/** A page of a mapping goes to its slot. */
export function noteEvicted(memory: Memory, slot: number): void {
  memory.swapShadow[slot] = memory.lru[LRU_MIN_SEQ + KIND_ANON] & SHADOW_MASK;
}

/** The page in `pfn` came back from its slot: soon after it went, it is protected where it will be looked at next. */
export function swapRefault(memory: Memory, slot: number, pfn: number): void {
  const { events, lru } = memory;
  events[EV_WORKINGSET_REFAULT_ANON]++;
  if (!memory.rules.multiGenLru) return;
  if (memory.swapShadow[slot] !== (lru[LRU_MIN_SEQ + KIND_ANON] & SHADOW_MASK)) return;
  lru[counter(KIND_ANON, 0, T_REFAULTED)]++;
  events[EV_WORKINGSET_ACTIVATE_ANON]++;
  events[EV_WORKINGSET_RESTORE_ANON]++;
  setReads(memory, pfn, MOST_READS);
}

/** Pages of a file come back from disk: the list that they go to. */
export function fileRefault(memory: Memory, owner: number, pages: number): number {
  const { owners, events } = memory;
  const row = owner * ROW;
  events[EV_WORKINGSET_REFAULT_FILE] += pages;
  const evicted = owners[row + O_EVICTED];
  let wanted = 0;
  if (!memory.rules.multiGenLru) wanted = evicted <= workingSet(memory, owner) ? pages : 0;
  else if (evicted > 0) wanted = countFileRefaults(memory, row, pages, evicted);
  events[EV_WORKINGSET_ACTIVATE_FILE] += wanted;
  owners[row + O_EVICTED] = Math.max(0, evicted - pages);
  return wanted > 0 && !memory.rules.multiGenLru ? ACTIVE : listOfNewPage(memory, KIND_FILE);
}

/**
 * Of `pages` that come back to a file those that went a short time ago. The kernel knows for each page when it went and how often
 * it had been read; here those that come back are a fair sample in time, and pages that were read more often come first.
 */
function countFileRefaults(memory: Memory, row: number, pages: number, evicted: number): number {
  const { owners, lru } = memory;
  let recent = 0;
  for (let tier = 0; tier < TIERS; tier++) recent += owners[row + O_EVICTED_NOW + tier];
  const wanted = Math.min(pages, Math.round((pages * recent) / evicted));
  let left = wanted;
  for (let tier = TIERS - 1; tier >= 0; tier--) {
    const back = Math.min(left, owners[row + O_EVICTED_NOW + tier]);
    owners[row + O_EVICTED_NOW + tier] -= back;
    lru[counter(KIND_FILE, tier, T_REFAULTED)] += back;
    left -= back;
  }
  return wanted;
}

/**
 * With two lists a page that was dropped and comes back was wanted if what has been dropped since fits into this: the owner's
 * pages and, with swap, all anonymous ones, which could have gone in its place. (The kernel remembers the moment for each
 * page; here all that the owner lacks counts as dropped since.)
 */
function workingSet(memory: Memory, owner: number): number {
  let pages = memory.owners[owner * ROW + O_PAGES];
  if (freeSwapPages(memory) === 0) return pages;
  for (let row = 0; row < memory.owners.length; row += ROW) {
    if (memory.owners[row + O_KIND_PLUS_ONE] === KIND_ANON + 1) pages += memory.owners[row + O_PAGES];
  }
  return pages;
}

/** The kind's oldest generation is another from now on. */
export function startHistory(memory: Memory, kind: number): void {
  const { lru, owners } = memory;
  for (let tier = 0; tier < TIERS; tier++) {
    const at = counter(kind, tier, 0);
    const total = lru[at + T_AVERAGE_TOTAL] + lru[at + T_EVICTED] + lru[at + T_PROTECTED];
    lru[at + T_AVERAGE_REFAULTED] = Math.floor((lru[at + T_AVERAGE_REFAULTED] + lru[at + T_REFAULTED]) / 2);
    lru[at + T_AVERAGE_TOTAL] = Math.floor(total / 2);
    lru.fill(0, at + T_REFAULTED, at + T_PROTECTED + 1);
  }
  if (kind !== KIND_FILE) return;
  for (let row = 0; row < owners.length; row += ROW) owners.fill(0, row + O_EVICTED_NOW, row + O_EVICTED_NOW + TIERS);
}

/** The kind whose pages come back less often for each that is evicted, weighed by swappiness. */
export function kindToScan(memory: Memory, swappiness: number): number {
  const isFile = comesBackLess(memory, [KIND_FILE, 0], SHARES - swappiness, [KIND_ANON, 0], swappiness);
  return isFile ? KIND_FILE : KIND_ANON;
}

/** Pages of tiers above this one are spared: they come back more than twice as often as those of the first tier. */
export function lastTierToTake(memory: Memory, kind: number): number {
  let tier = 1;
  while (tier < TIERS && comesBackLess(memory, [kind, tier], 2, [kind, 0], 1)) tier++;
  return tier - 1;
}

/** True when pages of `one` hardly come back at all, or at a lower rate than those of `other`, each rate over its gain. */
function comesBackLess(
  memory: Memory,
  one: readonly [kind: number, tier: number],
  gain: number,
  other: readonly [kind: number, tier: number],
  otherGain: number,
): boolean {
  const refaulted = refaultedOf(memory, one);
  if (refaulted < FEW_REFAULTS) return true;
  const left = refaulted * (totalOf(memory, other) + FEW_REFAULTS) * otherGain;
  return left <= (refaultedOf(memory, other) + 1) * totalOf(memory, one) * gain;
}

function refaultedOf({ lru }: Memory, [kind, tier]: readonly [number, number]): number {
  const at = counter(kind, tier, 0);
  return lru[at + T_AVERAGE_REFAULTED] + lru[at + T_REFAULTED];
}

function totalOf({ lru }: Memory, [kind, tier]: readonly [number, number]): number {
  const at = counter(kind, tier, 0);
  return lru[at + T_AVERAGE_TOTAL] + lru[at + T_EVICTED] + lru[at + T_PROTECTED];
}
