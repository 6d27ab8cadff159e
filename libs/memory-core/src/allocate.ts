/**
 * Getting pages: walks the zonelist against the watermarks and takes from the first zone that may give.
 * Source: mm/page_alloc.c of Linux 6.12 (get_page_from_freelist and its callers), as described in the reference.
 *
 * A request is tried at the low watermark; failing that kswapd is woken and it is tried at the min watermark.
 */
import { invariant } from '#units';
import { takeRun, takeSmallest } from './buddy.js';
import type { PageRun } from './buddy.js';
import { MAX_ORDER, NIL, ZONE_DMA32, ZONE_NORMAL, ZONE_TYPES } from './constants.js';
import { EV_PGALLOC } from './events.js';
import { takeFallback } from './fallback.js';
import { GFP_BIT_KSWAPD_RECLAIM, gfpHighestZoneType, gfpMigratetype } from './gfp.js';
import { S_HOME_NODE, S_KSWAPD_WAKES } from './memory.js';
import type { Memory } from './memory.js';
import { TAG_ALLOCATED } from './tags.js';
import {
  ALLOC_KSWAPD,
  ALLOC_NOFRAGMENT,
  ALLOC_WMARK_LOW,
  ALLOC_WMARK_MIN,
  effectiveMark,
  isWatermarkOk,
  pagesAboveMark,
} from './watermark.js';
import { ZONE_FIELDS, Z_BOOSTED, Z_MANAGED, Z_NODE, Z_TYPE } from './zone-fields.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const ROW = ZONE_FIELDS;
const NO_PAGE = NIL;
const TOP_ORDER = MAX_ORDER;
const TYPES = ZONE_TYPES;
const HOME_NODE = S_HOME_NODE;
const ALLOCATED = TAG_ALLOCATED;
const PGALLOC = EV_PGALLOC;
const TYPE = Z_TYPE;
const BOOSTED = Z_BOOSTED;
const WAKES_KSWAPD = GFP_BIT_KSWAPD_RECLAIM;
const NOFRAGMENT = ALLOC_NOFRAGMENT;
const AT_LOW = ALLOC_WMARK_LOW;
const AT_MIN = ALLOC_WMARK_MIN;
const KSWAPD = ALLOC_KSWAPD;

/**
 * 2^order frames at the pfn returned, tagged as held by the caller, or NO_PAGE when no zone may give so many. `gfp` says
 * from where and how (gfp.ts). The host does not back the frames before they are touched.
 */
export function allocatePages(memory: Memory, order: number, gfp: number): number {
  invariant(order >= 0, 'an order is not negative');
  if (order > TOP_ORDER) return NO_PAGE;
  let pfn = order === 0 ? takePreferred(memory, gfp) : NO_PAGE;
  if (pfn === NO_PAGE) pfn = acquire(memory, order, gfp, null);
  if (pfn === NO_PAGE) return NO_PAGE;
  if (order === 0) memory.tag[pfn] = ALLOCATED;
  else memory.tag.fill(ALLOCATED, pfn, pfn + (1 << order));
  return pfn;
}

/** The usual case, short: one page of the request's own type from the first zone of its list, above the low watermark. */
function takePreferred(memory: Memory, gfp: number): number {
  const { zones } = memory;
  const highestType = gfpHighestZoneType(gfp);
  const zone = memory.zonelists[memory.scalars[HOME_NODE] * TYPES + highestType][0];
  if (pagesAboveMark(memory, zone, effectiveMark(memory, zone, AT_LOW), highestType, 0) <= 0) return NO_PAGE;
  const pfn = takeSmallest(memory, zone, 0, gfpMigratetype(gfp));
  if (pfn !== NO_PAGE) memory.events[PGALLOC + zones[zone * ROW + TYPE]]++;
  return pfn;
}

/**
 * Up to `run.pages` single pages with consecutive numbers, those that as many single requests would get, in their order;
 * stores them in `run` and returns true, or false when there is none. Tags stay TAG_FREE: the caller sets them. Call
 * again for more.
 */
export function allocateRun(memory: Memory, gfp: number, run: PageRun): boolean {
  return run.pages > 0 && acquire(memory, 0, gfp, run) !== NO_PAGE;
}

function acquire(memory: Memory, order: number, gfp: number, run: PageRun | null): number {
  const list = memory.zonelists[memory.scalars[HOME_NODE] * TYPES + gfpHighestZoneType(gfp)];
  const rights = (gfp & WAKES_KSWAPD) !== 0 ? KSWAPD : 0;
  const careful = avoidsFragmentation(memory, list) ? NOFRAGMENT : 0;

  const pfn = scanZones(memory, list, order, gfp, rights | AT_LOW | careful, run);
  if (pfn !== NO_PAGE) return pfn;
  if (rights !== 0) wakeKswapd(memory, list);
  return scanZones(memory, list, order, gfp, rights | AT_MIN | careful, run);
}

/** Tries each zone of the list once; when avoiding fragmentation left all of them empty-handed, once more without. */
function scanZones(
  memory: Memory,
  list: Int32Array,
  order: number,
  gfp: number,
  rights: number,
  run: PageRun | null,
): number {
  const highestType = gfpHighestZoneType(gfp);
  const type = gfpMigratetype(gfp);
  for (let at = 0; at < list.length; at++) {
    const zone = list[at];
    const mark = effectiveMark(memory, zone, rights);
    if (!isWatermarkOk(memory, zone, order, mark, highestType, rights)) continue;
    if (run !== null) {
      const room = pagesAboveMark(memory, zone, mark, highestType, rights);
      if (takeRun(memory, zone, type, Math.min(run.pages, room), run)) return countAllocated(memory, zone, run);
    }
    const pfn = takeBlock(memory, zone, order, type, rights);
    if (pfn === NO_PAGE) continue;
    if (memory.zones[zone * ROW + BOOSTED] === 1) answerBoost(memory, zone);
    if (run !== null) {
      run.startPfn = pfn;
      run.pages = 1;
    }
    memory.events[PGALLOC + memory.zones[zone * ROW + TYPE]] += 1 << order;
    return pfn;
  }
  if ((rights & NOFRAGMENT) === 0) return NO_PAGE;
  return scanZones(memory, list, order, gfp, rights & ~NOFRAGMENT, run);
}

function countAllocated(memory: Memory, zone: number, run: PageRun): number {
  memory.events[PGALLOC + memory.zones[zone * ROW + TYPE]] += run.pages;
  return run.startPfn;
}

/** 2^order pages of the zone by its own lists, else by those of other types; no watermark is asked. */
export function takeBlock(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  const pfn = takeSmallest(memory, zone, order, type);
  return pfn !== NO_PAGE ? pfn : takeFallback(memory, zone, order, type, rights);
}

/** Rather use DMA32 than mix types in Normal: only where both exist (on one node: where Normal does). */
function avoidsFragmentation(memory: Memory, list: Int32Array): boolean {
  const { zones } = memory;
  const first = list[0] * ROW;
  if (zones[first + TYPE] !== ZONE_NORMAL) return false;
  if (memory.nodeCount === 1) return true;
  for (let at = 1; at < list.length; at++) {
    const row = list[at] * ROW;
    const sameNode = zones[row + Z_NODE] === zones[first + Z_NODE];
    if (sameNode && zones[row + TYPE] === ZONE_DMA32 && zones[row + Z_MANAGED] > 0) return true;
  }
  return false;
}

function answerBoost(memory: Memory, zone: number): void {
  const row = zone * ROW;
  memory.zones[row + BOOSTED] = 0;
  memory.scalars[S_KSWAPD_WAKES] |= 1 << memory.zones[row + Z_NODE];
}

function wakeKswapd(memory: Memory, list: Int32Array): void {
  for (let at = 0; at < list.length; at++) {
    memory.scalars[S_KSWAPD_WAKES] |= 1 << memory.zones[list[at] * ROW + Z_NODE];
  }
}
