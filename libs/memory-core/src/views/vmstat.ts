/**
 * /proc/vmstat: counts and events under Linux's names, in Linux's order. A line that this core has no source for reads 0,
 * as it does on a machine that never used the feature.
 */
import { PAGEBLOCK_PAGES, ZONE_TYPE_NAMES } from '../layout/constants.js';
import * as counters from '../layout/events.js';
import { S_TOTAL_RESERVE } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  KIND_ANON,
  KIND_FILE,
  KIND_PAGE_TABLE,
  KIND_SLAB_RECLAIMABLE,
  KIND_SLAB_UNRECLAIMABLE,
} from '../layout/owner-fields.js';
import { activePagesOfKind, anonHugePages, isolatedPagesOfKind, pagesOfKind } from '../owner-pages/kind-sums.js';
import { allBalloonPages, freePagesOf } from './usage.js';
import { freePagesInBlocks } from './partial-stats.js';
import { vmstatLines } from './vmstat-lines.js';

/** vm.dirty_ratio and vm.dirty_background_ratio: percent of what could be dirtied. */
const DIRTY_RATIO = 20;
const DIRTY_BACKGROUND_RATIO = 10;
const PAGES_PER_STRUCT_PAGE_PAGE = 64;

type Reader = (memory: Memory) => number;

const held =
  (kind: number): Reader =>
  (memory) =>
    pagesOfKind(memory, kind);

const active =
  (kind: number): Reader =>
  (memory) =>
    activePagesOfKind(memory, kind);

const inactive =
  (kind: number): Reader =>
  (memory) =>
    pagesOfKind(memory, kind) - activePagesOfKind(memory, kind);

const isolated =
  (kind: number): Reader =>
  (memory) =>
    isolatedPagesOfKind(memory, kind);

/** Each event counter under its Linux name: the constant's, in small letters; families that are counted per zone by zone type. */
const EVENTS: Readonly<Partial<Record<string, number>>> = Object.fromEntries(
  Object.entries(counters).flatMap(([constant, index]): (readonly [string, number])[] => {
    const name = constant.replace('EV_', '').toLowerCase();
    if (name !== 'pgalloc' && name !== 'allocstall') return [[name, index]];
    return ZONE_TYPE_NAMES.map((zone, type) => [`${name}_${zone.toLowerCase()}`, index + type]);
  }),
);

const READERS: Readonly<Partial<Record<string, Reader>>> = {
  nr_free_pages: freePagesOf,
  nr_free_pages_blocks: pagesInBlocks,
  nr_zone_inactive_anon: inactive(KIND_ANON),
  nr_zone_active_anon: active(KIND_ANON),
  nr_zone_inactive_file: inactive(KIND_FILE),
  nr_zone_active_file: active(KIND_FILE),
  nr_inactive_anon: inactive(KIND_ANON),
  nr_active_anon: active(KIND_ANON),
  nr_inactive_file: inactive(KIND_FILE),
  nr_active_file: active(KIND_FILE),
  nr_isolated_anon: isolated(KIND_ANON),
  nr_isolated_file: isolated(KIND_FILE),
  nr_slab_reclaimable: held(KIND_SLAB_RECLAIMABLE),
  nr_slab_unreclaimable: held(KIND_SLAB_UNRECLAIMABLE),
  nr_anon_pages: (memory) => pagesOfKind(memory, KIND_ANON) + isolatedPagesOfKind(memory, KIND_ANON),
  nr_file_pages: (memory) => pagesOfKind(memory, KIND_FILE) + isolatedPagesOfKind(memory, KIND_FILE),
  nr_anon_transparent_hugepages: (memory) => anonHugePages(memory) / PAGEBLOCK_PAGES,
  nr_page_table_pages: held(KIND_PAGE_TABLE),
  nr_dirty_threshold: (memory) => dirtyLimit(memory, DIRTY_RATIO),
  nr_dirty_background_threshold: (memory) => dirtyLimit(memory, DIRTY_BACKGROUND_RATIO),
  nr_memmap_boot_pages: (memory) => Math.ceil(memory.spanPages / PAGES_PER_STRUCT_PAGE_PAGE),
  nr_balloon_pages: allBalloonPages,
};

function valueOf(memory: Memory, name: string): number {
  const event = EVENTS[name];
  return event === undefined ? (READERS[name]?.(memory) ?? 0) : memory.events[event];
}

/** All lines of /proc/vmstat as [name, value]. */
export function vmstat(memory: Memory): [string, number][] {
  const { kernelProfile, balloonCompaction } = memory.config;
  return vmstatLines(kernelProfile, balloonCompaction).map((name) => [name, valueOf(memory, name)]);
}

function pagesInBlocks(memory: Memory): number {
  let pages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) pages += freePagesInBlocks(memory, zone);
  return pages;
}

function dirtyLimit(memory: Memory, ratio: number): number {
  const dirtyable = freePagesOf(memory) - memory.scalars[S_TOTAL_RESERVE] + pagesOfKind(memory, KIND_FILE);
  return Math.floor((Math.max(dirtyable, 0) * ratio) / 100);
}
