/**
 * Shortcuts for runs that want a certain order: look for a source or a target on the free lists before scanning frames.
 * Source: mm/compaction.c of Linux 6.12 (fast_find_migrateblock, fast_isolate_freepages), as described in the reference,
 * §4.11.
 */
import { isolateFreeBlock } from '../allocator/isolate-free.js';
import { unlink } from '../allocator/page-list.js';
import { MIGRATETYPES, MOVABLE, NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_COMPACT_ISOLATED } from '../layout/events.js';
import { BLOCK_SKIP, freeListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_COMPACT_CACHED_FREE, Z_COMPACT_INIT_FREE, Z_START } from '../layout/zone-fields.js';
import { freeBlocks } from './fragmentation.js';
import { isMigrationTarget, isUsableBlock } from './blocks.js';
import { COMPACT_CLUSTER_MAX } from './control.js';
import type { CompactControl } from './control.js';
import { isSkipped, pageblockStart } from './skip-hints.js';
import { COSTLY_ORDER } from './suitability.js';
import { addTarget } from './targets.js';

/** Entries to look at: 33, halved by each failure in a row. */
function scanLimit(cc: CompactControl): number {
  return (cc.fastSearchFail > 31 ? 0 : COMPACT_CLUSTER_MAX >> cc.fastSearchFail) + 1;
}

function movableList(cc: CompactControl, order: number): number {
  return freeListNode(cc.memory, cc.zone, order * MIGRATETYPES + MOVABLE);
}

function pfnOfNode(memory: Memory, node: number): number {
  return node < memory.spanPages ? node : (node - memory.spanPages) << PAGEBLOCK_ORDER;
}

/** Makes `node` the first of its list, keeping the order in the round. */
function rotateToHead(links: Int32Array, sentinel: number, node: number): void {
  if (node === sentinel || links[2 * sentinel] === node) return;
  unlink(links, sentinel);
  const before = links[2 * node + 1];
  links[2 * before] = sentinel;
  links[2 * sentinel + 1] = before;
  links[2 * sentinel] = node;
  links[2 * node + 1] = sentinel;
}

/** Makes `node` the last of its list, keeping the order in the round. */
function rotateToTail(links: Int32Array, sentinel: number, node: number): void {
  if (node === sentinel || links[2 * sentinel + 1] === node) return;
  rotateToHead(links, sentinel, links[2 * node]);
}

/** Where the migrate scanner should look next: a pageblock with some free memory, or where it stands. */
export function findMigrateBlock(cc: CompactControl): number {
  const start = cc.memory.zones[cc.zone * ZONE_FIELDS + Z_START];
  const { migratePfn } = cc;
  if (cc.ignoreSkipHint || cc.finishPageblock) return migratePfn;
  if (migratePfn !== start && migratePfn !== pageblockStart(migratePfn)) return migratePfn;
  if (cc.order <= COSTLY_ORDER || (cc.direct && cc.migratetype !== MOVABLE)) return migratePfn;
  let distance = Math.floor((cc.freePfn - migratePfn) / 2);
  if (migratePfn !== start) distance >>= 2;
  const pfn = searchSource(cc, pageblockStart(migratePfn + distance));
  if (pfn !== NIL) {
    cc.fastSearchFail = 0;
    return Math.max(pageblockStart(pfn), start);
  }
  cc.fastSearchFail++;
  if (cc.fastStartPfn > 0) {
    cc.migratePfn = cc.fastStartPfn;
    cc.fastStartPfn = NIL;
  }
  return cc.migratePfn;
}

/** First free block below `highest` whose pageblock is not skipped, or NIL. */
function searchSource(cc: CompactControl, highest: number): number {
  const { memory } = cc;
  const { links } = memory;
  const limit = scanLimit(cc);
  let scanned = 0;
  let found = NIL;
  for (let order = cc.order - 1; order >= COSTLY_ORDER && found === NIL && scanned < limit; order--) {
    if (freeBlocks(memory, cc.zone, order) === 0) continue;
    const sentinel = movableList(cc, order);
    for (let node = links[2 * sentinel]; node !== sentinel; node = links[2 * node]) {
      const pfn = pfnOfNode(memory, node);
      const usedUp = scanned++ >= limit;
      const usable = pfn < highest && !isSkipped(memory, pfn);
      if (!usedUp && !usable) continue;
      rotateToTail(links, sentinel, node);
      if (usedUp) break;
      // Before 6.4 the pageblock is marked here already, and so is passed over when its turn comes.
      if (!memory.rules.finishesPageblocks) memory.blockFlags[pfn >> PAGEBLOCK_ORDER] |= BLOCK_SKIP;
      found = pfn;
      break;
    }
  }
  cc.migrateScanned += scanned;
  if (found !== NIL && cc.fastStartPfn !== NIL) {
    cc.fastStartPfn = cc.fastStartPfn === 0 ? found : Math.min(cc.fastStartPfn, found);
  }
  return found;
}

/** A search for targets in one order's list. */
interface TargetSearch {
  /** From here on a block is as good as it gets, down to there it will do. */
  readonly preferred: number;
  readonly acceptable: number;
  limit: number;
  scanned: number;
  taken: number;
  /** Highest pageblock seen, 0 for none. */
  highest: number;
}

/**
 * Takes targets off the movable free lists near the free scanner. Returns the pfn around which it pays to look further, or
 * NIL.
 */
export function fastIsolateFreePages(cc: CompactControl): number {
  if (cc.order <= 0) return NIL;
  const { zones } = cc.memory;
  const row = cc.zone * ZONE_FIELDS;
  const atStart = cc.freePfn >= zones[row + Z_COMPACT_INIT_FREE];
  const distance = cc.freePfn - cc.migratePfn;
  const search: TargetSearch = {
    preferred: pageblockStart(cc.freePfn - (distance >> 2)),
    acceptable: pageblockStart(cc.freePfn - (distance >> 1)),
    limit: atStart ? PAGEBLOCK_PAGES >> 1 : Math.max(1, scanLimit(cc) >> 1),
    scanned: 0,
    taken: 0,
    highest: 0,
  };
  let pfn = searchTargets(cc, search);
  const { scanned, taken, acceptable } = search;
  cc.freeScanned += scanned;
  cc.trace?.({ kind: 'FAST_ISOLATE_FREEPAGES', startPfn: acceptable, endPfn: cc.freePfn, scanned, taken });
  if (pfn === NIL) {
    cc.fastSearchFail++;
    if (atStart) pfn = jumpAhead(cc, search);
  }
  if (search.highest > 0 && search.highest >= zones[row + Z_COMPACT_CACHED_FREE]) {
    zones[row + Z_COMPACT_CACHED_FREE] = search.highest - PAGEBLOCK_PAGES;
  }
  return pfn;
}

/** Nothing was found where the scan begins: it begins at the highest free block then, or half way for a task in a hurry. */
function jumpAhead(cc: CompactControl, search: TargetSearch): number {
  if (search.highest >= search.acceptable && search.highest > 0) {
    cc.freePfn = search.highest;
    return search.highest;
  }
  if (!cc.direct) return NIL;
  cc.freePfn = search.acceptable;
  const usable = isUsableBlock(cc, search.acceptable) && isMigrationTarget(cc, search.acceptable);
  return usable ? search.acceptable : NIL;
}

/** Order after order, beginning where the last search was lucky. */
function searchTargets(cc: CompactControl, search: TargetSearch): number {
  cc.searchOrder = Math.min(cc.order - 1, cc.searchOrder);
  let order = cc.searchOrder;
  while (order >= 0) {
    if (freeBlocks(cc.memory, cc.zone, order) > 0) {
      const before = search.scanned;
      const pfn = bestOnList(cc, search, order);
      if (pfn !== NIL) return takeFound(cc, search, pfn, order);
      if (search.scanned - before >= search.limit) search.limit = Math.max(1, search.limit >> 1);
    }
    order = nextSearchOrder(cc, order);
  }
  return NIL;
}

/** Takes the block; at the min watermark the search is over instead. */
function takeFound(cc: CompactControl, search: TargetSearch, pfn: number, order: number): number {
  if (!isolateFreeBlock(cc.memory, pfn, order)) {
    nextSearchOrder(cc, cc.searchOrder + 1);
    return NIL;
  }
  const pages = 1 << order;
  search.scanned += pages - 1;
  search.taken += pages;
  addTarget(cc, pfn, order);
  cc.memory.events[EV_COMPACT_ISOLATED] += pages;
  return pfn;
}

function nextSearchOrder(cc: CompactControl, order: number): number {
  const next = order === 0 ? cc.order - 1 : order - 1;
  if (next !== cc.searchOrder) return next;
  cc.searchOrder = cc.searchOrder === 0 ? cc.order - 1 : cc.searchOrder - 1;
  return NIL;
}

/** The block of the list that lies highest, or high enough; looks from the tail, and next time further on. */
function bestOnList(cc: CompactControl, search: TargetSearch, order: number): number {
  const { links, zones } = cc.memory;
  const sentinel = movableList(cc, order);
  const start = zones[cc.zone * ZONE_FIELDS + Z_START];
  let visited = 0;
  let best = NIL;
  let bestNode = NIL;
  let node = links[2 * sentinel + 1];
  for (; node !== sentinel; node = links[2 * node + 1]) {
    visited++;
    const pfn = pfnOfNode(cc.memory, node);
    if (pfn >= search.highest) search.highest = Math.max(pageblockStart(pfn), start);
    if (pfn >= search.preferred) {
      cc.fastSearchFail = 0;
      cc.searchOrder = order;
      best = pfn;
      bestNode = node;
      break;
    }
    if (pfn >= search.acceptable && pfn > Math.max(best, 0)) {
      best = pfn;
      bestNode = node;
      search.limit >>= 1;
    }
    if (visited >= search.limit) break;
  }
  search.scanned += visited;
  rotateToHead(links, sentinel, bestNode === NIL ? node : bestNode);
  return best;
}
