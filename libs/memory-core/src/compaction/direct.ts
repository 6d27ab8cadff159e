/**
 * Direct compaction: a task that wants a block makes it itself. Source: mm/compaction.c and mm/page_alloc.c of Linux 6.12
 * (try_to_compact_pages, __alloc_pages_direct_compact, should_compact_retry), as described in the reference, §4.13 and
 * §4.14.
 */
import { MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT } from '../layout/migrate-mode.js';
import { NIL, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EV_COMPACT_FAIL, EV_COMPACT_STALL, EV_COMPACT_SUCCESS } from '../layout/events.js';
import { S_CAPTURED, S_CAPTURE_ORDER, S_CAPTURE_TYPE, S_CAPTURE_ZONE } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_COMPACT_BLOCKSKIP_FLUSH } from '../layout/zone-fields.js';
import { TAG_FREE } from '../layout/tags.js';
import type { Task } from '../tasks/task.js';
import { compactZone } from './compact-zone.js';
import { createControl } from './control.js';
import {
  COMPACT_COMPLETE,
  COMPACT_DEFERRED,
  COMPACT_PARTIAL_SKIPPED,
  COMPACT_SKIPPED,
  COMPACT_SUCCESS,
} from './result.js';
import type { CompactionTrace } from './result.js';
import { COSTLY_ORDER, deferCompaction, isCompactionDeferred, resetDeferral } from './suitability.js';

/** How hard direct compaction tries: lower is harder. A request starts asynchronously. */
export const PRIORITY_SYNC_FULL = 0;
export const PRIORITY_SYNC_LIGHT = 1;
export const PRIORITY_ASYNC = 2;

const MAX_RETRIES = 16;

export interface DirectRequest {
  /** Above 0. */
  readonly order: number;
  readonly migratetype: number;
  /** Zones the request may use, best first, and the highest type among them. */
  readonly zonelist: Int32Array;
  readonly highestType: number;
  /** The request's ALLOC_… rights. */
  readonly rights: number;
  readonly priority: number;
  readonly trace?: CompactionTrace | undefined;
}

export interface DirectOutcome {
  /** COMPACT_… */
  readonly result: number;
  /** First frame of the block, off all lists, tags TAG_FREE; or NIL. */
  readonly pfn: number;
}

/**
 * Compacts the request's zones and then gets its block: one that was caught on its way to the free lists, else from
 * `tryFreeLists` (NIL when that finds none). Counts compact_stall, and compact_success or compact_fail, also when every zone
 * was deferred (recorded: 17 stalls, all failed, in a request that scanned nothing); nothing at all when none was suitable.
 */
export function* directCompact(
  memory: Memory,
  request: DirectRequest,
  tryFreeLists: () => number,
): Task<DirectOutcome> {
  const { result, pfn: captured } = yield* compactZones(memory, request);
  if (result === COMPACT_SKIPPED) return { result, pfn: NIL };
  memory.events[EV_COMPACT_STALL]++;
  const pfn = captured === NIL ? tryFreeLists() : captured;
  if (pfn === NIL) {
    memory.events[EV_COMPACT_FAIL]++;
    return { result, pfn };
  }
  const zone = memory.blockZone[pfn >> PAGEBLOCK_ORDER];
  memory.zones[zone * ZONE_FIELDS + Z_COMPACT_BLOCKSKIP_FLUSH] = 0;
  resetDeferral(memory, zone, request.order, true);
  memory.events[EV_COMPACT_SUCCESS]++;
  return { result, pfn };
}

/** try_to_compact_pages: zone after zone until one has the block. */
export function* compactZones(memory: Memory, request: DirectRequest): Task<DirectOutcome> {
  const { order, priority } = request;
  let best = COMPACT_SKIPPED;
  for (const zone of request.zonelist) {
    if (priority > PRIORITY_SYNC_FULL && isCompactionDeferred(memory, zone, order)) {
      best = Math.max(best, COMPACT_DEFERRED);
      continue;
    }
    const { result, pfn } = yield* compactForRequest(memory, zone, request);
    best = Math.max(best, result);
    if (result === COMPACT_SUCCESS) {
      resetDeferral(memory, zone, order, false);
      return { result: best, pfn };
    }
    const failed = result === COMPACT_COMPLETE || result === COMPACT_PARTIAL_SKIPPED;
    if (priority !== PRIORITY_ASYNC && failed) deferCompaction(memory, zone, order);
  }
  return { result: best, pfn: NIL };
}

function* compactForRequest(memory: Memory, zone: number, request: DirectRequest): Task<DirectOutcome> {
  const { priority } = request;
  const full = priority === PRIORITY_SYNC_FULL;
  const cc = createControl(memory, {
    ...request,
    zone,
    mode: priority === PRIORITY_ASYNC ? MIGRATE_ASYNC : MIGRATE_SYNC_LIGHT,
    direct: true,
    wholeZone: full,
    ignoreSkipHint: full,
    ignoreBlockSuitable: full,
  });
  const run = compactZone(cc);
  const { scalars } = memory;
  let captured = 0;
  for (;;) {
    // What other tasks free while this one sleeps is not for it.
    scalars[S_CAPTURE_ZONE] = zone + 1;
    scalars[S_CAPTURE_ORDER] = request.order;
    scalars[S_CAPTURE_TYPE] = request.migratetype;
    scalars[S_CAPTURED] = captured;
    const step = run.next();
    captured = scalars[S_CAPTURED];
    scalars.fill(0, S_CAPTURE_ZONE, S_CAPTURED + 1);
    if (step.done === true) {
      if (captured === 0) return { result: step.value, pfn: NIL };
      memory.tag[captured - 1] = TAG_FREE;
      return { result: COMPACT_SUCCESS, pfn: captured - 1 };
    }
    yield step.value;
  }
}

/** What a request remembers between its rounds. */
export interface CompactRetry {
  priority: number;
  retries: number;
}

/**
 * Whether a request for `order` that still has no block should go another round after `result`; may raise the effort.
 * `reclaimHelps`: reclaim could make room for compaction in one of its zones.
 */
export function shouldCompactRetry(retry: CompactRetry, order: number, result: number, reclaimHelps: boolean): boolean {
  if (order === 0) return false;
  if (result === COMPACT_SKIPPED) return reclaimHelps;
  const costly = order > COSTLY_ORDER;
  if (result === COMPACT_SUCCESS && ++retry.retries <= (costly ? MAX_RETRIES / 4 : MAX_RETRIES)) return true;
  if (retry.priority <= (costly ? PRIORITY_SYNC_LIGHT : PRIORITY_SYNC_FULL)) return false;
  retry.priority--;
  retry.retries = 0;
  return true;
}
