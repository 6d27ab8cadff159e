/**
 * Aging: a new generation begins when what is cold runs out. Programs' page tables are walked first, and what was used since the
 * last look goes to the youngest generation; then the count moves on. Source: mm/vmscan.c of Linux 6.12 (should_run_aging,
 * try_to_inc_max_seq, inc_min_seq, try_to_inc_min_seq), as their behaviour is known. The kernel walks only those parts of
 * the page tables that had used pages lately; here all of them are.
 */
import { NIL } from '../layout/constants.js';
import { EV_PGREFILL } from '../layout/events.js';
import {
  LRU_BORN,
  LRU_LISTS,
  LRU_MAX_SEQ,
  LRU_MIN_SEQ,
  MAX_GENERATIONS,
  MIN_GENERATIONS,
} from '../layout/lru-fields.js';
import { OWNER_FIELDS, S_OWNER_ROWS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { listOfGeneration, youngestList } from '../owner-pages/generations.js';
import { addToList, addToTail, listOfPage, ownerPageOrder, pagesOnList, removeFromList } from '../owner-pages/lru.js';
import { hasMapping, mappingOf } from '../owner-pages/mapping.js';
import { KIND_ANON, KIND_FILE, O_KIND_PLUS_ONE, O_PAGES } from '../layout/owner-fields.js';
import { lookAtPage, pageUseOf, setReads } from '../owner-pages/page-use.js';
import { headOfPage } from '../owner-pages/release.js';
import { startHistory } from './refaults.js';

const ROW = OWNER_FIELDS;

/** Generations that a kind has. */
export function generationsOf({ lru }: Memory, kind: number): number {
  return lru[LRU_MAX_SEQ] - lru[LRU_MIN_SEQ + kind] + 1;
}

/** Pages of a kind in generation `seq`. */
export function pagesOfGeneration(memory: Memory, kind: number, seq: number): number {
  const list = listOfGeneration(memory, kind, seq);
  let pages = 0;
  for (let owner = 0; owner < memory.scalars[S_OWNER_ROWS]; owner++) {
    if (memory.owners[owner * ROW + O_KIND_PLUS_ONE] === kind + 1) pages += pagesOnList(memory, owner, list);
  }
  return pages;
}

/** What the eviction has before it. */
export interface Outlook {
  readonly totalPages: number;
  readonly needsAging: boolean;
}

/**
 * Aging is needed when only the two generations are left that may not be evicted from. It is due, too, when exactly one more is
 * left and pages are spread badly: more than half of them in the youngest, or less than a quarter in the oldest.
 */
export function lookOut(memory: Memory, canSwap: boolean): Outlook {
  const { lru } = memory;
  const maxSeq = lru[LRU_MAX_SEQ];
  const oldest = lru[LRU_MIN_SEQ + (canSwap ? KIND_ANON : KIND_FILE)];
  if (oldest + MIN_GENERATIONS > maxSeq) return { totalPages: 0, needsAging: true };
  let [total, young, old] = [0, 0, 0];
  for (let kind = canSwap ? KIND_ANON : KIND_FILE; kind <= KIND_FILE; kind++) {
    for (let seq = lru[LRU_MIN_SEQ + kind]; seq <= maxSeq; seq++) {
      const pages = pagesOfGeneration(memory, kind, seq);
      total += pages;
      if (seq === maxSeq) young += pages;
      else if (seq + MIN_GENERATIONS === maxSeq) old += pages;
    }
  }
  const isSpreadBadly = young * MIN_GENERATIONS > total || old * (MIN_GENERATIONS + 2) < total;
  return { totalPages: total, needsAging: oldest + MIN_GENERATIONS === maxSeq && isSpreadBadly };
}

/** Looks for used pages and begins a new generation. */
export function age(memory: Memory): void {
  const { lru } = memory;
  for (let owner = 0; owner < memory.scalars[S_OWNER_ROWS]; owner++) {
    if (memory.owners[owner * ROW + O_KIND_PLUS_ONE] === KIND_ANON + 1) walkPageTables(memory, owner);
  }
  for (let kind = KIND_ANON; kind <= KIND_FILE; kind++) {
    if (generationsOf(memory, kind) === MAX_GENERATIONS) mergeOldest(memory, kind);
  }
  const next = lru[LRU_MAX_SEQ] + 1;
  lru[LRU_MAX_SEQ] = next;
  lru[LRU_BORN + (next & (MAX_GENERATIONS - 1))] = pageUseOf(memory)?.nowMs() ?? 0;
}

function walkPageTables(memory: Memory, owner: number): void {
  if (!hasMapping(memory, owner)) return;
  for (const pfn of mappingOf(memory, owner)) {
    if (pfn >= 0 && memory.tag[pfn] === TAG_OWNER + owner && headOfPage(memory, pfn) === pfn) {
      if (lookAtPage(memory, owner, pfn, 0)) promote(memory, owner, pfn);
    }
  }
}

/** The page was used: it goes to the youngest generation. */
export function promote(memory: Memory, owner: number, pfn: number): void {
  const kind = memory.owners[owner * ROW + O_KIND_PLUS_ONE] - 1;
  const youngest = youngestList(memory, kind);
  setReads(memory, pfn, 0);
  if (listOfPage(memory, pfn) === youngest) return;
  removeFromList(memory, owner, pfn);
  addToList(memory, owner, pfn, youngest);
  memory.events[EV_PGREFILL] += 1 << ownerPageOrder(memory, pfn);
}

/**
 * The two oldest generations become one. The pages of the smaller one move, so that memory which stays where it is costs
 * nothing however often this happens.
 */
function mergeOldest(memory: Memory, kind: number): void {
  const { lru } = memory;
  const seq = lru[LRU_MIN_SEQ + kind];
  const older = listOfGeneration(memory, kind, seq);
  const younger = listOfGeneration(memory, kind, seq + 1);
  const movesOlder = pagesOfGeneration(memory, kind, seq) <= pagesOfGeneration(memory, kind, seq + 1);
  const [from, to] = movesOlder ? [older, younger] : [younger, older];
  for (let owner = 0; owner < memory.scalars[S_OWNER_ROWS]; owner++) {
    if (memory.owners[owner * ROW + O_KIND_PLUS_ONE] !== kind + 1 || memory.owners[owner * ROW + O_PAGES] === 0)
      continue;
    moveList(memory, owner, from, to, movesOlder);
  }
  const at = LRU_LISTS + kind * MAX_GENERATIONS;
  lru[at + (seq & (MAX_GENERATIONS - 1))] = from;
  lru[at + ((seq + 1) & (MAX_GENERATIONS - 1))] = to;
  lru[LRU_MIN_SEQ + kind] = seq + 1;
  startHistory(memory, kind);
}

/** Appends what is on list `from` to the tail of `to`, in its order, or puts it before its head. */
function moveList(memory: Memory, owner: number, from: number, to: number, toTail: boolean): void {
  for (let pfn = takeEnd(memory, owner, from, toTail); pfn !== NIL; pfn = takeEnd(memory, owner, from, toTail)) {
    if (toTail) addToTail(memory, owner, pfn, to);
    else addToList(memory, owner, pfn, to);
  }
}

/** Takes the page at the head or the tail off the owner's list; NIL: there is none. */
function takeEnd(memory: Memory, owner: number, list: number, fromHead: boolean): number {
  const sentinel = ownerListNode(memory, owner, list);
  const pfn = memory.links[2 * sentinel + (fromHead ? 0 : 1)];
  if (pfn === sentinel) return NIL;
  removeFromList(memory, owner, pfn);
  return pfn;
}

/** The kind's oldest generation is the oldest that has pages, as far as two are left; that of files is no older than programs'. */
export function passEmptyGenerations(memory: Memory, canSwap: boolean): boolean {
  const { lru } = memory;
  const oldest = [lru[LRU_MIN_SEQ], lru[LRU_MIN_SEQ + 1]];
  for (let kind = canSwap ? KIND_ANON : KIND_FILE; kind <= KIND_FILE; kind++) {
    while (oldest[kind] + MIN_GENERATIONS <= lru[LRU_MAX_SEQ] && pagesOfGeneration(memory, kind, oldest[kind]) === 0) {
      oldest[kind]++;
    }
  }
  if (canSwap) {
    oldest[KIND_ANON] = Math.min(oldest[KIND_ANON], oldest[KIND_FILE]);
    oldest[KIND_FILE] = Math.max(oldest[KIND_ANON], lru[LRU_MIN_SEQ + KIND_FILE]);
  }
  let hasPassed = false;
  for (let kind = canSwap ? KIND_ANON : KIND_FILE; kind <= KIND_FILE; kind++) {
    if (oldest[kind] === lru[LRU_MIN_SEQ + kind]) continue;
    startHistory(memory, kind);
    lru[LRU_MIN_SEQ + kind] = oldest[kind];
    hasPassed = true;
  }
  return hasPassed;
}
