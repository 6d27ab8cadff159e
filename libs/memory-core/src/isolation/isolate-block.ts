/**
 * One pageblock set aside: its free pages lie on ISOLATE lists, where nobody allocates from, and what is freed in it joins
 * them. Source: mm/page_isolation.c of Linux 6.12 (set_migratetype_isolate, unset_migratetype_isolate,
 * has_unmovable_pages), as described in the reference, §5.1.
 */
import { accountFreePages, freeBlock, isFreeHead, linkFreeBlock, unlinkFreeBlock } from '../allocator/buddy.js';
import { isolateFreeBlock, putbackFreeBlock } from '../allocator/isolate-free.js';
import { retypePageblock } from '../allocator/pageblock.js';
import { ISOLATE, MAX_ORDER, MOVABLE, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, ZONE_MOVABLE } from '../layout/constants.js';
import { EBUSY } from '../layout/errno.js';
import type { Memory } from '../layout/memory.js';
import { isMovableTag } from '../layout/owner-fields.js';
import {
  MAX_BALLOON_DEVICES,
  TAG_ALLOCATED,
  TAG_BALLOON_ISOLATED,
  TAG_DEFLATED,
  TAG_HOLE,
  TAG_OFFLINE,
  TAG_OWNER,
  TAG_OWNER_ISOLATED,
  TAG_RESERVED,
  isBalloonTag,
} from '../layout/tags.js';
import { ZONE_FIELDS, Z_ISOLATED_BLOCKS, Z_TYPE } from '../layout/zone-fields.js';

/** What the isolation is for: memory that goes offline may hold balloon pages that cannot move yet. */
export type IsolationMode = 'OFFLINE' | 'OTHER';

/**
 * The migratetype that a pageblock had before it was isolated, in its flags: bits 4 … 6. Releases that keep no such bits of
 * their own are told it by the caller, who says MOVABLE.
 */
const FORMER_TYPE_SHIFT = 4;
const FORMER_TYPE_BITS = 0x70;

/**
 * Isolates the pageblock, if none of its frames in [startPfn, endPfn) stands in the way: 0, or −EBUSY with nothing changed.
 */
export function isolatePageblock(
  memory: Memory,
  block: number,
  mode: IsolationMode,
  startPfn: number,
  endPfn: number,
): number {
  const type = memory.blockType[block];
  if (type === ISOLATE || hasUnmovablePage(memory, block, mode, startPfn, endPfn)) return -EBUSY;
  const kept = memory.rules.isolationKeepsType ? type : MOVABLE;
  memory.blockFlags[block] = (memory.blockFlags[block] & ~FORMER_TYPE_BITS) | (kept << FORMER_TYPE_SHIFT);
  changeType(memory, block, ISOLATE);
  memory.zones[memory.blockZone[block] * ZONE_FIELDS + Z_ISOLATED_BLOCKS]++;
  return 0;
}

/** Gives the pageblock its former type back; nothing happens when it is not isolated. */
export function unisolatePageblock(memory: Memory, block: number): void {
  if (memory.blockType[block] !== ISOLATE) return;
  const type = (memory.blockFlags[block] & FORMER_TYPE_BITS) >> FORMER_TYPE_SHIFT;
  memory.blockFlags[block] &= ~FORMER_TYPE_BITS;
  memory.zones[memory.blockZone[block] * ZONE_FIELDS + Z_ISOLATED_BLOCKS]--;
  const pfn = block << PAGEBLOCK_ORDER;
  // A whole pageblock whose buddy is free could not merge with it meanwhile: it is taken off and freed again.
  if (isFreeHead(memory, pfn, PAGEBLOCK_ORDER) && memory.blockType[block ^ 1] !== ISOLATE) {
    isolateFreeBlock(memory, pfn, PAGEBLOCK_ORDER);
    memory.blockType[block] = type;
    putbackFreeBlock(memory, pfn, PAGEBLOCK_ORDER);
  } else {
    changeType(memory, block, type);
  }
}

/** Moves the pageblock's free pages to the lists of `type`; a larger free block that it lies in is cut first. */
function changeType(memory: Memory, block: number, type: number): void {
  const zone = memory.blockZone[block];
  const oldType = memory.blockType[block];
  const first = block & ~1;
  if (isFreeHead(memory, first << PAGEBLOCK_ORDER, MAX_ORDER)) {
    unlinkFreeBlock(memory, zone, first << PAGEBLOCK_ORDER, MAX_ORDER, oldType);
    accountFreePages(memory, zone, oldType, -2 * PAGEBLOCK_PAGES);
    memory.blockType[block] = type;
    // Of different types now, the halves stay apart.
    for (const half of [first, first + 1]) freeBlock(memory, half << PAGEBLOCK_ORDER, PAGEBLOCK_ORDER, false);
  } else if (isFreeHead(memory, block << PAGEBLOCK_ORDER, PAGEBLOCK_ORDER)) {
    unlinkFreeBlock(memory, zone, block << PAGEBLOCK_ORDER, PAGEBLOCK_ORDER, oldType);
    accountFreePages(memory, zone, oldType, -PAGEBLOCK_PAGES);
    memory.blockType[block] = type;
    linkFreeBlock(memory, zone, block << PAGEBLOCK_ORDER, PAGEBLOCK_ORDER, type, true);
    accountFreePages(memory, zone, type, PAGEBLOCK_PAGES);
  } else {
    retypePageblock(memory, block, type);
  }
}

/** True when a frame of the pageblock within [startPfn, endPfn) can neither be moved nor ignored. */
function hasUnmovablePage(
  memory: Memory,
  block: number,
  mode: IsolationMode,
  startPfn: number,
  endPfn: number,
): boolean {
  const { tag } = memory;
  const inMovable = memory.zones[memory.blockZone[block] * ZONE_FIELDS + Z_TYPE] === ZONE_MOVABLE;
  const end = Math.min(endPfn, (block + 1) << PAGEBLOCK_ORDER);
  for (let pfn = Math.max(startPfn, block << PAGEBLOCK_ORDER); pfn < end; pfn++) {
    const state = tag[pfn];
    if (state === TAG_RESERVED || state === TAG_HOLE || state === TAG_OFFLINE) return true;
    if (!inMovable && isInTheWay(memory, state, mode)) return true;
  }
  return false;
}

function isInTheWay(memory: Memory, state: number, mode: IsolationMode): boolean {
  if (state === TAG_ALLOCATED || state === TAG_OWNER_ISOLATED) return true;
  // Its driver has it in hand; up to 6.19 it is not even marked any more.
  if (state === TAG_DEFLATED) return mode !== 'OFFLINE' || !memory.rules.offlineUntilFreed;
  if (isBalloonTag(state)) return mode !== 'OFFLINE' && !memory.config.balloonCompaction;
  if (state >= TAG_BALLOON_ISOLATED && state < TAG_BALLOON_ISOLATED + MAX_BALLOON_DEVICES) return false;
  return state >= TAG_OWNER && !isMovableTag(memory, state);
}
