/**
 * The buddy allocator in strides: what many single calls would do, with the same result in every list and counter, at the
 * cost of one call a block.
 */
import { accountFreePages, freeBlock, headOfFreeList, linkFreeBlock, unlinkFreeBlock } from './buddy.js';
import { MAX_ORDER, NIL, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { S_CAPTURE_ORDER, S_CAPTURE_ZONE } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import type { PageStretch } from './page-stretch.js';
import { TAG_FREE } from '../layout/tags.js';

/**
 * Takes up to `limit` single pages of `type` in one stride and stores them in `run`; false when the lists are empty.
 * It takes from one block only, the smallest, and leaves exactly what as many calls of takeSmallest(order 0) would:
 * those take the block's pages in ascending order, and each remainder is alone on its list, since all smaller lists were empty.
 */
export function takeRun(memory: Memory, zone: number, type: number, limit: number, run: PageStretch): boolean {
  for (let order = 0; order <= MAX_ORDER; order++) {
    const pfn = headOfFreeList(memory, zone, order, type);
    if (pfn === NIL) continue;
    const pages = 1 << order < limit ? 1 << order : limit;
    unlinkFreeBlock(memory, zone, pfn, order, type);
    for (let at = pages; at < 1 << order;) {
      const rest = 31 - Math.clz32(at & -at); // largest aligned block at `at`
      linkFreeBlock(memory, zone, pfn + at, rest, type, false);
      at += 1 << rest;
    }
    accountFreePages(memory, zone, type, -pages);
    run.startPfn = pfn;
    run.pages = pages;
    run.step = 1;
    return true;
  }
  return false;
}

/**
 * Frees `pages` single frames from `startPfn` in ascending or descending order, whatever their tags were. Each aligned
 * block of the run is freed as a whole when its last frame's turn comes: the frames before it would only merge with each
 * other, inside the block.
 */
export function freeToBuddy(memory: Memory, startPfn: number, pages: number, descending: boolean): void {
  const endPfn = startPfn + pages;
  memory.tag.fill(TAG_FREE, startPfn, endPfn);
  let low = startPfn;
  let high = endPfn;
  // A task that compacts for an order gets the first block of it.
  const caught = memory.scalars[S_CAPTURE_ZONE] === 0 ? PAGEBLOCK_ORDER : memory.scalars[S_CAPTURE_ORDER];
  const largest = Math.min(PAGEBLOCK_ORDER, caught);
  while (low < high) {
    const order = Math.min(largest, alignmentOf(descending ? high : low), 31 - Math.clz32(high - low));
    if (descending) high -= 1 << order;
    freeBlock(memory, descending ? high : low, order, false);
    if (!descending) low += 1 << order;
  }
}

/** Order of the largest block that can start at, or end before, `pfn`; 31 for pfn 0. */
function alignmentOf(pfn: number): number {
  return (31 - Math.clz32(pfn & -pfn)) & 31;
}
