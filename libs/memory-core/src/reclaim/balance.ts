/**
 * When a node has enough free memory: one of the zones that a request may use passes the test at its high watermark.
 */
import { ALLOC_WMARK_HIGH, effectiveMark, isWatermarkOk } from '../allocator/watermark.js';
import type { Memory } from '../layout/memory.js';
import { NODE_FIELDS, N_KSWAPD_FAILURES } from '../layout/node-fields.js';
import { ZONE_FIELDS, Z_BOOST, Z_MANAGED, Z_NODE, Z_TYPE } from '../layout/zone-fields.js';

/** Runs without progress after which kswapd leaves a node alone. */
export const MAX_RECLAIM_RETRIES = 16;

/** Zones of the node up to a type that have managed pages. */
export function managedZones(memory: Memory, node: number, highestType: number): number[] {
  const found: number[] = [];
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (isManaged(memory, zone, node, highestType)) found.push(zone);
  }
  return found;
}

function isManaged(memory: Memory, zone: number, node: number, highestType: number): boolean {
  const row = zone * ZONE_FIELDS;
  if (memory.zones[row + Z_NODE] !== node || memory.zones[row + Z_TYPE] > highestType) return false;
  return memory.zones[row + Z_MANAGED] > 0;
}

/** A node without managed zones is balanced. Asked for each page that a guest short of memory wants. */
export function isNodeBalanced(memory: Memory, node: number, order: number, highestType: number): boolean {
  let found = false;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (!isManaged(memory, zone, node, highestType)) continue;
    found = true;
    const mark = effectiveMark(memory, zone, ALLOC_WMARK_HIGH);
    if (isWatermarkOk(memory, zone, order, mark, highestType, 0)) return true;
  }
  return !found;
}

export function isNodeBoosted(memory: Memory, node: number, highestType: number): boolean {
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (isManaged(memory, zone, node, highestType) && memory.zones[zone * ZONE_FIELDS + Z_BOOST] > 0) return true;
  }
  return false;
}

export function isNodeHopeless(memory: Memory, node: number): boolean {
  return memory.nodes[node * NODE_FIELDS + N_KSWAPD_FAILURES] >= MAX_RECLAIM_RETRIES;
}
