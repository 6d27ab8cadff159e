/**
 * Taking pages from owners' lists: the inactive tail is freed, the active tail refills it. Clean file pages are dropped,
 * anonymous ones go to the swap device, written at once; those whose copy in swap is still right need no writing.
 * Source: mm/vmscan.c of Linux (shrink_inactive_list, shrink_active_list), as described in the reference, section 6.
 */
import { freePages } from '../allocator/free.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_PGACTIVATE, EV_PGDEACTIVATE, EV_PGREFILL } from '../layout/events.js';
import { OWNER_FIELDS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_NODE, Z_TYPE } from '../layout/zone-fields.js';
import { ACTIVE, INACTIVE } from '../owner-pages/generations.js';
import { addToList, addToTail, listOfPage, ownerPageOrder, pagesOnList, removeFromList } from '../owner-pages/lru.js';
import { hasMapping } from '../owner-pages/mapping.js';
import { KIND_FILE, O_KIND_PLUS_ONE } from '../layout/owner-fields.js';
import { noteFileEvicted } from './refaults.js';
import { REFERENCED, lookAtPage } from '../owner-pages/page-use.js';
import { disownPage, splitHugePage } from '../owner-pages/release.js';
import { noteSwapOut } from './cost.js';
import type { ReclaimControl } from './reclaim-control.js';
import { countScan } from './scan-counts.js';
import { GONE, REFUSED, swapOut } from './swap-out.js';

const ROW = OWNER_FIELDS;
const GIB_PAGES = 262_144;
/** How long ago the last look at a page without an address is taken to be. */
const LOOK_MS = 60_000;

/** True when the owner's inactive list is short beside its active one: below 1 GiB, when it is the shorter one. */
export function isInactiveLow(memory: Memory, owner: number): boolean {
  const active = pagesOnList(memory, owner, ACTIVE);
  const inactive = pagesOnList(memory, owner, INACTIVE);
  const gib = Math.floor((active + inactive) / GIB_PAGES);
  const ratio = gib > 0 ? Math.floor(Math.sqrt(10 * gib)) : 1;
  return inactive * ratio < active;
}

/** Moves up to `pages` pages from the active tail to the inactive head. */
export function shrinkActive(memory: Memory, owner: number, pages: number, control: ReclaimControl): void {
  const { events, links } = memory;
  const sentinel = ownerListNode(memory, owner, ACTIVE);
  let next = links[2 * sentinel + 1];
  for (let done = 0; done < pages;) {
    const pfn = nextEligible(memory, sentinel, next, control);
    if (pfn === NIL) return;
    next = links[2 * pfn + 1];
    const moved = 1 << ownerPageOrder(memory, pfn);
    // The look clears the accessed bit, whatever it finds: the page has its time on the inactive list to be used again.
    lookAtPage(memory, owner, pfn, LOOK_MS);
    removeFromList(memory, owner, pfn);
    addToList(memory, owner, pfn, INACTIVE);
    events[EV_PGREFILL] += moved;
    events[EV_PGDEACTIVATE] += moved;
    done += moved;
  }
}

/**
 * Looks at up to `pages` pages from the inactive tail and frees those that were not used. Returns how many; fewer when the list
 * or the swap device is at its end.
 */
export function shrinkInactive(memory: Memory, owner: number, pages: number, control: ReclaimControl): number {
  const writtenBefore = control.written;
  let freed = 0;
  let scanned = 0;
  const sentinel = ownerListNode(memory, owner, INACTIVE);
  let next = memory.links[2 * sentinel + 1];
  let firstKept = NIL;
  while (scanned < pages) {
    const pfn = nextEligible(memory, sentinel, next, control);
    if (pfn === NIL || pfn === firstKept) break;
    next = memory.links[2 * pfn + 1];
    scanned += 1 << ownerPageOrder(memory, pfn);
    if (keepIfUsed(memory, owner, pfn)) {
      if (firstKept === NIL && listOfPage(memory, pfn) === INACTIVE) firstKept = pfn;
      continue;
    }
    if (ownerPageOrder(memory, pfn) === PAGEBLOCK_ORDER) {
      splitHugePage(memory, owner, pfn);
      next = pfn + PAGEBLOCK_PAGES - 1;
      scanned -= PAGEBLOCK_PAGES;
      continue;
    }
    const result = reclaimPage(memory, owner, pfn, control);
    if (result === GONE) freed++;
    else if (result === REFUSED) break;
    else rotate(memory, owner, pfn);
  }
  countScan(memory, memory.owners[owner * ROW + O_KIND_PLUS_ONE] - 1, scanned, freed, control);
  const written = control.written - writtenBefore;
  if (written > 0) noteSwapOut(memory, control.node, written);
  return freed;
}

/** A page that was used stays: on the inactive list when a look finds it so for the first time, else on the active one. */
function keepIfUsed(memory: Memory, owner: number, pfn: number): boolean {
  const { use, events } = memory;
  const isUsed = lookAtPage(memory, owner, pfn, LOOK_MS);
  const wasReferenced = use.length > 0 && hasMapping(memory, owner) ? use[pfn] & REFERENCED : REFERENCED;
  if (use.length > 0) use[pfn] &= ~REFERENCED;
  if (!isUsed) return false;
  removeFromList(memory, owner, pfn);
  if (wasReferenced === 0) {
    use[pfn] |= REFERENCED;
    addToList(memory, owner, pfn, INACTIVE);
    return true;
  }
  addToList(memory, owner, pfn, ACTIVE);
  events[EV_PGACTIVATE] += 1 << ownerPageOrder(memory, pfn);
  return true;
}

/**
 * From `from` towards the head, the least recently used page of the list in the zones that are short; those in others are
 * left where they are. NIL when there is none.
 */
function nextEligible(memory: Memory, sentinel: number, from: number, control: ReclaimControl): number {
  for (let pfn = from; pfn !== sentinel; pfn = memory.links[2 * pfn + 1]) {
    const zone = memory.blockZone[pfn >> PAGEBLOCK_ORDER] * ZONE_FIELDS;
    if (memory.zones[zone + Z_NODE] === control.node && memory.zones[zone + Z_TYPE] <= control.highestType) return pfn;
  }
  return NIL;
}

/** The end of the write puts the page where it is looked at next. */
function rotate(memory: Memory, owner: number, pfn: number): void {
  removeFromList(memory, owner, pfn);
  addToTail(memory, owner, pfn, INACTIVE);
}

function reclaimPage(memory: Memory, owner: number, pfn: number, control: ReclaimControl): number {
  const row = owner * ROW;
  if (memory.owners[row + O_KIND_PLUS_ONE] === KIND_FILE + 1) noteFileEvicted(memory, owner, pfn);
  else {
    const result = swapOut(memory, owner, pfn, control);
    if (result !== GONE) return result;
  }
  disownPage(memory, owner, pfn);
  freePages(memory, pfn, 0);
  return GONE;
}
