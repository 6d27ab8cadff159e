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
  EV_WORKINGSET_RESTORE_FILE,
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
import { ACTIVE } from '../owner-pages/generations.js';
import { addToList, removeFromList } from '../owner-pages/lru.js';
import { hasMapping, mappingOf } from '../owner-pages/mapping.js';
import {
  KIND_ANON,
  KIND_FILE,
  O_EVICTED,
  O_EVICTED_NOW,
  O_FILE_START,
  O_KIND_PLUS_ONE,
  O_PAGES,
} from '../layout/owner-fields.js';
import { MOST_READS, readsOf, setReads } from '../owner-pages/page-use.js';
import { freeSwapPages } from '../owner-pages/swap-slots.js';
import { SHARES } from './cost.js';

const ROW = OWNER_FIELDS;
/** Fewer refaults than a batch of pages say nothing. */
const FEW_REFAULTS = 64;
/** Tier of a page that was read 0 … MOST_READS times. */
const TIER_OF_READS = [0, 0, 1, 2, 2, 3] as const;
/** A slot's shadow: the oldest generation at the time (modulo 2^8), as much as tells whether it still is. */
const SHADOW_MASK = 0xff;
/** A file page's shadow: 1 + reads + 8 × the oldest generation at the time (modulo 2^12). */
const READS_BITS = 3;
const FILE_SHADOW_MASK = 0xfff;
/** A page that was read so often before it went is spared where it will be looked at next. */
const OFTEN_READ = 4;

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

/** The file's page in the frame goes. */
export function noteFileEvicted(memory: Memory, owner: number, pfn: number): void {
  memory.owners[owner * ROW + O_EVICTED]++;
  if (!hasMapping(memory, owner)) {
    memory.owners[owner * ROW + O_EVICTED_NOW]++;
    return;
  }
  const now = memory.lru[LRU_MIN_SEQ + KIND_FILE] & FILE_SHADOW_MASK;
  const place = memory.owners[owner * ROW + O_FILE_START] + memory.virtualPage[pfn] - 1;
  memory.fileShadow[place] = 1 + (readsOf(memory, pfn) | (now << READS_BITS));
}

/** Whatever has gone of pages `first` … of a file is forgotten. */
export function forgetEvicted(memory: Memory, owner: number, first: number, pages: number): void {
  const row = owner * ROW;
  const start = memory.owners[row + O_FILE_START] + first;
  for (let at = start; at < start + pages; at++) {
    if (memory.fileShadow[at] === 0) continue;
    memory.fileShadow[at] = 0;
    memory.owners[row + O_EVICTED]--;
  }
}

/** Pages `first` … of a file were read from disk: those that had been there before come back. */
export function fileRefaults(memory: Memory, owner: number, first: number, pages: number): void {
  const start = memory.owners[owner * ROW + O_FILE_START];
  let isWanted: boolean | undefined;
  for (let page = first; page < first + pages; page++) {
    const shadow = memory.fileShadow[start + page];
    if (shadow === 0) continue;
    memory.fileShadow[start + page] = 0;
    memory.events[EV_WORKINGSET_REFAULT_FILE]++;
    const pfn = mappingOf(memory, owner)[page];
    if (memory.rules.multiGenLru) weighRefault(memory, shadow - 1, pfn);
    else {
      isWanted ??= memory.owners[owner * ROW + O_EVICTED] <= workingSet(memory, owner);
      if (isWanted) activate(memory, owner, pfn);
    }
    memory.owners[owner * ROW + O_EVICTED]--;
  }
}

/** The same for an owner without addresses: those that come back are a fair sample in time of those that went. */
export function countedRefaults(memory: Memory, owner: number, pages: number): void {
  const { owners, events, lru } = memory;
  const row = owner * ROW;
  const evicted = owners[row + O_EVICTED];
  let wanted = 0;
  if (!memory.rules.multiGenLru) wanted = evicted <= workingSet(memory, owner) ? pages : 0;
  else if (evicted > 0) wanted = Math.min(pages, Math.round((pages * owners[row + O_EVICTED_NOW]) / evicted));
  if (memory.rules.multiGenLru) {
    owners[row + O_EVICTED_NOW] -= wanted;
    lru[counter(KIND_FILE, 0, T_REFAULTED)] += wanted;
  }
  events[EV_WORKINGSET_REFAULT_FILE] += pages;
  events[EV_WORKINGSET_ACTIVATE_FILE] += wanted;
  owners[row + O_EVICTED] = Math.max(0, evicted - pages);
}

/** A page that went while the generation was the oldest that still is counts against its tier. */
function weighRefault(memory: Memory, shadow: number, pfn: number): void {
  const { lru, events } = memory;
  if (shadow >> READS_BITS !== (lru[LRU_MIN_SEQ + KIND_FILE] & FILE_SHADOW_MASK)) return;
  const reads = shadow & ((1 << READS_BITS) - 1);
  lru[counter(KIND_FILE, tierOf(reads), T_REFAULTED)]++;
  events[EV_WORKINGSET_ACTIVATE_FILE]++;
  if (reads < OFTEN_READ) return;
  events[EV_WORKINGSET_RESTORE_FILE]++;
  setReads(memory, pfn, MOST_READS);
}

function activate(memory: Memory, owner: number, pfn: number): void {
  removeFromList(memory, owner, pfn);
  addToList(memory, owner, pfn, ACTIVE);
  memory.events[EV_WORKINGSET_ACTIVATE_FILE]++;
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
export function startHistory({ lru, owners }: Memory, kind: number): void {
  for (let tier = 0; tier < TIERS; tier++) {
    const at = counter(kind, tier, 0);
    const total = lru[at + T_AVERAGE_TOTAL] + lru[at + T_EVICTED] + lru[at + T_PROTECTED];
    lru[at + T_AVERAGE_REFAULTED] = Math.floor((lru[at + T_AVERAGE_REFAULTED] + lru[at + T_REFAULTED]) / 2);
    lru[at + T_AVERAGE_TOTAL] = Math.floor(total / 2);
    lru.fill(0, at + T_REFAULTED, at + T_PROTECTED + 1);
  }
  if (kind !== KIND_FILE) return;
  for (let row = 0; row < owners.length; row += ROW) owners[row + O_EVICTED_NOW] = 0;
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
