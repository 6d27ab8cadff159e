/**
 * Use of pages that are in memory, and faults on pages that are in swap. A page that is only read keeps its copy in swap, so
 * that it can be dropped again without writing; the seven neighbours of a slot are read along with it and wait in the swap
 * cache until they are used (Memory.frameSlot: slot + 1 of a page in use, −1 − slot of one that waits).
 */
import { allocatePages } from '../request/allocate.js';
import { freePages } from '../allocator/free.js';
import { touchRun } from '../host/backing.js';
import { NIL } from '../layout/constants.js';
import {
  EV_PGACTIVATE,
  EV_PGFAULT,
  EV_PGMAJFAULT,
  EV_PGPGIN,
  EV_PSWPIN,
  EV_SWAP_RA,
  EV_SWAP_RA_HIT,
} from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { OWNER_FIELDS, S_SWAP_USED } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { swapRefault } from '../reclaim/refaults.js';
import { stallOfSwapIn } from '../reclaim/stall.js';
import { ACTIVE, INACTIVE, youngestList } from '../owner-pages/generations.js';
import { addToList, listOfPage, removeFromList } from '../owner-pages/lru.js';
import { dropCopy, entrySlot, mapFrames, mappingOf } from '../owner-pages/mapping.js';
import { KIND_ANON, KIND_FILE, O_KILLED, O_KIND_PLUS_ONE, O_PAGES, O_SWAPPED } from '../layout/owner-fields.js';
import { REFERENCED, countRead, setAccessed } from '../owner-pages/page-use.js';
import { headOfPage } from '../owner-pages/release.js';

const ROW = OWNER_FIELDS;
const KIB_PER_PAGE = 4;
/** vm.page-cluster 3. */
const CLUSTER_SLOTS = 8;

/**
 * A page that is there is used. Through a page table that only sets its accessed bit, which reclaim finds when it looks; writing
 * makes a copy in swap wrong. A page of a file is read through a descriptor, which the kernel sees at once.
 */
export function useFrame(memory: Memory, owner: number, pfn: number, write: boolean): void {
  const { frameSlot, events } = memory;
  if (frameSlot.length > 0 && frameSlot[pfn] !== 0) {
    if (frameSlot[pfn] < 0) {
      frameSlot[pfn] = -frameSlot[pfn];
      events[EV_PGFAULT]++;
      events[EV_SWAP_RA_HIT]++;
      if (write || isSwapHalfFull(memory)) dropCopy(memory, pfn);
    } else if (write) {
      events[EV_PGFAULT]++;
      dropCopy(memory, pfn);
    }
  }
  const head = headOfPage(memory, pfn);
  if (memory.owners[owner * ROW + O_KIND_PLUS_ONE] === KIND_FILE + 1) readFrame(memory, owner, head);
  else setAccessed(memory, head);
}

/**
 * With two lists a page is referenced when it is read for the first time, and activated for the second time. With generations it
 * stays where it is, and how often it was read decides whether it is spared there.
 */
function readFrame(memory: Memory, owner: number, pfn: number): void {
  const { use, events } = memory;
  if (memory.rules.multiGenLru) {
    countRead(memory, pfn);
    return;
  }
  const isReferenced = (use[pfn] & REFERENCED) !== 0;
  // A page that is being moved is not on a list.
  if (!isReferenced || memory.tag[pfn] !== TAG_OWNER + owner || listOfPage(memory, pfn) === ACTIVE) {
    use[pfn] |= REFERENCED;
    return;
  }
  use[pfn] &= ~REFERENCED;
  removeFromList(memory, owner, pfn);
  addToList(memory, owner, pfn, ACTIVE);
  events[EV_PGACTIVATE]++;
}

/** Major fault: reads the page's slot and those around it. False when there is no memory for it, or the owner is dead. */
export function swapIn(memory: Memory, owner: number, page: number, write: boolean): boolean {
  const slot = entrySlot(mappingOf(memory, owner)[page]);
  memory.events[EV_PGFAULT]++;
  memory.events[EV_PGMAJFAULT]++;
  stallOfSwapIn(memory);
  const first = slot - (slot % CLUSTER_SLOTS);
  for (let near = first; near < Math.min(first + CLUSTER_SLOTS, memory.swapOwner.length); near++) {
    if (near !== slot) readAhead(memory, near);
  }
  const entry = mappingOf(memory, owner)[page];
  if (memory.owners[owner * ROW + O_KILLED] !== 0) return false;
  const pfn = readSlot(memory, owner, page, entrySlot(entry));
  if (pfn === NIL) return false;
  memory.frameSlot[pfn] = slot + 1;
  setAccessed(memory, pfn);
  removeFromList(memory, owner, pfn);
  addToList(memory, owner, pfn, youngestList(memory, KIND_ANON));
  if (write || isSwapHalfFull(memory)) dropCopy(memory, pfn);
  return true;
}

/** Only pages whose one copy is in swap are read ahead. */
function readAhead(memory: Memory, slot: number): void {
  const owner = memory.swapOwner[slot] - 1;
  if (owner < 0) return;
  const page = memory.swapVirtual[slot];
  if (entrySlot(mappingOf(memory, owner)[page]) !== slot) return;
  const pfn = readSlot(memory, owner, page, slot);
  if (pfn === NIL) return;
  memory.events[EV_SWAP_RA]++;
  memory.frameSlot[pfn] = -1 - slot;
}

function readSlot(memory: Memory, owner: number, page: number, slot: number): number {
  const { events, owners } = memory;
  const pfn = allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
  if (pfn === NIL) return NIL;
  if (memory.swapOwner[slot] !== owner + 1 || owners[owner * ROW + O_KILLED] !== 0) {
    freePages(memory, pfn, 0);
    return NIL;
  }
  memory.tag[pfn] = TAG_OWNER + owner;
  addToList(memory, owner, pfn, memory.rules.multiGenLru ? youngestList(memory, KIND_ANON) : INACTIVE);
  mapFrames(memory, owner, page, pfn, 1);
  touchRun(memory, pfn, 1);
  owners[owner * ROW + O_PAGES]++;
  owners[owner * ROW + O_SWAPPED]--;
  events[EV_PSWPIN]++;
  events[EV_PGPGIN] += KIB_PER_PAGE;
  swapRefault(memory, slot, pfn);
  return pfn;
}

/** From half full on the kernel gives a slot up as soon as its page is in memory. */
function isSwapHalfFull(memory: Memory): boolean {
  return memory.scalars[S_SWAP_USED] * 2 > memory.swapOwner.length;
}
