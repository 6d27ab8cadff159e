/** Page cache that is only counted, not addressed: pages that reclaim has dropped are read from disk again. */
import {
  EV_PGPGIN,
  EV_PGSCAN_DIRECT,
  EV_PGSCAN_FILE,
  EV_PGSTEAL_DIRECT,
  EV_PGSTEAL_FILE,
  EV_WORKINGSET_REFAULT_FILE,
} from '../layout/events.js';
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { countedRefaults } from '../reclaim/refaults.js';
import { stallOfFileRead } from '../reclaim/stall.js';
import { growOwner } from './owner.js';
import { O_EVICTED } from '../layout/owner-fields.js';

const KIB_PER_PAGE = 4;

/** Pages of the owner that reclaim dropped and that have not come back. */
export function evictedPages(memory: Memory, owner: number): number {
  return memory.owners[owner * OWNER_FIELDS + O_EVICTED];
}

/**
 * Tasks read `pages` of these and wait for each; up to `room` of them stay. The others take the place of one another, read in and
 * dropped: to the kernel that is progress, so that it kills nobody and asks no balloon: a guest that thrashes. They change
 * counters only, since what they do to the lists they undo. (What stays comes as new pages do, with two lists too.)
 */
export function readAgain(memory: Memory, owner: number, pages: number, room: number): void {
  const { events } = memory;
  const due = Math.min(pages, evictedPages(memory, owner));
  const stay = growOwner(memory, owner, Math.min(due, room));
  if (stay > 0) countedRefaults(memory, owner, stay);
  const passing = due - stay;
  for (const event of [EV_PGSCAN_DIRECT, EV_PGSCAN_FILE, EV_PGSTEAL_DIRECT, EV_PGSTEAL_FILE]) events[event] += passing;
  events[EV_WORKINGSET_REFAULT_FILE] += passing;
  events[EV_PGPGIN] += due * KIB_PER_PAGE;
  stallOfFileRead(memory, due);
}
