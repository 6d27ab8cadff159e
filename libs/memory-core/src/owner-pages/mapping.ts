/**
 * Where the pages of a mapping are. Each frame of a mapping keeps its page number (Memory.virtualPage), each slot of the
 * swap device as well; the way from page to frame is kept beside the columns, made from them when it is first asked for,
 * and follows every change that goes through this file. It never says anything that the columns do not.
 *
 * Only memories with config.addressSpaces have mappings; all functions do nothing for owners without addresses.
 */
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { O_SWAPPED, O_VIRTUAL_PAGES } from '../layout/owner-fields.js';
import { freeSlot } from './swap-slots.js';

/** The page is nowhere. */
export const ABSENT = -1;
/** Entries below ABSENT are slots of the swap device: slot −2 − entry. */
export const slotEntry = (slot: number): number => -2 - slot;
export const entrySlot = (entry: number): number => -2 - entry;

const mappings = new WeakMap<Memory, Map<number, Int32Array>>();

/** For each page of the owner's mapping its frame, ABSENT, or a slot. Callers do not write to it. */
export function mappingOf(memory: Memory, owner: number): Int32Array {
  let known = mappings.get(memory);
  if (known === undefined) {
    known = new Map();
    mappings.set(memory, known);
  }
  const found = known.get(owner);
  if (found !== undefined) return found;
  const made = scanMapping(memory, owner);
  known.set(owner, made);
  return made;
}

/** Forgets what is kept beside the columns, when the owner goes. */
export function forgetMapping(memory: Memory, owner: number): void {
  mappings.get(memory)?.delete(owner);
}

function scanMapping(memory: Memory, owner: number): Int32Array {
  const entries = new Int32Array(memory.owners[owner * OWNER_FIELDS + O_VIRTUAL_PAGES]).fill(ABSENT);
  const { tag, virtualPage, swapOwner, swapVirtual } = memory;
  for (let slot = 0; slot < swapOwner.length; slot++) {
    if (swapOwner[slot] === owner + 1) entries[swapVirtual[slot]] = slotEntry(slot);
  }
  for (let pfn = 0; pfn < tag.length; pfn++) {
    if (tag[pfn] === TAG_OWNER + owner) entries[virtualPage[pfn] - 1] = pfn;
  }
  return entries;
}

export function hasMapping(memory: Memory, owner: number): boolean {
  return memory.owners[owner * OWNER_FIELDS + O_VIRTUAL_PAGES] > 0;
}

/** Pages `page` … of the mapping are now in the frames from `pfn`. */
export function mapFrames(memory: Memory, owner: number, page: number, pfn: number, pages: number): void {
  const entries = mappingOf(memory, owner);
  for (let at = 0; at < pages; at++) {
    memory.virtualPage[pfn + at] = page + at + 1;
    entries[page + at] = pfn + at;
  }
}

/** The frame's page is nowhere, and a copy in swap is given up. For frames of any owner, before they are freed. */
export function unmapFrame(memory: Memory, owner: number, pfn: number): void {
  if (!hasMapping(memory, owner)) return;
  dropCopy(memory, pfn);
  const page = memory.virtualPage[pfn] - 1;
  memory.virtualPage[pfn] = 0;
  memory.use[pfn] = 0;
  mappingOf(memory, owner)[page] = ABSENT;
}

/** The pages of the frames from `oldPfn` are now in those from `newPfn`. */
export function moveFrames(memory: Memory, owner: number, oldPfn: number, newPfn: number, pages: number): void {
  if (!hasMapping(memory, owner)) return;
  const entries = mappingOf(memory, owner);
  for (let at = 0; at < pages; at++) {
    const page = memory.virtualPage[oldPfn + at] - 1;
    // Dropped while it was on its way.
    if (page < 0) continue;
    memory.virtualPage[oldPfn + at] = 0;
    memory.virtualPage[newPfn + at] = page + 1;
    memory.use[newPfn + at] = memory.use[oldPfn + at];
    memory.use[oldPfn + at] = 0;
    entries[page] = newPfn + at;
    if (memory.frameSlot.length === 0) continue;
    memory.frameSlot[newPfn + at] = memory.frameSlot[oldPfn + at];
    memory.frameSlot[oldPfn + at] = 0;
  }
}

/** The frame's page is now in `slot` only. */
export function moveToSlot(memory: Memory, owner: number, pfn: number, slot: number): void {
  const page = memory.virtualPage[pfn] - 1;
  memory.virtualPage[pfn] = 0;
  memory.frameSlot[pfn] = 0;
  memory.use[pfn] = 0;
  memory.swapVirtual[slot] = page;
  mappingOf(memory, owner)[page] = slotEntry(slot);
}

/** Slot of the frame's copy in swap, or −1: a page that was read ahead and is not used yet counts as one. */
export function copyOf(memory: Memory, pfn: number): number {
  return memory.frameSlot.length === 0 ? -1 : Math.abs(memory.frameSlot[pfn]) - 1;
}

/** From now on `slot` holds a copy of the frame's page. */
export function keepCopy(memory: Memory, pfn: number, slot: number): void {
  memory.frameSlot[pfn] = slot + 1;
  memory.swapVirtual[slot] = memory.virtualPage[pfn] - 1;
}

/** The frame is written to: its copy in swap is wrong from now on. */
export function dropCopy(memory: Memory, pfn: number): void {
  if (memory.frameSlot.length === 0 || memory.frameSlot[pfn] === 0) return;
  freeSlot(memory, copyOf(memory, pfn));
  memory.frameSlot[pfn] = 0;
}

/** Frees the slot of a page that is in swap only. */
export function dropSwapped(memory: Memory, owner: number, page: number): void {
  const entries = mappingOf(memory, owner);
  freeSlot(memory, entrySlot(entries[page]));
  entries[page] = ABSENT;
  memory.owners[owner * OWNER_FIELDS + O_SWAPPED]--;
}
