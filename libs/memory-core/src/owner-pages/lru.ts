/**
 * Owners' pages on their lists, newest at the head. Two bits a frame say on which of its owner's four lists a page is; what the
 * lists are for, generations.ts tells. A huge page is one node and 512 pages.
 */
import { pushHead, pushTail, unlink } from '../allocator/page-list.js';
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { BLOCK_HUGE, OWNER_FIELDS, OWNER_LISTS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { isActiveList } from './generations.js';
import { O_KIND_PLUS_ONE, O_LIST_1, O_LIST_2, O_LIST_3, O_PAGES } from '../layout/owner-fields.js';

// Re-bound for the loops over pages: an imported constant costs a load and two checks at each use.
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const HUGE = BLOCK_HUGE;
const ROW = OWNER_FIELDS;
/** Word of an owner's row that counts a list's pages; list 0 has none. */
const LIST_WORD = [-1, O_LIST_1, O_LIST_2, O_LIST_3] as const;

/** Order of the owner's page that starts at `pfn`: 0 or, for a huge page, 9. */
export function ownerPageOrder(memory: Memory, pfn: number): number {
  return (memory.blockFlags[pfn >> BLOCK_ORDER] & HUGE) === 0 ? 0 : BLOCK_ORDER;
}

/** Number of its owner's list that a page is on. */
export function listOfPage({ listLow, listHigh }: Memory, pfn: number): number {
  const at = pfn >>> 5;
  const bit = pfn & 31;
  return ((listLow[at] >>> bit) & 1) | (((listHigh[at] >>> bit) & 1) << 1);
}

/** Pages on the owner's list 0 … 3. */
export function pagesOnList(memory: Memory, owner: number, list: number): number {
  const row = owner * ROW;
  const { owners } = memory;
  if (list > 0) return owners[row + LIST_WORD[list]];
  return owners[row + O_PAGES] - owners[row + O_LIST_1] - owners[row + O_LIST_2] - owners[row + O_LIST_3];
}

/** Pages of the owner that count as active. */
export function activePages(memory: Memory, owner: number): number {
  const kind = memory.owners[owner * ROW + O_KIND_PLUS_ONE] - 1;
  let pages = 0;
  for (let list = 0; list < OWNER_LISTS; list++) {
    if (isActiveList(memory, kind, list)) pages += pagesOnList(memory, owner, list);
  }
  return pages;
}

/** Puts a page that is on no list at the head of the owner's list. */
export function addToList(memory: Memory, owner: number, pfn: number, list: number): void {
  pushHead(memory.links, ownerListNode(memory, owner, list), pfn);
  if (list > 0) mark(memory, owner, pfn, list, ownerPageOrder(memory, pfn));
}

/** The same at the tail, where it is taken from next. */
export function addToTail(memory: Memory, owner: number, pfn: number, list: number): void {
  pushTail(memory.links, ownerListNode(memory, owner, list), pfn);
  if (list > 0) mark(memory, owner, pfn, list, ownerPageOrder(memory, pfn));
}

/** Takes a page off its owner's list and returns which one it was. */
export function removeFromList(memory: Memory, owner: number, pfn: number): number {
  unlink(memory.links, pfn);
  const list = listOfPage(memory, pfn);
  if (list > 0) unmark(memory, owner, pfn, list, ownerPageOrder(memory, pfn));
  return list;
}

/** Single pages `pfn` … were linked into the owner's list as a run. */
export function markRun(memory: Memory, owner: number, pfn: number, pages: number, list: number): void {
  if (list === 0) return;
  for (let at = pfn; at < pfn + pages; at++) mark(memory, owner, at, list, 0);
}

/** Inverse of markRun. */
export function unmarkRun(memory: Memory, owner: number, pfn: number, pages: number, list: number): void {
  if (list === 0) return;
  for (let at = pfn; at < pfn + pages; at++) unmark(memory, owner, at, list, 0);
}

function mark(memory: Memory, owner: number, pfn: number, list: number, order: number): void {
  const at = pfn >>> 5;
  if ((list & 1) !== 0) memory.listLow[at] |= 1 << (pfn & 31);
  if ((list & 2) !== 0) memory.listHigh[at] |= 1 << (pfn & 31);
  memory.owners[owner * ROW + LIST_WORD[list]] += 1 << order;
}

function unmark(memory: Memory, owner: number, pfn: number, list: number, order: number): void {
  const at = pfn >>> 5;
  const clear = ~(1 << (pfn & 31));
  memory.listLow[at] &= clear;
  memory.listHigh[at] &= clear;
  memory.owners[owner * ROW + LIST_WORD[list]] -= 1 << order;
}
