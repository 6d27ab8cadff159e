/**
 * /proc/vmstat: counts and events under Linux's names, in Linux's order. A line that this core has no source for reads 0,
 * as it does on a machine that never used the feature.
 */
import { LISTS_PER_ZONE, MIGRATETYPES, MAX_ORDER, ISOLATE, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE, EV_PGALLOC, EV_PGFREE } from '../layout/events.js';
import { S_TOTAL_RESERVE } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  KIND_ANON,
  KIND_FILE,
  KIND_PAGE_TABLE,
  KIND_SLAB_RECLAIMABLE,
  KIND_SLAB_UNRECLAIMABLE,
} from '../owners/owner-kind.js';
import { allBalloonPages, freePagesOf, pagesOfKind } from './usage.js';
import { vmstatLines } from './vmstat-lines.js';

/** vm.dirty_ratio and vm.dirty_background_ratio: percent of what could be dirtied. */
const DIRTY_RATIO = 20;
const DIRTY_BACKGROUND_RATIO = 10;
const PAGES_PER_STRUCT_PAGE_PAGE = 64;

type Reader = (memory: Memory) => number;

const event =
  (index: number): Reader =>
  (memory) =>
    memory.events[index];

const held =
  (kind: number): Reader =>
  (memory) =>
    pagesOfKind(memory, kind);

const READERS: Readonly<Partial<Record<string, Reader>>> = {
  nr_free_pages: freePagesOf,
  nr_free_pages_blocks: freePagesInBlocks,
  nr_zone_inactive_anon: held(KIND_ANON),
  nr_zone_inactive_file: held(KIND_FILE),
  nr_inactive_anon: held(KIND_ANON),
  nr_inactive_file: held(KIND_FILE),
  nr_slab_reclaimable: held(KIND_SLAB_RECLAIMABLE),
  nr_slab_unreclaimable: held(KIND_SLAB_UNRECLAIMABLE),
  nr_anon_pages: held(KIND_ANON),
  nr_file_pages: held(KIND_FILE),
  nr_page_table_pages: held(KIND_PAGE_TABLE),
  nr_dirty_threshold: (memory) => dirtyLimit(memory, DIRTY_RATIO),
  nr_dirty_background_threshold: (memory) => dirtyLimit(memory, DIRTY_BACKGROUND_RATIO),
  nr_memmap_boot_pages: (memory) => Math.ceil(memory.spanPages / PAGES_PER_STRUCT_PAGE_PAGE),
  nr_balloon_pages: allBalloonPages,
  pgalloc_dma: event(EV_PGALLOC),
  pgalloc_dma32: event(EV_PGALLOC + 1),
  pgalloc_normal: event(EV_PGALLOC + 2),
  pgalloc_movable: event(EV_PGALLOC + 3),
  pgfree: event(EV_PGFREE),
  balloon_inflate: event(EV_BALLOON_INFLATE),
  balloon_deflate: event(EV_BALLOON_DEFLATE),
};

/** All lines of /proc/vmstat as [name, value]. */
export function vmstat(memory: Memory): [string, number][] {
  const { kernelProfile, balloonCompaction } = memory.config;
  return vmstatLines(kernelProfile, balloonCompaction).map((name) => [name, READERS[name]?.(memory) ?? 0]);
}

/** Pages in free blocks of at least a pageblock, isolated ones left out. */
function freePagesInBlocks(memory: Memory): number {
  let pages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    for (let order = PAGEBLOCK_ORDER; order <= MAX_ORDER; order++) {
      const at = zone * LISTS_PER_ZONE + order * MIGRATETYPES;
      for (let type = 0; type < ISOLATE; type++) pages += memory.freeCount[at + type] * 2 ** order;
    }
  }
  return pages;
}

function dirtyLimit(memory: Memory, ratio: number): number {
  const dirtyable = freePagesOf(memory) - memory.scalars[S_TOTAL_RESERVE] + pagesOfKind(memory, KIND_FILE);
  return Math.floor((Math.max(dirtyable, 0) * ratio) / 100);
}
