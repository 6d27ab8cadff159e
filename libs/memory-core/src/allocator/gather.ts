/**
 * Freeing a range of a process (the kernel's mmu_gather): pages are collected first, 7 or 8 on the stack, then 509 or 510
 * in each of at most 19 pages that are allocated for it, and freed when all that is full or the range ends. The pages of the
 * gathering itself go last. Recorded: 16 of them for 7,651 pages and 60 page tables, never more than 19.
 */
import { takeFromFreelists, firstRights, homeNode } from './freelist.js';
import { freePageList, freePages } from './free.js';
import { ALLOC_WMARK_MASK } from './watermark.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { GFP_BIT_KSWAPD_RECLAIM } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED } from '../layout/tags.js';

/** 10,000 entries, in whole pages of 510 or so. */
const MOST_GATHER_PAGES = 19;
const MOST_ENTRIES = 8 + MOST_GATHER_PAGES * 510;
const GATHER_GFP = GFP_BIT_KSWAPD_RECLAIM;

/** One gathering. Entries are frames, or huge pages as −1 − pfn. */
export interface Gather {
  readonly entries: Int32Array;
  /** Where each array after the one on the stack begins. */
  readonly starts: number[];
  /** Frames of the arrays, allocated so far. */
  readonly pages: number[];
  count: number;
  /** The count at which the array in use is full. */
  full: number;
}

export function startGather(memory: Memory): Gather {
  const full = memory.rules.gatherLocalEntries;
  return { entries: new Int32Array(MOST_ENTRIES), starts: [0], pages: [], count: 0, full };
}

/** The frame, which nobody holds any more, goes with the others. */
export function gatherPage(memory: Memory, gather: Gather, pfn: number): void {
  memory.tag[pfn] = TAG_ALLOCATED;
  gather.entries[gather.count++] = pfn;
  if (gather.count === gather.full) nextArray(memory, gather);
}

export function gatherHugePage(memory: Memory, gather: Gather, pfn: number): void {
  memory.tag.fill(TAG_ALLOCATED, pfn, pfn + PAGEBLOCK_PAGES);
  gather.entries[gather.count++] = -1 - pfn;
  if (gather.count === gather.full) nextArray(memory, gather);
}

/** Frees all that is gathered, then the pages of the gathering. Returns how many of those there were. */
export function finishGather(memory: Memory, gather: Gather): number {
  flush(memory, gather);
  freePageList(memory, Int32Array.from(gather.pages), gather.pages.length);
  return gather.pages.length;
}

/** The arrays that an earlier flush left are used again; a new one costs a page, and without one there is a flush. */
function nextArray(memory: Memory, gather: Gather): void {
  if (gather.starts.length > gather.pages.length) {
    const pfn = gather.pages.length < MOST_GATHER_PAGES ? takeGatherPage(memory) : NIL;
    if (pfn === NIL) {
      flush(memory, gather);
      return;
    }
    memory.tag[pfn] = TAG_ALLOCATED;
    gather.pages.push(pfn);
  }
  gather.starts.push(gather.count);
  gather.full = gather.count + memory.rules.gatherPageEntries;
}

function takeGatherPage(memory: Memory): number {
  const node = homeNode(memory);
  const rights = firstRights(memory, GATHER_GFP, node);
  const pfn = takeFromFreelists(memory, 0, GATHER_GFP, rights, node);
  return pfn !== NIL ? pfn : takeFromFreelists(memory, 0, GATHER_GFP, rights & ~ALLOC_WMARK_MASK, node);
}

function flush(memory: Memory, gather: Gather): void {
  const { entries, starts } = gather;
  starts.forEach((start, index) => {
    const end = starts[index + 1] ?? gather.count;
    const array = entries.subarray(start, end);
    if (memory.rules.gatherFreesBackwards) array.reverse();
    freeEntries(memory, array);
  });
  starts.length = 1;
  gather.count = 0;
  gather.full = memory.rules.gatherLocalEntries;
}

function freeEntries(memory: Memory, array: Int32Array): void {
  for (let from = 0; from < array.length;) {
    if (array[from] < 0) {
      freePages(memory, -1 - array[from], PAGEBLOCK_ORDER);
      from++;
      continue;
    }
    let to = from + 1;
    while (to < array.length && array[to] >= 0) to++;
    freePageList(memory, array.subarray(from, to), to - from);
    from = to;
  }
}
