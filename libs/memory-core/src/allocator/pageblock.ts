/**
 * Pageblocks as a whole: what lies in one, and moving its free blocks from one migratetype's lists to another's.
 */
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { accountFreePages, linkFreeBlock, unlinkFreeBlock } from './buddy.js';
import type { Memory } from '../layout/memory.js';
import { isMovableTag } from '../layout/owner-fields.js';
import { TAG_FREE, TAG_FREE_HEAD } from '../layout/tags.js';
import { Z_END, Z_START, ZONE_FIELDS } from '../layout/zone-fields.js';

/** What a pageblock without a free block of order 9 or more holds, in pages. */
export interface PageblockContent {
  /** In free blocks. */
  freePages: number;
  /** In use and movable: LRU pages, and balloon pages where balloon compaction is configured. */
  movablePages: number;
}

/** True when the pageblock lies wholly inside its zone: only then may it change its type while in use. */
export function isWholePageblock(memory: Memory, block: number): boolean {
  const row = memory.blockZone[block] * ZONE_FIELDS;
  const startPfn = block << PAGEBLOCK_ORDER;
  return startPfn >= memory.zones[row + Z_START] && startPfn + PAGEBLOCK_PAGES <= memory.zones[row + Z_END];
}

/** Counts the pageblock's pages into `content`. Cost: at most 512 frames. */
export function countPageblock(memory: Memory, block: number, content: PageblockContent): void {
  const { tag } = memory;
  const end = (block + 1) << PAGEBLOCK_ORDER;
  let freePages = 0;
  let movablePages = 0;
  for (let pfn = block << PAGEBLOCK_ORDER; pfn < end;) {
    const state = tag[pfn];
    if (state >= TAG_FREE_HEAD && state < TAG_FREE_HEAD + PAGEBLOCK_ORDER) {
      freePages += 1 << (state - TAG_FREE_HEAD);
      pfn += 1 << (state - TAG_FREE_HEAD);
      continue;
    }
    if (state !== TAG_FREE && isMovableTag(memory, state)) movablePages++;
    pfn++;
  }
  content.freePages = freePages;
  content.movablePages = movablePages;
}

/**
 * Gives the pageblock a new migratetype and moves its free blocks (all below order 9) to that type's lists, each to the
 * tail. Returns the pages moved. Cost: at most 512 frames.
 */
export function retypePageblock(memory: Memory, block: number, type: number): number {
  const { tag } = memory;
  const zone = memory.blockZone[block];
  const oldType = memory.blockType[block];
  const end = (block + 1) << PAGEBLOCK_ORDER;
  let moved = 0;
  for (let pfn = block << PAGEBLOCK_ORDER; pfn < end;) {
    const state = tag[pfn];
    if (state < TAG_FREE_HEAD || state >= TAG_FREE_HEAD + PAGEBLOCK_ORDER) {
      pfn++;
      continue;
    }
    const order = state - TAG_FREE_HEAD;
    unlinkFreeBlock(memory, zone, pfn, order, oldType);
    linkFreeBlock(memory, zone, pfn, order, type, true);
    moved += 1 << order;
    pfn += 1 << order;
  }
  accountFreePages(memory, zone, oldType, -moved);
  accountFreePages(memory, zone, type, moved);
  memory.blockType[block] = type;
  return moved;
}
