/**
 * Files of /proc as text, byte for byte as Linux prints them.
 * Source: mm/vmstat.c, fs/proc/meminfo.c and mm/hugetlb.c of Linux 6.12, as described in the reference.
 */
import { ORDERS, ZONE_TYPE_NAMES } from '../layout/constants.js';
import { freeBlocks } from './fragmentation.js';
import { meminfo } from './meminfo.js';
import type { Memory } from '../layout/memory.js';
import { vmstat } from './vmstat.js';
import { ZONE_FIELDS, Z_NODE, Z_PRESENT, Z_TYPE } from '../layout/zone-fields.js';

const WRITERS = {
  BUDDYINFO: buddyinfoText,
  VMSTAT: vmstatText,
  MEMINFO: meminfoText,
} as const satisfies Record<string, (memory: Memory) => string>;

/** Files that procText can print. */
export type ProcFile = keyof typeof WRITERS;

export function procText(memory: Memory, file: ProcFile): string {
  return WRITERS[file](memory);
}

/** Free blocks of each order, one line a populated zone; each line ends with a space. */
function buddyinfoText(memory: Memory): string {
  let text = '';
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (memory.zones[zone * ZONE_FIELDS + Z_PRESENT] === 0) continue;
    text += zonePrefix(memory, zone);
    for (let order = 0; order < ORDERS; order++) text += `${String(freeBlocks(memory, zone, order)).padStart(6)} `;
    text += '\n';
  }
  return text;
}

function vmstatText(memory: Memory): string {
  return vmstat(memory)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

function meminfoText(memory: Memory): string {
  return meminfo(memory)
    .map(({ label, value, width, unit }) => `${`${label}:`.padEnd(16)}${String(value).padStart(width)}${unit}\n`)
    .join('');
}

/** "Node 0, zone   Normal ": what a line per zone starts with. */
function zonePrefix(memory: Memory, zone: number): string {
  const row = zone * ZONE_FIELDS;
  return `Node ${memory.zones[row + Z_NODE]}, zone ${ZONE_TYPE_NAMES[memory.zones[row + Z_TYPE]].padStart(8)} `;
}
