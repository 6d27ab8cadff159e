/** Transparent huge pages of programs' anonymous memory. */
import { allocatePages } from '../request/allocate.js';
import { touchRun } from '../host/backing.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_THP_FAULT_ALLOC, EV_THP_FAULT_FALLBACK } from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { BLOCK_HUGE, OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { listOfNewPage } from '../owner-pages/generations.js';
import { addToList } from '../owner-pages/lru.js';
import { KIND_ANON, O_HUGE_PAGES, O_PAGES } from '../layout/owner-fields.js';

/**
 * One more huge page for an owner without addresses, as the fault of a region that was not advised to use them asks for it (defrag
 * madvise, Linux's default): what is free in one piece or nothing. False: the fault falls back to single pages.
 */
export function growOwnerHuge(memory: Memory, owner: number): boolean {
  const pfn = allocatePages(memory, PAGEBLOCK_ORDER, Gfp.TRANSHUGE_LIGHT);
  if (pfn === NIL) {
    memory.events[EV_THP_FAULT_FALLBACK]++;
    return false;
  }
  adoptHugePage(memory, owner, pfn);
  memory.events[EV_THP_FAULT_ALLOC]++;
  return true;
}

/** The block at `pfn` becomes a huge page of the owner, the newest on its list. */
export function adoptHugePage(memory: Memory, owner: number, pfn: number): void {
  memory.tag.fill(TAG_OWNER + owner, pfn, pfn + PAGEBLOCK_PAGES);
  memory.blockFlags[pfn >> PAGEBLOCK_ORDER] |= BLOCK_HUGE;
  addToList(memory, owner, pfn, listOfNewPage(memory, KIND_ANON));
  touchRun(memory, pfn, PAGEBLOCK_PAGES);
  memory.owners[owner * OWNER_FIELDS + O_PAGES] += PAGEBLOCK_PAGES;
  memory.owners[owner * OWNER_FIELDS + O_HUGE_PAGES]++;
}
