/**
 * /proc/zoneinfo: every zone of every node, those without memory included.
 * Source: mm/vmstat.c of Linux 6.12 and 7.0 (zoneinfo_show_print), as described in the reference; values of recorded guests.
 */
import { ZONE_MOVABLE, ZONE_TYPES, ZONE_TYPE_NAMES } from '../layout/constants.js';
import { countNodeTags, countZoneTags } from './frame-counts.js';
import type { Memory } from '../layout/memory.js';
import { N_KSWAPD_FAILURES, NODE_FIELDS } from '../layout/node-fields.js';
import { PCP_FIELDS, P_BATCH, P_COUNT, P_HIGH, P_HIGH_MAX, P_HIGH_MIN } from '../layout/pcp-fields.js';
import { nodeStat, zoneStat } from './partial-stats.js';
import { vmstatGroups } from './vmstat-lines.js';
import { populatedZones } from './zone-names.js';
import {
  ZONE_FIELDS,
  Z_BOOST,
  Z_END,
  Z_FREE,
  Z_HIGHATOMIC_FREE,
  Z_HIGHATOMIC_RESERVED,
  Z_MANAGED,
  Z_NODE,
  Z_PRESENT,
  Z_RESERVE,
  Z_START,
  Z_TYPE,
  Z_WMARK_HIGH,
  Z_WMARK_LOW,
  Z_WMARK_MIN,
  Z_WMARK_PROMO,
} from '../layout/zone-fields.js';

/** kswapd gives a node up after so many runs that freed nothing (MAX_RECLAIM_RETRIES). */
const HOPELESS_AFTER = 16;
/** What the clamp of the Movable zone's mark leaves of a zone that is empty. */
const EMPTY_MOVABLE_MARK = 32;
/** Zones past Movable: device memory, which no guest has. */
const DEVICE_ZONE_NAME = 'Device';

export function zoneinfoText(memory: Memory): string {
  let text = '';
  const populated = populatedZones(memory);
  for (let node = 0; node < memory.nodeCount; node++) {
    const ofNode = populated.filter((zone) => memory.zones[zone * ZONE_FIELDS + Z_NODE] === node);
    for (let type = 0; type <= ZONE_TYPES; type++) {
      const zone = ofNode.find((one) => memory.zones[one * ZONE_FIELDS + Z_TYPE] === type);
      if (zone === undefined) text += emptyZone(memory, node, type);
      else text += populatedZone(memory, zone, zone === ofNode[0]);
    }
  }
  return text;
}

function heading(node: number, name: string): string {
  return `Node ${node}, zone ${name.padStart(8)}`;
}

function emptyZone(memory: Memory, node: number, type: number): string {
  const mark = type === ZONE_MOVABLE && memory.rules.movableMinClamped ? EMPTY_MOVABLE_MARK : 0;
  const name = ZONE_TYPE_NAMES[type] ?? DEVICE_ZONE_NAME;
  const pages = pageLines(memory, [0, 0, mark, mark, mark, mark, 0, 0, 0, 0]);
  return `${heading(node, name)}${pages}${protection(new Int32Array(ZONE_TYPES))}\n`;
}

function populatedZone(memory: Memory, zone: number, isFirst: boolean): string {
  const row = memory.zones.subarray(zone * ZONE_FIELDS, (zone + 1) * ZONE_FIELDS);
  const node = row[Z_NODE];
  const boost = row[Z_BOOST];
  const { startPfn, spannedPages } = physicalSpan(memory, zone);
  return [
    heading(node, ZONE_TYPE_NAMES[row[Z_TYPE]]),
    isFirst ? nodeStats(memory, node) : '',
    pageLines(memory, [
      row[Z_FREE],
      boost,
      row[Z_WMARK_MIN] + boost,
      row[Z_WMARK_LOW] + boost,
      row[Z_WMARK_HIGH] + boost,
      row[Z_WMARK_PROMO] + boost,
      spannedPages,
      row[Z_PRESENT],
      row[Z_MANAGED],
      0,
    ]),
    protection(row.subarray(Z_RESERVE, Z_RESERVE + ZONE_TYPES)),
    zoneStats(memory, zone),
    pagesets(memory, zone),
    tail(memory, row, startPfn),
    '\n',
  ].join('');
}

const PAGE_LINES = ['boost', 'min', 'low', 'high', 'promo', 'spanned', 'present', 'managed', 'cma'];

/** `values`: free, then those of PAGE_LINES. */
function pageLines(memory: Memory, [free, ...values]: readonly number[]): string {
  let text = `\n  pages free     ${free}`;
  PAGE_LINES.forEach((label, at) => {
    if (label !== 'promo' || memory.rules.showsPromo) text += `\n        ${label.padEnd(8)} ${values[at]}`;
  });
  return text;
}

/** Device memory, the fifth kind of zone, has what Movable has. */
function protection(reserves: Int32Array): string {
  return `\n        protection: (${[...reserves, reserves[ZONE_MOVABLE]].join(', ')})`;
}

function nodeStats(memory: Memory, node: number): string {
  const counts = countNodeTags(memory, node);
  const lines = vmstatGroups(memory.config.kernelProfile).node.map((name) =>
    statLine(name, nodeStat(memory, node, counts, name)),
  );
  return `\n  per-node stats${lines.join('')}`;
}

function zoneStats(memory: Memory, zone: number): string {
  const counts = countZoneTags(memory, zone);
  const groups = vmstatGroups(memory.config.kernelProfile);
  return [...groups.zone, ...groups.numa].map((name) => statLine(name, zoneStat(memory, zone, counts, name))).join('');
}

function statLine(name: string, value: number): string {
  return `\n      ${name.padEnd(12)} ${value}`;
}

function pagesets(memory: Memory, zone: number): string {
  const isNew = memory.rules.showsPcpMarks;
  const wide = isNew ? 9 : 6;
  const threshold = statThreshold(memory.zones[zone * ZONE_FIELDS + Z_MANAGED], memory.cpuCount);
  let text = '\n  pagesets';
  for (let cpu = 0; cpu < memory.cpuCount; cpu++) {
    const at = (zone * memory.cpuCount + cpu) * PCP_FIELDS;
    const line = (label: string, field: number): string =>
      `\n              ${`${label}:`.padEnd(wide)} ${memory.pcp[at + field]}`;
    text += `\n    cpu: ${cpu}${line('count', P_COUNT)}${line('high', P_HIGH)}${line('batch', P_BATCH)}`;
    if (isNew) text += `${line('high_min', P_HIGH_MIN)}${line('high_max', P_HIGH_MAX)}`;
    text += `\n  vm stats threshold: ${threshold}`;
  }
  return text;
}

function tail(memory: Memory, row: Int32Array, startPfn: number): string {
  const failures = memory.nodes[row[Z_NODE] * NODE_FIELDS + N_KSWAPD_FAILURES];
  let text = `\n  node_unreclaimable:  ${failures >= HOPELESS_AFTER ? 1 : 0}\n  start_pfn:           ${startPfn}`;
  if (memory.rules.showsHighatomic) {
    text += `\n  reserved_highatomic: ${row[Z_HIGHATOMIC_RESERVED]}\n  free_highatomic:     ${row[Z_HIGHATOMIC_FREE]}`;
  }
  return text;
}

/** How far a CPU's counters may run ahead of the sum (calculate_normal_threshold). */
function statThreshold(managedPages: number, cpus: number): number {
  const largestBit = (value: number): number => 32 - Math.clz32(value);
  return Math.min(125, 2 * largestBit(cpus) * (1 + largestBit(managedPages >> 15)));
}

/**
 * Where the zone lies in physical memory: the columns leave the hole below 4 GiB out, and the zone that ends there spans it;
 * any other zone ends with its last page.
 */
function physicalSpan(memory: Memory, zone: number): { startPfn: number; spannedPages: number } {
  const { machine } = memory.config;
  const row = zone * ZONE_FIELDS;
  const columnEnd = memory.zones[row + Z_END];
  const physical = (pfn: number): number => pfn + (pfn >= machine.holeStartPfn ? machine.holePages : 0);
  const startPfn = physical(memory.zones[row + Z_START]);
  if (physical(columnEnd) > columnEnd) return { startPfn, spannedPages: physical(columnEnd) - startPfn };
  const tail = machine.zones[zone]?.holes.find((hole) => hole.endPfn === columnEnd);
  return { startPfn, spannedPages: (tail?.startPfn ?? columnEnd) - startPfn };
}
