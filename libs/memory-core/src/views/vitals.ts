/** The few figures of a memory that hosts and policies watch all the time: a hundredth of what readUsage and vmstat cost. */
import { MIGRATETYPES, LISTS_PER_ZONE, ORDERS, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EV_OOM_KILL } from '../layout/events.js';
import { S_SWAP_USED, S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_BOOST, Z_WMARK_LOW } from '../layout/zone-fields.js';
import { availablePages, freePagesOf, reclaimablePagesOf } from './usage.js';

/** Pages; the names as in MemoryUsage. */
export interface MemoryVitals {
  readonly totalPages: number;
  readonly freePages: number;
  readonly availablePages: number;
  readonly anonPages: number;
  readonly filePages: number;
  readonly swapUsedPages: number;
  /** Of all zones, boost included. */
  readonly lowWatermarkPages: number;
  /** Share of all free memory in blocks below 2 MiB; 1 when nothing is free. */
  readonly unusableIndex9Ratio: number;
  /** Programs killed for want of memory since boot. */
  readonly oomKills: number;
}

export function memoryVitals(memory: Memory): MemoryVitals {
  const { zones, scalars } = memory;
  let lowWatermarkPages = 0;
  for (let row = 0; row < zones.length; row += ZONE_FIELDS)
    lowWatermarkPages += zones[row + Z_WMARK_LOW] + zones[row + Z_BOOST];
  const freePages = freePagesOf(memory);
  const reclaimable = reclaimablePagesOf(memory);
  return {
    totalPages: scalars[S_TOTAL_RAM],
    freePages,
    availablePages: availablePages(memory, reclaimable),
    anonPages: reclaimable.anonPages,
    filePages: reclaimable.filePages,
    swapUsedPages: scalars[S_SWAP_USED],
    lowWatermarkPages,
    unusableIndex9Ratio: freePages === 0 ? 1 : 1 - pagesInHugeBlocks(memory) / freePages,
    oomKills: memory.events[EV_OOM_KILL],
  };
}

/** Free pages in blocks that hold a huge page. */
function pagesInHugeBlocks(memory: Memory): number {
  let pages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    for (let order = PAGEBLOCK_ORDER; order < ORDERS; order++) {
      const list = zone * LISTS_PER_ZONE + order * MIGRATETYPES;
      for (let type = 0; type < MIGRATETYPES; type++) pages += memory.freeCount[list + type] << order;
    }
  }
  return pages;
}
