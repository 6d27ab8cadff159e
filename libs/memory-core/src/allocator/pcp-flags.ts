/**
 * Marks of a zone that make its per-CPU lists give pages back sooner: ZONE_BELOW_HIGH, ZONE_RECLAIM_ACTIVE.
 */
import type { Memory } from '../layout/memory.js';
import { PCP_FIELDS, P_LIMIT } from '../layout/pcp-fields.js';
import { ZONE_FIELDS, Z_PCP_FLAGS } from '../layout/zone-fields.js';

/** Sets the mark; from now on each free in the zone looks closer. */
export function setPcpFlag(memory: Memory, zone: number, flag: number): void {
  memory.zones[zone * ZONE_FIELDS + Z_PCP_FLAGS] |= flag;
  for (let cpu = 0; cpu < memory.cpuCount; cpu++) memory.pcp[(zone * memory.cpuCount + cpu) * PCP_FIELDS + P_LIMIT] = 0;
}

export function clearPcpFlag(memory: Memory, zone: number, flag: number): void {
  memory.zones[zone * ZONE_FIELDS + Z_PCP_FLAGS] &= ~flag;
}
