/**
 * Getting pages: walks the zonelist against the watermarks and takes from the first zone that may give.
 * Source: mm/page_alloc.c of Linux 6.12 (get_page_from_freelist and its callers), as described in the reference.
 *
 * A request is tried at the low watermark; failing that kswapd is woken and it is tried at the min watermark.
 */
import { invariant } from '#units';
import { MAX_ORDER, NIL, ZONE_DMA32, ZONE_NORMAL, ZONE_TYPES } from '../layout/constants.js';
import { EV_PGALLOC } from '../layout/events.js';
import { takeBlock } from './fallback.js';
import { GFP_BIT_KSWAPD_RECLAIM, gfpHighestZoneType, gfpMigratetype } from '../layout/gfp.js';
import { S_CPU, S_KSWAPD_WAKES, nodeOfCpu } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { lowestPfn } from './page-stretch.js';
import type { PageStretch } from './page-stretch.js';
import { hasPcpList, takeCached, takePcpBlock, takePcpRun } from './pcp.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import {
  ALLOC_KSWAPD,
  ALLOC_NOFRAGMENT,
  ALLOC_WMARK_HIGH,
  ALLOC_WMARK_LOW,
  ALLOC_WMARK_MIN,
  effectiveMark,
  isWatermarkOk,
} from './watermark.js';
import {
  ZONE_BELOW_HIGH,
  ZONE_FIELDS,
  Z_BOOSTED,
  Z_MANAGED,
  Z_NODE,
  Z_PCP_FLAGS,
  Z_TYPE,
} from '../layout/zone-fields.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const ROW = ZONE_FIELDS;
const NO_PAGE = NIL;
const TOP_ORDER = MAX_ORDER;
const TYPES = ZONE_TYPES;
const CPU = S_CPU;
const ALLOCATED = TAG_ALLOCATED;
const PGALLOC = EV_PGALLOC;
const TYPE = Z_TYPE;
const BOOSTED = Z_BOOSTED;
const PCP_FLAGS = Z_PCP_FLAGS;
const BELOW_HIGH = ZONE_BELOW_HIGH;
const WAKES_KSWAPD = GFP_BIT_KSWAPD_RECLAIM;
const NOFRAGMENT = ALLOC_NOFRAGMENT;
const AT_HIGH = ALLOC_WMARK_HIGH;
const AT_LOW = ALLOC_WMARK_LOW;
const AT_MIN = ALLOC_WMARK_MIN;
const KSWAPD = ALLOC_KSWAPD;

/**
 * 2^order frames at the pfn returned, tagged as held by the caller, or NIL when no zone may give so many. `gfp` says
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

/** The usual case, short: a page off the running CPU's list of the first zone, whose free memory is ample. */
function takePreferred(memory: Memory, gfp: number): number {
  const highestType = gfpHighestZoneType(gfp);
  const zone = memory.zonelists[homeNode(memory) * TYPES + highestType][0];
  if (!isAmple(memory, zone, 0, highestType, AT_LOW)) return NO_PAGE;
  const pfn = takeCached(memory, zone, gfpMigratetype(gfp));
  if (pfn !== NO_PAGE) memory.events[PGALLOC + memory.zones[zone * ROW + TYPE]]++;
  return pfn;
}

/**
 * Up to `run.pages` single pages with consecutive numbers, those that as many single requests would get, in their order;
 * stores them in `run` and returns true, or false when there is none. Tags are the caller's to set. Call again for more.
 */
export function allocateRun(memory: Memory, gfp: number, run: PageStretch): boolean {
  return run.pages > 0 && acquire(memory, 0, gfp, run) !== NO_PAGE;
}

/** With `run`, single pages; without, one block of `order`. The first pfn, or NIL. */
function acquire(memory: Memory, order: number, gfp: number, run: PageStretch | null): number {
  const list = memory.zonelists[homeNode(memory) * TYPES + gfpHighestZoneType(gfp)];
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
  run: PageStretch | null,
): number {
  const highestType = gfpHighestZoneType(gfp);
  const type = gfpMigratetype(gfp);
  for (let at = 0; at < list.length; at++) {
    const zone = list[at];
    if (!isAmple(memory, zone, order, highestType, rights)) continue;
    const pfn =
      run !== null ? takePages(memory, zone, type, rights, run) : takeOrder(memory, zone, order, type, rights);
    if (pfn === NO_PAGE) continue;
    const row = zone * ROW;
    if (memory.zones[row + BOOSTED] === 1) answerBoost(memory, zone);
    memory.events[PGALLOC + memory.zones[row + TYPE]] += run !== null ? run.pages : 1 << order;
    return pfn;
  }
  if ((rights & NOFRAGMENT) === 0) return NO_PAGE;
  return scanZones(memory, list, order, gfp, rights & ~NOFRAGMENT, run);
}

/**
 * The watermark test of a zone. Where per-CPU lists tune themselves, a zone that does not pass the high watermark is
 * marked for them first.
 */
function isAmple(memory: Memory, zone: number, order: number, highestType: number, rights: number): boolean {
  const { zones } = memory;
  const flags = zone * ROW + PCP_FLAGS;
  if (memory.rules.tunesPcp && (zones[flags] & BELOW_HIGH) === 0) {
    const high = effectiveMark(memory, zone, AT_HIGH);
    if (isWatermarkOk(memory, zone, order, high, highestType, rights)) return true;
    zones[flags] |= BELOW_HIGH;
  }
  return isWatermarkOk(memory, zone, order, effectiveMark(memory, zone, rights), highestType, rights);
}

/**
 * The test is made for each page, but only a refill changes its outcome: until the list is empty again, all pages asked
 * for pass as the first one did.
 */
function takePages(memory: Memory, zone: number, type: number, rights: number, run: PageStretch): number {
  return takePcpRun(memory, zone, type, rights, run) ? lowestPfn(run) : NO_PAGE;
}

function takeOrder(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  if (order !== 0 && !hasPcpList(order)) return takeBlock(memory, zone, order, type, rights);
  if (order !== 0) return takePcpBlock(memory, zone, order, type, rights);
  const single: PageStretch = { startPfn: NO_PAGE, pages: 1, step: 1 };
  return takePcpRun(memory, zone, type, rights, single) ? single.startPfn : NO_PAGE;
}

function homeNode(memory: Memory): number {
  return nodeOfCpu(memory, memory.scalars[CPU]);
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
