/**
 * One walk over the zonelist: takes pages from the first zone that may give them, and reclaims nothing.
 * Source: mm/page_alloc.c of Linux 6.12 (get_page_from_freelist, rmqueue, zone_watermark_fast), as described in the
 * reference, section 1.14.
 *
 * `rights` are ALLOC_… bits (watermark.ts); frames that come from here are the caller's to tag.
 */
import { HIGHATOMIC, NIL, ZONE_DMA32, ZONE_NORMAL, ZONE_TYPES } from '../layout/constants.js';
import {
  EV_NUMA_FOREIGN,
  EV_NUMA_HIT,
  EV_NUMA_LOCAL,
  EV_NUMA_MISS,
  EV_NUMA_OTHER,
  EV_PGALLOC,
} from '../layout/events.js';
import { GFP_BIT_KSWAPD_RECLAIM, GFP_BIT_THISNODE, gfpHighestZoneType, gfpMigratetype } from '../layout/gfp.js';
import { S_CPU, S_KSWAPD_WAKES, nodeOfCpu } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  MAX_KSWAPD_FAILURES,
  NODE_FIELDS,
  N_KSWAPD_FAILURES,
  N_KSWAPD_HIGHEST_TYPE_PLUS_ONE,
} from '../layout/node-fields.js';
import {
  ZONE_BELOW_HIGH,
  ZONE_FIELDS,
  Z_BOOST,
  Z_BOOSTED,
  Z_FREE,
  Z_HIGHATOMIC_RESERVED,
  Z_NODE,
  Z_PCP_FLAGS,
  Z_PRESENT,
  Z_RESERVE,
  Z_TYPE,
  Z_WMARK_HIGH,
  Z_WMARK_MIN,
} from '../layout/zone-fields.js';
import { takeSmallest } from './buddy.js';
import { takeBlock } from './fallback.js';
import { reserveHighatomic } from './highatomic.js';
import { lowestPfn } from './page-stretch.js';
import type { PageStretch } from './page-stretch.js';
import { hasPcpList, takePcpBlock, takePcpRun } from './pcp.js';
import { setPcpFlag } from './pcp-flags.js';
import { takePcpPage } from './pcp-page.js';
import {
  ALLOC_HIGHATOMIC,
  ALLOC_KSWAPD,
  ALLOC_MIN_RESERVE,
  ALLOC_NOFRAGMENT,
  ALLOC_NON_BLOCK,
  ALLOC_NO_WATERMARKS,
  ALLOC_OOM,
  ALLOC_WMARK_HIGH,
  ALLOC_WMARK_LOW,
  ALLOC_WMARK_MASK,
  effectiveMark,
  isWatermarkOk,
} from './watermark.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const ROW = ZONE_FIELDS;
const NO_PAGE = NIL;
const TYPES = ZONE_TYPES;
const CPU = S_CPU;
const PGALLOC = EV_PGALLOC;
const NODE = Z_NODE;
const TYPE = Z_TYPE;
const BOOSTED = Z_BOOSTED;
const FREE = Z_FREE;
const MARK_HIGH = Z_WMARK_HIGH;
const BOOST = Z_BOOST;
const RESERVE = Z_RESERVE;
const ATOMIC_RESERVED = Z_HIGHATOMIC_RESERVED;
const PCP_FLAGS = Z_PCP_FLAGS;
const BELOW_HIGH = ZONE_BELOW_HIGH;
const WAKES_KSWAPD = GFP_BIT_KSWAPD_RECLAIM;
const THISNODE = GFP_BIT_THISNODE;
const NOFRAGMENT = ALLOC_NOFRAGMENT;
const NO_WATERMARKS = ALLOC_NO_WATERMARKS;
const HIGH_ORDER_ATOMIC = ALLOC_HIGHATOMIC;
const AT_HIGH = ALLOC_WMARK_HIGH;
const AT_LOW = ALLOC_WMARK_LOW;
const KSWAPD = ALLOC_KSWAPD;

/** Node of the running CPU: its zones are tried first. */
export function homeNode(memory: Memory): number {
  return memory.nodeCount === 1 ? 0 : nodeOfCpu(memory, memory.scalars[CPU]);
}

/** Zones that a request may use, best first, as seen from `node`. */
export function zonelistOf(memory: Memory, gfp: number, node: number): Int32Array {
  return memory.zonelists[node * TYPES + gfpHighestZoneType(gfp)];
}

/** Rights of a request's first attempt: the low watermark, and no mixing of types where that can be avoided. */
export function firstRights(memory: Memory, gfp: number, node: number): number {
  const wakes = (gfp & WAKES_KSWAPD) !== 0 ? KSWAPD : 0;
  return AT_LOW | wakes | (avoidsFragmentation(memory, zonelistOf(memory, gfp, node)) ? NOFRAGMENT : 0);
}

/** The usual case of a single page, short: off the running CPU's list of the first zone, far above its high watermark. */
export function takePreferred(memory: Memory, gfp: number, node: number): number {
  const { zones } = memory;
  const choice = memory.preferred[(node << 4) | (gfp & 15)];
  const zone = choice >> 2;
  const row = Math.imul(zone, ROW);
  const kept = (zones[(row + MARK_HIGH) | 0] + zones[(row + BOOST) | 0]) | 0;
  const reserved = (zones[(row + RESERVE + (choice & 3)) | 0] + zones[(row + ATOMIC_RESERVED) | 0]) | 0;
  if (zones[(row + FREE) | 0] <= ((kept + reserved) | 0)) return NO_PAGE;
  const pfn = takePcpPage(memory, zone, gfpMigratetype(gfp));
  if (pfn === NO_PAGE) return NO_PAGE;
  memory.events[PGALLOC + zones[(row + TYPE) | 0]]++;
  if (memory.nodeCount > 1) countPlace(memory, zone, zone, 1);
  return pfn;
}

/** 2^order pages at the pfn returned, or NIL: one attempt with these rights, zones as seen from `node`. */
export function takeFromFreelists(memory: Memory, order: number, gfp: number, rights: number, node: number): number {
  return scanZones(memory, order, gfp, rights, node, null);
}

/** The same for up to `run.pages` single pages with consecutive numbers: those that as many attempts would get. */
export function takeRunFromFreelists(
  memory: Memory,
  gfp: number,
  rights: number,
  node: number,
  run: PageStretch,
): boolean {
  return scanZones(memory, 0, gfp, rights, node, run) !== NO_PAGE;
}

/** Tries each zone of the list once; when avoiding fragmentation left this node empty-handed, once more without. */
function scanZones(
  memory: Memory,
  order: number,
  gfp: number,
  rights: number,
  node: number,
  run: PageStretch | null,
): number {
  const { zones } = memory;
  const highestType = gfpHighestZoneType(gfp);
  const list = memory.zonelists[node * TYPES + highestType];
  for (let at = 0; at < list.length; at++) {
    const zone = list[at];
    if (zones[zone * ROW + NODE] !== zones[list[0] * ROW + NODE]) {
      if ((rights & NOFRAGMENT) !== 0 || (gfp & THISNODE) !== 0) break;
    }
    if (!isAmple(memory, zone, order, highestType, rights)) continue;
    const pfn =
      run !== null
        ? takePages(memory, zone, gfpMigratetype(gfp), rights, run)
        : takeOrder(memory, zone, order, gfpMigratetype(gfp), rights);
    if (pfn === NO_PAGE) continue;
    countTaken(memory, zone, list[0], run !== null ? run.pages : 1 << order, run !== null ? run.pages : 1);
    if ((rights & KSWAPD) !== 0 && zones[zone * ROW + BOOSTED] === 1) answerBoost(memory, zone);
    if ((rights & HIGH_ORDER_ATOMIC) !== 0) reserveHighatomic(memory, zone, pfn, order);
    return pfn;
  }
  if ((rights & NOFRAGMENT) === 0) return NO_PAGE;
  return scanZones(memory, order, gfp, rights & ~NOFRAGMENT, node, run);
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
    setPcpFlag(memory, zone, BELOW_HIGH);
  }
  const mark = effectiveMark(memory, zone, rights);
  if (isWatermarkOk(memory, zone, order, mark, highestType, rights)) return true;
  if ((rights & NO_WATERMARKS) !== 0) return true;
  return order === 0 && ignoresBoost(memory, zone, highestType, rights);
}

/** A single page for a caller that may use the reserves is not held up by a boost of the min watermark. */
function ignoresBoost(memory: Memory, zone: number, highestType: number, rights: number): boolean {
  if ((rights & (ALLOC_MIN_RESERVE | ALLOC_WMARK_MASK)) !== ALLOC_MIN_RESERVE) return false;
  if (memory.zones[zone * ROW + Z_BOOST] === 0) return false;
  return isWatermarkOk(memory, zone, 0, memory.zones[zone * ROW + Z_WMARK_MIN], highestType, rights);
}

/** Up to `run.pages` pages off the running CPU's list; the first pfn in ascending order of memory, or NIL. */
function takePages(memory: Memory, zone: number, type: number, rights: number, run: PageStretch): number {
  if (takePcpRun(memory, zone, type, rights, run)) return lowestPfn(run);
  const pfn = takeReserve(memory, zone, 0, rights);
  if (pfn === NO_PAGE) return NO_PAGE;
  run.startPfn = pfn;
  run.pages = 1;
  run.step = 1;
  return pfn;
}

function takeOrder(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  if (order === 0) {
    const single: PageStretch = { startPfn: NO_PAGE, pages: 1, step: 1 };
    return takePages(memory, zone, type, rights, single);
  }
  if (hasPcpList(order)) {
    const pfn = takePcpBlock(memory, zone, order, type, rights);
    if (pfn !== NO_PAGE) return pfn;
  }
  if ((rights & HIGH_ORDER_ATOMIC) !== 0) {
    const pfn = takeSmallest(memory, zone, order, HIGHATOMIC);
    if (pfn !== NO_PAGE) return pfn;
  }
  const pfn = takeBlock(memory, zone, order, type, rights);
  return pfn !== NO_PAGE ? pfn : takeReserve(memory, zone, order, rights);
}

/** Rather than fail, victims of the OOM killer and those who cannot wait may use the reserve for high orders. */
function takeReserve(memory: Memory, zone: number, order: number, rights: number): number {
  if ((rights & (ALLOC_OOM | ALLOC_NON_BLOCK)) === 0) return NO_PAGE;
  return takeSmallest(memory, zone, order, HIGHATOMIC);
}

function countTaken(memory: Memory, zone: number, preferred: number, pages: number, requests: number): void {
  memory.events[PGALLOC + memory.zones[zone * ROW + TYPE]] += pages;
  if (memory.nodeCount > 1) countPlace(memory, zone, preferred, requests);
}

/** Whether requests got their pages where they wanted them: only where there is a choice. */
function countPlace(memory: Memory, zone: number, preferred: number, requests: number): void {
  const { events, zones } = memory;
  const node = zones[zone * ROW + NODE];
  if (node === zones[preferred * ROW + NODE]) events[EV_NUMA_HIT] += requests;
  else {
    events[EV_NUMA_MISS] += requests;
    events[EV_NUMA_FOREIGN] += requests;
  }
  events[node === homeNode(memory) ? EV_NUMA_LOCAL : EV_NUMA_OTHER] += requests;
}

/** Rather use DMA32 than mix types in Normal: only where both exist (on one node: where Normal does). */
function avoidsFragmentation(memory: Memory, list: Int32Array): boolean {
  const { zones } = memory;
  const first = list[0] * ROW;
  if (zones[first + TYPE] !== ZONE_NORMAL) return false;
  if (memory.nodeCount === 1) return true;
  for (let at = 1; at < list.length; at++) {
    const row = list[at] * ROW;
    const sameNode = zones[row + NODE] === zones[first + NODE];
    if (sameNode && zones[row + TYPE] === ZONE_DMA32 && zones[row + Z_PRESENT] > 0) return true;
  }
  return false;
}

/** What a fallback left to do: wakes the node's kswapd for the boosted zone, unless the node is hopeless. */
function answerBoost(memory: Memory, zone: number): void {
  const { zones, nodes } = memory;
  const row = zone * ROW;
  zones[row + BOOSTED] = 0;
  const node = zones[row + NODE] * NODE_FIELDS;
  const asked = node + N_KSWAPD_HIGHEST_TYPE_PLUS_ONE;
  nodes[asked] = Math.max(nodes[asked], zones[row + TYPE] + 1);
  if (nodes[node + N_KSWAPD_FAILURES] < MAX_KSWAPD_FAILURES) memory.scalars[S_KSWAPD_WAKES] |= 1 << zones[row + NODE];
}
