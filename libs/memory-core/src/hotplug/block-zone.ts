/**
 * Which zone a memory block comes online in, and how far zones reach as blocks come and go. A zone may lie inside another
 * one then: whose a frame is, its pageblock says.
 * Source: mm/memory_hotplug.c of Linux 6.12 (zone_for_pfn_range, default_zone_for_pfn, move_pfn_range_to_zone,
 * shrink_zone_span), as recordings of guests show it.
 */
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, ZONE_MOVABLE, ZONE_NORMAL } from '../layout/constants.js';
import { layZonelists } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OFFLINE } from '../layout/tags.js';
import { ZONE_FIELDS, Z_END, Z_NODE, Z_START, Z_TYPE } from '../layout/zone-fields.js';

/** What is written to a block's state: back where it belongs, as kernel memory, or as movable memory. */
export type OnlineKind = 'online' | 'online_kernel' | 'online_movable';

/** The zone that an offline block comes online in; NIL when the machine has no such zone and no room for one. */
export function zoneToJoin(memory: Memory, startPfn: number, endPfn: number, kind: OnlineKind): number {
  const node = memory.zones[memory.blockZone[startPfn >> PAGEBLOCK_ORDER] * ZONE_FIELDS + Z_NODE];
  const movable = zoneOfType(memory, node, ZONE_MOVABLE);
  if (kind === 'online_movable') return movable;
  const kernel = kernelZone(memory, node, startPfn, endPfn);
  if (kind === 'online_kernel') return kernel;
  return reachesInto(memory, movable, startPfn, endPfn) && !reachesInto(memory, kernel, startPfn, endPfn)
    ? movable
    : kernel;
}

/** The lowest kernel zone that reaches into the range, else Normal. */
function kernelZone(memory: Memory, node: number, startPfn: number, endPfn: number): number {
  for (let type = 0; type < ZONE_NORMAL; type++) {
    const zone = zoneOfType(memory, node, type);
    if (reachesInto(memory, zone, startPfn, endPfn)) return zone;
  }
  return zoneOfType(memory, node, ZONE_NORMAL);
}

function zoneOfType(memory: Memory, node: number, type: number): number {
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ZONE_FIELDS;
    if (memory.zones[row + Z_NODE] === node && memory.zones[row + Z_TYPE] === type) return zone;
  }
  return NIL;
}

function reachesInto({ zones }: Memory, zone: number, startPfn: number, endPfn: number): boolean {
  const row = zone * ZONE_FIELDS;
  return zone !== NIL && zones[row + Z_START] < endPfn && zones[row + Z_END] > startPfn;
}

/** The range is the zone's from now on. */
export function joinZone(memory: Memory, zone: number, startPfn: number, endPfn: number): void {
  const { zones, blockZone } = memory;
  const row = zone * ZONE_FIELDS;
  const isEmpty = zones[row + Z_END] === zones[row + Z_START];
  zones[row + Z_START] = isEmpty ? startPfn : Math.min(zones[row + Z_START], startPfn);
  zones[row + Z_END] = isEmpty ? endPfn : Math.max(zones[row + Z_END], endPfn);
  blockZone.fill(zone, startPfn >> PAGEBLOCK_ORDER, endPfn >> PAGEBLOCK_ORDER);
  if (isEmpty) layZonelists(memory);
}

/** The range has gone offline: where the zone ended with it, it ends with the last online pageblock now. */
export function leaveZone(memory: Memory, zone: number, startPfn: number, endPfn: number): void {
  const { zones } = memory;
  const row = zone * ZONE_FIELDS;
  let [first, end] = [zones[row + Z_START], zones[row + Z_END]];
  if (first === startPfn) while (first < end && !isOnlineIn(memory, zone, first)) first += PAGEBLOCK_PAGES;
  if (end === endPfn) while (end > first && !isOnlineIn(memory, zone, end - 1)) end -= PAGEBLOCK_PAGES;
  const isEmpty = first >= end;
  zones[row + Z_START] = isEmpty ? 0 : first;
  zones[row + Z_END] = isEmpty ? 0 : end;
  if (isEmpty) layZonelists(memory);
}

function isOnlineIn({ blockZone, tag }: Memory, zone: number, pfn: number): boolean {
  return blockZone[pfn >> PAGEBLOCK_ORDER] === zone && tag[pfn] !== TAG_OFFLINE;
}
