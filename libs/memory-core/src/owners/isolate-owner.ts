/**
 * Owners' pages on their way: off their owner's list while somebody moves them. A page that is isolated carries
 * TAG_OWNER_ISOLATED; its place, which the isolator keeps, says whose it is: owner × 2 + list. A huge page goes as one.
 */
import { pushHead, unlink } from '../allocator/page-list.js';
import { touchRun } from '../host/backing.js';
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { BLOCK_HUGE, OWNER_FIELDS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER, TAG_OWNER_ISOLATED } from '../layout/tags.js';
import { O_ISOLATED, O_PAGES } from './owner-kind.js';

// Re-bound for the loops over pages: an imported constant costs a load and two checks at each use.
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const BLOCK_PAGES = PAGEBLOCK_PAGES;
const HUGE = BLOCK_HUGE;
const FIRST_OWNER = TAG_OWNER;
const ISOLATED = TAG_OWNER_ISOLATED;
const ROW = OWNER_FIELDS;
const PAGES = O_PAGES;
const ISOLATED_PAGES = O_ISOLATED;

/** Order of the owner's page that starts at `pfn`: 0 or, for a huge page, 9. */
export function ownerPageOrder(memory: Memory, pfn: number): number {
  return (memory.blockFlags[pfn >> BLOCK_ORDER] & HUGE) === 0 ? 0 : BLOCK_ORDER;
}

/** Takes an owner's page off its list and returns its place. */
export function isolateOwnerPage(memory: Memory, pfn: number): number {
  const owner = memory.tag[pfn] - FIRST_OWNER;
  const pages = 1 << ownerPageOrder(memory, pfn);
  unlink(memory.links, pfn);
  setTags(memory, pfn, pages, ISOLATED);
  memory.owners[owner * ROW + PAGES] -= pages;
  memory.owners[owner * ROW + ISOLATED_PAGES] += pages;
  return owner * 2;
}

/** Gives an isolated page back, at the head of its list, where the kernel puts such pages. */
export function putbackOwnerPage(memory: Memory, pfn: number, place: number): void {
  const owner = place >> 1;
  const pages = 1 << ownerPageOrder(memory, pfn);
  setTags(memory, pfn, pages, FIRST_OWNER + owner);
  pushHead(memory.links, ownerListNode(memory, owner, place & 1), pfn);
  memory.owners[owner * ROW + PAGES] += pages;
  memory.owners[owner * ROW + ISOLATED_PAGES] -= pages;
}

/** Copies the isolated page to `newPfn`, which takes its place; the old page is the caller's to free. */
export function replaceOwnerPage(memory: Memory, oldPfn: number, newPfn: number, place: number): void {
  const order = ownerPageOrder(memory, oldPfn);
  if (order > 0) {
    memory.blockFlags[oldPfn >> BLOCK_ORDER] &= ~HUGE;
    memory.blockFlags[newPfn >> BLOCK_ORDER] |= HUGE;
  }
  touchRun(memory, newPfn, 1 << order);
  putbackOwnerPage(memory, newPfn, place);
}

function setTags(memory: Memory, pfn: number, pages: number, tag: number): void {
  if (pages === 1) memory.tag[pfn] = tag;
  else memory.tag.fill(tag, pfn, pfn + BLOCK_PAGES);
}
