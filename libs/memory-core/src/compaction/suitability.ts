/**
 * Whether compaction could help a request: watermarks, the fragmentation index, and deferral after failures.
 * Source: mm/compaction.c of Linux 6.12 (compaction_suit_allocation_order, compaction_deferred …), as described in the
 * reference, §4.5 and §4.6.
 */
import { ALLOC_WMARK_LOW, ALLOC_WMARK_MIN, effectiveMark, isWatermarkOk } from '../allocator/watermark.js';
import { MIGRATE_ASYNC } from '../layout/migrate-mode.js';
import { SYSCTL_EXTFRAG_THRESHOLD } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  ZONE_FIELDS,
  Z_COMPACT_CONSIDERED,
  Z_COMPACT_DEFER_SHIFT,
  Z_COMPACT_ORDER_FAILED,
} from '../layout/zone-fields.js';
import { fragmentationIndex } from './fragmentation.js';
import { COMPACT_CONTINUE, COMPACT_SKIPPED, COMPACT_SUCCESS } from './result.js';

/** Requests above this order are costly: the kernel does not try for ever to serve them. */
export const COSTLY_ORDER = 3;
const MAX_DEFER_SHIFT = 6;

/** Pages that a run needs free for its targets: twice the wanted block. */
export function compactGap(order: number): number {
  return 2 << order;
}

/** Order 0 above the marks and the gap: there is room for compaction to work in. */
function hasRoomToCompact(memory: Memory, zone: number, order: number, highestType: number): boolean {
  const mark = effectiveMark(memory, zone, order > COSTLY_ORDER ? ALLOC_WMARK_LOW : ALLOC_WMARK_MIN);
  return isWatermarkOk(memory, zone, 0, mark + compactGap(order), highestType, 0);
}

/** The request of `order` against the zone: COMPACT_SUCCESS (it can be served), SKIPPED or CONTINUE (compact). */
export function suitabilityFor(
  memory: Memory,
  zone: number,
  order: number,
  highestType: number,
  rights: number,
  mode: number,
): number {
  const mark = effectiveMark(memory, zone, rights);
  if (isWatermarkOk(memory, zone, order, mark, highestType, rights)) return COMPACT_SUCCESS;
  if (memory.rules.costlyAsyncNeedsGap && order > COSTLY_ORDER && mode === MIGRATE_ASYNC) {
    if (!isWatermarkOk(memory, zone, 0, mark + compactGap(order), highestType, 0)) return COMPACT_SKIPPED;
  }
  return canCompact(memory, zone, order, highestType) ? COMPACT_CONTINUE : COMPACT_SKIPPED;
}

/** There is room, and a costly order is not missing for lack of memory: then reclaim has to come first. */
export function canCompact(memory: Memory, zone: number, order: number, highestType: number): boolean {
  if (!hasRoomToCompact(memory, zone, order, highestType)) return false;
  if (order <= COSTLY_ORDER) return true;
  const index = fragmentationIndex(memory, zone, order);
  return index < 0 || index > memory.sysctls[SYSCTL_EXTFRAG_THRESHOLD];
}

/** A run for `order` failed: the next ones are skipped, twice as many each time, up to 63. */
export function deferCompaction(memory: Memory, zone: number, order: number): void {
  const { zones } = memory;
  const row = zone * ZONE_FIELDS;
  zones[row + Z_COMPACT_CONSIDERED] = 0;
  zones[row + Z_COMPACT_DEFER_SHIFT] = Math.min(zones[row + Z_COMPACT_DEFER_SHIFT] + 1, MAX_DEFER_SHIFT);
  zones[row + Z_COMPACT_ORDER_FAILED] = Math.min(zones[row + Z_COMPACT_ORDER_FAILED], order);
}

/** True when this attempt is to be skipped; counts it. */
export function isCompactionDeferred(memory: Memory, zone: number, order: number): boolean {
  const { zones } = memory;
  const row = zone * ZONE_FIELDS;
  if (order < zones[row + Z_COMPACT_ORDER_FAILED]) return false;
  const limit = 1 << zones[row + Z_COMPACT_DEFER_SHIFT];
  zones[row + Z_COMPACT_CONSIDERED] = Math.min(zones[row + Z_COMPACT_CONSIDERED] + 1, limit);
  return zones[row + Z_COMPACT_CONSIDERED] < limit;
}

/** A run for `order` went well; with `allocated` a page of it was really had. */
export function resetDeferral(memory: Memory, zone: number, order: number, allocated: boolean): void {
  const { zones } = memory;
  const row = zone * ZONE_FIELDS;
  if (allocated) {
    zones[row + Z_COMPACT_CONSIDERED] = 0;
    zones[row + Z_COMPACT_DEFER_SHIFT] = 0;
  }
  zones[row + Z_COMPACT_ORDER_FAILED] = Math.max(zones[row + Z_COMPACT_ORDER_FAILED], order + 1);
}

/** True when the longest deferral has just passed. */
export function isCompactionRestarting(memory: Memory, zone: number, order: number): boolean {
  const { zones } = memory;
  const row = zone * ZONE_FIELDS;
  if (order < zones[row + Z_COMPACT_ORDER_FAILED]) return false;
  const shift = zones[row + Z_COMPACT_DEFER_SHIFT];
  return shift === MAX_DEFER_SHIFT && zones[row + Z_COMPACT_CONSIDERED] >= 1 << shift;
}
