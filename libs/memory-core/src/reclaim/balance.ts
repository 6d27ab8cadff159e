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
    const row = zone * ZONE_FIELDS;
    if (memory.zones[row + Z_NODE] !== node || memory.zones[row + Z_TYPE] > highestType) continue;
    if (memory.zones[row + Z_MANAGED] > 0) found.push(zone);
  }
  return found;
}

/** A node without managed zones is balanced. */
export function isNodeBalanced(memory: Memory, node: number, order: number, highestType: number): boolean {
  const zones = managedZones(memory, node, highestType);
  return (
    zones.length === 0 ||
    zones.some((zone) => {
      const mark = effectiveMark(memory, zone, ALLOC_WMARK_HIGH);
      return isWatermarkOk(memory, zone, order, mark, highestType, 0);
    })
  );
}

export function isNodeBoosted(memory: Memory, node: number, highestType: number): boolean {
  return managedZones(memory, node, highestType).some((zone) => memory.zones[zone * ZONE_FIELDS + Z_BOOST] > 0);
}

export function isNodeHopeless(memory: Memory, node: number): boolean {
  return memory.nodes[node * NODE_FIELDS + N_KSWAPD_FAILURES] >= MAX_RECLAIM_RETRIES;
}
