/**
 * Getting one certain range of frames, whatever is in it: set it aside, move what can be moved, take what is then free.
 * Source: mm/page_alloc.c of Linux 6.12 (alloc_contig_range), as described in the reference, §5.2.
 */
import { allocatePages } from '../request/allocate.js';
import { freePages } from '../allocator/free.js';
import { isolateFreeBlock } from '../allocator/isolate-free.js';
import { drainAllPages } from '../allocator/pcp-setup.js';
import { MIGRATE_SYNC } from '../layout/migrate-mode.js';
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EBUSY, EINVAL, ENOMEM } from '../layout/errno.js';
import { EV_COMPACT_ISOLATED } from '../layout/events.js';
import { GFP_BIT_RETRY_MAYFAIL, Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { ZONE_FIELDS, Z_NODE } from '../layout/zone-fields.js';
import { isolateMovablePage, putbackMovablePages } from '../migration/isolate.js';
import { migratePages } from '../migration/migrate-pages.js';
import type { MigrationTargets } from '../migration/migrate-pages.js';
import { createMigrationList } from '../migration/migration-list.js';
import type { MigrationList } from '../migration/migration-list.js';
import { ownerPageOrder } from '../migration/isolate-owner.js';
import { RESCHEDULE } from '../tasks/task.js';
import type { Task } from '../tasks/task.js';
import { freeOrderAt, isRangeFree, isolateRange, unisolateRange } from './isolate-range.js';

/** Pages that are isolated before they are moved, and how often a batch is tried. */
const BATCH_PAGES = 32;
const BATCH_TRIES = 5;

/**
 * Takes exactly the frames [startPfn, endPfn) of one zone: 0 and they are the caller's (TAG_ALLOCATED); or −EBUSY when
 * something cannot be moved, −ENOMEM when there is nowhere to move it to, −EINVAL for a range that is none, with everything
 * that was not moved put back.
 */
export function* allocContigRange(memory: Memory, startPfn: number, endPfn: number): Task<number> {
  if (startPfn >= endPfn || !isInOneZone(memory, startPfn, endPfn)) return -EINVAL;
  const blocked = isolateRange(memory, startPfn, endPfn, 'OTHER');
  if (blocked !== 0) return blocked;
  drainAllPages(memory, memory.blockZone[startPfn >> PAGEBLOCK_ORDER]);
  // That a batch could not be moved is not the last word: its pages may have been freed since.
  let result = yield* emptyRange(memory, startPfn, endPfn);
  if (result === 0 || result === -EBUSY) result = takeRange(memory, startPfn, endPfn) ? 0 : -EBUSY;
  unisolateRange(memory, startPfn, endPfn);
  return result;
}

function isInOneZone(memory: Memory, startPfn: number, endPfn: number): boolean {
  if (startPfn < 0 || endPfn > memory.spanPages) return false;
  const zone = memory.blockZone[startPfn >> PAGEBLOCK_ORDER];
  for (let block = startPfn >> PAGEBLOCK_ORDER; block <= (endPfn - 1) >> PAGEBLOCK_ORDER; block++) {
    if (memory.blockZone[block] !== zone) return false;
  }
  return true;
}

/** Moves everything out of the range that can be moved: 0, or the error that ended it. */
function* emptyRange(memory: Memory, startPfn: number, endPfn: number): Task<number> {
  const list = createMigrationList(BATCH_PAGES * 2);
  const targets = elsewhere(memory, startPfn);
  let pfn = startPfn;
  let tries = 0;
  while (pfn < endPfn || list.count > 0) {
    if (list.count === 0) {
      pfn = isolateBatch(memory, list, pfn, endPfn);
      tries = 0;
    } else if (++tries === BATCH_TRIES) {
      yield* putbackMovablePages(memory, list);
      return -EBUSY;
    }
    yield RESCHEDULE;
    const result = yield* migratePages(memory, list, targets, { mode: MIGRATE_SYNC, reclaiming: false });
    if (result === -ENOMEM) {
      yield* putbackMovablePages(memory, list);
      return result;
    }
  }
  return 0;
}

/** Isolates pages up to a batch, or to the end of the range; returns the frame after the last one looked at. */
function isolateBatch(memory: Memory, list: MigrationList, startPfn: number, endPfn: number): number {
  let pages = 0;
  let pfn = startPfn;
  while (pfn < endPfn && pages < BATCH_PAGES) {
    const free = freeOrderAt(memory, pfn);
    if (free >= 0) {
      pfn += 1 << free;
      continue;
    }
    const isTaken = isolateMovablePage(memory, pfn, list);
    const taken = isTaken ? 1 << ownerPageOrder(memory, pfn) : 0;
    pages += taken;
    pfn += Math.max(taken, 1);
  }
  memory.events[EV_COMPACT_ISOLATED] += pages;
  return Math.min(pfn, endPfn);
}

/** New frames anywhere, on the old one's node first. The range itself is isolated and gives none. */
function elsewhere(memory: Memory, pfn: number): MigrationTargets {
  const node = memory.zones[memory.blockZone[pfn >> PAGEBLOCK_ORDER] * ZONE_FIELDS + Z_NODE];
  const gfp = Gfp.HIGHUSER_MOVABLE | GFP_BIT_RETRY_MAYFAIL;
  return {
    take: (order) => allocatePages(memory, order, gfp, node),
    *refill() {
      yield RESCHEDULE;
    },
    give: (target, order) => {
      freePages(memory, target, order);
    },
  };
}

/** Takes the free blocks that cover the range and gives back what lies outside of it; false when a frame is not free. */
function takeRange(memory: Memory, startPfn: number, endPfn: number): boolean {
  const first = startOfFreeBlock(memory, startPfn);
  if (!isRangeFree(memory, first, endPfn)) return false;
  let pfn = first;
  while (pfn < endPfn) {
    const order = freeOrderAt(memory, pfn);
    isolateFreeBlock(memory, pfn, order);
    memory.tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << order));
    pfn += 1 << order;
  }
  memory.events[EV_COMPACT_ISOLATED] += pfn - first;
  for (let excess = first; excess < startPfn; excess++) freePages(memory, excess, 0);
  for (let excess = endPfn; excess < pfn; excess++) freePages(memory, excess, 0);
  return true;
}

/** First frame of the free block that the frame lies in, or the frame itself. */
function startOfFreeBlock(memory: Memory, pfn: number): number {
  for (let order = 0; order <= PAGEBLOCK_ORDER + 1; order++) {
    const start = pfn & -(1 << order);
    if (freeOrderAt(memory, start) >= order) return start;
  }
  return pfn;
}
