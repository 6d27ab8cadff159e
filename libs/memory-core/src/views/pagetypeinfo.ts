/**
 * /proc/pagetypeinfo: free blocks by zone, migratetype and order, and pageblocks by migratetype.
 * Source: mm/vmstat.c of Linux 6.12 (pagetypeinfo_show), as described in the reference.
 */
import {
  LISTS_PER_ZONE,
  MIGRATETYPES,
  MIGRATETYPE_NAMES,
  ORDERS,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
} from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { countPageblocks } from './usage.js';
import { populatedZones, zoneName } from './zone-names.js';
import { ZONE_FIELDS, Z_NODE } from '../layout/zone-fields.js';

/** The kernel stops walking a free list here, and says so with a ">". */
const MOST_WALKED = 100_000;

export function pagetypeinfoText(memory: Memory): string {
  let text = '';
  // Each node with memory writes the whole file.
  for (let node = 0; node < memory.nodeCount; node++) {
    const zones = populatedZones(memory).filter((zone) => memory.zones[zone * ZONE_FIELDS + Z_NODE] === node);
    if (zones.length === 0) continue;
    text += `Page block order: ${PAGEBLOCK_ORDER}\nPages per block:  ${PAGEBLOCK_PAGES}\n\n`;
    text += freeTable(memory, node, zones) + blockTable(memory, node, zones);
  }
  return text;
}

function freeTable(memory: Memory, node: number, zones: readonly number[]): string {
  let text = `${'Free pages count per migrate type at order'.padEnd(43)} `;
  for (let order = 0; order < ORDERS; order++) text += `${String(order).padStart(6)} `;
  text += '\n';
  for (const zone of zones) {
    const prefix = `Node ${String(node).padStart(4)}, zone ${zoneName(memory, zone)}`;
    for (let type = 0; type < MIGRATETYPES; type++) {
      text += `${prefix}, type ${MIGRATETYPE_NAMES[type].padStart(12)} `;
      for (let order = 0; order < ORDERS; order++) {
        const count = memory.freeCount[zone * LISTS_PER_ZONE + order * MIGRATETYPES + type];
        text += count >= MOST_WALKED ? `>${String(MOST_WALKED).padStart(6)} ` : `${String(count).padStart(6)} `;
      }
      text += '\n';
    }
  }
  return text;
}

function blockTable(memory: Memory, node: number, zones: readonly number[]): string {
  let text = `\n${'Number of blocks type'.padEnd(23)}`;
  for (const name of MIGRATETYPE_NAMES) text += `${name.padStart(12)} `;
  text += '\n';
  for (const zone of zones) {
    text += `Node ${node}, zone ${zoneName(memory, zone)} `;
    for (const count of countPageblocks(memory, zone)) text += `${String(count).padStart(12)} `;
    text += '\n';
  }
  return text;
}
