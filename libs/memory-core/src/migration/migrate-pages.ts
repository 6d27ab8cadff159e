/**
 * Moves isolated pages to other frames. Source: mm/migrate.c of Linux 6.12 and 6.1 (migrate_pages and below), as described
 * in the reference, §2.12.1 and §12.1.13.
 *
 *   6.3 and later   in batches: all pages of a batch get a target, then all are moved; the synchronous modes
 *                   do so once as the asynchronous one does, and then page by page what could not be moved
 *   before          page by page, ten passes
 *
 * The batch matters: its old frames are freed only after all targets are taken.
 */
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { isPageLocked, tryLockPage, unlockPage } from '../tasks/page-lock.js';
import { freePages, freeRun } from '../allocator/free.js';
import { balloonPageMigrate, isIsolatedBalloonTag } from '../balloon-list/migrate.js';
import { MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT } from '../layout/migrate-mode.js';
import type { MigrateMode } from '../layout/migrate-mode.js';
import { EAGAIN, ENOMEM } from '../layout/errno.js';
import { EV_PGMIGRATE_FAIL, EV_PGMIGRATE_SUCCESS, EV_THP_MIGRATION_SUCCESS } from '../layout/events.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { ownerPageOrder, replaceOwnerPage, splitIsolatedPage } from './isolate-owner.js';
import { RESCHEDULE } from '../tasks/task.js';
import type { Task } from '../tasks/task.js';
import { createMigrationList, pushMigration } from './migration-list.js';
import type { MigrationList } from './migration-list.js';

/** Where moved pages go. Frames that it gives carry TAG_ALLOCATED. */
export interface MigrationTargets {
  /** A frame for 2^order pages from `oldPfn`, or NIL. */
  take(order: number, oldPfn: number): number;
  /** Called once after a NIL, before the next try. */
  refill(): Task<void>;
  /** Takes a frame back that was not needed. */
  give(pfn: number, order: number): void;
}

export interface MigrationOptions {
  readonly mode: MigrateMode;
  /** The caller is itself getting memory for somebody (PF_MEMALLOC): it never waits for a page lock. */
  readonly reclaiming: boolean;
}

const ASYNC_PASSES = 10;
const ASYNC_PASSES_OF_SYNC = 3;
const SYNC_PASSES = 7;
/** Base pages that are locked and moved together. */
const BATCH_PAGES = 512;

/** States of a page of a batch. */
const WAITING = 0;
const PREPARED = 1;
const MOVED = 2;
const FAILED = 3;
const SPLIT = 4;

/** What a page waits for before it is prepared. */
const NEEDS_TARGET = 1;
const NEEDS_LOCK = 2;

/** One call's work: pages in the order they are moved in. */
interface Batch {
  readonly memory: Memory;
  readonly targets: MigrationTargets;
  readonly reclaiming: boolean;
  readonly pfns: Int32Array;
  readonly places: Int16Array;
  readonly news: Int32Array;
  readonly states: Uint8Array;
  /** Pages of huge pages that were split. */
  readonly splits: MigrationList;
  movedPages: number;
  failedPages: number;
}

/**
 * Tries to move every page of the list. Those that could not be moved stay on it, isolated: the caller puts them back.
 * Result: 0 when none is left, else how many could not be moved, or −ENOMEM when there was no frame for one. Counts
 * pgmigrate_success and pgmigrate_fail (pages that were never tried do not count) and sets `list.movedPages`.
 */
export function* migratePages(
  memory: Memory,
  list: MigrationList,
  targets: MigrationTargets,
  options: MigrationOptions,
): Task<number> {
  const { count } = list;
  const batch: Batch = {
    memory,
    targets,
    reclaiming: options.reclaiming,
    pfns: list.pfns.slice(0, count).reverse(),
    places: list.places.slice(0, count).reverse(),
    news: new Int32Array(count),
    states: new Uint8Array(count),
    splits: createMigrationList(0),
    movedPages: 0,
    failedPages: 0,
  };
  let failed = 0;
  for (let from = 0; from < count && failed >= 0;) {
    // A huge page without a target of its size is split; its pages move on their own below.
    const to = memory.rules.batchedMigration ? batchEnd(batch, from) : count;
    const result = yield* migrateBatch(batch, from, to, options.mode);
    failed = result < 0 ? result : failed + result;
    from = to;
  }
  keepUnmoved(list, batch);
  list.movedPages = batch.movedPages;
  memory.events[EV_PGMIGRATE_SUCCESS] += batch.movedPages;
  memory.events[EV_PGMIGRATE_FAIL] += batch.failedPages;
  if (batch.splits.count > 0) failed = yield* migrateSplits(memory, list, batch, failed);
  return list.count === 0 ? 0 : failed;
}

function* migrateSplits(memory: Memory, list: MigrationList, batch: Batch, failed: number): Task<number> {
  const { splits, targets, reclaiming } = batch;
  const result = yield* migratePages(memory, splits, targets, { mode: MIGRATE_ASYNC, reclaiming });
  list.movedPages += splits.movedPages;
  for (let at = 0; at < splits.count; at++) pushMigration(list, splits.pfns[at], splits.places[at]);
  return failed < 0 || result < 0 ? Math.min(failed, result) : failed + result;
}

/** A huge page that finds no target of its size goes on as 512 pages: true when it did. */
function split(batch: Batch, at: number): boolean {
  if (orderAt(batch, at) === 0) return false;
  const pfn = batch.pfns[at];
  splitIsolatedPage(batch.memory, pfn, batch.places[at]);
  for (let page = pfn + PAGEBLOCK_PAGES - 1; page >= pfn; page--) pushMigration(batch.splits, page, batch.places[at]);
  batch.states[at] = SPLIT;
  return true;
}

function batchEnd(batch: Batch, from: number): number {
  let pages = 0;
  let at = from;
  while (at < batch.pfns.length && pages < BATCH_PAGES) pages += 1 << orderAt(batch, at++);
  return at;
}

function keepUnmoved(list: MigrationList, batch: Batch): void {
  list.count = 0;
  for (let at = batch.pfns.length - 1; at >= 0; at--) {
    if (batch.states[at] === MOVED || batch.states[at] === SPLIT) continue;
    list.pfns[list.count] = batch.pfns[at];
    list.places[list.count] = batch.places[at];
    list.count++;
  }
}

function* migrateBatch(batch: Batch, from: number, to: number, mode: MigrateMode): Task<number> {
  if (!batch.memory.rules.batchedMigration) return yield* migrateSingly(batch, from, to, mode);
  if (mode === MIGRATE_ASYNC) return yield* migrateTogether(batch, from, to, mode, ASYNC_PASSES);
  const failedBefore = batch.failedPages;
  const result = yield* migrateTogether(batch, from, to, MIGRATE_ASYNC, ASYNC_PASSES_OF_SYNC);
  if (result <= 0) return result;
  batch.failedPages = failedBefore; // they are tried again
  let failed = 0;
  for (let at = from; at < to; at++) {
    if (batch.states[at] === MOVED || batch.states[at] === SPLIT) continue;
    batch.states[at] = WAITING;
    const single = yield* migrateTogether(batch, at, at + 1, mode, SYNC_PASSES);
    if (single < 0) return single;
    failed += single;
  }
  return failed;
}

/** migrate_pages_batch: prepares all, then moves all. Result as that of migratePages. */
function* migrateTogether(batch: Batch, from: number, to: number, mode: MigrateMode, passes: number): Task<number> {
  let failed = 0;
  let error = 0;
  let retry = 1;
  for (let pass = 0; pass < passes && retry > 0 && error === 0; pass++) {
    retry = 0;
    yield RESCHEDULE;
    for (let at = from; at < to && error === 0; at++) {
      if (batch.states[at] !== WAITING) continue;
      let result = prepareNow(batch, at, mode);
      if (result > 0) result = yield* prepareOne(batch, at, mode);
      if (result === -ENOMEM && split(batch, at)) continue;
      if (result === -EAGAIN) retry += 1 << orderAt(batch, at);
      else if (result < 0) {
        error = result;
        failed++;
        batch.failedPages += (1 << orderAt(batch, at)) + retry;
      }
    }
  }
  if (error === 0) {
    failed += retry;
    batch.failedPages += retry;
  }
  failed += yield* movePrepared(batch, from, to, mode, passes);
  return error === 0 ? failed : error;
}

/** Moves what is prepared; what cannot be moved gets its target and its locks taken away. Returns the failures. */
function* movePrepared(batch: Batch, from: number, to: number, mode: MigrateMode, passes: number): Task<number> {
  let failed = 0;
  let retry = 1;
  for (let pass = 0; pass < passes && retry > 0; pass++) {
    retry = 0;
    for (let at = from; at < to; at++) {
      if (batch.states[at] !== PREPARED) continue;
      const answer = moveOne(batch, at, mode);
      const result = typeof answer === 'number' ? answer : yield* answer;
      if (result === -EAGAIN) retry += 1 << orderAt(batch, at);
      else if (result < 0) {
        failed++;
        batch.failedPages += 1 << orderAt(batch, at);
        undo(batch, at, FAILED);
      }
    }
  }
  batch.failedPages += retry;
  for (let at = from; at < to; at++) if (batch.states[at] === PREPARED) undo(batch, at, FAILED);
  return failed + retry;
}

/** migrate_pages before 6.3: each page gets a target and is moved before the next one. */
function* migrateSingly(batch: Batch, from: number, to: number, mode: MigrateMode): Task<number> {
  let failed = 0;
  let retry = 1;
  for (let pass = 0; pass < ASYNC_PASSES && retry > 0; pass++) {
    retry = 0;
    yield RESCHEDULE;
    for (let at = from; at < to; at++) {
      if (batch.states[at] !== WAITING) continue;
      const patient = pass > 2 ? mode : MIGRATE_ASYNC; // locks are waited for from the fourth pass on
      let result = prepareNow(batch, at, patient);
      if (result > 0) result = yield* prepareOne(batch, at, patient);
      if (result === -ENOMEM && split(batch, at)) continue;
      if (result === 0) {
        const answer = moveOne(batch, at, mode);
        result = typeof answer === 'number' ? answer : yield* answer;
        if (result < 0) undo(batch, at, result === -EAGAIN ? WAITING : FAILED);
      }
      const pages = 1 << orderAt(batch, at);
      if (result === -EAGAIN) retry += pages;
      else if (result < 0) batch.failedPages += pages;
      if (result === -ENOMEM) {
        batch.failedPages += retry;
        return result;
      }
      if (result < 0 && result !== -EAGAIN) failed++;
    }
  }
  batch.failedPages += retry;
  return failed + retry;
}

function orderAt(batch: Batch, at: number): number {
  return ownerPageOrder(batch.memory, batch.pfns[at]);
}

/** Gets a target for the page: 0, −ENOMEM, or −EAGAIN with nothing changed. */
function* prepareOne(batch: Batch, at: number, mode: MigrateMode): Task<number> {
  let refilled = false;
  for (;;) {
    const result = prepareNow(batch, at, mode);
    if (result <= 0) return result;
    if (result === NEEDS_LOCK) {
      yield* waitForLock(batch, at);
    } else {
      if (refilled) return -ENOMEM;
      yield* batch.targets.refill();
      refilled = true;
    }
  }
}

function* waitForLock(batch: Batch, at: number): Task<void> {
  const pfn = batch.pfns[at];
  while (isPageLocked(batch.memory, pfn)) yield { kind: 'PAGE_LOCK', pfn };
}

/** The same as far as it goes without waiting; else NEEDS_TARGET or NEEDS_LOCK. */
function prepareNow(batch: Batch, at: number, mode: MigrateMode): number {
  const { memory, targets } = batch;
  const pfn = batch.pfns[at];
  const order = orderAt(batch, at);
  const target = targets.take(order, pfn);
  if (target === NIL) return NEEDS_TARGET;
  if (isPageLocked(memory, pfn) || isPageLocked(memory, target)) {
    targets.give(target, order);
    return mayWaitForLock(batch, pfn, mode) && !isPageLocked(memory, target) ? NEEDS_LOCK : -EAGAIN;
  }
  batch.news[at] = target;
  batch.states[at] = PREPARED;
  return 0;
}

/** Balloon pages are never marked up to date, so a light synchronous migration does not wait for them. */
function mayWaitForLock(batch: Batch, pfn: number, mode: MigrateMode): boolean {
  if (mode === MIGRATE_ASYNC || batch.reclaiming) return false;
  return mode !== MIGRATE_SYNC_LIGHT || !isIsolatedBalloonTag(batch.memory.tag[pfn]);
}

/** Moves a prepared page and frees its old frame; anything but 0 leaves it prepared. */
function moveOne(batch: Batch, at: number, mode: MigrateMode): Task<number> | number {
  const { memory } = batch;
  const pfn = batch.pfns[at];
  if (!isIsolatedBalloonTag(memory.tag[pfn])) {
    const order = orderAt(batch, at);
    replaceOwnerPage(memory, pfn, batch.news[at], batch.places[at]);
    finishOne(batch, at, order);
    return 0;
  }
  if (!lockBoth(batch, at)) return -EAGAIN;
  const answer = balloonPageMigrate(memory, batch.news[at], pfn, mode);
  return typeof answer === 'number' ? afterMove(batch, at, answer) : awaitMove(batch, at, answer);
}

function* awaitMove(batch: Batch, at: number, answer: Task<number>): Task<number> {
  return afterMove(batch, at, yield* answer);
}

function afterMove(batch: Batch, at: number, result: number): number {
  const { memory } = batch;
  unlockPage(memory, batch.news[at]);
  unlockPage(memory, batch.pfns[at]);
  if (result === 0) finishOne(batch, at, 0);
  return result;
}

/**
 * A page that is isolated and its target are nobody else's, which is as good as the locks the kernel holds on the whole
 * batch; only while the driver works the new page is in the balloon already, and a lock keeps it there.
 */
function lockBoth(batch: Batch, at: number): boolean {
  const { memory } = batch;
  if (!tryLockPage(memory, batch.pfns[at])) return false;
  if (tryLockPage(memory, batch.news[at])) return true;
  unlockPage(memory, batch.pfns[at]);
  return false;
}

function finishOne(batch: Batch, at: number, order: number): void {
  const { memory } = batch;
  const pfn = batch.pfns[at];
  const target = batch.news[at];
  batch.states[at] = MOVED;
  batch.movedPages += 1 << order;
  if (memory.tag[target] === TAG_ALLOCATED) freeRun(memory, target, 1, false); // the balloon did not want it
  if (order === 0) freeRun(memory, pfn, 1, false);
  else freeHuge(memory, pfn);
}

function freeHuge(memory: Memory, pfn: number): void {
  memory.tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << PAGEBLOCK_ORDER));
  memory.events[EV_THP_MIGRATION_SUCCESS]++;
  freePages(memory, pfn, PAGEBLOCK_ORDER);
}

function undo(batch: Batch, at: number, state: number): void {
  batch.targets.give(batch.news[at], orderAt(batch, at));
  batch.states[at] = state;
}
