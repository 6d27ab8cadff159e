/** The counts of vmstat that a zone or a node has of its own, from a walk over its frames (frame-counts.ts). */
import { ISOLATE, LISTS_PER_ZONE, MAX_ORDER, MIGRATETYPES, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { activeFramesOfKind, framesOfKind } from './frame-counts.js';
import type { Memory } from '../layout/memory.js';
import {
  KIND_ANON,
  KIND_FILE,
  KIND_PAGE_TABLE,
  KIND_SLAB_RECLAIMABLE,
  KIND_SLAB_UNRECLAIMABLE,
} from '../layout/owner-fields.js';
import { NODE_FIELDS, N_BALLOON_PAGES } from '../layout/node-fields.js';
import { ZONE_FIELDS, Z_FREE, Z_NODE } from '../layout/zone-fields.js';

type Reader = (memory: Memory, counts: Int32Array) => number;

const held =
  (kind: number): Reader =>
  (memory, counts) =>
    framesOfKind(memory, counts, kind);

const active =
  (kind: number): Reader =>
  (memory, counts) =>
    activeFramesOfKind(memory, counts, kind);

const inactive =
  (kind: number): Reader =>
  (memory, counts) =>
    framesOfKind(memory, counts, kind) - activeFramesOfKind(memory, counts, kind);

const NODE_READERS: Readonly<Partial<Record<string, Reader>>> = {
  nr_inactive_anon: inactive(KIND_ANON),
  nr_active_anon: active(KIND_ANON),
  nr_inactive_file: inactive(KIND_FILE),
  nr_active_file: active(KIND_FILE),
  nr_slab_reclaimable: held(KIND_SLAB_RECLAIMABLE),
  nr_slab_unreclaimable: held(KIND_SLAB_UNRECLAIMABLE),
  nr_anon_pages: held(KIND_ANON),
  nr_file_pages: held(KIND_FILE),
  nr_page_table_pages: held(KIND_PAGE_TABLE),
};

/** A count of the node's: `counts` are the tags of its frames. 0 for what this core has no source for. */
export function nodeStat(memory: Memory, node: number, counts: Int32Array, name: string): number {
  if (name === 'nr_balloon_pages') return memory.nodes[node * NODE_FIELDS + N_BALLOON_PAGES];
  if (name === 'nr_free_pages') return sumOverZones(memory, node, (zone) => memory.zones[zone * ZONE_FIELDS + Z_FREE]);
  if (name === 'nr_free_pages_blocks') return sumOverZones(memory, node, (zone) => freePagesInBlocks(memory, zone));
  return NODE_READERS[name.replace('nr_zone_', 'nr_')]?.(memory, counts) ?? 0;
}

/** A count of the zone's: `counts` are the tags of its frames. */
export function zoneStat(memory: Memory, zone: number, counts: Int32Array, name: string): number {
  if (name === 'nr_free_pages') return memory.zones[zone * ZONE_FIELDS + Z_FREE];
  if (name === 'nr_free_pages_blocks') return freePagesInBlocks(memory, zone);
  return name.startsWith('nr_zone_') ? (NODE_READERS[name.replace('nr_zone_', 'nr_')]?.(memory, counts) ?? 0) : 0;
}

/** Pages in free blocks of at least a pageblock, isolated ones left out. */
export function freePagesInBlocks(memory: Memory, zone: number): number {
  let pages = 0;
  for (let order = PAGEBLOCK_ORDER; order <= MAX_ORDER; order++) {
    const at = zone * LISTS_PER_ZONE + order * MIGRATETYPES;
    for (let type = 0; type < ISOLATE; type++) pages += memory.freeCount[at + type] * 2 ** order;
  }
  return pages;
}

function sumOverZones(memory: Memory, node: number, value: (zone: number) => number): number {
  let sum = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (memory.zones[zone * ZONE_FIELDS + Z_NODE] === node) sum += value(zone);
  }
  return sum;
}
