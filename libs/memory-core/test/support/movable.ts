import { allocatePages } from '../../src/request/allocate.js';
import { takeSmallest } from '../../src/allocator/buddy.js';
import { freePages } from '../../src/allocator/free.js';
import { balloonPageEnqueue, createBalloonDevice } from '../../src/balloon/balloon.js';
import { deviceRow } from '../../src/balloon-list/device.js';
import type { BalloonDriver } from '../../src/balloon-list/driver.js';
import { MAX_ORDER, MOVABLE, NIL } from '../../src/layout/constants.js';
import { Gfp } from '../../src/layout/gfp.js';
import { balloonListNode } from '../../src/layout/memory.js';
import type { Memory } from '../../src/layout/memory.js';
import type { MigrationTargets } from '../../src/migration/migrate-pages.js';
import { TAG_ALLOCATED } from '../../src/layout/tags.js';
import { RESCHEDULE } from '../../src/tasks/task.js';

/** Takes every page of the machine as a kernel page that cannot move, without watermarks in the way. */
export function occupyAll(memory: Memory): void {
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    for (let order = MAX_ORDER; order >= 0; order--) {
      for (let pfn = takeSmallest(memory, zone, order, MOVABLE); pfn !== NIL;) {
        memory.tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << order));
        pfn = takeSmallest(memory, zone, order, MOVABLE);
      }
    }
  }
}

/** Frees the frames of [startPfn, endPfn) one by one, but for those that `keep` names. */
export function freeAllBut(memory: Memory, startPfn: number, endPfn: number, keep: readonly number[]): void {
  for (let pfn = startPfn; pfn < endPfn; pfn++) if (!keep.includes(pfn)) freePages(memory, pfn, 0);
}

/** Puts held frames into a balloon device, a new one unless told; returns it. */
export function inflate(memory: Memory, pfns: readonly number[], device = createBalloonDevice(memory, false)): number {
  for (const pfn of pfns) balloonPageEnqueue(memory, device, pfn);
  return device;
}

/** The device's pages, next to be deflated first. */
export function balloonList(memory: Memory, device: number): number[] {
  deviceRow(memory, device);
  const sentinel = balloonListNode(memory, device);
  const pfns: number[] = [];
  for (let pfn = memory.links[2 * sentinel]; pfn !== sentinel; pfn = memory.links[2 * pfn]) pfns.push(pfn);
  return pfns;
}

/** A driver that only answers: the same result to every question; `asked` collects [newPfn, oldPfn]. */
export function answering(result: number, asked: [number, number][] = []): BalloonDriver {
  return {
    migratePage(newPfn, oldPfn) {
      asked.push([newPfn, oldPfn]);
      return result;
    },
  };
}

/** Targets from the allocator, as memory offlining gets them. */
export function fromAllocator(memory: Memory): MigrationTargets {
  return {
    take: (order) => allocatePages(memory, order, Gfp.HIGHUSER_MOVABLE),
    *refill() {
      yield RESCHEDULE;
    },
    give: (pfn, order) => {
      freePages(memory, pfn, order);
    },
  };
}
