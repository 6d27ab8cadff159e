/**
 * Use of pages that are in memory, and faults on pages that are in swap. A page that is only read keeps its copy in swap, so
 * that it can be dropped again without writing; the seven neighbours of a slot are read along with it and wait in the swap
 * cache until they are used (Memory.frameSlot: slot + 1 of a page in use, −1 − slot of one that waits).
 */
import { allocatePages } from '../allocator/allocate.js';
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
  EV_WORKINGSET_REFAULT_ANON,
} from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { OWNER_FIELDS, S_SWAP_USED } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { stallOfSwapIn } from '../reclaim/stall.js';
import { ACTIVE, INACTIVE, addToList, removeFromList } from './lru.js';
import { dropCopy, entrySlot, mapFrames, mappingOf } from './mapping.js';
import { KIND_FILE, O_KILLED, O_KIND_PLUS_ONE, O_PAGES, O_SWAPPED } from './owner-kind.js';
import { headOfPage } from './release.js';

const ROW = OWNER_FIELDS;
const KIB_PER_PAGE = 4;
/** vm.page-cluster 3. */
const CLUSTER_SLOTS = 8;

/**
 * A page that is there is used: an anonymous page goes to the head of the active list, a file page to that of the list it
 * is on (only a page that comes back after it was dropped is activated); writing makes a copy in swap wrong.
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
  // A page that is being moved is not on a list.
  if (memory.tag[pfn] !== TAG_OWNER + owner) return;
  const head = headOfPage(memory, pfn);
  const which = removeFromList(memory, owner, head);
  const file = memory.owners[owner * ROW + O_KIND_PLUS_ONE] === KIND_FILE + 1;
  if (!file && which === INACTIVE) events[EV_PGACTIVATE]++;
  addToList(memory, owner, head, file ? which : ACTIVE);
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
  removeFromList(memory, owner, pfn);
  addToList(memory, owner, pfn, ACTIVE);
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
  addToList(memory, owner, pfn, INACTIVE);
  mapFrames(memory, owner, page, pfn, 1);
  touchRun(memory, pfn, 1);
  owners[owner * ROW + O_PAGES]++;
  owners[owner * ROW + O_SWAPPED]--;
  events[EV_PSWPIN]++;
  events[EV_PGPGIN] += KIB_PER_PAGE;
  events[EV_WORKINGSET_REFAULT_ANON]++;
  return pfn;
}

/** From half full on the kernel gives a slot up as soon as its page is in memory. */
function isSwapHalfFull(memory: Memory): boolean {
  return memory.scalars[S_SWAP_USED] * 2 > memory.swapOwner.length;
}
