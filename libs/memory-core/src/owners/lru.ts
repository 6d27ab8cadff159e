/**
 * The two lists of an owner, as the kernel keeps them for each memory cgroup and kind of page: list 0 is inactive, list 1
 * active, newest at the head. One bit a frame says on which of them a page is. A huge page is one node and 512 pages.
 *
 * New pages start inactive; an anonymous page that is used again is activated at once (the kernel sees its accessed bit when
 * it scans), a file page when it is read again after reclaim has dropped it. Reclaim takes from the inactive tail and
 * refills that list from the active tail.
 */
import { pushHead, unlink } from '../allocator/page-list.js';
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { BLOCK_HUGE, OWNER_FIELDS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { O_ACTIVE } from './owner-kind.js';

export const INACTIVE = 0;
export const ACTIVE = 1;

// Re-bound for the loops over pages: an imported constant costs a load and two checks at each use.
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const HUGE = BLOCK_HUGE;
const ROW = OWNER_FIELDS;
const ACTIVE_PAGES = O_ACTIVE;

/** Order of the owner's page that starts at `pfn`: 0 or, for a huge page, 9. */
export function ownerPageOrder(memory: Memory, pfn: number): number {
  return (memory.blockFlags[pfn >> BLOCK_ORDER] & HUGE) === 0 ? 0 : BLOCK_ORDER;
}

/** 1 for a page on its owner's active list, else 0. */
export function listOfPage(memory: Memory, pfn: number): number {
  return (memory.active[pfn >>> 5] >>> (pfn & 31)) & 1;
}

/** Puts a page that is on no list at the head of the owner's list 0 or 1. */
export function addToList(memory: Memory, owner: number, pfn: number, which: number): void {
  pushHead(memory.links, ownerListNode(memory, owner, which), pfn);
  if (which === 0) return;
  memory.active[pfn >>> 5] |= 1 << (pfn & 31);
  memory.owners[owner * ROW + ACTIVE_PAGES] += 1 << ownerPageOrder(memory, pfn);
}

/** Takes a page off its owner's list and returns which one it was. */
export function removeFromList(memory: Memory, owner: number, pfn: number): number {
  unlink(memory.links, pfn);
  const which = listOfPage(memory, pfn);
  if (which === 0) return 0;
  memory.active[pfn >>> 5] &= ~(1 << (pfn & 31));
  memory.owners[owner * ROW + ACTIVE_PAGES] -= 1 << ownerPageOrder(memory, pfn);
  return 1;
}
