/**
 * How fragmented a zone's free memory is, for blocks of one order. Source: mm/vmstat.c of Linux 6.12
 * (__fragmentation_index, unusable_free_index). Both are thousandths, as the kernel keeps them.
 */
import { LISTS_PER_ZONE, MIGRATETYPES, ORDERS } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';

/** Free blocks of `order` in the zone, over all migratetypes: nr_free. */
export function freeBlocks(memory: Memory, zone: number, order: number): number {
  const at = zone * LISTS_PER_ZONE + order * MIGRATETYPES;
  let blocks = 0;
  for (let type = 0; type < MIGRATETYPES; type++) blocks += memory.freeCount[at + type];
  return blocks;
}

/**
 * Why a block of `order` would not be found: towards 0 for lack of memory, towards 1000 for fragmentation; −1000 when one is
 * free. May go below 0 for few large blocks.
 */
export function fragmentationIndex(memory: Memory, zone: number, order: number): number {
  const { free, blocks, suitable } = countBlocks(memory, zone, order);
  if (blocks === 0) return 0;
  if (suitable > 0) return -1000;
  return 1000 - Math.trunc((1000 + Math.trunc((free * 1000) / 2 ** order)) / blocks);
}

/** Share of free memory that lies in blocks below `order`: 0 … 1000; 1000 when nothing is free. */
export function unusableIndex(memory: Memory, zone: number, order: number): number {
  const { free, suitable } = countBlocks(memory, zone, order);
  if (free === 0) return 1000;
  return Math.trunc(((free - suitable * 2 ** order) * 1000) / free);
}

/** Free pages, free blocks, and blocks of `order` that the free memory of at least that order holds. */
function countBlocks(memory: Memory, zone: number, order: number): { free: number; blocks: number; suitable: number } {
  let free = 0;
  let blocks = 0;
  let suitable = 0;
  for (let at = 0; at < ORDERS; at++) {
    const count = freeBlocks(memory, zone, at);
    blocks += count;
    free += count * 2 ** at;
    if (at >= order) suitable += count * 2 ** (at - order);
  }
  return { free, blocks, suitable };
}
