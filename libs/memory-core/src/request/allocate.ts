/**
 * Getting pages: the entry for everybody but reclaim and compaction, which use freelist.ts.
 * Source: mm/page_alloc.c of Linux 6.12 (__alloc_pages and its slow path), as described in the reference, section 1.14.
 *
 * A request is tried at the low watermark; failing that it goes the slow path (slow-path.ts).
 */
import { invariant } from '#units';
import { MAX_ORDER, NIL } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { firstRights, homeNode, takePreferred } from '../allocator/freelist.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { attempt, slowPath } from './slow-path.js';
import type { PageRequest } from './slow-path.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const NO_PAGE = NIL;
const TOP_ORDER = MAX_ORDER;
const ALLOCATED = TAG_ALLOCATED;

/**
 * 2^order frames at the pfn returned, tagged as held by the caller, or NIL when no zone may give so many. `gfp` says
 * from where and how (gfp.ts), `node` whose zones come first. The host does not back the frames before they are touched.
 */
export function allocatePages(memory: Memory, order: number, gfp: number, node = homeNode(memory)): number {
  if (order === 0) {
    let pfn = takePreferred(memory, gfp, node);
    if (pfn === NO_PAGE) pfn = acquire(memory, 0, gfp, node, null);
    if (pfn !== NO_PAGE) memory.tag[pfn] = ALLOCATED;
    return pfn;
  }
  invariant(order >= 0, 'an order is not negative');
  if (order > TOP_ORDER) return NO_PAGE;
  const pfn = acquire(memory, order, gfp, node, null);
  if (pfn !== NO_PAGE) memory.tag.fill(ALLOCATED, pfn, pfn + (1 << order));
  return pfn;
}

/**
 * Up to `run.pages` single pages with consecutive numbers, those that as many single requests would get, in their order;
 * stores them in `run` and returns true, or false when there is none. Tags are the caller's to set. Call again for more.
 */
export function allocateRun(memory: Memory, gfp: number, run: PageStretch, node = homeNode(memory)): boolean {
  return run.pages > 0 && acquire(memory, 0, gfp, node, run) !== NO_PAGE;
}

/** With `run`, single pages; without, one block of `order`. The first pfn, or NIL. */
function acquire(memory: Memory, order: number, gfp: number, node: number, run: PageStretch | null): number {
  const request: PageRequest = { order, gfp, node, run };
  const pfn = attempt(memory, request, firstRights(memory, gfp, node));
  return pfn !== NO_PAGE ? pfn : slowPath(memory, request);
}
