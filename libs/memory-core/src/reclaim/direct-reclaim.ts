/**
 * Direct reclaim: a request that found no page reclaims some itself. Source: mm/vmscan.c of Linux 6.12
 * (try_to_free_pages, do_try_to_free_pages, throttle_direct_reclaim), as described in the reference, section 6.2.
 */
import { canCompact, compactGap } from '../compaction/suitability.js';
import { ZONE_NORMAL } from '../layout/constants.js';
import { EV_ALLOCSTALL, EV_PGSCAN_DIRECT_THROTTLE } from '../layout/events.js';
import { gfpHighestZoneType } from '../layout/gfp.js';
import { S_KSWAPD_WAKES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_FREE, Z_NODE, Z_TYPE, Z_WMARK_MIN } from '../layout/zone-fields.js';
import { homeNode, zonelistOf } from '../allocator/freelist.js';
import { ALLOC_WMARK_HIGH, ALLOC_WMARK_MIN, effectiveMark, isWatermarkOk } from '../allocator/watermark.js';
import { isNodeHopeless } from './balance.js';
import { DEF_PRIORITY, SWAP_CLUSTER_MAX } from './reclaim-control.js';
import type { ReclaimControl } from './reclaim-control.js';
import { firstUsefulPriority, hasReclaimable, noteRefaults, shrinkNode } from './shrink-node.js';
import { stallOfDirectReclaim } from './stall.js';

/** Orders above it are left to compaction as soon as there is enough free memory for it. */
const COSTLY_ORDER = 3;

/** Pages reclaimed for a request of 2^order pages: 32 or more, fewer when there are no more, 1 when compaction can go on. */
export function directReclaim(memory: Memory, order: number, gfp: number): number {
  const node = homeNode(memory);
  throttle(memory, node);
  const control: ReclaimControl = {
    node,
    highestType: gfpHighestZoneType(gfp),
    byKswapd: false,
    targetPages: SWAP_CLUSTER_MAX,
    priority: DEF_PRIORITY,
    maySwap: true,
    reclaimed: 0,
    scanned: 0,
    allScanned: 0,
    written: 0,
  };
  const list = zonelistOf(memory, gfp, node);
  let result = reclaimOnce(memory, control, list, order);
  // From 6.8 on an attempt that stopped early on purpose is followed by one over everything, counted like another.
  if (result === 0 && memory.rules.reclaimWalksTwice) result = reclaimOnce(memory, control, list, order);
  noteRefaults(memory, node);
  stallOfDirectReclaim(memory, control);
  return result;
}

/**
 * After a direct reclaim that got nothing: `times` more of them in one go, when each could only count itself, since there is
 * nothing to take and every kswapd has given up. False when another may find something: then nothing was done.
 */
export function reclaimInVain(memory: Memory, gfp: number, list: Int32Array, times: number): boolean {
  if (memory.scalars[S_KSWAPD_WAKES] !== 0 || hasReclaimable(memory)) return false;
  for (const zone of list) if (!isNodeHopeless(memory, memory.zones[zone * ZONE_FIELDS + Z_NODE])) return false;
  memory.events[EV_ALLOCSTALL + gfpHighestZoneType(gfp)] += memory.rules.reclaimWalksTwice ? 2 * times : times;
  return true;
}

function reclaimOnce(memory: Memory, control: ReclaimControl, list: Int32Array, order: number): number {
  memory.events[EV_ALLOCSTALL + control.highestType]++;
  control.priority = order > COSTLY_ORDER ? DEF_PRIORITY : firstUsefulPriority(memory);
  for (; control.priority >= 0; control.priority--) {
    const ready = reclaimZones(memory, control, list, order);
    if (control.reclaimed >= control.targetPages) return control.reclaimed;
    if (ready) return Math.max(control.reclaimed, 1);
  }
  return control.reclaimed;
}

/** One round over the nodes of the list. True when a zone has enough for compaction to make the block: it is passed over. */
function reclaimZones(memory: Memory, control: ReclaimControl, list: Int32Array, order: number): boolean {
  let ready = false;
  let before = -1;
  for (const zone of list) {
    if (order > COSTLY_ORDER && isReadyToCompact(memory, zone, order, control.highestType)) {
      ready = true;
      continue;
    }
    const node = memory.zones[zone * ZONE_FIELDS + Z_NODE];
    if (node === before) continue;
    before = node;
    const nodeControl = { ...control, node };
    shrinkNode(memory, nodeControl);
    control.reclaimed = nodeControl.reclaimed;
    control.allScanned = nodeControl.allScanned;
    control.written = nodeControl.written;
  }
  return ready;
}

/** The block is there, or compaction has its room and a buffer up to the high watermark besides. */
function isReadyToCompact(memory: Memory, zone: number, order: number, highestType: number): boolean {
  const min = effectiveMark(memory, zone, ALLOC_WMARK_MIN);
  if (isWatermarkOk(memory, zone, order, min, highestType, 0)) return true;
  if (!canCompact(memory, zone, order, highestType)) return false;
  const high = effectiveMark(memory, zone, ALLOC_WMARK_HIGH);
  return isWatermarkOk(memory, zone, 0, high + compactGap(order), highestType, 0);
}

/** With half of the min watermarks gone a request waits for kswapd first; a hopeless node makes nobody wait. */
function throttle(memory: Memory, node: number): void {
  if (isNodeHopeless(memory, node)) return;
  let free = 0;
  let reserve = 0;
  for (let row = 0; row < memory.zones.length; row += ZONE_FIELDS) {
    if (memory.zones[row + Z_NODE] !== node || memory.zones[row + Z_TYPE] > ZONE_NORMAL) continue;
    free += memory.zones[row + Z_FREE];
    reserve += memory.zones[row + Z_WMARK_MIN];
  }
  if (reserve === 0 || free > Math.floor(reserve / 2)) return;
  memory.events[EV_PGSCAN_DIRECT_THROTTLE]++;
  memory.scalars[S_KSWAPD_WAKES] |= 1 << node;
}
