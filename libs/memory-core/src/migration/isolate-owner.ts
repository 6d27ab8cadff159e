/**
 * Owners' pages on their way: off their owner's list while somebody moves them. A page that is isolated carries
 * TAG_OWNER_ISOLATED; its place, which the isolator keeps, says whose it is: owner × 2 + 1 for a page that counts as active. A huge page goes as one.
 * Programs do not touch a page that is isolated: a fault waits for the end of its migration.
 */
import { freePages } from '../allocator/free.js';
import { touchRun } from '../host/backing.js';
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_THP_SPLIT_PAGE } from '../layout/events.js';
import { BLOCK_HUGE, OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED, TAG_OWNER, TAG_OWNER_ISOLATED } from '../layout/tags.js';
import { idleList, isActiveList, youngestList } from '../owner-pages/generations.js';
import { addToList, ownerPageOrder, removeFromList } from '../owner-pages/lru.js';
import { dropCopy, hasMapping, moveFrames } from '../owner-pages/mapping.js';
import { spreadUse } from '../owner-pages/page-use.js';
import { O_GONE, O_HUGE_PAGES, O_ISOLATED, O_KILLED, O_KIND_PLUS_ONE, O_PAGES } from '../layout/owner-fields.js';

export { ownerPageOrder } from '../owner-pages/lru.js';

// Re-bound for the loops over pages: an imported constant costs a load and two checks at each use.
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const BLOCK_PAGES = PAGEBLOCK_PAGES;
const HUGE = BLOCK_HUGE;
const FIRST_OWNER = TAG_OWNER;
const ISOLATED = TAG_OWNER_ISOLATED;
const ROW = OWNER_FIELDS;
const PAGES = O_PAGES;
const ISOLATED_PAGES = O_ISOLATED;

/** Takes an owner's page off its list and returns its place. */
export function isolateOwnerPage(memory: Memory, pfn: number): number {
  const owner = memory.tag[pfn] - FIRST_OWNER;
  const pages = 1 << ownerPageOrder(memory, pfn);
  const isActive = isActiveList(
    memory,
    memory.owners[owner * ROW + O_KIND_PLUS_ONE] - 1,
    removeFromList(memory, owner, pfn),
  );
  setTags(memory, pfn, pages, ISOLATED);
  memory.owners[owner * ROW + PAGES] -= pages;
  memory.owners[owner * ROW + ISOLATED_PAGES] += pages;
  return owner * 2 + (isActive ? 1 : 0);
}

/** Gives an isolated page back, at the head of its list, where the kernel puts such pages. */
export function putbackOwnerPage(memory: Memory, pfn: number, place: number): void {
  const owner = place >> 1;
  const pages = 1 << ownerPageOrder(memory, pfn);
  memory.owners[owner * ROW + ISOLATED_PAGES] -= pages;
  if (isOrphan(memory, owner, pfn)) {
    freeOrphan(memory, owner, pfn, pages);
    return;
  }
  setTags(memory, pfn, pages, FIRST_OWNER + owner);
  const kind = memory.owners[owner * ROW + O_KIND_PLUS_ONE] - 1;
  addToList(memory, owner, pfn, (place & 1) === 1 ? youngestList(memory, kind) : idleList(memory, kind));
  memory.owners[owner * ROW + PAGES] += pages;
}

/** Its owner has gone or was killed meanwhile, or has dropped this page of its mapping. */
function isOrphan(memory: Memory, owner: number, pfn: number): boolean {
  const { owners } = memory;
  if (owners[owner * ROW + O_GONE] !== 0 || owners[owner * ROW + O_KILLED] !== 0) return true;
  return hasMapping(memory, owner) && memory.virtualPage[pfn] === 0;
}

/** The reference that is given back here was the last one. */
function freeOrphan(memory: Memory, owner: number, pfn: number, pages: number): void {
  setTags(memory, pfn, pages, TAG_ALLOCATED);
  memory.blockFlags[pfn >> BLOCK_ORDER] &= pages === 1 ? -1 : ~HUGE;
  if (memory.virtualPage.length > 0) {
    for (let at = pfn; at < pfn + pages; at++) {
      dropCopy(memory, at);
      memory.virtualPage[at] = 0;
      memory.use[at] = 0;
    }
  }
  freePages(memory, pfn, pages === 1 ? 0 : BLOCK_ORDER);
  const last = memory.owners[owner * ROW + ISOLATED_PAGES] === 0;
  if (last && memory.owners[owner * ROW + O_GONE] !== 0) memory.owners.fill(0, owner * ROW, (owner + 1) * ROW);
}

/** An isolated huge page becomes 512 single ones, isolated as it was. */
export function splitIsolatedPage(memory: Memory, pfn: number, place: number): void {
  memory.blockFlags[pfn >> BLOCK_ORDER] &= ~HUGE;
  memory.owners[(place >> 1) * ROW + O_HUGE_PAGES]--;
  memory.events[EV_THP_SPLIT_PAGE]++;
  spreadUse(memory, pfn);
}

/** Copies the isolated page to `newPfn`, which takes its place; the old page is the caller's to free. */
export function replaceOwnerPage(memory: Memory, oldPfn: number, newPfn: number, place: number): void {
  const order = ownerPageOrder(memory, oldPfn);
  if (order > 0) {
    memory.blockFlags[oldPfn >> BLOCK_ORDER] &= ~HUGE;
    memory.blockFlags[newPfn >> BLOCK_ORDER] |= HUGE;
  }
  moveFrames(memory, place >> 1, oldPfn, newPfn, 1 << order);
  touchRun(memory, newPfn, 1 << order);
  putbackOwnerPage(memory, newPfn, place);
}

function setTags(memory: Memory, pfn: number, pages: number, tag: number): void {
  if (pages === 1) memory.tag[pfn] = tag;
  else memory.tag.fill(tag, pfn, pfn + BLOCK_PAGES);
}
