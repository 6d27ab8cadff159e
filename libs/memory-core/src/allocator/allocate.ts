/**
 * Getting pages: the entry for everybody but reclaim and compaction, which use freelist.ts.
 * Source: mm/page_alloc.c of Linux 6.12 (__alloc_pages and its slow path), as described in the reference, section 1.14.
 *
 * A request is tried at the low watermark; failing that kswapd is woken and it is tried at the min watermark.
 */
import { invariant } from '#units';
import { MAX_ORDER, NIL } from '../layout/constants.js';
import { GFP_BIT_KSWAPD_RECLAIM } from '../layout/gfp.js';
import { S_KSWAPD_WAKES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { ZONE_FIELDS, Z_NODE } from '../layout/zone-fields.js';
import {
  firstRights,
  homeNode,
  takeFromFreelists,
  takePreferred,
  takeRunFromFreelists,
  zonelistOf,
} from './freelist.js';
import { lowestPfn } from './page-stretch.js';
import type { PageStretch } from './page-stretch.js';
import { ALLOC_KSWAPD, ALLOC_WMARK_MIN } from './watermark.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const NO_PAGE = NIL;
const TOP_ORDER = MAX_ORDER;
const ALLOCATED = TAG_ALLOCATED;

/**
 * 2^order frames at the pfn returned, tagged as held by the caller, or NIL when no zone may give so many. `gfp` says
 * from where and how (gfp.ts), `node` whose zones come first. The host does not back the frames before they are touched.
 */
export function allocatePages(memory: Memory, order: number, gfp: number, node = homeNode(memory)): number {
  invariant(order >= 0, 'an order is not negative');
  if (order > TOP_ORDER) return NO_PAGE;
  let pfn = order === 0 ? takePreferred(memory, gfp, node) : NO_PAGE;
  if (pfn === NO_PAGE) pfn = acquire(memory, order, gfp, node, null);
  if (pfn === NO_PAGE) return NO_PAGE;
  if (order === 0) memory.tag[pfn] = ALLOCATED;
  else memory.tag.fill(ALLOCATED, pfn, pfn + (1 << order));
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
  const pfn = attempt(memory, order, gfp, firstRights(memory, gfp, node), node, run);
  if (pfn !== NO_PAGE) return pfn;
  const rights = (gfp & GFP_BIT_KSWAPD_RECLAIM) !== 0 ? ALLOC_KSWAPD : 0;
  if (rights !== 0) wakeKswapd(memory, zonelistOf(memory, gfp, node));
  return attempt(memory, order, gfp, rights | ALLOC_WMARK_MIN, node, run);
}

function attempt(
  memory: Memory,
  order: number,
  gfp: number,
  rights: number,
  node: number,
  run: PageStretch | null,
): number {
  if (run === null) return takeFromFreelists(memory, order, gfp, rights, node);
  return takeRunFromFreelists(memory, gfp, rights, node, run) ? lowestPfn(run) : NO_PAGE;
}

function wakeKswapd(memory: Memory, list: Int32Array): void {
  for (let at = 0; at < list.length; at++) {
    memory.scalars[S_KSWAPD_WAKES] |= 1 << memory.zones[list[at] * ZONE_FIELDS + Z_NODE];
  }
}
