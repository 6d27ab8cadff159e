/**
 * Giving pages back. Frames handed in here must be held (TAG_ALLOCATED or TAG_DEFLATED): a double free is a bug of the
 * caller and changes nothing.
 *
 * Orders 0 … 3 and 9 go to the running CPU's lists, others and pages of isolated pageblocks straight to the buddy.
 */
import { InvariantError } from '#units';
import { freeBlock } from './buddy.js';
import { freeToBuddy } from './buddy-run.js';
import { ISOLATE, MAX_ORDER, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EV_PGFREE } from '../layout/events.js';
import type { Memory } from '../layout/memory.js';
import { stretchEnd } from './page-stretch.js';
import { freePcpBlock, freePcpRun, hasPcpList } from './pcp.js';
import { freePcpPage } from './pcp-page.js';
import { TAG_ALLOCATED, TAG_DEFLATED, TAG_FREE } from '../layout/tags.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const TOP_ORDER = MAX_ORDER;
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const PGFREE = EV_PGFREE;
const ALLOCATED = TAG_ALLOCATED;
const DEFLATED = TAG_DEFLATED;
const FREE = TAG_FREE;
const ISOLATED = ISOLATE;

/** Frees 2^order frames at `pfn` that allocatePages gave. Throws InvariantError when one of them is not held. */
export function freePages(memory: Memory, pfn: number, order: number): void {
  if (order === 0) {
    freeSinglePage(memory, pfn);
    return;
  }
  const pages = 1 << order;
  if (order < 0 || order > TOP_ORDER || (pfn & (pages - 1)) !== 0) refuse(`no block of order ${order} at pfn ${pfn}`);
  requireHeld(memory, pfn, pages);
  freeHeldBlock(memory, pfn, order);
}

function freeSinglePage(memory: Memory, pfn: number): void {
  const state = memory.tag[pfn];
  if (state !== ALLOCATED && state !== DEFLATED) refuse(`pfn ${pfn} is not held (tag ${state})`);
  freeOne(memory, pfn);
}

function freeOne(memory: Memory, pfn: number): void {
  const block = pfn >> BLOCK_ORDER;
  const type = memory.blockType[block];
  memory.events[PGFREE]++;
  if (type === ISOLATED) freeToBuddy(memory, pfn, 1, false);
  else freePcpPage(memory, memory.blockZone[block], type, pfn);
}

function freeHeldBlock(memory: Memory, pfn: number, order: number): void {
  const block = pfn >> BLOCK_ORDER;
  const type = memory.blockType[block];
  memory.tag.fill(FREE, pfn, pfn + (1 << order));
  memory.events[PGFREE] += 1 << order;
  if (type === ISOLATED || !hasPcpList(order)) freeBlock(memory, pfn, order, false);
  else freePcpBlock(memory, memory.blockZone[block], type, pfn, order);
}

/**
 * Frees the first `count` frames of `pfns` one after the other, as `count` calls of freePages(pfn, 0) would, but in
 * strides where the numbers run up or down. Throws InvariantError at the first stretch with a frame that is not held.
 */
export function freePageList(memory: Memory, pfns: Int32Array, count: number): void {
  for (let from = 0; from < count;) {
    const to = stretchEnd(pfns, from, count);
    const [first, last] = [pfns[from], pfns[to - 1]];
    const startPfn = first < last ? first : last;
    freeHeldRun(memory, startPfn, to - from, last < first);
    from = to;
  }
}

/** Frees `pages` held single frames from `startPfn` in ascending or descending order. */
export function freeHeldRun(memory: Memory, startPfn: number, pages: number, descending: boolean): void {
  requireHeld(memory, startPfn, pages);
  freeRun(memory, startPfn, pages, descending);
}

/** Frees `pages` single frames from `startPfn` in ascending or descending order, whatever their tags were. */
export function freeRun(memory: Memory, startPfn: number, pages: number, descending: boolean): void {
  if (pages === 1) {
    freeOne(memory, startPfn);
    return;
  }
  const endPfn = startPfn + pages;
  memory.events[PGFREE] += pages;
  for (let done = 0; done < pages;) {
    // The part of the run that lies in one pageblock.
    const next = descending ? endPfn - 1 - done : startPfn + done;
    const block = next >> BLOCK_ORDER;
    const low = descending ? Math.max(startPfn, block << BLOCK_ORDER) : next;
    const count = descending ? next + 1 - low : Math.min(endPfn, (block + 1) << BLOCK_ORDER) - next;
    const type = memory.blockType[block];
    if (type === ISOLATED) freeToBuddy(memory, low, count, descending);
    else freePcpRun(memory, memory.blockZone[block], type, next, count, descending ? -1 : 1);
    done += count;
  }
}

function requireHeld(memory: Memory, startPfn: number, pages: number): void {
  const { tag } = memory;
  for (let pfn = startPfn; pfn < startPfn + pages; pfn++) {
    const state = tag[pfn];
    if (state !== ALLOCATED && state !== DEFLATED) refuse(`pfn ${pfn} is not held (tag ${state})`);
  }
}

/** Apart from the checks, so that a check that holds builds no message. */
function refuse(problem: string): never {
  throw new InvariantError(problem);
}
