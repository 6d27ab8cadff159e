/**
 * What a request does that found nothing at the low watermark: wakes kswapd, tries at the min watermark, reclaims, compacts,
 * tries again, and at last has somebody killed. Source: mm/page_alloc.c of Linux 6.12 (__alloc_pages_slowpath,
 * __alloc_pages_may_oom), as described in the reference, section 1.14.
 */
import { PRIORITY_ASYNC, PRIORITY_SYNC_LIGHT, directCompact, shouldCompactRetry } from '../compaction/direct.js';
import type { CompactRetry } from '../compaction/direct.js';
import { COMPACT_DEFERRED, COMPACT_SKIPPED } from '../compaction/result.js';
import { COSTLY_ORDER } from '../compaction/suitability.js';
import { MOVABLE, NIL } from '../layout/constants.js';
import {
  GFP_BIT_DIRECT_RECLAIM,
  GFP_BIT_HIGH,
  GFP_BIT_IO,
  GFP_BIT_KSWAPD_RECLAIM,
  GFP_BIT_NOMEMALLOC,
  GFP_BIT_NORETRY,
  GFP_BIT_RETRY_MAYFAIL,
  GFP_BIT_THISNODE,
  gfpHighestZoneType,
  gfpMigratetype,
} from '../layout/gfp.js';
import { S_PANIC } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { MAX_RECLAIM_RETRIES } from '../reclaim/balance.js';
import { directReclaim, reclaimInVain } from '../reclaim/direct-reclaim.js';
import { isKswapdWoken, runPendingKswapd, wakeKswapd } from '../reclaim/kswapd.js';
import { outOfMemory } from '../reclaim/oom.js';
import { runToEnd } from '../tasks/task.js';
import { takeFromFreelists, takeRunFromFreelists, zonelistOf } from '../allocator/freelist.js';
import { unreserveHighatomic } from '../allocator/highatomic.js';
import { lowestPfn } from '../allocator/page-stretch.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { drainAllPages } from '../allocator/pcp-setup.js';
import {
  ALLOC_HIGHATOMIC,
  ALLOC_KSWAPD,
  ALLOC_MIN_RESERVE,
  ALLOC_NON_BLOCK,
  ALLOC_WMARK_HIGH,
  ALLOC_WMARK_MASK,
} from '../allocator/watermark.js';

/** A request: one block of `order`, or with `run` single pages. */
export interface PageRequest {
  readonly order: number;
  readonly gfp: number;
  readonly node: number;
  readonly run: PageStretch | null;
}

/** One attempt with these rights; the first pfn in ascending order, or NIL. */
export function attempt(memory: Memory, request: PageRequest, rights: number): number {
  const { order, gfp, node, run } = request;
  if (run === null) return takeFromFreelists(memory, order, gfp, rights, node);
  return takeRunFromFreelists(memory, gfp, rights, node, run) ? lowestPfn(run) : NIL;
}

/** The request after its first attempt; a pfn, or NIL when it fails. */
export function slowPath(memory: Memory, request: PageRequest): number {
  const { order, gfp } = request;
  if (memory.scalars[S_PANIC] !== 0) return NIL;
  const rights = slowRights(request);
  wake(memory, request, rights);
  // The kswapd that was woken has its turn before the next page.
  if (request.run !== null && isKswapdWoken(memory)) request.run.pages = 1;
  let pfn = attempt(memory, request, rights);
  if (pfn !== NIL || (gfp & GFP_BIT_DIRECT_RECLAIM) === 0) return pfn;

  const effort: CompactRetry = { priority: PRIORITY_SYNC_LIGHT, retries: 0 };
  if (compactsFirst(request)) {
    const first = compact(memory, request, rights, PRIORITY_ASYNC);
    if (first.pfn !== NIL) return first.pfn;
    if (order > COSTLY_ORDER && (gfp & GFP_BIT_NORETRY) !== 0) {
      if (first.result === COMPACT_SKIPPED || first.result === COMPACT_DEFERRED) return NIL;
      effort.priority = PRIORITY_ASYNC;
    }
  }
  let fruitless = 0;
  for (;;) {
    const round = oneRound(memory, request, rights, effort);
    if (round.pfn !== NIL) return round.pfn;
    if ((gfp & GFP_BIT_NORETRY) !== 0) return NIL;
    if (order > COSTLY_ORDER && (gfp & GFP_BIT_RETRY_MAYFAIL) === 0) return NIL;
    fruitless = round.reclaimed > 0 && order <= COSTLY_ORDER ? 0 : fruitless + 1;
    const list = zonelistOf(memory, gfp, request.node);
    const left = MAX_RECLAIM_RETRIES + 1 - fruitless;
    if (order === 0 && fruitless > 0 && left > 0 && reclaimInVain(memory, gfp, list, left)) fruitless += left;
    if (fruitless <= MAX_RECLAIM_RETRIES) {
      // Others have their turn before the next round.
      runPendingKswapd(memory);
      continue;
    }
    if (unreserveHighatomic(memory, list, gfpMigratetype(gfp), true)) continue;
    if (round.reclaimed > 0 && shouldCompactRetry(effort, order, round.result, true)) continue;
    pfn = lastResort(memory, request, rights);
    if (pfn !== AGAIN) return pfn;
    fruitless = 0;
  }
}

function slowRights({ order, gfp }: PageRequest): number {
  let rights = (gfp & GFP_BIT_KSWAPD_RECLAIM) !== 0 ? ALLOC_KSWAPD : 0;
  if ((gfp & GFP_BIT_HIGH) !== 0) rights |= ALLOC_MIN_RESERVE;
  if ((gfp & (GFP_BIT_DIRECT_RECLAIM | GFP_BIT_NOMEMALLOC)) !== 0) return rights;
  const highatomic = order > 0 && (gfp & GFP_BIT_HIGH) !== 0;
  return rights | ALLOC_NON_BLOCK | (highatomic ? ALLOC_HIGHATOMIC : 0);
}

function wake(memory: Memory, { order, gfp, node }: PageRequest, rights: number): void {
  if ((rights & ALLOC_KSWAPD) === 0) return;
  wakeKswapd(memory, zonelistOf(memory, gfp, node), order, gfpHighestZoneType(gfp), gfp);
}

/** Large blocks, and those that cannot come from movable memory, are better made than reclaimed. */
function compactsFirst({ order, gfp }: PageRequest): boolean {
  if ((gfp & GFP_BIT_IO) === 0) return false;
  return order > COSTLY_ORDER || (order > 0 && gfpMigratetype(gfp) !== MOVABLE);
}

interface Round {
  readonly pfn: number;
  readonly reclaimed: number;
  readonly result: number;
}

/** One round: a look at the lists, direct reclaim, direct compaction. */
function oneRound(memory: Memory, request: PageRequest, rights: number, effort: CompactRetry): Round {
  wake(memory, request, rights);
  let pfn = attempt(memory, request, rights);
  if (pfn !== NIL) return { pfn, reclaimed: 0, result: COMPACT_SKIPPED };
  const reclaimed = directReclaim(memory, request.order, request.gfp);
  if (reclaimed > 0) pfn = afterReclaim(memory, request, rights);
  if (pfn !== NIL) return { pfn, reclaimed, result: COMPACT_SKIPPED };
  return { ...compact(memory, request, rights, effort.priority), reclaimed };
}

/** What was reclaimed may wait on per-CPU lists or in the reserve for high orders. */
function afterReclaim(memory: Memory, request: PageRequest, rights: number): number {
  const pfn = attempt(memory, request, rights);
  if (pfn !== NIL) return pfn;
  const { gfp, node } = request;
  unreserveHighatomic(memory, zonelistOf(memory, gfp, node), gfpMigratetype(gfp), false);
  drainAllPages(memory);
  return attempt(memory, request, rights);
}

function compact(
  memory: Memory,
  request: PageRequest,
  rights: number,
  priority: number,
): { readonly pfn: number; readonly result: number } {
  const { order, gfp, node } = request;
  if (order === 0 || (gfp & GFP_BIT_IO) === 0) return { pfn: NIL, result: COMPACT_SKIPPED };
  const direct = {
    order,
    migratetype: gfpMigratetype(gfp),
    zonelist: zonelistOf(memory, gfp, node),
    highestType: gfpHighestZoneType(gfp),
    rights,
    priority,
  };
  return runToEnd(
    memory,
    directCompact(memory, direct, () => attempt(memory, request, rights)),
  );
}

/** Somebody has given pages back or was killed. */
const AGAIN = -2;

/** A last look at the high watermark, then the OOM killer: a pfn, AGAIN, or NIL when all is lost. */
function lastResort(memory: Memory, request: PageRequest, rights: number): number {
  const { order, gfp } = request;
  const pfn = attempt(memory, request, (rights & ~ALLOC_WMARK_MASK) | ALLOC_WMARK_HIGH);
  if (pfn !== NIL) return pfn;
  if (order > COSTLY_ORDER || (gfp & (GFP_BIT_RETRY_MAYFAIL | GFP_BIT_THISNODE)) !== 0) return NIL;
  const { kind } = outOfMemory(memory, gfp);
  return kind === 'FREED' || kind === 'KILLED' ? AGAIN : NIL;
}
