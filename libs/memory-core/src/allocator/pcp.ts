/**
 * Per-CPU lists between the allocator's users and the buddy: how many pages they hold, when they are refilled and when they
 * give back. Source: mm/page_alloc.c of Linux 6.12 and 6.1 (nr_pcp_alloc, nr_pcp_high, nr_pcp_free, free_pcppages_bulk,
 * decay_pcp_high …), as described in the reference; two sets of rules, chosen by `tunesPcp`:
 *
 *   6.7 and later   refills double while allocations follow each other, the high mark moves between two bounds, decays each
 *                   second, and falls while the zone is below its high watermark
 *   before          refills take one batch, drains double up to 32 batches, the high mark is fixed
 *
 * Pages on these lists are not free pages of the zone: neither Z_FREE nor the free lists count them.
 */
import { freeBlock } from './buddy.js';
import { freeToBuddy, takeRun } from './buddy-run.js';
import { NIL, PAGEBLOCK_ORDER, ZONE_MOVABLE } from '../layout/constants.js';
import { takeBlock, takeFallback } from './fallback.js';
import { S_CPU, pcpListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { pushHead, pushTail, unlink } from './page-list.js';
import { lowestPfn } from './page-stretch.js';
import type { PageStretch } from './page-stretch.js';
import {
  PCP_BATCH_SCALE_MAX,
  PCP_FIELDS,
  PCP_HIGHEST_ORDER,
  PCP_HUGE_LIST,
  PCP_LISTS,
  P_ALLOC_FACTOR,
  P_BATCH,
  P_COUNT,
  P_FREE_COUNT,
  P_FREE_FACTOR,
  P_HIGH,
  P_HIGH_MAX,
  P_HIGH_MIN,
  P_LIMIT,
  P_MOST_FREE_COUNT,
  P_PREVIOUS_FREE_WAS_HIGH_ORDER,
} from '../layout/pcp-fields.js';
import { appendBack, isListEmpty, popBackStretch, popFrontStretch, pushFront } from './pcp-list.js';
import { TAG_FREE, TAG_PCP_BLOCK } from '../layout/tags.js';
import { ALLOC_WMARK_HIGH, effectiveMark, isWatermarkOk } from './watermark.js';
import { ZONE_BELOW_HIGH, ZONE_FIELDS, ZONE_RECLAIM_ACTIVE, Z_PCP_FLAGS } from '../layout/zone-fields.js';

/** Migratetypes with lists of their own; every other type's pages wait on the movable list. */
const PCP_TYPES = 3;
const MOVABLE_LIST = 1;

/** Set of the running CPU in a zone: row × PCP_FIELDS of Memory.pcp. */
export function pcpSlot(memory: Memory, zone: number): number {
  return zone * memory.cpuCount + memory.scalars[S_CPU];
}

/** True for the orders that go through per-CPU lists: 0 … 3 and 9. */
export function hasPcpList(order: number): boolean {
  return order <= PCP_HIGHEST_ORDER || order === PAGEBLOCK_ORDER;
}

function listOf(memory: Memory, order: number, type: number): number {
  if (order === PAGEBLOCK_ORDER) return PCP_HUGE_LIST + (type === MOVABLE_LIST && memory.rules.splitsHugeLists ? 1 : 0);
  return order * PCP_TYPES + (type < PCP_TYPES ? type : MOVABLE_LIST);
}

function orderOf(list: number): number {
  return list >= PCP_HUGE_LIST ? PAGEBLOCK_ORDER : Math.floor(list / PCP_TYPES);
}

/**
 * Takes up to `run.pages` single pages for a request of `type` into `run`, refilling an empty list first; false when the
 * zone has none. After a refill it is one page: the zone may have less now than the next request may leave it. Tags are
 * the caller's to set.
 */
export function takePcpRun(memory: Memory, zone: number, type: number, rights: number, run: PageStretch): boolean {
  const slot = pcpSlot(memory, zone);
  const row = slot * PCP_FIELDS;
  let limit = run.pages;
  if (isListEmpty(memory, slot, type)) {
    refill(memory, zone, type, rights, run);
    limit = 1;
  }
  const age = memory.rules.tunesPcp ? P_FREE_COUNT : P_FREE_FACTOR;
  if (!popFrontStretch(memory, slot, type, limit, run)) {
    memory.pcp[row + age] >>= 1; // an attempt counts, whatever comes of it
    return false;
  }
  memory.pcp[row + P_COUNT] -= run.pages;
  memory.pcp[row + age] = run.pages > 31 ? 0 : memory.pcp[row + age] >> run.pages; // halved by each page taken
  return true;
}

/** Takes one block of order 1 … 3 or 9, refilling an empty list first; NIL when the zone has none. */
export function takePcpBlock(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  const slot = pcpSlot(memory, zone);
  const row = slot * PCP_FIELDS;
  const { links, pcp } = memory;
  const sentinel = pcpListNode(memory, slot, listOf(memory, order, type));
  const age = memory.rules.tunesPcp ? P_FREE_COUNT : P_FREE_FACTOR;
  pcp[row + age] >>= 1;
  if (links[2 * sentinel] === sentinel) {
    for (let blocks = refillBlocks(memory, zone, slot, order); blocks > 0; blocks--) {
      const pfn = takeBlock(memory, zone, order, type, rights);
      if (pfn === NIL) break;
      memory.tag[pfn] = TAG_PCP_BLOCK + order;
      pushTail(links, sentinel, pfn);
      pcp[row + P_COUNT] += 1 << order;
    }
  }
  const head = links[2 * sentinel];
  if (head === sentinel) return NIL;
  unlink(links, head);
  pcp[row + P_COUNT] -= 1 << order;
  return head;
}

/** Fills an empty order-0 list from the buddy; `scratch` is overwritten. */
function refill(memory: Memory, zone: number, type: number, rights: number, scratch: PageStretch): void {
  const slot = pcpSlot(memory, zone);
  let left = refillBlocks(memory, zone, slot, 0);
  const wanted = left;
  while (left > 0) {
    if (!takeRun(memory, zone, type, left, scratch)) {
      const pfn = takeFallback(memory, zone, 0, type, rights);
      if (pfn === NIL) break;
      scratch.startPfn = pfn;
      scratch.pages = 1;
    }
    appendBack(memory, slot, type, scratch.startPfn, scratch.pages);
    left -= scratch.pages;
  }
  memory.pcp[slot * PCP_FIELDS + P_COUNT] += wanted - left;
}

/** Blocks that the next refill asks for; where the set tunes itself, asking moves its marks. */
function refillBlocks(memory: Memory, zone: number, slot: number, order: number): number {
  const { pcp } = memory;
  const row = slot * PCP_FIELDS;
  const base = pcp[row + P_BATCH];
  let batch = base;
  if (memory.rules.tunesPcp) {
    let high = clampHigh(memory, zone, row);
    if (high < base) return 1;
    if (order === 0) batch = base << pcp[row + P_ALLOC_FACTOR];
    const below = (memory.zones[zone * ZONE_FIELDS + Z_PCP_FLAGS] & ZONE_BELOW_HIGH) !== 0;
    if (pcp[row + P_HIGH_MIN] !== pcp[row + P_HIGH_MAX] && !below) {
      high = Math.min(high + batch, pcp[row + P_HIGH_MAX]);
      setHigh(memory, zone, row, high);
    }
    if (order === 0) {
      const most = Math.max(high - pcp[row + P_COUNT] - base, base);
      if (batch <= most && pcp[row + P_ALLOC_FACTOR] < PCP_BATCH_SCALE_MAX) pcp[row + P_ALLOC_FACTOR]++;
      batch = Math.min(batch, most);
    }
  }
  return batch > 1 ? Math.max(batch >> order, 2) : batch;
}

/**
 * Frees `pages` single frames of one pageblock, one after the other, through the running CPU's lists; `type` is the
 * pageblock's and not ISOLATE.
 */
export function freePcpRun(
  memory: Memory,
  zone: number,
  type: number,
  startPfn: number,
  pages: number,
  step: number,
): void {
  const { pcp, rules } = memory;
  const slot = pcpSlot(memory, zone);
  const row = slot * PCP_FIELDS;
  const list = listOf(memory, 0, type);
  pcp[row + P_PREVIOUS_FREE_WAS_HIGH_ORDER] = 0;
  for (let done = 0; done < pages;) {
    // Up to the page that makes the set full nothing but counting happens.
    clampHigh(memory, zone, row);
    const room = Math.max(pcp[row + P_LIMIT] - pcp[row + P_COUNT], 1);
    const count = Math.min(room, pages - done);
    pushFront(memory, slot, list, startPfn + done * step, count, step);
    pcp[row + P_COUNT] += count;
    if (rules.tunesPcp) {
      pcp[row + P_ALLOC_FACTOR] = count > 31 ? 0 : pcp[row + P_ALLOC_FACTOR] >> count;
      countFree(memory, row, count);
    }
    done += count;
    if (pcp[row + P_COUNT] >= pcp[row + P_LIMIT]) trim(memory, zone, slot, list, false);
  }
}

/** Frees a block of order 1 … 3 or 9 through the running CPU's lists; the pageblock's `type` is not ISOLATE. */
export function freePcpBlock(memory: Memory, zone: number, type: number, pfn: number, order: number): void {
  const { pcp } = memory;
  const slot = pcpSlot(memory, zone);
  const row = slot * PCP_FIELDS;
  const list = listOf(memory, order, type);
  memory.tag[pfn] = TAG_PCP_BLOCK + order;
  pushHead(memory.links, pcpListNode(memory, slot, list), pfn);
  pcp[row + P_COUNT] += 1 << order;
  const fragmenting = order <= PCP_HIGHEST_ORDER;
  let freeHigh = fragmenting && pcp[row + P_FREE_FACTOR] > 0;
  if (memory.rules.tunesPcp) {
    pcp[row + P_ALLOC_FACTOR] >>= 1;
    const followed = pcp[row + P_PREVIOUS_FREE_WAS_HIGH_ORDER] === 1;
    freeHigh = fragmenting && followed && pcp[row + P_FREE_COUNT] >= pcp[row + P_BATCH];
    pcp[row + P_PREVIOUS_FREE_WAS_HIGH_ORDER] = fragmenting ? 1 : 0;
    if (pcp[row + P_FREE_COUNT] < pcp[row + P_MOST_FREE_COUNT]) pcp[row + P_FREE_COUNT] += 1 << order;
  }
  trim(memory, zone, slot, list, freeHigh);
}

function countFree(memory: Memory, row: number, pages: number): void {
  const { pcp } = memory;
  const most = pcp[row + P_MOST_FREE_COUNT];
  if (pcp[row + P_FREE_COUNT] < most) pcp[row + P_FREE_COUNT] = Math.min(pcp[row + P_FREE_COUNT] + pages, most);
}

/** After the free of a single page that may have filled the set: what freePcpRun does then. */
export function freeCompletesSet(memory: Memory, zone: number, slot: number, list: number): void {
  const row = slot * PCP_FIELDS;
  clampHigh(memory, zone, row);
  if (memory.pcp[row + P_COUNT] >= memory.pcp[row + P_LIMIT]) trim(memory, zone, slot, list, false);
}

/** After a free: gives back what the set should not hold. `freeHigh`: blocks of order 1 … 3 are being freed in a row. */
function trim(memory: Memory, zone: number, slot: number, list: number, freeHigh: boolean): void {
  const { pcp, zones } = memory;
  const row = slot * PCP_FIELDS;
  const limit = memory.rules.tunesPcp
    ? tunedLimit(memory, zone, row, freeHigh)
    : fixedLimit(memory, zone, row, freeHigh);
  if (pcp[row + P_COUNT] < limit) return;
  drain(memory, zone, slot, drainPages(memory, row, limit, freeHigh), list);
  const flags = zone * ZONE_FIELDS + Z_PCP_FLAGS;
  if ((zones[flags] & ZONE_BELOW_HIGH) === 0) return;
  if (isWatermarkOk(memory, zone, 0, effectiveMark(memory, zone, ALLOC_WMARK_HIGH), ZONE_MOVABLE, 0)) {
    zones[flags] &= ~ZONE_BELOW_HIGH;
  }
}

/** Pages from which the set gives back, 6.7 and later; may move the high mark. */
function tunedLimit(memory: Memory, zone: number, row: number, freeHigh: boolean): number {
  const { pcp } = memory;
  const high = clampHigh(memory, zone, row);
  const [lowest, highest, batch] = [pcp[row + P_HIGH_MIN], pcp[row + P_HIGH_MAX], pcp[row + P_BATCH]];
  if (high === 0) return 0;
  if (freeHigh) {
    setHigh(memory, zone, row, Math.max(high - (batch << PCP_BATCH_SCALE_MAX), lowest));
    return 0;
  }
  const flags = memory.zones[zone * ZONE_FIELDS + Z_PCP_FLAGS];
  const freed = pcp[row + P_FREE_COUNT];
  if ((flags & ZONE_RECLAIM_ACTIVE) !== 0) {
    setHigh(memory, zone, row, Math.max(high - Math.max(freed, batch), lowest));
    return Math.min(batch << 2, pcp[row + P_HIGH]);
  }
  if (lowest === highest) return high;
  if ((flags & ZONE_BELOW_HIGH) !== 0) {
    setHigh(memory, zone, row, Math.max(high - Math.max(freed, batch), lowest));
    return Math.max(pcp[row + P_COUNT], lowest);
  }
  if (pcp[row + P_COUNT] >= high) {
    const needed = freed + batch;
    if (high < needed) setHigh(memory, zone, row, Math.min(Math.max(needed, lowest), highest));
  }
  return high;
}

/** The same before 6.7. */
function fixedLimit(memory: Memory, zone: number, row: number, freeHigh: boolean): number {
  const high = memory.pcp[row + P_HIGH];
  if (high === 0 || freeHigh) return 0;
  const active = (memory.zones[zone * ZONE_FIELDS + Z_PCP_FLAGS] & ZONE_RECLAIM_ACTIVE) !== 0;
  return active ? Math.min(memory.pcp[row + P_BATCH] << 2, high) : high;
}

/** Pages to give back now that `limit` is reached. */
function drainPages(memory: Memory, row: number, limit: number, freeHigh: boolean): number {
  const { pcp, rules } = memory;
  const batch = pcp[row + P_BATCH];
  if (freeHigh) return rules.tunesPcp ? Math.min(pcp[row + P_COUNT], batch << PCP_BATCH_SCALE_MAX) : pcp[row + P_COUNT];
  if (limit < batch) return 1;
  if (rules.tunesPcp) return Math.min(Math.max(pcp[row + P_FREE_COUNT], batch), limit - batch);
  const wanted = batch << pcp[row + P_FREE_FACTOR];
  if (wanted < limit - batch && pcp[row + P_FREE_FACTOR] < PCP_BATCH_SCALE_MAX) pcp[row + P_FREE_FACTOR]++;
  return Math.min(Math.max(wanted, batch), limit - batch);
}

/**
 * Gives at least `pages` pages of a set to the buddy (a block is not split): list after list, starting at `firstList`, each
 * emptied from its tail before the next one's turn.
 */
export function drain(memory: Memory, zone: number, slot: number, pages: number, firstList: number): void {
  const { pcp } = memory;
  const row = slot * PCP_FIELDS;
  const scratch: PageStretch = { startPfn: NIL, pages: 0, step: 1 };
  let left = Math.min(pages, pcp[row + P_COUNT]);
  for (let list = firstList; left > 0; list = (list + 1) % PCP_LISTS) {
    const given =
      orderOf(list) === 0 ? drainPagesOf(memory, slot, list, left, scratch) : drainBlocksOf(memory, slot, list, left);
    left -= given;
    pcp[row + P_COUNT] -= given;
  }
}

function drainPagesOf(memory: Memory, slot: number, list: number, limit: number, scratch: PageStretch): number {
  let given = 0;
  while (given < limit && popBackStretch(memory, slot, list, limit - given, scratch)) {
    freeToBuddy(memory, lowestPfn(scratch), scratch.pages, scratch.step < 0);
    given += scratch.pages;
  }
  return given;
}

function drainBlocksOf(memory: Memory, slot: number, list: number, limit: number): number {
  const { links } = memory;
  const sentinel = pcpListNode(memory, slot, list);
  const order = orderOf(list);
  let given = 0;
  while (given < limit && links[2 * sentinel] !== sentinel) {
    const pfn = links[2 * sentinel + 1];
    unlink(links, pfn);
    memory.tag[pfn] = TAG_FREE;
    freeBlock(memory, pfn, order, false);
    given += 1 << order;
  }
  return given;
}

function clampHigh(memory: Memory, zone: number, row: number): number {
  const { pcp } = memory;
  const high = Math.min(Math.max(pcp[row + P_HIGH], pcp[row + P_HIGH_MIN]), pcp[row + P_HIGH_MAX]);
  setHigh(memory, zone, row, high);
  return high;
}

function setHigh(memory: Memory, zone: number, row: number, high: number): void {
  memory.pcp[row + P_HIGH] = high;
  memory.pcp[row + P_LIMIT] = uneventfulUpTo(memory, zone, row);
}

/**
 * Pages up to which frees are only counted; 0 when the next one moves the high mark: a marked zone brings it down, free by free, to
 * its lowest.
 */
function uneventfulUpTo(memory: Memory, zone: number, row: number): number {
  const { pcp } = memory;
  const flags = memory.zones[zone * ZONE_FIELDS + Z_PCP_FLAGS];
  const high = pcp[row + P_HIGH];
  if (flags === 0) return high;
  const lowest = pcp[row + P_HIGH_MIN];
  if (high !== lowest) return 0;
  if ((flags & ZONE_RECLAIM_ACTIVE) !== 0) return Math.min(pcp[row + P_BATCH] << 2, lowest);
  return lowest !== pcp[row + P_HIGH_MAX] ? lowest : 0;
}
