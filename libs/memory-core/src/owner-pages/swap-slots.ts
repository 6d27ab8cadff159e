/**
 * The swap device: one slot a page. A slot says whose page it holds, with address spaces also which one.
 */
import { NIL } from '../layout/constants.js';
import { OWNER_FIELDS, S_SWAP_NEXT, S_SWAP_USED } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { O_SWAPPED } from '../layout/owner-fields.js';

/** Pages of the swap device that hold nothing. */
export function freeSwapPages(memory: Memory): number {
  return memory.swapOwner.length - memory.scalars[S_SWAP_USED];
}

/** A free slot for a page of the owner, in ascending order round the device, or NIL. */
export function takeSlot(memory: Memory, owner: number): number {
  const { swapOwner, scalars } = memory;
  if (freeSwapPages(memory) === 0) return NIL;
  let slot = scalars[S_SWAP_NEXT];
  while (swapOwner[slot] !== 0) slot = (slot + 1) % swapOwner.length;
  swapOwner[slot] = owner + 1;
  scalars[S_SWAP_NEXT] = (slot + 1) % swapOwner.length;
  scalars[S_SWAP_USED]++;
  return slot;
}

export function freeSlot(memory: Memory, slot: number): void {
  memory.swapOwner[slot] = 0;
  if (memory.swapVirtual.length > 0) memory.swapVirtual[slot] = 0;
  memory.scalars[S_SWAP_USED]--;
}

/** Frees the slots of up to `pages` of the owner's pages, lowest slots first; for owners without addresses. */
export function forgetSwapped(memory: Memory, owner: number, pages = Infinity): number {
  let freed = 0;
  for (let slot = 0; slot < memory.swapOwner.length && freed < pages; slot++) {
    if (memory.swapOwner[slot] !== owner + 1) continue;
    freeSlot(memory, slot);
    freed++;
  }
  memory.owners[owner * OWNER_FIELDS + O_SWAPPED] -= freed;
  return freed;
}
