/**
 * Files of /proc (and debugfs) as text, byte for byte as Linux prints them.
 * Source: mm/vmstat.c, fs/proc/meminfo.c and mm/hugetlb.c of Linux 6.12, as described in the reference.
 */
import { ORDERS } from '../layout/constants.js';
import { extfragIndexText, unusableIndexText } from './extfrag-text.js';
import { freeBlocks } from '../compaction/fragmentation.js';
import { meminfo } from './meminfo.js';
import type { Memory } from '../layout/memory.js';
import { pagetypeinfoText } from './pagetypeinfo.js';
import { pressureText } from './pressure-text.js';
import { vmstat } from './vmstat.js';
import { populatedZones, zonePrefix } from './zone-names.js';
import { zoneinfoText } from './zoneinfo.js';

const WRITERS = {
  BUDDYINFO: buddyinfoText,
  PAGETYPEINFO: pagetypeinfoText,
  VMSTAT: vmstatText,
  MEMINFO: meminfoText,
  ZONEINFO: zoneinfoText,
  EXTFRAG_INDEX: extfragIndexText,
  UNUSABLE_INDEX: unusableIndexText,
  PRESSURE_MEMORY: pressureText,
} as const satisfies Record<string, (memory: Memory) => string>;

/** Files that procText can print. */
export type ProcFile = keyof typeof WRITERS;

export function procText(memory: Memory, file: ProcFile): string {
  return WRITERS[file](memory);
}

/** Free blocks of each order, one line a populated zone; each line ends with a space. */
function buddyinfoText(memory: Memory): string {
  let text = '';
  for (const zone of populatedZones(memory)) {
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
