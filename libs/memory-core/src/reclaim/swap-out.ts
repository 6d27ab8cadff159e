/** A page of a program goes to the swap device. */
import { NIL } from '../layout/constants.js';
import { EV_PGPGOUT, EV_PGROTATED, EV_PSWPOUT } from '../layout/events.js';
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { copyOf, hasMapping, keepCopy, moveToSlot } from '../owner-pages/mapping.js';
import { O_SWAPPED } from '../layout/owner-fields.js';
import { takeSlot } from '../owner-pages/swap-slots.js';
import type { ReclaimControl } from './reclaim-control.js';
import { noteEvicted } from './refaults.js';

const KIB_PER_PAGE = 4;

/** Its copy in swap is all there is of the page now: the caller frees it. */
export const GONE = 1;
/** It is being written, and can be freed when it is looked at again. */
export const WRITTEN = 0;
/** There is no room for it. */
export const REFUSED = -1;

/**
 * A page whose copy in swap is right goes at once; another is written first. A page without an address has no place to note its
 * copy: it is written and goes.
 */
export function swapOut(memory: Memory, owner: number, pfn: number, control: ReclaimControl): number {
  const copy = copyOf(memory, pfn);
  const slot = copy >= 0 ? copy : takeSlot(memory, owner);
  if (slot === NIL) return REFUSED;
  if (copy < 0) {
    memory.events[EV_PSWPOUT]++;
    memory.events[EV_PGPGOUT] += KIB_PER_PAGE;
    control.written++;
  }
  const isMapped = hasMapping(memory, owner);
  if (isMapped && copy < 0) {
    keepCopy(memory, pfn, slot);
    memory.events[EV_PGROTATED]++;
    return WRITTEN;
  }
  memory.owners[owner * OWNER_FIELDS + O_SWAPPED]++;
  if (!isMapped) return GONE;
  noteEvicted(memory, slot);
  moveToSlot(memory, owner, pfn, slot);
  return GONE;
}
