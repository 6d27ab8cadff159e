/**
 * The free scanner: goes down the zone and collects free pages as targets. While pageblocks yield nothing it looks at
 * fewer and fewer of their frames, which is why periodic holes can defeat it.
 * Source: mm/compaction.c of Linux 6.12 and 6.1 (isolate_freepages, isolate_freepages_block), as described in the
 * reference, §4.10 and §12.1.9.
 */
import { isolateFreeBlock } from '../allocator/isolate-free.js';
import { MIGRATE_ASYNC } from '../layout/migrate-mode.js';
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_COMPACT_ISOLATED } from '../layout/events.js';
import { BLOCK_HUGE } from '../layout/memory.js';
import { TAG_FREE, TAG_FREE_HEAD, TAG_OWNER } from '../layout/tags.js';
import { ZONE_FIELDS, Z_END } from '../layout/zone-fields.js';
import { isMigrationTarget, isUsableBlock } from './blocks.js';
import { COMPACT_CLUSTER_MAX } from './control.js';
import type { CompactControl } from './control.js';
import { fastIsolateFreePages } from './fast-search.js';
import { isIsolationSuitable, pageblockEnd, pageblockStart, setSkip, updateCachedFree } from './skip-hints.js';
import { addTarget, cutTargets } from './targets.js';

// Re-bound for the loop over frames: an imported constant costs a load and two checks at each use.
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const BLOCK_PAGES = PAGEBLOCK_PAGES;
const FREE = TAG_FREE;
const FREE_HEAD = TAG_FREE_HEAD;
const OWNER = TAG_OWNER;

/** Collects targets until there are as many as pages to move, or nothing is left above the migrate scanner. */
export function isolateFreePages(cc: CompactControl): void {
  const around = fastIsolateFreePages(cc);
  if (around >= 0) isolateAround(cc, around);
  if (cc.freePages === 0) scanDown(cc);
  if (!cc.memory.rules.targetsByOrder) cutTargets(cc);
}

/** After a lucky search: the rest of the pageblock where it was lucky. */
function isolateAround(cc: CompactControl, pfn: number): void {
  if (cc.freePages >= cc.migratePages || (cc.direct && cc.mode === MIGRATE_ASYNC)) return;
  const { zones } = cc.memory;
  const end = Math.min(pageblockEnd(pfn), zones[cc.zone * ZONE_FIELDS + Z_END]);
  if (!isUsableBlock(cc, pfn)) return;
  const start = pageblockStart(pfn);
  if (isolateFreeBlocks(cc, start, end, 1) === end) setSkip(cc, start);
}

function scanDown(cc: CompactControl): void {
  const { zones } = cc.memory;
  let from = cc.freePfn;
  let start = pageblockStart(from);
  let end = Math.min(start + BLOCK_PAGES, zones[cc.zone * ZONE_FIELDS + Z_END]);
  const lowest = pageblockEnd(cc.migratePfn);
  let stride = cc.mode === MIGRATE_ASYNC ? COMPACT_CLUSTER_MAX : 1;
  while (start >= lowest) {
    if (isUsableBlock(cc, start) && isMigrationTarget(cc, start) && isIsolationSuitable(cc, start)) {
      const before = cc.freePages;
      from = isolateFreeBlocks(cc, from, end, stride);
      if (from === end) updateCachedFree(cc, start);
      if (cc.freePages >= cc.migratePages) {
        if (from >= end) from = start - BLOCK_PAGES;
        break;
      }
      if (from < end) break;
      stride = cc.freePages > before ? 1 : Math.min(COMPACT_CLUSTER_MAX, stride * 2);
    }
    end = start;
    start -= BLOCK_PAGES;
    from = start;
  }
  cc.freePfn = from;
}

/**
 * Takes the free blocks among every `stride`-th frame from `from` to `end`, all of one pageblock, until there are targets
 * enough or the min watermark is reached. Returns where it stopped: `end` when the pageblock is done.
 */
function isolateFreeBlocks(cc: CompactControl, from: number, end: number, stride: number): number {
  const { memory } = cc;
  const { tag, blockFree } = memory;
  let pfn = from;
  let scanned = 0;
  let taken = 0;
  for (; pfn < end; pfn += stride) {
    scanned++;
    const state = tag[pfn];
    let order = state - FREE_HEAD;
    if (state === FREE) {
      order = (pfn & (BLOCK_PAGES - 1)) === 0 ? blockFree[pfn >> BLOCK_ORDER] - 1 : -1;
    } else if (order >= BLOCK_ORDER) {
      if (state < OWNER || !isHugeHead(cc, pfn)) continue;
      const jump = BLOCK_PAGES - 1;
      pfn += jump;
      if (memory.rules.countsJumpedFrames) scanned += jump;
      continue;
    }
    if (order < 0) continue;
    if (!isolateFreeBlock(memory, pfn, order)) break;
    const pages = 1 << order;
    scanned += pages - 1;
    taken += pages;
    addTarget(cc, pfn, order);
    if (cc.freePages >= cc.migratePages) {
      pfn += pages;
      break;
    }
    pfn += pages - 1;
  }
  pfn = Math.min(pfn, end);
  cc.trace?.({ kind: 'ISOLATE_FREEPAGES', startPfn: from, endPfn: pfn, scanned, taken });
  cc.freeScanned += scanned;
  memory.events[EV_COMPACT_ISOLATED] += taken;
  return pfn;
}

function isHugeHead(cc: CompactControl, pfn: number): boolean {
  return (pfn & (BLOCK_PAGES - 1)) === 0 && (cc.memory.blockFlags[pfn >> BLOCK_ORDER] & BLOCK_HUGE) !== 0;
}
