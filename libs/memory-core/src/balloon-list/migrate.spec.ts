import { describe, expect, it } from '@jest/globals';
import { tryLockPage, unlockPage } from '../tasks/page-lock.js';
import { EBUSY, ENOENT } from '../layout/errno.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE, EV_BALLOON_MIGRATE, EV_PGMIGRATE_SUCCESS } from '../layout/events.js';
import { S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { KERNEL_PROFILES } from '../layout/profile.js';
import { TAG_ALLOCATED, TAG_BALLOON_ISOLATED } from '../layout/tags.js';
import { Z_MANAGED } from '../layout/zone-fields.js';
import { isolateMovableOpsPage, isolateMovablePage, putbackMovableOpsPage } from '../migration/isolate.js';
import { createMigrationList } from '../migration/migration-list.js';
import { runToEnd } from '../tasks/task.js';
import { aZone, expectSound, zoneField, zonesOf } from '../../test/support/zone.js';
import { answering, balloonList, inflate, occupyAll } from '../../test/support/movable.js';
import { balloonPageDequeue, balloonPages, createBalloonDevice, isolatedPages } from '../balloon/balloon.js';
import { nodeBalloonPages } from './device.js';
import { setBalloonDriver } from './driver.js';
import { balloonPageMigrate } from './migrate.js';
import { endBalloonMove, startBalloonMove } from './move.js';

function counters({ events }: Memory): number[] {
  return [events[EV_BALLOON_INFLATE], events[EV_BALLOON_DEFLATE], events[EV_BALLOON_MIGRATE]];
}

/** Pages 5, 6, 7 in a balloon, 7 next to be deflated; everything else is held. */
function threePages(kernelProfile: (typeof KERNEL_PROFILES)[number]): { memory: Memory; device: number } {
  const memory = aZone(1024, { kernelProfile });
  occupyAll(memory);
  return { memory, device: inflate(memory, [5, 6, 7]) };
}

describe.each(KERNEL_PROFILES)('isolation of balloon pages, %s', (profile) => {
  it('case 51: an isolated page is off the list, counted as isolated, and nothing else changes', () => {
    const { memory, device } = threePages(profile);
    const before = counters(memory);
    expect(isolateMovableOpsPage(memory, 6)).toBe(true);
    expect([balloonPages(memory, device), isolatedPages(memory, device)]).toEqual([2, 1]);
    expect(balloonList(memory, device)).toEqual([7, 5]);
    expect(memory.tag[6]).toBe(TAG_BALLOON_ISOLATED + device);
    expect(counters(memory)).toEqual(before);
    expectSound(memory);
  });

  it('case 52: a page is isolated once only', () => {
    const { memory, device } = threePages(profile);
    isolateMovableOpsPage(memory, 6);
    expect(isolateMovableOpsPage(memory, 6)).toBe(false);
    expect(isolatedPages(memory, device)).toBe(1);
  });

  it('case 53: a page that was just dequeued cannot be isolated', () => {
    const { memory, device } = threePages(profile);
    expect(balloonPageDequeue(memory, device)).toBe(7);
    expect(isolateMovableOpsPage(memory, 7)).toBe(false);
    expect(isolatedPages(memory, device)).toBe(0);
  });

  it('case 54: a page whose lock somebody holds is refused at once', () => {
    const { memory, device } = threePages(profile);
    tryLockPage(memory, 6);
    expect(isolateMovableOpsPage(memory, 6)).toBe(false);
    expect([balloonPages(memory, device), isolatedPages(memory, device)]).toEqual([3, 0]);
    unlockPage(memory, 6);
    expect(isolateMovableOpsPage(memory, 6)).toBe(true);
  });

  it('case 55: a page that is put back is deflated next', () => {
    const { memory, device } = threePages(profile);
    isolateMovableOpsPage(memory, 5);
    runToEnd(memory, putbackMovableOpsPage(memory, 5));
    expect([balloonPages(memory, device), isolatedPages(memory, device)]).toEqual([3, 0]);
    expect(balloonList(memory, device)).toEqual([5, 7, 6]);
    expectSound(memory);
    expect(balloonPageDequeue(memory, device)).toBe(5);
  });

  it('waits for the page lock before it puts a page back', () => {
    const { memory, device } = threePages(profile);
    isolateMovableOpsPage(memory, 5);
    tryLockPage(memory, 5);
    const putback = putbackMovableOpsPage(memory, 5);
    expect(putback.next().value).toEqual({ kind: 'PAGE_LOCK', pfn: 5 });
    expect(isolatedPages(memory, device)).toBe(1);
    unlockPage(memory, 5);
    expect(putback.next().done).toBe(true);
    expect(isolatedPages(memory, device)).toBe(0);
  });

  it('another answer of the driver than success leaves the page isolated', () => {
    const { memory, device } = threePages(profile);
    isolateMovableOpsPage(memory, 6);
    setBalloonDriver(memory, device, answering(-EBUSY));
    const before = counters(memory);
    expect(balloonPageMigrate(memory, 100, 6, 2)).toBe(-EBUSY);
    expect([memory.tag[6], memory.tag[100]]).toEqual([TAG_BALLOON_ISOLATED + device, TAG_ALLOCATED]);
    expect(counters(memory)).toEqual(before);
  });

  it('a driver that waits is waited for', () => {
    const { memory, device } = threePages(profile);
    isolateMovableOpsPage(memory, 6);
    setBalloonDriver(memory, device, {
      *migratePage(newPfn, oldPfn) {
        startBalloonMove(memory, device, newPfn, oldPfn);
        yield { kind: 'HOST' };
        endBalloonMove(memory, oldPfn);
        return 0;
      },
    });
    const task = balloonPageMigrate(memory, 100, 6, 2);
    if (typeof task === 'number') throw new Error('answered at once');
    expect(task.next().value).toEqual({ kind: 'HOST' });
    // The driver has put the new page in already, or the core will when the driver is done.
    expect(balloonPages(memory, device)).toBe(profile === '7.0' ? 2 : 3);
    expect(task.next()).toEqual({ done: true, value: 0 });
    expect(balloonList(memory, device)).toEqual([100, 7, 5]);
    expect(isolatedPages(memory, device)).toBe(0);
  });

  it('case 60: a move between zones takes the managed page with it where the balloon adjusts them', () => {
    for (const adjusts of [true, false]) {
      const memory = zonesOf([{ pages: 1024 }, { pages: 1024 }], { kernelProfile: profile });
      occupyAll(memory);
      const device = inflate(memory, [5], createBalloonDevice(memory, adjusts));
      const total = memory.scalars[S_TOTAL_RAM];
      const managed = [zoneField(memory, Z_MANAGED, 0), zoneField(memory, Z_MANAGED, 1)];
      isolateMovableOpsPage(memory, 5);
      expect(balloonPageMigrate(memory, 1030, 5, 2)).toBe(0);
      memory.tag[5] = TAG_ALLOCATED;
      const moved = adjusts ? 1 : 0;
      expect([zoneField(memory, Z_MANAGED, 0), zoneField(memory, Z_MANAGED, 1)]).toEqual([
        managed[0] + moved,
        managed[1] - moved,
      ]);
      expect(memory.scalars[S_TOTAL_RAM]).toBe(total);
      expect(balloonPages(memory, device)).toBe(1);
      expectSound(memory);
    }
  });
});

describe('what only 7.0 does', () => {
  it('case 58: the old page was deflated and no new one inflated: the balloon is one page smaller', () => {
    const { memory, device } = threePages('7.0');
    isolateMovableOpsPage(memory, 6);
    setBalloonDriver(memory, device, answering(-ENOENT));
    expect(balloonPageMigrate(memory, 100, 6, 2)).toBe(0);
    expect(counters(memory)).toEqual([3, 1, 0]);
    expect([balloonPages(memory, device), isolatedPages(memory, device)]).toEqual([2, 0]);
    expect(memory.tag[100]).toBe(TAG_ALLOCATED);
  });

  it('case 61: a move to another node changes no node’s nr_balloon_pages', () => {
    const memory = zonesOf([{ pages: 1024 }, { pages: 1024, node: 1 }], { kernelProfile: '7.0' });
    occupyAll(memory);
    inflate(memory, [5]);
    expect([nodeBalloonPages(memory, 0), nodeBalloonPages(memory, 1)]).toEqual([1, 0]);
    isolateMovableOpsPage(memory, 5);
    expect(balloonPageMigrate(memory, 1030, 5, 2)).toBe(0);
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(1);
    expect([nodeBalloonPages(memory, 0), nodeBalloonPages(memory, 1)]).toEqual([1, 0]);
  });
});

it('case 63: without balloon compaction a balloon page cannot be isolated', () => {
  const memory = aZone(1024, { balloonCompaction: false });
  occupyAll(memory);
  inflate(memory, [5]);
  expect(isolateMovableOpsPage(memory, 5)).toBe(false);
  expect(isolateMovablePage(memory, 5, createMigrationList())).toBe(false);
  expect(memory.events[EV_PGMIGRATE_SUCCESS]).toBe(0);
});
