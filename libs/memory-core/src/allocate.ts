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

/**
 * 2^order frames at the pfn returned, tagged as held by the caller, or NIL when no zone may give so many. `gfp` says
 * from where and how (gfp.ts). The host does not back the frames before they are touched.
 */
export function allocatePages(memory: Memory, order: number, gfp: number): number {
  invariant(order >= 0, 'an order is not negative');
  if (order > MAX_ORDER) return NIL;
  const pfn = acquire(memory, order, gfp, null);
  if (pfn === NIL) return NIL;
  if (order === 0) memory.tag[pfn] = TAG_ALLOCATED;
  else memory.tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << order));
  return pfn;
}

/**
 * Up to `run.pages` single pages with consecutive numbers, those that as many single requests would get, in their order;
 * stores them in `run` and returns true, or false when there is none. Tags stay TAG_FREE: the caller sets them. Call
 * again for more.
 */
export function allocateRun(memory: Memory, gfp: number, run: PageRun): boolean {
  return run.pages > 0 && acquire(memory, 0, gfp, run) !== NIL;
}

function acquire(memory: Memory, order: number, gfp: number, run: PageRun | null): number {
  const list = memory.zonelists[memory.scalars[S_HOME_NODE] * ZONE_TYPES + gfpHighestZoneType(gfp)];
  const rights = (gfp & GFP_BIT_KSWAPD_RECLAIM) !== 0 ? ALLOC_KSWAPD : 0;
  const careful = avoidsFragmentation(memory, list) ? ALLOC_NOFRAGMENT : 0;

  const pfn = scanZones(memory, list, order, gfp, rights | ALLOC_WMARK_LOW | careful, run);
  if (pfn !== NIL) return pfn;
  if (rights !== 0) wakeKswapd(memory, list);
  return scanZones(memory, list, order, gfp, rights | ALLOC_WMARK_MIN | careful, run);
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
    if (pfn === NIL) continue;
    if (memory.zones[zone * ZONE_FIELDS + Z_BOOSTED] === 1) answerBoost(memory, zone);
    if (run !== null) {
      run.startPfn = pfn;
      run.pages = 1;
    }
    memory.events[EV_PGALLOC + memory.zones[zone * ZONE_FIELDS + Z_TYPE]] += 1 << order;
    return pfn;
  }
  if ((rights & ALLOC_NOFRAGMENT) === 0) return NIL;
  return scanZones(memory, list, order, gfp, rights & ~ALLOC_NOFRAGMENT, run);
}

function countAllocated(memory: Memory, zone: number, run: PageRun): number {
  memory.events[EV_PGALLOC + memory.zones[zone * ZONE_FIELDS + Z_TYPE]] += run.pages;
  return run.startPfn;
}

/** 2^order pages of the zone by its own lists, else by those of other types; no watermark is asked. */
export function takeBlock(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  const pfn = takeSmallest(memory, zone, order, type);
  return pfn !== NIL ? pfn : takeFallback(memory, zone, order, type, rights);
}

/** Rather use DMA32 than mix types in Normal: only where both exist (on one node: where Normal does). */
function avoidsFragmentation(memory: Memory, list: Int32Array): boolean {
  const { zones } = memory;
  const first = list[0] * ZONE_FIELDS;
  if (zones[first + Z_TYPE] !== ZONE_NORMAL) return false;
  if (memory.nodeCount === 1) return true;
  for (let at = 1; at < list.length; at++) {
    const row = list[at] * ZONE_FIELDS;
    const sameNode = zones[row + Z_NODE] === zones[first + Z_NODE];
    if (sameNode && zones[row + Z_TYPE] === ZONE_DMA32 && zones[row + Z_MANAGED] > 0) return true;
  }
  return false;
}

function answerBoost(memory: Memory, zone: number): void {
  const row = zone * ZONE_FIELDS;
  memory.zones[row + Z_BOOSTED] = 0;
  memory.scalars[S_KSWAPD_WAKES] |= 1 << memory.zones[row + Z_NODE];
}

function wakeKswapd(memory: Memory, list: Int32Array): void {
  for (let at = 0; at < list.length; at++) {
    memory.scalars[S_KSWAPD_WAKES] |= 1 << memory.zones[list[at] * ZONE_FIELDS + Z_NODE];
  }
}
