/**
 * The binary buddy allocator of one zone, without policy: no watermark and no fallback is looked at here.
 *
 * A free block of order n at pfn p is marked at its first frame only: tag TAG_FREE_HEAD + n below order 9, else
 * blockFree[p >> 9] = n + 1. It is linked on free list (n, migratetype of its pageblock) of its zone, by frame node below
 * order 9, else by pageblock node.
 *
 * Between calls no two free buddies of the same order below 10 lie unmerged (but for pageblocks whose types may not
 * mix), freeCount equals the lengths of the lists, and Z_FREE the pages on lists that are not ISOLATE: auditMemory()
 * proves all three. Cost: O(MAX_ORDER) a call, no garbage.
 * Source: mm/page_alloc.c of Linux 6.12 (__free_one_page, __rmqueue_smallest, expand), as described in the reference.
 */
import {
  HIGHATOMIC,
  ISOLATE,
  LISTS_PER_ZONE,
  MAX_ORDER,
  MERGEABLE_TYPES,
  MIGRATETYPES,
  MOVABLE,
  NIL,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
} from '../layout/constants.js';
import {
  BLOCK_REPORTED,
  REPORTING_OFF,
  REPORTING_REQUESTED,
  S_CAPTURED,
  S_CAPTURE_ORDER,
  S_CAPTURE_TYPE,
  S_CAPTURE_ZONE,
  S_REPORTING,
  freeListNode,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { pushHead, pushTail, unlink } from './page-list.js';
import { TAG_COMPACT_FREE, TAG_FREE, TAG_FREE_HEAD } from '../layout/tags.js';
import { Z_FREE, Z_HIGHATOMIC_FREE, ZONE_FIELDS } from '../layout/zone-fields.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const BLOCK_PAGES = PAGEBLOCK_PAGES;
const TOP_ORDER = MAX_ORDER;
const TYPES = MIGRATETYPES;
const ZONE_LISTS = LISTS_PER_ZONE;
const MIXING_TYPES = MERGEABLE_TYPES;
const ISOLATED = ISOLATE;
const ATOMIC = HIGHATOMIC;
const NO_PAGE = NIL;
const FREE = TAG_FREE;
const FREE_HEAD = TAG_FREE_HEAD;
const ROW = ZONE_FIELDS;
const FREE_PAGES = Z_FREE;
const ATOMIC_PAGES = Z_HIGHATOMIC_FREE;
const REPORTED = BLOCK_REPORTED;
const REPORTING = S_REPORTING;
const OFF = REPORTING_OFF;
const REQUESTED = REPORTING_REQUESTED;
const CAPTURE_ZONE = S_CAPTURE_ZONE;
const CAPTURE_ORDER = S_CAPTURE_ORDER;

/** Adds `pages` (negative: takes away) to the zone's free page counts, as the migratetype asks. */
export function accountFreePages(memory: Memory, zone: number, type: number, pages: number): void {
  const { zones } = memory;
  const row = zone * ROW;
  if (type !== ISOLATED) zones[row + FREE_PAGES] += pages;
  if (type === ATOMIC) zones[row + ATOMIC_PAGES] += pages;
}

/** Marks and links a free block; counts blocks, not pages. */
export function linkFreeBlock(
  memory: Memory,
  zone: number,
  pfn: number,
  order: number,
  type: number,
  toTail: boolean,
): void {
  const list = order * TYPES + type;
  const sentinel = freeListNode(memory, zone, list);
  let node = pfn;
  if (order < BLOCK_ORDER) {
    memory.tag[pfn] = FREE_HEAD + order;
  } else {
    node = memory.spanPages + (pfn >> BLOCK_ORDER);
    memory.blockFree[pfn >> BLOCK_ORDER] = order + 1;
  }
  if (toTail) pushTail(memory.links, sentinel, node);
  else pushHead(memory.links, sentinel, node);
  memory.freeCount[zone * ZONE_LISTS + list]++;
}

/** Unmarks and unlinks a free block; counts blocks, not pages. */
export function unlinkFreeBlock(memory: Memory, zone: number, pfn: number, order: number, type: number): void {
  let node = pfn;
  if (order < BLOCK_ORDER) {
    memory.tag[pfn] = FREE;
  } else {
    node = memory.spanPages + (pfn >> BLOCK_ORDER);
    memory.blockFree[pfn >> BLOCK_ORDER] = 0;
    memory.blockFlags[pfn >> BLOCK_ORDER] &= ~REPORTED;
  }
  unlink(memory.links, node);
  memory.freeCount[zone * ZONE_LISTS + order * TYPES + type]--;
}

/** True when a free block of exactly `order` starts at `pfn`. */
export function isFreeHead(memory: Memory, pfn: number, order: number): boolean {
  return order < BLOCK_ORDER
    ? memory.tag[pfn] === FREE_HEAD + order
    : memory.blockFree[pfn >> BLOCK_ORDER] === order + 1 && (pfn & (BLOCK_PAGES - 1)) === 0;
}

/**
 * Gives 2^order frames at `pfn`, whose tags must be TAG_FREE already, to the free lists of their pageblock's type,
 * merging upwards while the buddy is free and whole.
 */
export function freeBlock(memory: Memory, pfn: number, order: number, toTail: boolean): void {
  const { tag, links, freeCount } = memory;
  const block = pfn >> BLOCK_ORDER;
  const zone = memory.blockZone[block];
  const type = memory.blockType[block];
  accountFreePages(memory, zone, type, 1 << order);

  const counts = zone * ZONE_LISTS + type;
  const wanted = memory.scalars[CAPTURE_ZONE] === zone + 1 ? memory.scalars[CAPTURE_ORDER] : NO_PAGE;
  while (order < BLOCK_ORDER) {
    if (order === wanted && capture(memory, zone, pfn, order, type)) return;
    const buddy = pfn ^ (1 << order);
    if (tag[buddy] !== FREE_HEAD + order) break;
    unlink(links, buddy);
    tag[buddy] = FREE;
    freeCount[counts + order * TYPES]--;
    pfn &= buddy; // the merged block starts at the lower of the two
    order++;
  }
  if (order >= BLOCK_ORDER) {
    if (order === wanted && order < TOP_ORDER && capture(memory, zone, pfn, order, type)) return;
    freeLargeBlock(memory, pfn, order, zone, type, toTail);
    return;
  }
  tag[pfn] = FREE_HEAD + order;
  freeCount[counts + order * TYPES]++;
  const sentinel = memory.sentinelBase + counts + order * TYPES;
  if (toTail || likelyToMerge(memory, zone, pfn, order)) pushTail(links, sentinel, pfn);
  else pushHead(links, sentinel, pfn);
}

/**
 * Hands a block that was just freed, or merged, to the task that compacts for it: true when it wanted this one. A small
 * request that cannot be moved does not get a part of a movable pageblock.
 */
function capture(memory: Memory, zone: number, pfn: number, order: number, type: number): boolean {
  const { scalars } = memory;
  if (scalars[S_CAPTURED] !== 0 || type === ISOLATED) return false;
  if (order < BLOCK_ORDER && type === MOVABLE && scalars[S_CAPTURE_TYPE] !== MOVABLE) return false;
  accountFreePages(memory, zone, type, -(1 << order));
  scalars[S_CAPTURED] = pfn + 1;
  memory.tag[pfn] = TAG_COMPACT_FREE + order; // until its task, which may sleep first, takes it
  return true;
}

/**
 * The rest of freeBlock for orders 9 and 10, where pageblocks meet; a block there never waits for a merge. Free page reporting
 * hears of it, but for blocks that are only put back.
 */
function freeLargeBlock(memory: Memory, pfn: number, order: number, zone: number, type: number, toTail: boolean): void {
  if (order === BLOCK_ORDER && absorbPageblockBuddy(memory, pfn, zone, type)) {
    pfn &= ~BLOCK_PAGES;
    order = TOP_ORDER;
  }
  linkFreeBlock(memory, zone, pfn, order, type, toTail);
  if (!toTail && memory.scalars[REPORTING] !== OFF) memory.scalars[REPORTING] = REQUESTED;
}

/**
 * Unlinks the order-9 buddy of the pageblock at `pfn` when the two may merge: same zone, and equal types or types that
 * mix. The buddy's pageblock then takes the freed block's type.
 */
function absorbPageblockBuddy(memory: Memory, pfn: number, zone: number, type: number): boolean {
  const buddy = (pfn ^ BLOCK_PAGES) >> BLOCK_ORDER;
  if (memory.blockFree[buddy] !== BLOCK_ORDER + 1 || memory.blockZone[buddy] !== zone) return false;
  const buddyType = memory.blockType[buddy];
  if (buddyType !== type && (type >= MIXING_TYPES || buddyType >= MIXING_TYPES)) return false;
  unlinkFreeBlock(memory, zone, buddy << BLOCK_ORDER, BLOCK_ORDER, buddyType);
  memory.blockType[buddy] = type;
  return true;
}

/**
 * True when the block (below order 9) would merge twice over once its busy buddy is freed: such a block goes to the tail,
 * to stay free a little longer.
 */
function likelyToMerge(memory: Memory, zone: number, pfn: number, order: number): boolean {
  const parent = pfn & ~(1 << order);
  const aunt = parent ^ (2 << order);
  if (order < BLOCK_ORDER - 1) return memory.tag[aunt] === FREE_HEAD + order + 1;
  return isFreeHead(memory, aunt, order + 1) && memory.blockZone[aunt >> BLOCK_ORDER] === zone;
}

/** First pfn of the free block at the head of list (order, type), or NO_PAGE. */
export function headOfFreeList(memory: Memory, zone: number, order: number, type: number): number {
  const sentinel = freeListNode(memory, zone, order * TYPES + type);
  const node = memory.links[2 * sentinel];
  if (node === sentinel) return NO_PAGE;
  return order < BLOCK_ORDER ? node : (node - memory.spanPages) << BLOCK_ORDER;
}

/**
 * Keeps the lowest 2^wantedOrder pages of 2^order unlinked pages at `pfn` and gives the rest to the lists of `type`: the
 * upper half of what is left each time, at the head.
 */
export function splitBlock(
  memory: Memory,
  zone: number,
  pfn: number,
  order: number,
  wantedOrder: number,
  type: number,
): void {
  while (order > wantedOrder) {
    order--;
    linkFreeBlock(memory, zone, pfn + (1 << order), order, type, false);
  }
  accountFreePages(memory, zone, type, -(1 << wantedOrder));
}

/** First pfn of 2^order pages off the lists of `type`, smallest sufficient block first, or NIL. Tags stay TAG_FREE. */
export function takeSmallest(memory: Memory, zone: number, order: number, type: number): number {
  const { links, tag, freeCount, sentinelBase } = memory;
  let list = zone * ZONE_LISTS + order * TYPES + type;
  for (let found = order; found < BLOCK_ORDER; found++, list += TYPES) {
    const pfn = links[2 * (sentinelBase + list)];
    if (pfn === sentinelBase + list) continue;
    unlink(links, pfn);
    tag[pfn] = FREE;
    freeCount[list]--;
    while (found > order) {
      found--;
      list -= TYPES;
      const upper = pfn + (1 << found);
      tag[upper] = FREE_HEAD + found;
      pushHead(links, sentinelBase + list, upper);
      freeCount[list]++;
    }
    accountFreePages(memory, zone, type, -(1 << order));
    return pfn;
  }
  return takeLarge(memory, zone, order, type);
}

/** takeSmallest for when only blocks of order 9 and 10 are left. */
function takeLarge(memory: Memory, zone: number, order: number, type: number): number {
  for (let found = Math.max(order, BLOCK_ORDER); found <= TOP_ORDER; found++) {
    const pfn = headOfFreeList(memory, zone, found, type);
    if (pfn === NO_PAGE) continue;
    unlinkFreeBlock(memory, zone, pfn, found, type);
    splitBlock(memory, zone, pfn, found, order, type);
    return pfn;
  }
  return NO_PAGE;
}
