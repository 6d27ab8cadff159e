/**
 * Giving pages back. Frames handed in here must be held (TAG_ALLOCATED or TAG_DEFLATED): a double free is a bug of the
 * caller and changes nothing.
 */
import { InvariantError } from '#units';
import { freeBlock } from './buddy.js';
import { MAX_ORDER, PAGEBLOCK_ORDER } from './constants.js';
import { EV_PGFREE } from './events.js';
import type { Memory } from './memory.js';
import { stretchEnd } from './pfn-stretch.js';
import { TAG_ALLOCATED, TAG_DEFLATED, TAG_FREE } from './tags.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const TOP_ORDER = MAX_ORDER;
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const PGFREE = EV_PGFREE;
const ALLOCATED = TAG_ALLOCATED;
const DEFLATED = TAG_DEFLATED;
const FREE = TAG_FREE;

/** Frees 2^order frames at `pfn` that allocatePages gave. Throws InvariantError when one of them is not held. */
export function freePages(memory: Memory, pfn: number, order: number): void {
  const { tag } = memory;
  const pages = 1 << order;
  if (order < 0 || order > TOP_ORDER || (pfn & (pages - 1)) !== 0) refuse(`no block of order ${order} at pfn ${pfn}`);
  requireHeld(memory, pfn, pages);
  if (order === 0) tag[pfn] = FREE;
  else tag.fill(FREE, pfn, pfn + pages);
  memory.events[PGFREE] += pages;
  freeBlock(memory, pfn, order, false);
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
    requireHeld(memory, startPfn, to - from);
    freeRun(memory, startPfn, to - from, last < first);
    from = to;
  }
}

/**
 * Frees `pages` single frames from `startPfn` in ascending or descending order, whatever their tags were. Each aligned
 * block of the run is freed as a whole when its last frame's turn comes: the frames before it would only merge with each
 * other, inside the block.
 */
export function freeRun(memory: Memory, startPfn: number, pages: number, descending: boolean): void {
  const endPfn = startPfn + pages;
  memory.tag.fill(FREE, startPfn, endPfn);
  memory.events[PGFREE] += pages;
  let low = startPfn;
  let high = endPfn;
  while (low < high) {
    const order = Math.min(BLOCK_ORDER, alignmentOf(descending ? high : low), 31 - Math.clz32(high - low));
    if (descending) high -= 1 << order;
    freeBlock(memory, descending ? high : low, order, false);
    if (!descending) low += 1 << order;
  }
}

/** Order of the largest block that can start at, or end before, `pfn`; 31 for pfn 0. */
function alignmentOf(pfn: number): number {
  return (31 - Math.clz32(pfn & -pfn)) & 31;
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
