/**
 * Programs without addresses use pages that are not in memory: in swap, or dropped from the page cache. They come back by
 * count, eight of swap with each major fault.
 */
import {
  EV_PGFAULT,
  EV_PGMAJFAULT,
  EV_PGPGIN,
  EV_PSWPIN,
  EV_SWAP_RA,
  EV_WORKINGSET_REFAULT_ANON,
  EV_WORKINGSET_REFAULT_FILE,
} from '../layout/events.js';
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { stallOfSwapIn } from '../reclaim/stall.js';
import { hasMapping } from './mapping.js';
import { O_EVICTED, O_KILLED, O_SWAPPED } from './owner-kind.js';
import { growOwner } from './owner.js';
import { forgetSwapped } from './swap-slots.js';

const KIB_PER_PAGE = 4;
/** Pages that one major fault reads. */
const CLUSTER_PAGES = 8;

/** Pages of the owner that are not in memory: in swap, or dropped from the cache. */
export function absentPages(memory: Memory, owner: number): number {
  const row = owner * OWNER_FIELDS;
  return memory.owners[row + O_SWAPPED] + memory.owners[row + O_EVICTED];
}

/** Brings up to `pages` of those back; returns how many came. It may cost the owner its life (isOwnerKilled). */
export function refaultOwner(memory: Memory, owner: number, pages: number): number {
  if (hasMapping(memory, owner)) return 0;
  const row = owner * OWNER_FIELDS;
  let back = 0;
  while (back < pages && absentPages(memory, owner) > 0 && memory.owners[row + O_KILLED] === 0) {
    const swapped = memory.owners[row + O_SWAPPED] > 0;
    const absent = memory.owners[row + (swapped ? O_SWAPPED : O_EVICTED)];
    const wanted = Math.min(pages - back, absent, CLUSTER_PAGES);
    const got = growOwner(memory, owner, wanted);
    if (memory.owners[row + O_KILLED] !== 0) break;
    if (swapped) countSwapIn(memory, owner, got);
    else countReadIn(memory, owner, got);
    back += got;
    if (got < wanted) break;
  }
  return back;
}

function countSwapIn(memory: Memory, owner: number, pages: number): void {
  if (pages === 0) return;
  const { events } = memory;
  forgetSwapped(memory, owner, pages);
  events[EV_PGFAULT] += pages;
  events[EV_PGMAJFAULT]++;
  events[EV_PSWPIN] += pages;
  events[EV_SWAP_RA] += pages - 1;
  events[EV_PGPGIN] += pages * KIB_PER_PAGE;
  events[EV_WORKINGSET_REFAULT_ANON] += pages;
  stallOfSwapIn(memory);
}

function countReadIn(memory: Memory, owner: number, pages: number): void {
  memory.owners[owner * OWNER_FIELDS + O_EVICTED] -= Math.min(pages, absentPages(memory, owner));
  memory.events[EV_PGPGIN] += pages * KIB_PER_PAGE;
  memory.events[EV_WORKINGSET_REFAULT_FILE] += pages;
}
