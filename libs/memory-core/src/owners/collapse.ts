/**
 * khugepaged's collapse: single pages of a program become one huge page. Source: mm/khugepaged.c of Linux 6.12 (collapse_huge_page,
 * alloc_charge_folio, __collapse_huge_page_copy), as their behaviour is known.
 *
 * An owner without addresses has no ranges of 2 MiB to look at: the youngest single pages stand for one, as the kernel takes no range
 * that nobody used since it looked last.
 */
import { invariant } from '#units';
import { freePageList, freePages } from '../allocator/free.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_THP_COLLAPSE_ALLOC, EV_THP_COLLAPSE_ALLOC_FAILED } from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { OWNER_FIELDS, OWNER_LISTS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { KIND_ANON, O_HUGE_PAGES, O_PAGES } from '../layout/owner-fields.js';
import { listOfAge } from '../owner-pages/generations.js';
import { ownerPageOrder } from '../owner-pages/lru.js';
import { hasMapping } from '../owner-pages/mapping.js';
import { disownPage } from '../owner-pages/release.js';
import { allocatePages } from '../request/allocate.js';
import { adoptHugePage } from './huge-page.js';

/** COLLAPSED: done. NO_BLOCK: no huge page could be had. TOO_FEW: the owner has not enough single pages. */
export type Collapse = 'COLLAPSED' | 'NO_BLOCK' | 'TOO_FEW';

/** Scratch: the pages that are replaced. */
const PFNS = new Int32Array(PAGEBLOCK_PAGES);

/** Single pages that a program without addresses holds. */
export function collapsiblePages(memory: Memory, owner: number): number {
  const row = owner * OWNER_FIELDS;
  return memory.owners[row + O_PAGES] - PAGEBLOCK_PAGES * memory.owners[row + O_HUGE_PAGES];
}

/**
 * Moves 512 single pages of a program without addresses into a huge page, for which it reclaims and compacts if it must
 * (khugepaged's `defrag` is on by default), and frees them.
 */
export function collapsePages(memory: Memory, owner: number): Collapse {
  invariant(!hasMapping(memory, owner), 'an owner without addresses');
  if (collapsiblePages(memory, owner) < PAGEBLOCK_PAGES) return 'TOO_FEW';
  const pfn = allocatePages(memory, PAGEBLOCK_ORDER, Gfp.TRANSHUGE);
  if (pfn === NIL) {
    memory.events[EV_THP_COLLAPSE_ALLOC_FAILED]++;
    return 'NO_BLOCK';
  }
  memory.events[EV_THP_COLLAPSE_ALLOC]++;
  // Getting the block may have taken pages from the owner itself.
  if (!collectYoungest(memory, owner)) {
    freePages(memory, pfn, PAGEBLOCK_ORDER);
    return 'TOO_FEW';
  }
  for (const old of PFNS) disownPage(memory, owner, old);
  adoptHugePage(memory, owner, pfn);
  freePageList(memory, PFNS, PAGEBLOCK_PAGES);
  return 'COLLAPSED';
}

/** Fills PFNS; false when there are too few. */
function collectYoungest(memory: Memory, owner: number): boolean {
  const { links } = memory;
  let found = 0;
  for (let age = OWNER_LISTS - 1; age >= 0; age--) {
    const sentinel = ownerListNode(memory, owner, listOfAge(memory, KIND_ANON, age));
    for (let pfn = links[2 * sentinel]; pfn !== sentinel; pfn = links[2 * pfn]) {
      if (ownerPageOrder(memory, pfn) > 0) continue;
      PFNS[found++] = pfn;
      if (found === PAGEBLOCK_PAGES) return true;
    }
  }
  return false;
}
