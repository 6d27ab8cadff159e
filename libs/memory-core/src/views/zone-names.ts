/** Zones as the files of /proc name them. */
import { ZONE_TYPES, ZONE_TYPE_NAMES } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_END, Z_NODE, Z_PRESENT, Z_TYPE } from '../layout/zone-fields.js';

/** Zones with memory that is present, in the order of the files: nodes ascending, zone types ascending. */
export function populatedZones(memory: Memory): number[] {
  const zones: number[] = [];
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (memory.zones[zone * ZONE_FIELDS + Z_PRESENT] > 0) zones.push(zone);
  }
  const rank = (zone: number): number =>
    memory.zones[zone * ZONE_FIELDS + Z_NODE] * ZONE_TYPES + memory.zones[zone * ZONE_FIELDS + Z_TYPE];
  return zones.sort((one, other) => rank(one) - rank(other));
}

/** First pfn after all zones. */
export function lastPfn(memory: Memory): number {
  let last = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) last = Math.max(last, memory.zones[zone * ZONE_FIELDS + Z_END]);
  return last;
}

/** Right-aligned in 8 columns. */
export function zoneName(memory: Memory, zone: number): string {
  return ZONE_TYPE_NAMES[memory.zones[zone * ZONE_FIELDS + Z_TYPE]].padStart(8);
}

/** "Node 0, zone   Normal ": what a line per zone starts with. */
export function zonePrefix(memory: Memory, zone: number): string {
  return `Node ${memory.zones[zone * ZONE_FIELDS + Z_NODE]}, zone ${zoneName(memory, zone)} `;
}
