/**
 * What happens when a migratetype's own lists cannot serve a request: take over a whole pageblock of another type, or
 * just one block out of it. Source: mm/page_alloc.c, __rmqueue_fallback and steal_suitable_fallback of Linux 6.12;
 * __rmqueue_claim and __rmqueue_steal of 6.15 and later, as described in the reference.
 *
 * One invariant is kept in all profiles (the kernel has it from 6.10): a free block is on the list of its pageblock's type.
 * Grouping by mobility is always on: the kernel gives it up only below 10 MiB.
 */
import { headOfFreeList, splitBlock, takeSmallest, unlinkFreeBlock } from './buddy.js';
import {
  MAX_ORDER,
  MOVABLE,
  NIL,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  RECLAIMABLE,
  UNMOVABLE,
} from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { countPageblock, isWholePageblock, retypePageblock } from './pageblock.js';
import type { PageblockContent } from './pageblock.js';
import { ALLOC_KSWAPD, ALLOC_NOFRAGMENT, boostWatermark } from './watermark.js';
import { ZONE_FIELDS, Z_BOOSTED } from '../layout/zone-fields.js';

/** Other types to try, in this order; first row: for UNMOVABLE. */
const FIRST_FALLBACK = [RECLAIMABLE, RECLAIMABLE, UNMOVABLE] as const;
const SECOND_FALLBACK = [MOVABLE, UNMOVABLE, MOVABLE] as const;

/** 2^order pages of the zone off the lists of `type`, else off those of others, or NIL; no watermark is asked. */
export function takeBlock(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  const pfn = takeSmallest(memory, zone, order, type);
  return pfn !== NIL ? pfn : takeFallback(memory, zone, order, type, rights);
}

/** 2^order pages of another type for a request of `type`, or NIL. Tags stay TAG_FREE. */
export function takeFallback(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  if (!memory.rules.claimThenSteal) return stealOrClaim(memory, zone, order, type, rights);
  const claimed = claim(memory, zone, order, type, rights);
  if (claimed !== NIL || (rights & ALLOC_NOFRAGMENT) !== 0) return claimed;
  return steal(memory, zone, order, type);
}

/** The fallback type that has a block of `order`, or NIL. */
function fallbackTypeAt(memory: Memory, zone: number, order: number, type: number): number {
  const first = FIRST_FALLBACK[type];
  if (headOfFreeList(memory, zone, order, first) !== NIL) return first;
  const second = SECOND_FALLBACK[type];
  return headOfFreeList(memory, zone, order, second) !== NIL ? second : NIL;
}

/** Is taking over a whole pageblock sensible when its free block has `order`? */
function mayClaim(order: number, type: number): boolean {
  return order >= PAGEBLOCK_ORDER >> 1 || type !== MOVABLE;
}

function smallestFallbackOrder(order: number, rights: number): number {
  return (rights & ALLOC_NOFRAGMENT) !== 0 && order < PAGEBLOCK_ORDER ? PAGEBLOCK_ORDER : order;
}

/** Up to 6.14: the largest foreign block, or the smallest when a movable request could not claim the largest. */
function stealOrClaim(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  const smallest = smallestFallbackOrder(order, rights);
  for (let found = MAX_ORDER; found >= smallest; found--) {
    const donor = fallbackTypeAt(memory, zone, found, type);
    if (donor === NIL) continue;
    if (mayClaim(found, type)) {
      const claimed = claimPageblock(memory, zone, found, order, type, rights);
      return claimed !== NIL ? claimed : takeBlockOf(memory, zone, found, order, donor);
    }
    // Only a movable request gets here: better break a small block than a large one.
    const taken = smallestForeignOrder(memory, zone, order, type);
    boost(memory, zone, rights);
    return takeBlockOf(memory, zone, taken, order, fallbackTypeAt(memory, zone, taken, type));
  }
  return NIL;
}

/** Order of the smallest foreign block that can serve `order`; there must be one. */
function smallestForeignOrder(memory: Memory, zone: number, order: number, type: number): number {
  let found = order;
  while (fallbackTypeAt(memory, zone, found, type) === NIL) found++;
  return found;
}

/** From 6.15: the largest foreign blocks first, each with an attempt to claim its pageblock. */
function claim(memory: Memory, zone: number, order: number, type: number, rights: number): number {
  const smallest = smallestFallbackOrder(order, rights);
  for (let found = MAX_ORDER; found >= smallest && mayClaim(found, type); found--) {
    if (fallbackTypeAt(memory, zone, found, type) === NIL) continue;
    const claimed = claimPageblock(memory, zone, found, order, type, rights);
    if (claimed !== NIL) return claimed;
  }
  return NIL;
}

/** From 6.15: the smallest foreign block; what is left of it stays the donor's. */
function steal(memory: Memory, zone: number, order: number, type: number): number {
  for (let found = order; found <= MAX_ORDER; found++) {
    const donor = fallbackTypeAt(memory, zone, found, type);
    if (donor !== NIL) return takeBlockOf(memory, zone, found, order, donor);
  }
  return NIL;
}

/**
 * Turns the pageblock of the first foreign block of order `found` over to `type` and takes 2^order pages, or NIL when too
 * little of the pageblock is free or alike. A block of pageblock order or more changes hands without a question.
 */
function claimPageblock(
  memory: Memory,
  zone: number,
  found: number,
  order: number,
  type: number,
  rights: number,
): number {
  const donor = fallbackTypeAt(memory, zone, found, type);
  const pfn = headOfFreeList(memory, zone, found, donor);
  const block = pfn >> PAGEBLOCK_ORDER;
  if (found >= PAGEBLOCK_ORDER) {
    unlinkFreeBlock(memory, zone, pfn, found, donor);
    memory.blockType.fill(type, block, block + (1 << (found - PAGEBLOCK_ORDER)));
    splitBlock(memory, zone, pfn, found, order, type);
    return pfn;
  }
  boost(memory, zone, rights);
  if (!isWholePageblock(memory, block)) return NIL;
  const content: PageblockContent = { freePages: 0, movablePages: 0 };
  countPageblock(memory, block, content);
  const enough = content.freePages + compatiblePages(content, type, donor) >= PAGEBLOCK_PAGES >> 1;
  if (!enough) return NIL;
  retypePageblock(memory, block, type);
  return takeSmallest(memory, zone, order, type);
}

/** Pages in use that suit a pageblock of `type`; what is neither free nor movable is known to suit only a non-movable one. */
function compatiblePages(content: PageblockContent, type: number, donor: number): number {
  if (type === MOVABLE) return content.movablePages;
  return donor === MOVABLE ? PAGEBLOCK_PAGES - content.freePages - content.movablePages : 0;
}

function takeBlockOf(memory: Memory, zone: number, found: number, order: number, donor: number): number {
  const pfn = headOfFreeList(memory, zone, found, donor);
  unlinkFreeBlock(memory, zone, pfn, found, donor);
  splitBlock(memory, zone, pfn, found, order, donor);
  return pfn;
}

/** Mixing types in a pageblock makes fragmentation: have kswapd free more than usual. */
function boost(memory: Memory, zone: number, rights: number): void {
  if (boostWatermark(memory, zone) && (rights & ALLOC_KSWAPD) !== 0) {
    memory.zones[zone * ZONE_FIELDS + Z_BOOSTED] = 1;
  }
}
