/**
 * The reserve for atomic requests of high order: whole pageblocks whose free blocks nobody else is given.
 * Source: mm/page_alloc.c of Linux 6.12 (reserve_highatomic_pageblock, unreserve_highatomic_pageblock), as described in the
 * reference, section 1.12.
 */
import { HIGHATOMIC, MAX_ORDER, MERGEABLE_TYPES, NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_HIGHATOMIC_RESERVED, Z_MANAGED } from '../layout/zone-fields.js';
import { accountFreePages, headOfFreeList, linkFreeBlock, unlinkFreeBlock } from './buddy.js';
import { isWholePageblock, retypePageblock } from './pageblock.js';

/** The reserve stays below 1 % of the zone, rounded up to whole pageblocks. */
const ZONE_SHARE = 100;

/** Sets the pageblock of the block at `pfn` aside after an atomic request of high order was served with it. */
export function reserveHighatomic(memory: Memory, zone: number, pfn: number, order: number): void {
  const row = zone * ZONE_FIELDS;
  const share = Math.floor(memory.zones[row + Z_MANAGED] / ZONE_SHARE);
  if (share < PAGEBLOCK_PAGES) return;
  const most = Math.ceil(share / PAGEBLOCK_PAGES) * PAGEBLOCK_PAGES;
  if (memory.zones[row + Z_HIGHATOMIC_RESERVED] >= most) return;
  const block = pfn >> PAGEBLOCK_ORDER;
  if (memory.blockType[block] >= MERGEABLE_TYPES || !isWholePageblock(memory, block)) return;
  if (order < PAGEBLOCK_ORDER) retypePageblock(memory, block, HIGHATOMIC);
  else memory.blockType.fill(HIGHATOMIC, block, block + (1 << (order - PAGEBLOCK_ORDER)));
  memory.zones[row + Z_HIGHATOMIC_RESERVED] += Math.max(PAGEBLOCK_PAGES, 1 << order);
}

/**
 * Gives one reserved pageblock with a free block in it to `type`, from the first zone of `list` that has one; the last
 * pageblock of a zone only when `force`. True when there was one with free pages.
 */
export function unreserveHighatomic(memory: Memory, list: Int32Array, type: number, force: boolean): boolean {
  for (let at = 0; at < list.length; at++) {
    const zone = list[at];
    const reserved = zone * ZONE_FIELDS + Z_HIGHATOMIC_RESERVED;
    if (!force && memory.zones[reserved] <= PAGEBLOCK_PAGES) continue;
    for (let order = 0; order <= MAX_ORDER; order++) {
      const pfn = headOfFreeList(memory, zone, order, HIGHATOMIC);
      if (pfn === NIL) continue;
      const pages = Math.max(PAGEBLOCK_PAGES, 1 << order);
      memory.zones[reserved] -= Math.min(pages, memory.zones[reserved]);
      giveTo(memory, zone, pfn, order, type);
      return true;
    }
  }
  return false;
}

function giveTo(memory: Memory, zone: number, pfn: number, order: number, type: number): void {
  const block = pfn >> PAGEBLOCK_ORDER;
  if (order < PAGEBLOCK_ORDER) {
    retypePageblock(memory, block, type);
    return;
  }
  unlinkFreeBlock(memory, zone, pfn, order, HIGHATOMIC);
  accountFreePages(memory, zone, HIGHATOMIC, -(1 << order));
  memory.blockType.fill(type, block, block + (1 << (order - PAGEBLOCK_ORDER)));
  linkFreeBlock(memory, zone, pfn, order, type, true);
  accountFreePages(memory, zone, type, 1 << order);
}
