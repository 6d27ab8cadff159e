/**
 * Which kind of page is cheaper to take: what is written to swap costs input and output, so anonymous pages become dearer
 * with each page written; the cost halves when it has passed a quarter of the pages on the lists. Source: mm/swap.c and
 * mm/vmscan.c of Linux (lru_note_cost, get_scan_count), as their behaviour is known. File pages that come back have no cost
 * here: the recorded kernels go on dropping cache then (swap-512, steps 34 and 35).
 */
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { NODE_FIELDS, N_ANON_COST } from '../layout/node-fields.js';
import { KIND_FILE, O_KIND_PLUS_ONE, O_PAGES } from '../layout/owner-fields.js';

/** One page written costs as much as scanning 32 pages in vain. */
const IO_COST = 32;
/** Shares of anonymous and file pages are of this. */
export const SHARES = 200;

/** Shares of 200 in which anonymous and file pages are scanned. */
export interface Balance {
  readonly anon: number;
  readonly file: number;
}

/** `pages` anonymous pages were written to swap. */
export function noteSwapOut(memory: Memory, node: number, pages: number): void {
  const at = node * NODE_FIELDS + N_ANON_COST;
  memory.nodes[at] += pages * IO_COST;
  let listed = 0;
  for (let row = 0; row < memory.owners.length; row += OWNER_FIELDS) {
    const kind = memory.owners[row + O_KIND_PLUS_ONE];
    if (kind > 0 && kind <= KIND_FILE + 1) listed += memory.owners[row + O_PAGES];
  }
  while (memory.nodes[at] > listed >> 2) memory.nodes[at] >>= 1;
}

/** Swappiness against the rest of 200, each divided by its cost; no kind counts less than a third of both. */
export function weighCosts(memory: Memory, node: number, swappiness: number): Balance {
  const cost = memory.nodes[node * NODE_FIELDS + N_ANON_COST];
  const anon = swappiness / (2 * cost + 1);
  const file = (SHARES - swappiness) / (cost + 1);
  return { anon: (SHARES * anon) / (anon + file), file: (SHARES * file) / (anon + file) };
}
