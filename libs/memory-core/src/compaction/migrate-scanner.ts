/**
 * The migrate scanner: goes up the zone and collects pages that can move, 32 at a time.
 * Source: mm/compaction.c of Linux 6.12 and 6.1 (isolate_migratepages, isolate_migratepages_block), as described in the
 * reference, §4.8 and §12.1.7.
 */
import { MIGRATE_ASYNC } from '../layout/migrate-mode.js';
import { MOVABLE, NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_COMPACT_ISOLATED } from '../layout/events.js';
import { BLOCK_HUGE, OWNER_FIELDS } from '../layout/memory.js';
import { MAX_BALLOON_DEVICES, TAG_BALLOON, TAG_FREE, TAG_FREE_HEAD, TAG_OWNER } from '../layout/tags.js';
import { ZONE_FIELDS, Z_START } from '../layout/zone-fields.js';
import { isolateMovableOpsPage, putbackMovablePages } from '../migration/isolate.js';
import { pushMigration } from '../migration/migration-list.js';
import { isolateOwnerPage } from '../migration/isolate-owner.js';
import { KIND_FILE, O_KIND_PLUS_ONE } from '../layout/owner-fields.js';
import { RESCHEDULE } from '../tasks/task.js';
import type { Task } from '../tasks/task.js';
import { isUsableBlock } from './blocks.js';
import { COMPACT_CLUSTER_MAX } from './control.js';
import type { CompactControl } from './control.js';
import { findMigrateBlock } from './fast-search.js';
import {
  isIsolationSuitable,
  pageblockEnd,
  pageblockStart,
  setSkip,
  testAndSetSkip,
  updateCachedMigrate,
} from './skip-hints.js';

// Re-bound for the loop over frames: an imported constant costs a load and two checks at each use.
const BLOCK_ORDER = PAGEBLOCK_ORDER;
const BLOCK_PAGES = PAGEBLOCK_PAGES;
const FREE = TAG_FREE;
const FREE_HEAD = TAG_FREE_HEAD;
const BALLOON = TAG_BALLOON;
const DEVICES = MAX_BALLOON_DEVICES;
const OWNER = TAG_OWNER;
const CLUSTER = COMPACT_CLUSTER_MAX;

/** Where the scan of one pageblock stands. */
interface BlockScan {
  low: number;
  readonly end: number;
  scanned: number;
  isolated: number;
  /** Start of the pageblock once its skip bit was looked at, else NIL. */
  block: number;
  /** The skip bit was set for the first page taken. */
  skipUpdated: boolean;
  /** End of the sub-block in which one failure spoils all, 0 when a failure spoils nothing. */
  nextSkip: number;
}

const GO_ON = 0;
const STOP = 1;
/** A page failed where one failure spoils the sub-block: put back what was taken and go on after it. */
const SPOILT = 2;

/** Collects pages from the next pageblock that has any for this run; false when none was found in it. */
export function* isolateMigratePages(cc: CompactControl): Task<boolean> {
  const { memory } = cc;
  const start = memory.zones[cc.zone * ZONE_FIELDS + Z_START];
  let low = findMigrateBlock(cc);
  let found = low !== cc.migratePfn && cc.fastSearchFail === 0;
  let end = pageblockEnd(low);
  for (; end <= cc.freePfn; end += BLOCK_PAGES) {
    const atStart = low === pageblockStart(low) || low === start;
    if (isUsableBlock(cc, low) && (!atStart || found || isIsolationSuitable(cc, low))) {
      if (isMigrationSource(cc, low)) {
        yield* isolateBlock(cc, low, end);
        break;
      }
      updateCachedMigrate(cc, end);
    }
    found = false;
    low = end;
    cc.migratePfn = end;
  }
  return cc.migratePages > 0;
}

function isMigrationSource(cc: CompactControl, pfn: number): boolean {
  const block = pfn >> BLOCK_ORDER;
  if ((cc.memory.blockFlags[block] & BLOCK_HUGE) !== 0) return false;
  if (cc.mode !== MIGRATE_ASYNC || !cc.direct) return true;
  return cc.memory.blockType[block] === (cc.migratetype === MOVABLE ? MOVABLE : cc.migratetype);
}

function* isolateBlock(cc: CompactControl, startPfn: number, end: number): Task<void> {
  const scan: BlockScan = {
    low: startPfn,
    end,
    scanned: 0,
    isolated: 0,
    block: isBlockStart(cc, startPfn) ? startPfn : NIL,
    skipUpdated: false,
    nextSkip: cc.direct && cc.mode === MIGRATE_ASYNC ? subBlockEnd(startPfn, cc.order) : 0,
  };
  cc.migratePfn = startPfn;
  yield RESCHEDULE;
  if (scan.block !== NIL && !isIsolationSuitable(cc, startPfn)) {
    scan.scanned = 1;
    scan.low = end;
    scan.block = NIL;
  }
  for (let step = GO_ON; step !== STOP && scan.low < end;) {
    const before = scan.isolated;
    step = scanCluster(cc, scan);
    if (step === SPOILT) yield* skipSubBlock(cc, scan);
    else if (scan.isolated > before) yield RESCHEDULE;
  }
  endBlock(cc, scan, startPfn);
}

function endBlock(cc: CompactControl, scan: BlockScan, startPfn: number): void {
  const { end, scanned, isolated } = scan;
  const low = Math.min(scan.low, end);
  if (low === end && (isolated === 0 || cc.finishPageblock)) {
    if (scan.block !== NIL && !scan.skipUpdated) setSkip(cc, scan.block);
    updateCachedMigrate(cc, end);
  }
  cc.trace?.({ kind: 'ISOLATE_MIGRATEPAGES', startPfn, endPfn: low, scanned, taken: isolated });
  cc.migrateScanned += scanned;
  cc.memory.events[EV_COMPACT_ISOLATED] += isolated;
  cc.migratePfn = low;
}

function subBlockEnd(pfn: number, order: number): number {
  return (Math.floor(pfn / 2 ** order) + 1) * 2 ** order;
}

function* skipSubBlock(cc: CompactControl, scan: BlockScan): Task<void> {
  if (scan.isolated > 0) {
    yield* putbackMovablePages(cc.memory, cc.sources);
    cc.migratePages = 0;
    scan.isolated = 0;
  }
  if (scan.low < scan.nextSkip) {
    scan.low = scan.nextSkip;
    scan.nextSkip += 1 << cc.order;
  } else {
    scan.low++;
  }
}

/** Scans up to the next multiple of 32 frames, where the kernel may let others run. */
function scanCluster(cc: CompactControl, scan: BlockScan): number {
  const { tag, rules, blockFree } = cc.memory;
  const limit = Math.min((scan.low | (CLUSTER - 1)) + 1, scan.end);
  const jumpCounts = rules.countsJumpedFrames;
  const spoils = scan.nextSkip > 0;
  let { low, scanned } = scan;
  for (; low < limit; low++) {
    if (spoils && low >= scan.nextSkip) {
      if (scan.isolated > 0) return leave(scan, low, scanned, STOP);
      scan.nextSkip = subBlockEnd(low, cc.order);
    }
    scanned++;
    const state = tag[low];
    if (state < FREE_HEAD + BLOCK_ORDER) {
      let order = state - FREE_HEAD;
      if (state === FREE) order = (low & (BLOCK_PAGES - 1)) === 0 ? blockFree[low >> BLOCK_ORDER] - 1 : -1;
      if (order >= 0) {
        const jump = (1 << order) - 1;
        low += jump;
        if (jumpCounts) scanned += jump;
        continue;
      }
    } else if (state >= OWNER || (state >= BALLOON && state < BALLOON + DEVICES)) {
      const taken = takePage(cc, scan, low, state);
      if (taken === STOP) return leave(scan, scan.end, scanned, STOP);
      if (taken === GO_ON) {
        if (cc.migratePages >= CLUSTER && !cc.finishPageblock) return leave(scan, low + 1, scanned, STOP);
        continue;
      }
    }
    if (spoils) return leave(scan, low, scanned, SPOILT);
  }
  return leave(scan, low, scanned, GO_ON);
}

function leave(scan: BlockScan, low: number, scanned: number, step: number): number {
  scan.low = low;
  scan.scanned = scanned;
  return step;
}

function isBlockStart(cc: CompactControl, pfn: number): boolean {
  return (pfn & (BLOCK_PAGES - 1)) === 0 || pfn === cc.memory.zones[cc.zone * ZONE_FIELDS + Z_START];
}

/** Isolates the page at `pfn`: GO_ON when it is taken, SPOILT when not, STOP when the pageblock is somebody else's. */
function takePage(cc: CompactControl, scan: BlockScan, pfn: number, state: number): number {
  const { memory } = cc;
  let place = 0;
  if (state < OWNER) {
    if (!isolateMovableOpsPage(memory, pfn)) return SPOILT;
  } else {
    if (memory.owners[(state - OWNER) * OWNER_FIELDS + O_KIND_PLUS_ONE] > KIND_FILE + 1) return SPOILT;
    if (!scan.skipUpdated && scan.block !== NIL) {
      scan.skipUpdated = true;
      if (testAndSetSkip(cc, scan.block) && !cc.finishPageblock) return STOP;
    }
    place = isolateOwnerPage(memory, pfn);
  }
  pushMigration(cc.sources, pfn, place);
  cc.migratePages++;
  scan.isolated++;
  return GO_ON;
}
