/**
 * The free pages that a run has collected as targets. Source: mm/compaction.c of Linux 6.12 and 6.1 (compaction_alloc,
 * compaction_free, split_map_pages, release_freepages), as described in the reference, §4.9, §12.1.8 and §12.1.10.
 *
 *   6.9 and later   one list for each order, oldest first; a page comes from the smallest block that is large enough, its
 *                   lowest part first
 *   before          single pages only, the last one found first
 *
 * Blocks here are on no free list; each carries TAG_COMPACT_FREE + order at its first frame.
 */
import { freePages } from '../allocator/free.js';
import { MAX_ORDER, NIL, ORDERS } from '../layout/constants.js';
import { TAG_ALLOCATED, TAG_COMPACT_FREE, TAG_FREE } from '../layout/tags.js';
import type { CompactControl } from './control.js';

/** List of blocks found since the last cut, before 6.9. */
const UNCUT = ORDERS;

/** A block that isolateFreeBlock took becomes the run's newest target. */
export function addTarget(cc: CompactControl, pfn: number, order: number): void {
  append(cc, cc.memory.rules.targetsByOrder ? order : UNCUT, pfn);
  cc.freePages += 1 << order;
}

/** Before 6.9: what was found is cut into pages; each goes before those that are there. */
export function cutTargets(cc: CompactControl): void {
  const { tag } = cc.memory;
  for (let pfn = removeHead(cc, UNCUT); pfn !== NIL; pfn = removeHead(cc, UNCUT)) {
    const end = pfn + (1 << (tag[pfn] - TAG_COMPACT_FREE));
    for (let page = pfn; page < end; page++) {
      tag[page] = TAG_COMPACT_FREE;
      prepend(cc, 0, page);
    }
  }
}

/** 2^order pages for a page that moves, tagged TAG_ALLOCATED, or NIL. */
export function takeTarget(cc: CompactControl, order: number): number {
  let found = order;
  while (found <= MAX_ORDER && cc.targetHeads[found] === NIL) found++;
  if (found > MAX_ORDER) return NIL;
  const { tag, rules } = cc.memory;
  const pfn = removeHead(cc, found);
  while (found > order) {
    found--;
    const upper = pfn + (1 << found);
    tag[upper] = TAG_COMPACT_FREE + found;
    prepend(cc, found, upper);
  }
  if (order === 0) tag[pfn] = TAG_ALLOCATED;
  else tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << order));
  cc.freePages -= 1 << order;
  if (rules.targetsByOrder) cc.migratePages -= 1 << order;
  return pfn;
}

/** Takes back a target that no page moved to. */
export function giveTarget(cc: CompactControl, pfn: number, order: number): void {
  const { tag, rules } = cc.memory;
  if (order > 0) tag.fill(TAG_FREE, pfn, pfn + (1 << order));
  tag[pfn] = TAG_COMPACT_FREE + order;
  prepend(cc, order, pfn);
  cc.freePages += 1 << order;
  if (rules.targetsByOrder) cc.migratePages += 1 << order;
}

/** Frees what is left, as pages that were in use; returns the highest first frame among them, or 0. */
export function releaseTargets(cc: CompactControl): number {
  const { memory } = cc;
  let highest = 0;
  for (let order = 0; order < ORDERS; order++) {
    for (let pfn = removeHead(cc, order); pfn !== NIL; pfn = removeHead(cc, order)) {
      memory.tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << order));
      freePages(memory, pfn, order);
      highest = Math.max(highest, pfn);
    }
  }
  cc.freePages = 0;
  return highest;
}

function append(cc: CompactControl, list: number, pfn: number): void {
  const { links } = cc.memory;
  const tail = cc.targetTails[list];
  links[2 * pfn] = NIL;
  if (tail === NIL) cc.targetHeads[list] = pfn;
  else links[2 * tail] = pfn;
  cc.targetTails[list] = pfn;
}

function prepend(cc: CompactControl, list: number, pfn: number): void {
  const head = cc.targetHeads[list];
  cc.memory.links[2 * pfn] = head;
  cc.targetHeads[list] = pfn;
  if (head === NIL) cc.targetTails[list] = pfn;
}

function removeHead(cc: CompactControl, list: number): number {
  const pfn = cc.targetHeads[list];
  if (pfn === NIL) return NIL;
  const after = cc.memory.links[2 * pfn];
  cc.targetHeads[list] = after;
  if (after === NIL) cc.targetTails[list] = NIL;
  return pfn;
}
