/**
 * Taking a free block off its list as it is, and putting it back: what compaction's free scanner, page reporting and
 * contiguous ranges do. Source: mm/page_alloc.c of Linux 6.12 (__isolate_free_page, __putback_isolated_page), as
 * described in the reference, section 1.15.
 *
 * A block that is taken is no free page of its zone. Its head carries TAG_COMPACT_FREE + order, the other frames stay
 * TAG_FREE; it is on no list.
 */
import { freeBlock, unlinkFreeBlock, accountFreePages } from './buddy.js';
import { ISOLATE, MERGEABLE_TYPES, MOVABLE, PAGEBLOCK_ORDER } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { retypePageblock } from './pageblock.js';
import { TAG_COMPACT_FREE, TAG_FREE } from '../layout/tags.js';
import { isWatermarkOk } from './watermark.js';
import { ZONE_FIELDS, Z_WMARK_MIN } from '../layout/zone-fields.js';

/**
 * Takes the free block of `order` that starts at `pfn` (it must be one); false when that would take the zone below its min
 * watermark, raised by the block and without boost. Blocks of half a pageblock and more turn their pageblocks movable.
 */
export function isolateFreeBlock(memory: Memory, pfn: number, order: number): boolean {
  const block = pfn >> PAGEBLOCK_ORDER;
  const zone = memory.blockZone[block];
  const type = memory.blockType[block];
  if (type !== ISOLATE) {
    const mark = memory.zones[zone * ZONE_FIELDS + Z_WMARK_MIN] + (1 << order);
    if (!isWatermarkOk(memory, zone, 0, mark, 0, 0)) return false;
  }
  unlinkFreeBlock(memory, zone, pfn, order, type);
  accountFreePages(memory, zone, type, -(1 << order));
  memory.tag[pfn] = TAG_COMPACT_FREE + order;
  if (order >= PAGEBLOCK_ORDER - 1) turnMovable(memory, block, order);
  return true;
}

/** Gives a block that isolateFreeBlock took back to the tail of its pageblock's list; nobody is told of it. */
export function putbackFreeBlock(memory: Memory, pfn: number, order: number): void {
  memory.tag[pfn] = TAG_FREE;
  freeBlock(memory, pfn, order, true);
}

function turnMovable(memory: Memory, firstBlock: number, order: number): void {
  const blocks = order > PAGEBLOCK_ORDER ? 1 << (order - PAGEBLOCK_ORDER) : 1;
  for (let block = firstBlock; block < firstBlock + blocks; block++) {
    const type = memory.blockType[block];
    if (type === MOVABLE || type >= MERGEABLE_TYPES) continue;
    if (order >= PAGEBLOCK_ORDER) memory.blockType[block] = MOVABLE;
    else retypePageblock(memory, block, MOVABLE);
  }
}
