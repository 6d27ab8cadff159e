/**
 * Owners: the guest's software as the allocator sees it. Each owner's pages hang on four lists (generations.ts), newest first, and
 * carry the owner's tag, so that a page says whose it is and can be moved or reclaimed without asking its owner.
 *
 * Cost: O(1) a page, and less where pages come and go in runs.
 */
import { invariant } from '#units';
import { allocateRun } from '../request/allocate.js';
import { touchRun } from '../host/backing.js';
import { NIL } from '../layout/constants.js';
import { freePages, freeRun } from '../allocator/free.js';
import { GFP_BIT_NORETRY, GFP_BIT_NOWARN, Gfp } from '../layout/gfp.js';
import { OWNER_FIELDS, OWNER_LISTS, S_OWNER_ROWS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { finishGather, startGather } from '../allocator/gather.js';
import { runPendingKswapd } from '../reclaim/kswapd.js';
import { listOfAge, listOfNewPage } from '../owner-pages/generations.js';
import { markRun, ownerPageOrder, pagesOnList, unmarkRun } from '../owner-pages/lru.js';
import { hasMapping } from '../owner-pages/mapping.js';
import {
  OWNER_KINDS,
  O_HUGE_PAGES,
  O_KILLED,
  O_KIND_PLUS_ONE,
  O_OOM_SCORE_ADJ,
  O_PAGES,
  O_PROCESS_PLUS_ONE,
  O_SWAPPED,
} from '../layout/owner-fields.js';
import type { OwnerKind } from '../layout/owner-fields.js';
import { disownPage, freeAll, releaseOwner, splitHugePage } from '../owner-pages/release.js';
import { forgetSwapped } from '../owner-pages/swap-slots.js';
import { pushRunAtHead, stretchFrom } from '../allocator/page-list.js';
import { lowestPfn, tagRun } from '../allocator/page-stretch.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { MAX_OWNERS, TAG_OWNER } from '../layout/tags.js';

/** How each kind asks for its pages. */
const KIND_GFP = [
  Gfp.HIGHUSER_MOVABLE,
  Gfp.HIGHUSER_MOVABLE,
  Gfp.RECLAIMABLE,
  Gfp.KERNEL,
  Gfp.KERNEL,
  Gfp.KERNEL,
] as const;

/** A new owner without pages: its id, 0 ≤ id < MAX_OWNERS, or NIL when all ids are taken. */
export function createOwner(memory: Memory, kind: OwnerKind): number {
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    const row = owner * OWNER_FIELDS;
    if (memory.owners[row + O_KIND_PLUS_ONE] !== 0) continue;
    memory.owners[row + O_KIND_PLUS_ONE] = OWNER_KINDS.indexOf(kind) + 1;
    memory.owners[row + O_PROCESS_PLUS_ONE] = kind === 'ANON' ? owner + 1 : 0;
    memory.scalars[S_OWNER_ROWS] = Math.max(memory.scalars[S_OWNER_ROWS], owner + 1);
    return owner;
  }
  return NIL;
}

/** Pages the owner holds. */
export function ownerPages(memory: Memory, owner: number): number {
  return memory.owners[rowOf(memory, owner) + O_PAGES];
}

/**
 * Allocates and touches up to `pages` more single pages; returns how many there were to get. It may have cost the owner its
 * life: see isOwnerKilled.
 */
export function growOwner(memory: Memory, owner: number, pages: number): number {
  return grow(memory, owner, pages, 0);
}

/**
 * Reads ahead: each page is asked for once, with one look for pages to reclaim. What is not there then is left out: it kills nobody
 * and asks no balloon (Linux's __GFP_NORETRY). Returns how many pages there were.
 */
export function readAhead(memory: Memory, owner: number, pages: number): number {
  return grow(memory, owner, pages, GFP_BIT_NORETRY | GFP_BIT_NOWARN);
}

function grow(memory: Memory, owner: number, pages: number, gfpBits: number): number {
  const row = rowOf(memory, owner);
  const kind = memory.owners[row + O_KIND_PLUS_ONE] - 1;
  const gfp = KIND_GFP[kind] | gfpBits;
  const run: PageStretch = { startPfn: NIL, step: 1, pages };
  let gained = 0;
  while (gained < pages && memory.owners[row + O_KILLED] === 0 && allocateRun(memory, gfp, run)) {
    const lowest = lowestPfn(run);
    tagRun(memory.tag, TAG_OWNER + owner, lowest, run.pages);
    const list = listOfNewPage(memory, kind);
    pushRunAtHead(memory.links, ownerListNode(memory, owner, list), run.startPfn, run.pages, run.step);
    markRun(memory, owner, lowest, run.pages, list);
    touchRun(memory, lowest, run.pages);
    memory.owners[row + O_PAGES] += run.pages;
    gained += run.pages;
    run.pages = pages - gained;
    if (memory.owners[row + O_KILLED] !== 0) releaseAgain(memory, owner);
    else runPendingKswapd(memory);
  }
  return gained;
}

/** The request that brought the run had the OOM killer kill its own process: the run goes, too. */
function releaseAgain(memory: Memory, owner: number): void {
  const gather = startGather(memory);
  freeAll(memory, owner, gather);
  finishGather(memory, gather);
}

/**
 * Frees up to `pages` of the owner's pages, one by one, from the least or the most recently used on; after them pages that are in
 * swap only. (Of two lists the inactive one comes first either way.) Huge pages go whole, or are split for the rest. Returns how many there were.
 */
export function shrinkOwner(memory: Memory, owner: number, pages: number, from: 'OLDEST' | 'NEWEST'): number {
  const row = rowOf(memory, owner);
  invariant(!hasMapping(memory, owner), 'a mapping shrinks by its addresses (dropRange)');
  const { owners } = memory;
  const wanted = Math.min(pages, owners[row + O_PAGES]);
  let left = wanted;
  for (let turn = 0; turn < OWNER_LISTS && left > 0; turn++) {
    const list = listInTurn(memory, owner, turn, from);
    const due = Math.min(left, pagesOnList(memory, owner, list));
    if (owners[row + O_HUGE_PAGES] === 0) shrinkRuns(memory, owner, list, due, from === 'OLDEST' ? 1 : 0);
    else for (let rest = due; rest > 0;) rest -= freeOne(memory, owner, list, rest, from === 'OLDEST' ? 1 : 0);
    left -= due;
  }
  if (wanted < pages && owners[row + O_SWAPPED] > 0) return wanted + forgetSwapped(memory, owner, pages - wanted);
  return wanted;
}

/** The owner's list that gives pages back after `turn` others. */
function listInTurn(memory: Memory, owner: number, turn: number, from: 'OLDEST' | 'NEWEST'): number {
  const kind = memory.owners[owner * OWNER_FIELDS + O_KIND_PLUS_ONE] - 1;
  const isYoungestFirst = from === 'NEWEST' && memory.rules.multiGenLru;
  return listOfAge(memory, kind, isYoungestFirst ? OWNER_LISTS - 1 - turn : turn);
}

/** Single pages of one list, a run at a time. */
function shrinkRuns(memory: Memory, owner: number, list: number, pages: number, away: number): void {
  const sentinel = ownerListNode(memory, owner, list);
  const { links } = memory;
  // `away` leads inwards from the end that is freed: to the previous node from the tail, to the next one from the head.
  let pfn = links[2 * sentinel + away];
  for (let left = pages; left > 0;) {
    const first = pfn;
    const last = stretchFrom(links, first, away, left);
    const count = Math.abs(last - first) + 1;
    pfn = links[2 * last + away];
    links[2 * sentinel + away] = pfn;
    links[2 * pfn + 1 - away] = sentinel;
    unmarkRun(memory, owner, Math.min(first, last), count, list);
    freeRun(memory, Math.min(first, last), count, last < first);
    left -= count;
  }
  memory.owners[owner * OWNER_FIELDS + O_PAGES] -= pages;
}

function freeOne(memory: Memory, owner: number, list: number, left: number, away: number): number {
  const pfn = memory.links[2 * ownerListNode(memory, owner, list) + away];
  if (left < 1 << ownerPageOrder(memory, pfn)) {
    splitHugePage(memory, owner, pfn);
    return 0;
  }
  const order = disownPage(memory, owner, pfn);
  freePages(memory, pfn, order);
  return 1 << order;
}

/** Frees all that the owner holds, as the end of a process does: oldest first, or by address, then page tables. And its id. */
export function destroyOwner(memory: Memory, owner: number): void {
  rowOf(memory, owner);
  releaseOwner(memory, owner);
}

/** True when the OOM killer has killed the owner's process: it holds nothing and can only be destroyed. */
export function isOwnerKilled(memory: Memory, owner: number): boolean {
  return memory.owners[rowOf(memory, owner) + O_KILLED] !== 0;
}

/**
 * Makes owners one process, that of `leader`, with its oom_score_adj (−1000, never killed, … 1000). An ANON owner is a
 * process of its own, with 0, until then; owners of other kinds belong to nobody.
 */
export function joinProcess(memory: Memory, owner: number, leader: number, oomScoreAdj: number): void {
  const row = rowOf(memory, owner);
  memory.owners[row + O_PROCESS_PLUS_ONE] = leader + 1;
  memory.owners[row + O_OOM_SCORE_ADJ] = oomScoreAdj;
}

function rowOf(memory: Memory, owner: number): number {
  const row = owner * OWNER_FIELDS;
  invariant(
    owner >= 0 && owner < MAX_OWNERS && memory.owners[row + O_KIND_PLUS_ONE] !== 0,
    'an owner id must come from createOwner',
  );
  return row;
}
