/**
 * Taking a memory block away from the guest: its pages move elsewhere, and what is then free leaves the buddy.
 * Source: mm/memory_hotplug.c of Linux 6.12 (offline_pages, scan_movable_pages, do_migrate_range), as described in the
 * reference, §5.3; recordings of guests whose blocks were full of balloon pages.
 */
import { accountFreePages, unlinkFreeBlock } from '../allocator/buddy.js';
import { disablePcp, enablePcp } from '../allocator/pcp-setup.js';
import { recomputeZones } from '../allocator/sysctl.js';
import { MIGRATE_SYNC } from '../layout/migrate-mode.js';
import { ISOLATE, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EBUSY, EINTR, EINVAL } from '../layout/errno.js';
import { S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { isMovableTag } from '../layout/owner-fields.js';
import {
  MAX_BALLOON_DEVICES,
  TAG_BALLOON_ISOLATED,
  TAG_DEFLATED,
  TAG_OFFLINE,
  TAG_OWNER,
  isBalloonTag,
} from '../layout/tags.js';
import { ZONE_FIELDS, Z_ISOLATED_BLOCKS, Z_MANAGED, Z_PRESENT } from '../layout/zone-fields.js';
import { freeOrderAt, isRangeFree, isolateRange, unisolateRange } from '../isolation/isolate-range.js';
import { isolateMovablePage, putbackMovablePages } from '../migration/isolate.js';
import { migratePages } from '../migration/migrate-pages.js';
import { createMigrationList } from '../migration/migration-list.js';
import type { MigrationList } from '../migration/migration-list.js';
import { ownerPageOrder } from '../migration/isolate-owner.js';
import { RESCHEDULE } from '../tasks/task.js';
import type { Task } from '../tasks/task.js';
import { leaveZone } from './block-zone.js';
import { memoryBlock } from './memory-block.js';
import type { MemoryBlock } from './memory-block.js';
import { otherNodesFirst } from './migration-target.js';

/** Asked before each look for pages to move; true sends the caller a signal (−EINTR). `passes`: looks so far. */
export type IsInterrupted = (passes: number) => boolean;

/**
 * 0; −EINVAL for a block that cannot go as a whole (holes, two zones, offline already); −EBUSY when a page in it cannot be
 * moved; −EINTR when the caller was interrupted, for without room elsewhere it tries for ever. After a failure the block is
 * online as before, but what was moved stays moved. The per-CPU lists of the zone are drained in any case but the first.
 */
export function* offlineMemoryBlock(memory: Memory, block: number, isInterrupted: IsInterrupted): Task<number> {
  const place = memoryBlock(memory, block);
  if (place?.state !== 'ONLINE') return -EINVAL;
  const { startPfn, endPfn, zone } = place;
  disablePcp(memory, zone);
  let result = isolateRange(memory, startPfn, endPfn, 'OFFLINE');
  if (result === 0) {
    result = yield* emptyRange(memory, place, isInterrupted);
    if (result === 0) takeAway(memory, place);
    else unisolateRange(memory, startPfn, endPfn);
  }
  enablePcp(memory, zone);
  if (result === 0) recomputeZones(memory);
  return result;
}

/** Moves pages until every frame of the range is free. */
function* emptyRange(memory: Memory, place: MemoryBlock, isInterrupted: IsInterrupted): Task<number> {
  const { startPfn, endPfn, zone } = place;
  const list = createMigrationList();
  const targets = otherNodesFirst(memory, zone);
  let passes = 0;
  do {
    for (let pfn = startPfn; ;) {
      if (isInterrupted(passes++)) return -EINTR;
      yield RESCHEDULE;
      pfn = nextMovable(memory, pfn, endPfn);
      if (pfn === -EBUSY) return -EBUSY;
      if (pfn === NOTHING_LEFT) break;
      isolateAll(memory, pfn, endPfn, list);
      if (list.count === 0) continue;
      yield* migratePages(memory, list, targets, { mode: MIGRATE_SYNC, reclaiming: false });
      yield* putbackMovablePages(memory, list);
    }
  } while (!isRangeFree(memory, startPfn, endPfn));
  return 0;
}

const NOTHING_LEFT = -1;

/** First frame from `pfn` on that can be moved, NOTHING_LEFT, or −EBUSY at a page that is offline by its driver's word and stays. */
function nextMovable(memory: Memory, pfn: number, endPfn: number): number {
  for (; pfn < endPfn; pfn++) {
    const state = memory.tag[pfn];
    if (state >= TAG_OWNER) {
      if (isMovableTag(memory, state)) return pfn;
    } else if (isBalloonTag(state)) {
      return memory.config.balloonCompaction ? pfn : -EBUSY;
    } else if (state >= TAG_BALLOON_ISOLATED && state < TAG_BALLOON_ISOLATED + MAX_BALLOON_DEVICES) {
      return pfn;
    } else if (state === TAG_DEFLATED && memory.rules.offlineUntilFreed) {
      return -EBUSY;
    }
  }
  return NOTHING_LEFT;
}

/**
 * Isolates every page of the range that can be moved. The list is a stack: releases with batches move the highest page first,
 * those before the lowest.
 */
function isolateAll(memory: Memory, startPfn: number, endPfn: number, list: MigrationList): void {
  const pfns: number[] = [];
  for (let pfn = startPfn; pfn < endPfn;) {
    pfns.push(pfn);
    pfn += memory.tag[pfn] >= TAG_OWNER ? 1 << ownerPageOrder(memory, pfn) : 1;
  }
  if (!memory.rules.batchedMigration) pfns.reverse();
  for (const pfn of pfns) isolateMovablePage(memory, pfn, list);
}

/** What is free, isolated memory now leaves the buddy, and is neither managed nor present any more. */
function takeAway(memory: Memory, { startPfn, endPfn, zone }: MemoryBlock): void {
  const { zones, scalars } = memory;
  for (let pfn = startPfn; pfn < endPfn;) {
    const order = freeOrderAt(memory, pfn);
    unlinkFreeBlock(memory, zone, pfn, order, ISOLATE);
    accountFreePages(memory, zone, ISOLATE, -(1 << order));
    pfn += 1 << order;
  }
  const pages = endPfn - startPfn;
  memory.tag.fill(TAG_OFFLINE, startPfn, endPfn);
  const row = zone * ZONE_FIELDS;
  zones[row + Z_ISOLATED_BLOCKS] -= pages / PAGEBLOCK_PAGES;
  zones[row + Z_MANAGED] -= pages;
  zones[row + Z_PRESENT] -= pages;
  scalars[S_TOTAL_RAM] -= pages;
  leaveZone(memory, zone, startPfn, endPfn);
}
