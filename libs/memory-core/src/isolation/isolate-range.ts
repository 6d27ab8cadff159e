/**
 * A range of pageblocks set aside, all or none. Source: mm/page_isolation.c of Linux 6.12 (start_isolate_page_range,
 * undo_isolate_page_range, test_pages_isolated), as described in the reference, §5.1.
 */
import { ISOLATE, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EBUSY } from '../layout/errno.js';
import type { Memory } from '../layout/memory.js';
import { TAG_FREE, TAG_FREE_HEAD } from '../layout/tags.js';
import { isolatePageblock, unisolatePageblock } from './isolate-block.js';
import type { IsolationMode } from './isolate-block.js';

/** Isolates every pageblock that [startPfn, endPfn) touches, the first and the last one first: 0, or −EBUSY and none is. */
export function isolateRange(memory: Memory, startPfn: number, endPfn: number, mode: IsolationMode): number {
  const first = startPfn >> PAGEBLOCK_ORDER;
  const last = (endPfn - 1) >> PAGEBLOCK_ORDER;
  const done: number[] = [];
  const isolate = (block: number): boolean => {
    if (isolatePageblock(memory, block, mode, startPfn, endPfn) !== 0) return false;
    done.push(block);
    return true;
  };
  let isWhole = isolate(first) && (last === first || isolate(last));
  for (let block = first + 1; isWhole && block < last; block++) isWhole = isolate(block);
  if (isWhole) return 0;
  for (const block of done) unisolatePageblock(memory, block);
  return -EBUSY;
}

/** Gives every pageblock of the range its type back. */
export function unisolateRange(memory: Memory, startPfn: number, endPfn: number): void {
  const end = Math.ceil(endPfn / PAGEBLOCK_PAGES);
  for (let block = startPfn >> PAGEBLOCK_ORDER; block < end; block++) unisolatePageblock(memory, block);
}

/** True when every frame of the range is free and isolated. */
export function isRangeFree(memory: Memory, startPfn: number, endPfn: number): boolean {
  for (let block = startPfn >> PAGEBLOCK_ORDER; block < Math.ceil(endPfn / PAGEBLOCK_PAGES); block++) {
    if (memory.blockType[block] !== ISOLATE) return false;
  }
  for (let pfn = startPfn; pfn < endPfn;) {
    const order = freeOrderAt(memory, pfn);
    if (order < 0) return false;
    pfn += 1 << order;
  }
  return true;
}

/** Order of the free block that starts at the frame, or −1. */
export function freeOrderAt(memory: Memory, pfn: number): number {
  const state = memory.tag[pfn];
  if (state >= TAG_FREE_HEAD && state < TAG_FREE_HEAD + PAGEBLOCK_ORDER) return state - TAG_FREE_HEAD;
  if (state !== TAG_FREE || (pfn & (PAGEBLOCK_PAGES - 1)) !== 0) return -1;
  return memory.blockFree[pfn >> PAGEBLOCK_ORDER] - 1;
}
