/**
 * Eviction from the oldest generation: pages are taken from its tail a batch at a time; those that were used since go to the
 * youngest generation, those that were read often to the next one, the others are dropped or go to swap.
 * Source: mm/vmscan.c of Linux 6.12 (evict_folios, scan_folios, sort_folio, isolate_folios), as their behaviour is known.
 *
 * The kernel has one list for each generation; here each owner has one, and batches are taken from the owners in turn, as often
 * from each as its share of the generation asks for.
 */
import { freePageList } from '../allocator/free.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_PGACTIVATE, EV_PGREFILL } from '../layout/events.js';
import { LRU_MIN_SEQ, LRU_TURN, MIN_GENERATIONS, TIERS, T_EVICTED, T_PROTECTED } from '../layout/lru-fields.js';
import { OWNER_FIELDS, S_OWNER_ROWS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_NODE, Z_TYPE } from '../layout/zone-fields.js';
import { bornMs, listOfGeneration, youngestList } from '../owner-pages/generations.js';
import { addToList, addToTail, ownerPageOrder, pagesOnList, removeFromList } from '../owner-pages/lru.js';
import { hasMapping, mappingOf } from '../owner-pages/mapping.js';
import { KIND_ANON, KIND_FILE, O_KIND_PLUS_ONE } from '../layout/owner-fields.js';
import {
  IN_BATCH,
  MOST_READS,
  PROMOTED,
  isCountedPageUsed,
  lookAtPage,
  pageUseOf,
  readsOf,
  setReads,
} from '../owner-pages/page-use.js';
import { disownPage, headOfPage, splitHugePage } from '../owner-pages/release.js';
import { generationsOf, pagesOfGeneration, passEmptyGenerations, promote } from './aging.js';
import { managedZones } from './balance.js';
import type { ReclaimControl } from './reclaim-control.js';
import { countTier, kindToScan, lastTierToTake, noteFileEvicted, tierOf } from './refaults.js';
import { countScan } from './scan-counts.js';
import { REFUSED, WRITTEN, swapOut } from './swap-out.js';

const ROW = OWNER_FIELDS;
/** Pages that are taken together, and looked at on the way to them. */
export const BATCH_PAGES = 64;
const MOST_LOOKED_AT = 64 * BATCH_PAGES;
const NOT_ELIGIBLE = -1;
/** Scratch of a batch, which may end with a huge page: its pages, and those of them that go. */
const PFNS = new Int32Array(BATCH_PAGES + PAGEBLOCK_PAGES);
const FREED = new Int32Array(BATCH_PAGES + PAGEBLOCK_PAGES);
/** Batches are dealt by the golden ratio: however many are dealt, each owner had about its share. */
const TURN_STEP = 0.618_033_988_749_895;

/** One batch. Returns how many pages were looked at; 0 when nothing is old enough to be taken. */
export function evict(memory: Memory, control: ReclaimControl, swappiness: number): number {
  const { lru } = memory;
  const canSwap = swappiness > 0;
  const isAnonOlder = lru[LRU_MIN_SEQ + KIND_ANON] < lru[LRU_MIN_SEQ + KIND_FILE];
  let kind = KIND_FILE;
  if (canSwap) kind = isAnonOlder ? KIND_ANON : kindToScan(memory, swappiness);
  let looked = evictKind(memory, control, kind);
  if (looked === 0 && canSwap) looked = evictKind(memory, control, KIND_ANON + KIND_FILE - kind);
  if (passEmptyGenerations(memory, canSwap)) looked++;
  return generationsOf(memory, canSwap ? KIND_ANON : KIND_FILE) === MIN_GENERATIONS ? 0 : looked;
}

/** A batch of one owner's pages of the kind's oldest generation. */
interface Batch {
  readonly owner: number;
  readonly kind: number;
  readonly list: number;
  /** Entries of PFNS, and base pages that they make. */
  entries: number;
  pages: number;
  looked: number;
}

function evictKind(memory: Memory, control: ReclaimControl, kind: number): number {
  if (generationsOf(memory, kind) === MIN_GENERATIONS) return 0;
  const list = listOfGeneration(memory, kind, memory.lru[LRU_MIN_SEQ + kind]);
  let looked = 0;
  // An owner whose pages are all spared leaves its turn to the next.
  while (looked < MOST_LOOKED_AT) {
    const owner = ownerInTurn(memory, kind, list);
    if (owner === NIL) return 0;
    const batch: Batch = { owner, kind, list, entries: 0, pages: 0, looked: 0 };
    collect(memory, control, batch);
    looked += batch.looked;
    if (batch.pages === 0) continue;
    evictBatch(memory, control, batch);
    return looked;
  }
  return looked;
}

/** Owner of the page that the turn falls on, of all pages of the generation. */
function ownerInTurn(memory: Memory, kind: number, list: number): number {
  const { lru, owners } = memory;
  const pages = pagesOfGeneration(memory, kind, lru[LRU_MIN_SEQ + kind]);
  if (pages === 0) return NIL;
  const turn = (lru[LRU_TURN] + TURN_STEP) % 1;
  lru[LRU_TURN] = turn;
  let left = Math.floor(turn * pages);
  for (let owner = 0; owner < memory.scalars[S_OWNER_ROWS]; owner++) {
    if (owners[owner * ROW + O_KIND_PLUS_ONE] !== kind + 1) continue;
    left -= pagesOnList(memory, owner, list);
    if (left < 0) return owner;
  }
  return NIL;
}

/**
 * Fills a batch from the tail of the owner's list, out of the zones that are short; pages that are spared go to the next
 * generation. The kernel has a list for each zone and begins with the highest: here pages of lower zones that come first go to
 * the head of the list, and so wait until no others are left. Where there is nothing to take, pages of zones that are not
 * short go to the next generation, so that this one comes to its end.
 */
function collect(memory: Memory, control: ReclaimControl, batch: Batch): void {
  const { owner, kind, list } = batch;
  const sentinel = ownerListNode(memory, owner, list);
  const isMapped = hasMapping(memory, owner);
  const lastTier = isMapped ? lastTierToTake(memory, kind) : TIERS;
  const type = highestType(memory, control, sentinel);
  let end = sentinel;
  for (let pfn = memory.links[2 * sentinel + 1]; pfn !== end && pfn !== sentinel;) {
    if (batch.pages >= BATCH_PAGES || batch.looked >= MOST_LOOKED_AT) return;
    const before = memory.links[2 * pfn + 1];
    const pages = 1 << ownerPageOrder(memory, pfn);
    const reads = readsOf(memory, pfn);
    const itsType = eligibleType(memory, pfn, control);
    if (tierOf(reads) > lastTier || reads === MOST_READS) {
      countTier(memory, kind, Math.max(tierOf(reads), 1), T_PROTECTED);
      batch.looked += pages;
      passOn(memory, batch, pfn);
    } else if (itsType === NOT_ELIGIBLE && type === NOT_ELIGIBLE) {
      batch.looked += pages;
      passOn(memory, batch, pfn);
    } else if (itsType === type) {
      PFNS[batch.entries++] = pfn;
      batch.pages += pages;
      batch.looked += pages;
      if (isMapped) memory.use[pfn] |= IN_BATCH;
    } else if (itsType !== NOT_ELIGIBLE) {
      removeFromList(memory, owner, pfn);
      addToList(memory, owner, pfn, list);
      if (end === sentinel) end = pfn;
    }
    pfn = before;
  }
}

/** Type of the highest of the zones that are short with a page among the next ones of the list, or NOT_ELIGIBLE. */
function highestType(memory: Memory, control: ReclaimControl, sentinel: number): number {
  const last = Math.max(...managedZones(memory, control.node, control.highestType).map((zone) => typeOf(memory, zone)));
  let highest = NOT_ELIGIBLE;
  let pfn = memory.links[2 * sentinel + 1];
  for (let left = MOST_LOOKED_AT; pfn !== sentinel && highest < last; left--) {
    if (left <= 0 && highest !== NOT_ELIGIBLE) break;
    highest = Math.max(highest, eligibleType(memory, pfn, control));
    pfn = memory.links[2 * pfn + 1];
  }
  return highest;
}

/** The page goes to the tail of the next generation. */
function passOn(memory: Memory, { owner, kind }: Batch, pfn: number): void {
  const next = listOfGeneration(memory, kind, memory.lru[LRU_MIN_SEQ + kind] + 1);
  setReads(memory, pfn, 0);
  removeFromList(memory, owner, pfn);
  addToTail(memory, owner, pfn, next);
  memory.events[EV_PGREFILL] += 1 << ownerPageOrder(memory, pfn);
}

function typeOf({ zones }: Memory, zone: number): number {
  return zones[zone * ZONE_FIELDS + Z_TYPE];
}

/** Type of the page's zone, or NOT_ELIGIBLE where that is not one of those that are short. */
function eligibleType(memory: Memory, pfn: number, control: ReclaimControl): number {
  const zone = memory.blockZone[pfn >> PAGEBLOCK_ORDER];
  const type = typeOf(memory, zone);
  return memory.zones[zone * ZONE_FIELDS + Z_NODE] === control.node && type <= control.highestType
    ? type
    : NOT_ELIGIBLE;
}

function evictBatch(memory: Memory, control: ReclaimControl, batch: Batch): void {
  const { owner, kind } = batch;
  const isMapped = hasMapping(memory, owner);
  const use = isMapped ? undefined : pageUseOf(memory);
  const windowMs = use === undefined ? 0 : use.nowMs() - bornMs(memory, memory.lru[LRU_MIN_SEQ + kind] + 1);
  let freed = 0;
  for (let at = 0; at < batch.entries; at++) {
    const pfn = PFNS[at];
    if (isMapped ? wasAccessed(memory, owner, pfn, control) : isCountedPageUsed(memory, owner, pfn, windowMs)) {
      keep(memory, owner, kind, pfn);
      continue;
    }
    if (ownerPageOrder(memory, pfn) > 0) {
      splitHugePage(memory, owner, pfn);
      for (let part = 1; part < PAGEBLOCK_PAGES; part++) PFNS[batch.entries++] = pfn + part;
    }
    if (takePage(memory, owner, kind, pfn, control)) FREED[freed++] = pfn;
  }
  freePageList(memory, FREED, freed);
  countScan(memory, kind, batch.pages, freed, control);
}

/** True when the page is nobody's any more. */
function takePage(memory: Memory, owner: number, kind: number, pfn: number, control: ReclaimControl): boolean {
  const tier = tierOf(readsOf(memory, pfn));
  if (kind === KIND_FILE) noteFileEvicted(memory, owner, pfn);
  else {
    const result = swapOut(memory, owner, pfn, control);
    // Written, it waits where it is: at the tail, where the end of the write would put it.
    if (result === WRITTEN) return false;
    if (result === REFUSED) {
      keep(memory, owner, kind, pfn);
      memory.events[EV_PGACTIVATE]++;
      return false;
    }
  }
  countTier(memory, kind, tier, T_EVICTED);
  disownPage(memory, owner, pfn);
  return true;
}

/** The page goes to the youngest generation. */
function keep(memory: Memory, owner: number, kind: number, pfn: number): void {
  setReads(memory, pfn, 0);
  removeFromList(memory, owner, pfn);
  addToList(memory, owner, pfn, youngestList(memory, kind));
}

/** Used through a page table since the last look, its own or one at a neighbour in the batch. */
function wasAccessed(memory: Memory, owner: number, pfn: number, control: ReclaimControl): boolean {
  const { use } = memory;
  const isPromoted = (use[pfn] & PROMOTED) !== 0;
  use[pfn] &= ~(IN_BATCH | PROMOTED);
  if (isPromoted) return true;
  if (!lookAtPage(memory, owner, pfn, 0)) return false;
  lookAround(memory, owner, pfn, control);
  return true;
}

/** Programs use neighbours together: the batch of page table entries round one that was used is looked at, too. */
function lookAround(memory: Memory, owner: number, pfn: number, control: ReclaimControl): void {
  const entries = mappingOf(memory, owner);
  const page = memory.virtualPage[pfn] - 1;
  const table = page & ~((1 << PAGEBLOCK_ORDER) - 1);
  const last = Math.min(table + (1 << PAGEBLOCK_ORDER), entries.length);
  const first = Math.max(table, Math.min(page - BATCH_PAGES / 2, last - BATCH_PAGES));
  for (let near = first; near < Math.min(first + BATCH_PAGES, last); near++) {
    const other = entries[near];
    if (other < 0 || other === pfn || headOfPage(memory, other) !== other) continue;
    if (!lookAtPage(memory, owner, other, 0)) continue;
    if ((memory.use[other] & IN_BATCH) !== 0) {
      memory.use[other] |= PROMOTED;
      continue;
    }
    promote(memory, owner, other);
    if (!control.byKswapd) memory.events[EV_PGACTIVATE]++;
  }
}
