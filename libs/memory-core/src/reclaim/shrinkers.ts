/**
 * What can be shrunk besides the LRU lists: slab caches, and what drivers register (free page hinting keeps its blocks
 * behind one). Drivers live outside the columns; whoever restores a snapshot registers them again.
 */
import { freePages } from '../allocator/free.js';
import { EV_SLABS_SCANNED } from '../layout/events.js';
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { KIND_SLAB_RECLAIMABLE, O_KIND_PLUS_ONE, O_PAGES } from '../layout/owner-fields.js';
import { disownPage, oldestOf } from '../owner-pages/release.js';
import type { ReclaimControl } from './reclaim-control.js';

const ROW = OWNER_FIELDS;
/** Objects cost two seeks to make again: 4 / 2 of the share of the LRU lists is scanned. */
const SHARE = 2;

export interface Shrinker {
  /** Pages that could be freed. */
  count(): number;
  /** Frees about `pages` of them and returns how many it freed. */
  scan(pages: number): number;
}

const registered = new WeakMap<Memory, Shrinker[]>();

/** Returns what takes the shrinker away again. */
export function registerShrinker(memory: Memory, shrinker: Shrinker): () => void {
  registered.set(memory, [...(registered.get(memory) ?? []), shrinker]);
  return () => {
    const others = (registered.get(memory) ?? []).filter((other) => other !== shrinker);
    registered.set(memory, others);
  };
}

/** True when something besides slab caches can be shrunk. */
export function hasShrinkers(memory: Memory): boolean {
  return (registered.get(memory) ?? []).length > 0;
}

/** Asks slab caches and shrinkers for their share at the control's priority. */
export function shrinkSlab(memory: Memory, control: ReclaimControl): void {
  for (let row = 0; row < memory.owners.length; row += ROW) {
    if (memory.owners[row + O_KIND_PLUS_ONE] !== KIND_SLAB_RECLAIMABLE + 1) continue;
    const share = shareOf(memory.owners[row + O_PAGES], control);
    memory.events[EV_SLABS_SCANNED] += share;
    for (let left = share; left > 0; left--) {
      const pfn = oldestOf(memory, row / ROW, 0);
      disownPage(memory, row / ROW, pfn);
      freePages(memory, pfn, 0);
      control.reclaimed++;
    }
  }
  for (const shrinker of registered.get(memory) ?? []) {
    const share = shareOf(shrinker.count(), control);
    if (share > 0) control.reclaimed += shrinker.scan(share);
  }
}

function shareOf(pages: number, control: ReclaimControl): number {
  return Math.min(pages, (pages >> control.priority) * SHARE);
}
