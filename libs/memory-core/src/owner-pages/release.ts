/**
 * Owners' pages go: what their frames, lists and copies in swap leave behind is cleared here, whoever frees them.
 */
import { freePages } from '../allocator/free.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_THP_SPLIT_PAGE } from '../layout/events.js';
import { BLOCK_HUGE, OWNER_FIELDS, OWNER_LISTS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED, TAG_OWNER } from '../layout/tags.js';
import { finishGather, gatherHugePage, gatherPage, startGather } from '../allocator/gather.js';
import type { Gather } from '../allocator/gather.js';
import { listOfAge } from './generations.js';
import { addToList, ownerPageOrder, removeFromList, unmarkRun } from './lru.js';
import { ABSENT, dropSwapped, forgetMapping, mappingOf, unmapFrame } from './mapping.js';
import {
  KIND_PAGE_TABLE,
  O_GONE,
  O_HUGE_PAGES,
  O_ISOLATED,
  O_KILLED,
  O_KIND_PLUS_ONE,
  O_PAGES,
  O_PROCESS_PLUS_ONE,
  O_SWAPPED,
  O_TABLES_PLUS_ONE,
} from '../layout/owner-fields.js';
import { spreadUse } from './page-use.js';
import { forgetSwapped } from './swap-slots.js';

const ROW = OWNER_FIELDS;

/** First frame of the owner's page that `pfn` is part of. */
export function headOfPage(memory: Memory, pfn: number): number {
  return ownerPageOrder(memory, pfn) === 0 ? pfn : pfn & ~(PAGEBLOCK_PAGES - 1);
}

/** The page at `pfn`, single or huge, is nobody's any more: the caller frees it. Returns its order. */
export function disownPage(memory: Memory, owner: number, pfn: number): number {
  const order = ownerPageOrder(memory, pfn);
  const pages = 1 << order;
  removeFromList(memory, owner, pfn);
  for (let at = pfn; at < pfn + pages; at++) unmapFrame(memory, owner, at);
  memory.owners[owner * ROW + O_PAGES] -= pages;
  if (order === 0) {
    memory.tag[pfn] = TAG_ALLOCATED;
    return 0;
  }
  memory.tag.fill(TAG_ALLOCATED, pfn, pfn + pages);
  memory.blockFlags[pfn >> PAGEBLOCK_ORDER] &= ~BLOCK_HUGE;
  memory.owners[owner * ROW + O_HUGE_PAGES]--;
  return order;
}

/** A huge page becomes 512 single ones, the first of them nearest to the list's head. */
export function splitHugePage(memory: Memory, owner: number, pfn: number): void {
  const which = removeFromList(memory, owner, pfn);
  memory.blockFlags[pfn >> PAGEBLOCK_ORDER] &= ~BLOCK_HUGE;
  memory.owners[owner * ROW + O_HUGE_PAGES]--;
  memory.events[EV_THP_SPLIT_PAGE]++;
  spreadUse(memory, pfn);
  for (let at = pfn + PAGEBLOCK_PAGES - 1; at >= pfn; at--) addToList(memory, owner, at, which);
}

/**
 * Frees pages `first` … of a mapping as one call of the kernel would, in the order of their addresses; huge pages that
 * stick out are split. Returns how many pages were in memory.
 */
export function freeMapped(memory: Memory, owner: number, first: number, pages: number, gather: Gather): number {
  const entries = mappingOf(memory, owner);
  let freed = 0;
  for (let page = first; page < first + pages;) {
    const pfn = entries[page];
    if (pfn < 0) {
      if (pfn !== ABSENT) dropSwapped(memory, owner, page);
      page++;
      continue;
    }
    if (memory.tag[pfn] !== TAG_OWNER + owner) {
      // Isolated: whoever moves it finds that nobody wants it any more, and frees it.
      unmapFrame(memory, owner, pfn);
      page++;
      continue;
    }
    const head = headOfPage(memory, pfn);
    if (ownerPageOrder(memory, pfn) > 0 && (head !== pfn || page + PAGEBLOCK_PAGES > first + pages)) {
      splitHugePage(memory, owner, head);
    }
    const order = disownPage(memory, owner, pfn);
    if (order > 0) {
      freeUnusedTable(memory, owner, page >> PAGEBLOCK_ORDER);
      gatherHugePage(memory, gather, pfn);
    } else gatherPage(memory, gather, pfn);
    page += 1 << order;
    freed += 1 << order;
  }
  return freed;
}

/**
 * The page table that lay in store for a huge page which was never split goes at once, before the pages that are being
 * gathered, and a fault there may make a huge page again.
 */
function freeUnusedTable(memory: Memory, owner: number, region: number): void {
  const tables = memory.owners[owner * ROW + O_TABLES_PLUS_ONE] - 1;
  if (tables < 0) return;
  const pfn = mappingOf(memory, tables)[region];
  if (pfn >= 0) freePages(memory, pfn, disownPage(memory, tables, pfn));
}

/**
 * Frees all that an owner with or without addresses holds, as the end of its process does, then its id: data in the order
 * of their addresses (without addresses: oldest first), then its page tables. Returns pages freed.
 */
export function releaseOwner(memory: Memory, owner: number): number {
  const row = owner * ROW;
  const gather = startGather(memory);
  const tables = memory.owners[row + O_TABLES_PLUS_ONE] - 1;
  const held = memory.owners[row + O_PAGES] + (tables < 0 ? 0 : memory.owners[tables * ROW + O_PAGES]);
  freeAll(memory, owner, gather);
  if (tables >= 0) freeAll(memory, tables, gather);
  finishGather(memory, gather);
  if (tables >= 0) clearRow(memory, tables);
  clearRow(memory, owner);
  return held;
}

/** An id with pages that are still isolated stays taken until they are back. */
function clearRow(memory: Memory, owner: number): void {
  forgetMapping(memory, owner);
  const row = owner * ROW;
  const isolated = memory.owners[row + O_ISOLATED];
  const kind = memory.owners[row + O_KIND_PLUS_ONE];
  memory.owners.fill(0, row, row + ROW);
  if (isolated === 0) return;
  memory.owners[row + O_KIND_PLUS_ONE] = kind;
  memory.owners[row + O_ISOLATED] = isolated;
  memory.owners[row + O_GONE] = 1;
}

/** Least recently used page on the owner's list, or NIL. */
export function oldestOf(memory: Memory, owner: number, list: number): number {
  const sentinel = ownerListNode(memory, owner, list);
  const pfn = memory.links[2 * sentinel + 1];
  return pfn === sentinel ? NIL : pfn;
}

/**
 * Kills a process: all that its owners hold is freed at once, data first, then page tables. Their ids stay taken until
 * somebody destroys them. Returns pages freed.
 */
export function killProcess(memory: Memory, process: number): number {
  const { owners } = memory;
  const gather = startGather(memory);
  let held = 0;
  for (let row = 0; row < owners.length; row += ROW) {
    if (owners[row + O_PROCESS_PLUS_ONE] === process + 1) held += owners[row + O_PAGES];
  }
  for (const tablesNow of [false, true]) {
    for (let row = 0; row < owners.length; row += ROW) {
      if (owners[row + O_PROCESS_PLUS_ONE] !== process + 1) continue;
      if ((owners[row + O_KIND_PLUS_ONE] === KIND_PAGE_TABLE + 1) !== tablesNow) continue;
      owners[row + O_KILLED] = 1;
      freeAll(memory, row / ROW, gather);
    }
  }
  finishGather(memory, gather);
  return held;
}

/** Frees the single pages of one of the owner's lists, oldest first; returns how many there were. */
function freeSingles(memory: Memory, owner: number, list: number, gather: Gather): number {
  const { links } = memory;
  const sentinel = ownerListNode(memory, owner, list);
  let freed = 0;
  for (let pfn = links[2 * sentinel + 1]; pfn !== sentinel; freed++) {
    const newer = links[2 * pfn + 1];
    links[2 * newer] = sentinel;
    links[2 * sentinel + 1] = newer;
    unmarkRun(memory, owner, pfn, 1, list);
    gatherPage(memory, gather, pfn);
    pfn = newer;
  }
  memory.owners[owner * ROW + O_PAGES] -= freed;
  return freed;
}

/** Frees the pages and keeps the id. */
export function freeAll(memory: Memory, owner: number, gather: Gather): number {
  const row = owner * ROW;
  if (memory.virtualPage.length > 0) {
    const entries = mappingOf(memory, owner);
    if (entries.length > 0) return freeMapped(memory, owner, 0, entries.length, gather);
  }
  let freed = 0;
  const kind = memory.owners[row + O_KIND_PLUS_ONE] - 1;
  for (let age = 0; age < OWNER_LISTS; age++) {
    const list = listOfAge(memory, kind, age);
    if (memory.owners[row + O_HUGE_PAGES] === 0) {
      freed += freeSingles(memory, owner, list, gather);
      continue;
    }
    for (;;) {
      const pfn = oldestOf(memory, owner, list);
      if (pfn < 0) break;
      const order = disownPage(memory, owner, pfn);
      if (order > 0) gatherHugePage(memory, gather, pfn);
      else gatherPage(memory, gather, pfn);
      freed += 1 << order;
    }
  }
  if (memory.owners[row + O_SWAPPED] > 0) forgetSwapped(memory, owner);
  return freed;
}
