/**
 * What runs of compaction remember for later ones: the skip bit of each pageblock and where the scanners go on.
 * Source: mm/compaction.c of Linux 6.12 (isolation_suitable, test_and_set_skip, update_cached_migrate,
 * update_pageblock_skip, __reset_isolation_suitable), as described in the reference, §4.4 and §4.12.
 */
import { MIGRATE_ASYNC } from '../layout/migrate-mode.js';
import { MOVABLE, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { BLOCK_HUGE, BLOCK_SKIP, OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { KIND_FILE, O_KIND_PLUS_ONE } from '../layout/owner-fields.js';
import { TAG_FREE, TAG_FREE_HEAD, TAG_OFFLINE, TAG_OWNER } from '../layout/tags.js';
import {
  ZONE_FIELDS,
  Z_COMPACT_BLOCKSKIP_FLUSH,
  Z_COMPACT_CACHED_FREE,
  Z_COMPACT_CACHED_MIGRATE,
  Z_COMPACT_INIT_FREE,
  Z_COMPACT_INIT_MIGRATE,
  Z_END,
  Z_START,
} from '../layout/zone-fields.js';
import type { CompactControl } from './control.js';

/** Frames of a pageblock that a reset looks at: every eighth. */
const SAMPLE_STEP = 8;

export function pageblockStart(pfn: number): number {
  return pfn & -PAGEBLOCK_PAGES;
}

/** End of the pageblock that `pfn` lies in: of the next one when `pfn` is a start. */
export function pageblockEnd(pfn: number): number {
  return pageblockStart(pfn) + PAGEBLOCK_PAGES;
}

export function isSkipped(memory: Memory, pfn: number): boolean {
  return (memory.blockFlags[pfn >> PAGEBLOCK_ORDER] & BLOCK_SKIP) !== 0;
}

export function setSkip(cc: CompactControl, pfn: number): void {
  if (!cc.noSetSkipHint) cc.memory.blockFlags[pfn >> PAGEBLOCK_ORDER] |= BLOCK_SKIP;
}

/** True unless an earlier run found nothing in the pageblock and this one heeds that. */
export function isIsolationSuitable(cc: CompactControl, pfn: number): boolean {
  return cc.ignoreSkipHint || !isSkipped(cc.memory, pfn);
}

/** Sets the skip bit for the first page that is taken from a pageblock; true when somebody was there before. */
export function testAndSetSkip(cc: CompactControl, pfn: number): boolean {
  if (cc.ignoreSkipHint) return false;
  const skipped = isSkipped(cc.memory, pfn);
  if (!skipped) setSkip(cc, pfn);
  return skipped;
}

/**
 * The migrate scanner is done up to `pfn`. As the kernel rounds up from there, a `pfn` that ends a pageblock moves the
 * cached position past the next one too.
 */
export function updateCachedMigrate(cc: CompactControl, pfn: number): void {
  if (cc.noSetSkipHint) return;
  const { zones } = cc.memory;
  const cached = cc.zone * ZONE_FIELDS + Z_COMPACT_CACHED_MIGRATE;
  const end = pageblockEnd(pfn);
  if (end > zones[cached]) zones[cached] = end;
  if (cc.mode !== MIGRATE_ASYNC && end > zones[cached + 1]) zones[cached + 1] = end;
}

/** The free scanner is done with the pageblock at `pfn`. */
export function updateCachedFree(cc: CompactControl, pfn: number): void {
  if (cc.noSetSkipHint) return;
  setSkip(cc, pfn);
  const { zones } = cc.memory;
  const cached = cc.zone * ZONE_FIELDS + Z_COMPACT_CACHED_FREE;
  zones[cached] = Math.min(zones[cached], pageblockStart(pfn) - PAGEBLOCK_PAGES);
}

/** Later runs start at both ends of the zone again. */
export function resetCachedPositions(memory: Memory, zone: number): void {
  const { zones } = memory;
  const row = zone * ZONE_FIELDS;
  zones[row + Z_COMPACT_CACHED_MIGRATE] = zones[row + Z_START];
  zones[row + Z_COMPACT_CACHED_MIGRATE + 1] = zones[row + Z_START];
  zones[row + Z_COMPACT_CACHED_FREE] = pageblockStart(zones[row + Z_END] - 1);
}

/**
 * Clears the skip bit of pageblocks in which a sample finds something to move or room for it, from both ends of the zone
 * inwards; the first finds become the cached positions. Does nothing unless a full run has asked for it since.
 */
export function resetSkipHints(memory: Memory, zone: number): void {
  const { zones } = memory;
  const row = zone * ZONE_FIELDS;
  if (zones[row + Z_COMPACT_BLOCKSKIP_FLUSH] === 0) return;
  zones[row + Z_COMPACT_BLOCKSKIP_FLUSH] = 0;
  let low = zones[row + Z_START];
  let high = zones[row + Z_END] - 1;
  let firstSource = high;
  let lastTarget = low;
  let foundSource = false;
  let foundTarget = false;
  for (; low < high; low += PAGEBLOCK_PAGES, high -= PAGEBLOCK_PAGES) {
    if (resetBlock(memory, zone, low, true, foundSource) && low < firstSource) {
      foundSource = true;
      firstSource = low;
      zones[row + Z_COMPACT_INIT_MIGRATE] = low;
      zones.fill(low, row + Z_COMPACT_CACHED_MIGRATE, row + Z_COMPACT_CACHED_MIGRATE + 2);
    }
    if (resetBlock(memory, zone, high, foundTarget, true) && high > lastTarget) {
      foundTarget = true;
      lastTarget = high;
      zones[row + Z_COMPACT_INIT_FREE] = high;
      zones[row + Z_COMPACT_CACHED_FREE] = high;
    }
  }
  if (firstSource < lastTarget) return;
  zones.fill(low, row + Z_COMPACT_CACHED_MIGRATE, row + Z_COMPACT_CACHED_MIGRATE + 2);
  zones[row + Z_COMPACT_CACHED_FREE] = high;
}

/** Clears the pageblock's skip bit when a sample is an LRU page (`asSource`) or heads a free block (`asTarget`). */
function resetBlock(memory: Memory, zone: number, pfn: number, asSource: boolean, asTarget: boolean): boolean {
  const { blockFlags, blockType, blockZone, tag, zones } = memory;
  const block = pfn >> PAGEBLOCK_ORDER;
  const row = zone * ZONE_FIELDS;
  if (blockZone[block] !== zone || tag[pfn] === TAG_OFFLINE || (blockFlags[block] & BLOCK_HUGE) !== 0) return false;
  if (asSource && asTarget && !isSkipped(memory, pfn)) return true;
  if (!asSource && asTarget && blockType[block] !== MOVABLE) return false;
  const end = Math.min(pageblockEnd(pfn), zones[row + Z_END]);
  for (let at = Math.max(pageblockStart(pfn), zones[row + Z_START]); at < end; at += SAMPLE_STEP) {
    if ((asSource && isLruPage(memory, at)) || (asTarget && headsFreeBlock(memory, at))) {
      blockFlags[block] &= ~BLOCK_SKIP;
      return true;
    }
  }
  return false;
}

function isLruPage(memory: Memory, pfn: number): boolean {
  const tag = memory.tag[pfn];
  if (tag < TAG_OWNER) return false;
  const kind = memory.owners[(tag - TAG_OWNER) * OWNER_FIELDS + O_KIND_PLUS_ONE] - 1;
  return kind <= KIND_FILE;
}

function headsFreeBlock(memory: Memory, pfn: number): boolean {
  const tag = memory.tag[pfn];
  if (tag === TAG_FREE) return pfn % PAGEBLOCK_PAGES === 0 && memory.blockFree[pfn >> PAGEBLOCK_ORDER] > 0;
  return tag >= TAG_FREE_HEAD && tag < TAG_FREE_HEAD + PAGEBLOCK_ORDER;
}
