/**
 * One reading of a memory: what dashboards, statistics queues and policies ask for. Everything is in pages of 4 KiB.
 */
import {
  MIGRATETYPES,
  MIGRATETYPE_NAMES,
  ORDERS,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  ZONE_TYPE_NAMES,
} from '../layout/constants.js';
import type { ZoneName } from '../layout/constants.js';
import { freeBlocks } from '../compaction/fragmentation.js';
import { populatedZones } from './zone-names.js';
import {
  DEVICE_FIELDS,
  OWNER_FIELDS,
  S_RESIDENT,
  S_SWAP_USED,
  S_TOTAL_RAM,
  S_TOTAL_RESERVE,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { PCP_FIELDS, P_COUNT } from '../layout/pcp-fields.js';
import { pagesOfKind } from '../owner-pages/kind-sums.js';
import {
  KIND_ANON,
  KIND_FILE,
  KIND_KERNEL,
  KIND_PAGE_TABLE,
  KIND_SLAB_RECLAIMABLE,
  KIND_SLAB_UNRECLAIMABLE,
  O_KIND_PLUS_ONE,
  O_PAGES,
} from '../layout/owner-fields.js';
import { MAX_BALLOON_DEVICES, MAX_OWNERS, TAG_OFFLINE } from '../layout/tags.js';
import {
  ZONE_FIELDS,
  Z_BOOST,
  Z_END,
  Z_FREE,
  Z_MANAGED,
  Z_NODE,
  Z_PRESENT,
  Z_START,
  Z_TYPE,
  Z_WMARK_HIGH,
  Z_WMARK_LOW,
  Z_WMARK_MIN,
} from '../layout/zone-fields.js';

export interface MemoryUsage {
  /** MemTotal: managed pages of all zones. */
  readonly totalPages: number;
  /** MemFree: without the pages on per-CPU lists. */
  readonly freePages: number;
  /** Free, and on the per-CPU lists. */
  readonly perCpuPages: number;
  /** MemAvailable: free memory plus what reclaim could free without swapping, minus the reserves. */
  readonly availablePages: number;
  readonly anonPages: number;
  readonly filePages: number;
  readonly slabReclaimablePages: number;
  readonly slabUnreclaimablePages: number;
  readonly pageTablePages: number;
  /** Other kernel memory that was allocated after boot. */
  readonly kernelPages: number;
  /** In balloons: listed and isolated pages of all devices. */
  readonly balloonPages: number;
  /** Slots of the swap device, and those in use. */
  readonly swapTotalPages: number;
  readonly swapUsedPages: number;
  /** Pages the host holds for this guest. */
  readonly residentPages: number;
  readonly zones: readonly ZoneUsage[];
}

export interface ZoneUsage {
  readonly node: number;
  readonly name: ZoneName;
  readonly startPfn: number;
  readonly spannedPages: number;
  readonly presentPages: number;
  readonly managedPages: number;
  readonly freePages: number;
  /** As the watermark test uses them: boost included. */
  readonly watermarks: {
    readonly minPages: number;
    readonly lowPages: number;
    readonly highPages: number;
    readonly boostPages: number;
  };
  /** Free blocks of order 0 … 10. */
  readonly nrFree: readonly number[];
  readonly pageblocks: readonly { readonly migratetype: string; readonly count: number }[];
}

export function readUsage(memory: Memory): MemoryUsage {
  const { scalars } = memory;
  return {
    totalPages: scalars[S_TOTAL_RAM],
    freePages: freePagesOf(memory),
    perCpuPages: perCpuPagesOf(memory),
    availablePages: availablePages(memory),
    anonPages: pagesOfKind(memory, KIND_ANON),
    filePages: pagesOfKind(memory, KIND_FILE),
    slabReclaimablePages: pagesOfKind(memory, KIND_SLAB_RECLAIMABLE),
    slabUnreclaimablePages: pagesOfKind(memory, KIND_SLAB_UNRECLAIMABLE),
    pageTablePages: pagesOfKind(memory, KIND_PAGE_TABLE),
    kernelPages: pagesOfKind(memory, KIND_KERNEL),
    balloonPages: allBalloonPages(memory),
    swapTotalPages: memory.config.swapPages,
    swapUsedPages: scalars[S_SWAP_USED],
    residentPages: scalars[S_RESIDENT],
    zones: populatedZones(memory).map((zone) => readZone(memory, zone)),
  };
}

/** Free pages of all zones: NR_FREE_PAGES. */
export function freePagesOf(memory: Memory): number {
  let pages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) pages += memory.zones[zone * ZONE_FIELDS + Z_FREE];
  return pages;
}

/** Pages of programs and of the page cache. */
export function lruPagesOf(memory: Memory): { readonly anonPages: number; readonly filePages: number } {
  const { anonPages, filePages } = reclaimablePagesOf(memory);
  return { anonPages, filePages };
}

/** Pages of each kind that reclaim may take. */
export function reclaimablePagesOf(memory: Memory): {
  readonly anonPages: number;
  readonly filePages: number;
  readonly slabReclaimablePages: number;
} {
  const { owners } = memory;
  let anonPages = 0;
  let filePages = 0;
  let slabReclaimablePages = 0;
  for (let row = 0; row < MAX_OWNERS * OWNER_FIELDS; row += OWNER_FIELDS) {
    const kind = owners[row + O_KIND_PLUS_ONE] - 1;
    if (kind === KIND_ANON) anonPages += owners[row + O_PAGES];
    else if (kind === KIND_FILE) filePages += owners[row + O_PAGES];
    else if (kind === KIND_SLAB_RECLAIMABLE) slabReclaimablePages += owners[row + O_PAGES];
  }
  return { anonPages, filePages, slabReclaimablePages };
}

/** Pages the host holds for this guest. */
export function residentPagesOf(memory: Memory): number {
  return memory.scalars[S_RESIDENT];
}

/** Pages on the per-CPU lists of all zones and CPUs. */
export function perCpuPagesOf(memory: Memory): number {
  let pages = 0;
  for (let row = 0; row < memory.pcp.length; row += PCP_FIELDS) pages += memory.pcp[row + P_COUNT];
  return pages;
}

/** Listed and isolated pages of all balloon devices. */
export function allBalloonPages(memory: Memory): number {
  let pages = 0;
  for (let row = 0; row < MAX_BALLOON_DEVICES * DEVICE_FIELDS; row += DEVICE_FIELDS) {
    pages += memory.devices[row + 1] + memory.devices[row + 2];
  }
  return pages;
}

/** MemAvailable as si_mem_available() of mm/show_mem.c estimates it. */
export function availablePages(memory: Memory, reclaimable = reclaimablePagesOf(memory)): number {
  let low = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    low += memory.zones[zone * ZONE_FIELDS + Z_WMARK_LOW] + memory.zones[zone * ZONE_FIELDS + Z_BOOST];
  }
  const { filePages: file, slabReclaimablePages: slab } = reclaimable;
  const usable = (pages: number): number => pages - Math.min(Math.floor(pages / 2), low);
  const available = freePagesOf(memory) - memory.scalars[S_TOTAL_RESERVE] + usable(file) + usable(slab);
  return Math.max(available, 0);
}

/** Pageblocks of each migratetype in the zone, by migratetype, those that are offline left out. Cost: one step a pageblock. */
export function countPageblocks(memory: Memory, zone: number): number[] {
  const { zones, blockType, blockZone, tag } = memory;
  const row = zone * ZONE_FIELDS;
  const counts = new Array<number>(MIGRATETYPES).fill(0);
  const end = Math.ceil(zones[row + Z_END] / PAGEBLOCK_PAGES);
  for (let block = zones[row + Z_START] >> PAGEBLOCK_ORDER; block < end; block++) {
    if (blockZone[block] !== zone || tag[block << PAGEBLOCK_ORDER] === TAG_OFFLINE) continue;
    counts[blockType[block]]++;
  }
  return counts;
}

function readZone(memory: Memory, zone: number): ZoneUsage {
  const row = memory.zones.subarray(zone * ZONE_FIELDS, (zone + 1) * ZONE_FIELDS);
  const boost = row[Z_BOOST];
  return {
    node: row[Z_NODE],
    name: ZONE_TYPE_NAMES[row[Z_TYPE]],
    startPfn: row[Z_START],
    spannedPages: row[Z_END] - row[Z_START],
    presentPages: row[Z_PRESENT],
    managedPages: row[Z_MANAGED],
    freePages: row[Z_FREE],
    watermarks: {
      minPages: row[Z_WMARK_MIN] + boost,
      lowPages: row[Z_WMARK_LOW] + boost,
      highPages: row[Z_WMARK_HIGH] + boost,
      boostPages: boost,
    },
    nrFree: Array.from({ length: ORDERS }, (_, order) => freeBlocks(memory, zone, order)),
    pageblocks: countPageblocks(memory, zone).map((count, type) => ({ migratetype: MIGRATETYPE_NAMES[type], count })),
  };
}
