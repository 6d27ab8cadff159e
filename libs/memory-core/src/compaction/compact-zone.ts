/**
 * One run of compaction over one zone: two scanners that walk towards each other, one collecting pages to move, the other
 * free pages to move them to. Source: mm/compaction.c of Linux 6.12 and 6.1 (compact_zone, __compact_finished), as described
 * in the reference, §4.7.
 */
import { drainLocalPages } from '../allocator/pcp-setup.js';
import { MIGRATE_ASYNC, MIGRATE_SYNC } from '../layout/migrate-mode.js';
import {
  LISTS_PER_ZONE,
  MAX_ORDER,
  MIGRATETYPES,
  MOVABLE,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
} from '../layout/constants.js';
import { ENOMEM } from '../layout/errno.js';
import { EV_COMPACT_FREE_SCANNED, EV_COMPACT_MIGRATE_SCANNED } from '../layout/events.js';
import { S_CAPTURED, S_KSWAPD_WAKES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  ZONE_FIELDS,
  Z_COMPACT_BLOCKSKIP_FLUSH,
  Z_COMPACT_CACHED_FREE,
  Z_COMPACT_CACHED_MIGRATE,
  Z_COMPACT_INIT_MIGRATE,
  Z_END,
  Z_NODE,
  Z_START,
} from '../layout/zone-fields.js';
import { putbackMovablePages } from '../migration/isolate.js';
import { migratePages } from '../migration/migrate-pages.js';
import type { MigrationOptions, MigrationTargets } from '../migration/migrate-pages.js';
import { RESCHEDULE } from '../tasks/task.js';
import type { Task } from '../tasks/task.js';
import { VIA_COMPACT_MEMORY } from './control.js';
import type { CompactControl } from './control.js';
import { isolateFreePages } from './free-scanner.js';
import { isolateMigratePages } from './migrate-scanner.js';
import {
  COMPACT_COMPLETE,
  COMPACT_CONTENDED,
  COMPACT_CONTINUE,
  COMPACT_NO_SUITABLE_PAGE,
  COMPACT_PARTIAL_SKIPPED,
  COMPACT_SUCCESS,
} from './result.js';
import { proactiveLowMark, zoneScore } from './score.js';
import { pageblockStart, resetCachedPositions, resetSkipHints, setSkip } from './skip-hints.js';
import { isCompactionRestarting, suitabilityFor } from './suitability.js';
import { giveTarget, releaseTargets, takeTarget } from './targets.js';

/** Fallbacks that let a request of each migratetype take a pageblock over. */
const FALLBACKS = [
  [2, 1],
  [2, 0],
  [0, 1],
] as const;

/** Runs compaction until the request could be served or the scanners meet; a COMPACT_… result. */
export function* compactZone(cc: CompactControl): Task<number> {
  const { memory, zone, order } = cc;
  if (order !== VIA_COMPACT_MEMORY) {
    const suitable = suitabilityFor(memory, zone, order, cc.highestType, cc.rights, cc.mode);
    if (suitable !== COMPACT_CONTINUE) return suitable;
    if (isCompactionRestarting(memory, zone, order)) resetSkipHints(memory, zone);
  }
  setStart(cc);
  cc.trace?.({ kind: 'BEGIN', zone, migratePfn: cc.migratePfn, freePfn: cc.freePfn });
  const result = yield* moveUntilFinished(cc);
  if (cc.freePages > 0) {
    const highest = pageblockStart(releaseTargets(cc));
    const cached = zone * ZONE_FIELDS + Z_COMPACT_CACHED_FREE;
    memory.zones[cached] = Math.max(memory.zones[cached], highest);
  }
  memory.events[EV_COMPACT_MIGRATE_SCANNED] += cc.migrateScanned;
  memory.events[EV_COMPACT_FREE_SCANNED] += cc.freeScanned;
  cc.trace?.({ kind: 'END', zone, migratePfn: cc.migratePfn, freePfn: cc.freePfn });
  return result;
}

function setStart(cc: CompactControl): void {
  const { zones } = cc.memory;
  const row = cc.zone * ZONE_FIELDS;
  const [start, end] = [zones[row + Z_START], zones[row + Z_END]];
  const cached = row + Z_COMPACT_CACHED_MIGRATE;
  const last = pageblockStart(end - 1);
  cc.migratePfn = start;
  cc.freePfn = last;
  if (cc.wholeZone) return;
  cc.migratePfn = zones[cached + (cc.mode === MIGRATE_ASYNC ? 0 : 1)];
  cc.freePfn = zones[row + Z_COMPACT_CACHED_FREE];
  // A zone that starts at 0, as no real one does, has never been compacted while the cached position is 0.
  if (cc.freePfn < start || cc.freePfn >= end || cc.freePfn === 0) {
    cc.freePfn = last;
    zones[row + Z_COMPACT_CACHED_FREE] = last;
  }
  if (cc.migratePfn < start || cc.migratePfn >= end) {
    cc.migratePfn = start;
    zones.fill(start, cached, cached + 2);
  }
  if (cc.migratePfn <= zones[row + Z_COMPACT_INIT_MIGRATE]) cc.wholeZone = true;
}

/** Where the loop stands besides the record. */
interface Progress {
  /** Pageblock that pages were last taken from; 0 when nothing waits to be merged. */
  lastMigrated: number;
  /** Asynchronous and synchronous runs have gone equally far, and nothing has been found yet. */
  keepSynced: boolean;
}

function* moveUntilFinished(cc: CompactControl): Task<number> {
  const { zones, rules } = cc.memory;
  const cached = cc.zone * ZONE_FIELDS + Z_COMPACT_CACHED_MIGRATE;
  const progress = { lastMigrated: 0, keepSynced: cc.mode === MIGRATE_ASYNC && zones[cached] === zones[cached + 1] };
  for (let result = finished(cc); ; result = finished(cc)) {
    if (result !== COMPACT_CONTINUE) return result;
    const from = cc.migratePfn;
    cc.finishPageblock = pageblockStart(progress.lastMigrated) === pageblockStart(from);
    let error: number;
    do {
      yield RESCHEDULE;
      if (!(yield* isolateMigratePages(cc))) {
        if (progress.keepSynced) zones[cached + 1] = zones[cached];
        break;
      }
      progress.keepSynced = false;
      const start = zones[cc.zone * ZONE_FIELDS + Z_START];
      progress.lastMigrated = rules.finishesPageblocks ? Math.max(start, pageblockStart(cc.migratePfn - 1)) : from;
      error = yield* migrateIsolated(cc);
      if (error === -ENOMEM && !haveScannersMet(cc)) return COMPACT_CONTENDED;
    } while (error !== 0 && afterFailure(cc, progress));
    if (cc.direct && cc.memory.scalars[S_CAPTURED] > 0) return COMPACT_SUCCESS;
    drainBehind(cc, progress);
  }
}

/** Moves what is isolated and puts the rest back; migratePages' result. */
function* migrateIsolated(cc: CompactControl): Task<number> {
  const { memory, sources } = cc;
  const all = cc.migratePages;
  const error = yield* migratePages(memory, sources, targetsOf(cc), optionsOf(cc));
  cc.trace?.({ kind: 'MIGRATEPAGES', moved: sources.movedPages, failed: all - sources.movedPages });
  cc.migratePages = 0;
  if (error !== 0) yield* putbackMovablePages(memory, sources);
  return error;
}

function optionsOf(cc: CompactControl): MigrationOptions {
  return { mode: cc.mode, reclaiming: cc.direct };
}

function targetsOf(cc: CompactControl): MigrationTargets {
  return {
    take: (order) => takeTarget(cc, order),
    *refill() {
      yield RESCHEDULE;
      isolateFreePages(cc);
    },
    give: (pfn, order) => {
      giveTarget(cc, pfn, order);
    },
  };
}

/**
 * Some page could not be moved. From 6.4 on the rest of the pageblock is taken at once, so that no later run comes back for
 * it: true. Before, a task in a hurry left the rest of the wanted block alone.
 */
function afterFailure(cc: CompactControl, progress: Progress): boolean {
  if (!cc.memory.rules.finishesPageblocks) {
    if (!cc.direct || cc.mode !== MIGRATE_ASYNC) return false;
    cc.migratePfn = blockStart(cc.migratePfn - 1, cc.order) + 2 ** cc.order;
    progress.lastMigrated = 0;
    return false;
  }
  const inside = cc.migratePfn % PAGEBLOCK_PAGES !== 0;
  // A pageblock that was scanned to its end is marked, or a fast search finds it for ever while its pages do not move.
  if (!inside && !cc.ignoreSkipHint) setSkip(cc, cc.migratePfn - 1);
  if (!inside || cc.ignoreSkipHint || cc.finishPageblock || cc.mode >= MIGRATE_SYNC) return false;
  cc.finishPageblock = true;
  if (cc.order === PAGEBLOCK_ORDER) progress.lastMigrated = 0;
  return true;
}

/** Once the scanner has left the wanted block that pages came from: what was freed there leaves this CPU's lists. */
function drainBehind(cc: CompactControl, progress: Progress): void {
  if (cc.order <= 0 || progress.lastMigrated === 0) return;
  if (progress.lastMigrated >= blockStart(cc.migratePfn, cc.order)) return;
  drainLocalPages(cc.memory, cc.zone);
  progress.lastMigrated = 0;
}

function blockStart(pfn: number, order: number): number {
  return Math.floor(pfn / 2 ** order) * 2 ** order;
}

function haveScannersMet(cc: CompactControl): boolean {
  return cc.freePfn >> PAGEBLOCK_ORDER <= cc.migratePfn >> PAGEBLOCK_ORDER;
}

function finished(cc: CompactControl): number {
  const { zone, order } = cc;
  const result = judge(cc);
  cc.trace?.({ kind: 'FINISHED', zone, order, result });
  return result === COMPACT_NO_SUITABLE_PAGE ? COMPACT_CONTINUE : result;
}

function judge(cc: CompactControl): number {
  const { memory, zone } = cc;
  if (haveScannersMet(cc)) {
    resetCachedPositions(memory, zone);
    if (cc.direct) memory.zones[zone * ZONE_FIELDS + Z_COMPACT_BLOCKSKIP_FLUSH] = 1;
    return cc.wholeZone ? COMPACT_COMPLETE : COMPACT_PARTIAL_SKIPPED;
  }
  if (cc.proactive) {
    if (isKswapdRunning(memory, memory.zones[zone * ZONE_FIELDS + Z_NODE])) return COMPACT_PARTIAL_SKIPPED;
    return zoneScore(memory, zone) > proactiveLowMark(memory) ? COMPACT_CONTINUE : COMPACT_SUCCESS;
  }
  if (cc.order === VIA_COMPACT_MEMORY || cc.migratePfn % PAGEBLOCK_PAGES !== 0) return COMPACT_CONTINUE;
  return couldServe(cc) ? COMPACT_SUCCESS : COMPACT_NO_SUITABLE_PAGE;
}

/** True when the request would find a block now, on its own lists or by taking over a pageblock. */
function couldServe(cc: CompactControl): boolean {
  const { freeCount } = cc.memory;
  const type = cc.migratetype;
  for (let order = cc.order; order <= MAX_ORDER; order++) {
    const list = cc.zone * LISTS_PER_ZONE + order * MIGRATETYPES;
    if (freeCount[list + type] > 0) return true;
    const mayClaim = order >= PAGEBLOCK_ORDER >> 1 || type !== MOVABLE;
    if (mayClaim && FALLBACKS[type].some((donor) => freeCount[list + donor] > 0)) return true;
  }
  return false;
}

/** kswapd was woken and has not gone back to sleep. */
export function isKswapdRunning(memory: Memory, node: number): boolean {
  return ((memory.scalars[S_KSWAPD_WAKES] >> node) & 1) === 1;
}
