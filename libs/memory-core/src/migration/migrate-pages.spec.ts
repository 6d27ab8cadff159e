import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tryLockPage } from '../tasks/page-lock.js';
import {
  balloonPageAlloc,
  balloonPageDequeue,
  balloonPageEnqueue,
  balloonPages,
  createBalloonDevice,
  isolatedPages,
} from '../balloon/balloon.js';
import { MIGRATE_ASYNC, MIGRATE_SYNC, MIGRATE_SYNC_LIGHT } from '../layout/migrate-mode.js';
import { setBalloonDriver } from '../balloon-list/driver.js';
import { EAGAIN, EIO, ENOENT, ENOMEM } from '../layout/errno.js';
import {
  EV_BALLOON_DEFLATE,
  EV_BALLOON_INFLATE,
  EV_BALLOON_MIGRATE,
  EV_PGFREE,
  EV_PGMIGRATE_FAIL,
  EV_PGMIGRATE_SUCCESS,
  EV_THP_MIGRATION_SUCCESS,
  EV_THP_SPLIT_PAGE,
} from '../layout/events.js';
import { NIL } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { KERNEL_PROFILES } from '../layout/profile.js';
import { TAG_BALLOON, TAG_FREE_HEAD } from '../layout/tags.js';
import { createMapping, touchRange } from '../owners/address-space.js';
import { mappingOf } from '../owner-pages/mapping.js';
import { createOwner, growOwner, ownerPages } from '../owners/owner.js';
import { runToEnd } from '../tasks/task.js';
import { freePages } from '../allocator/free.js';
import { answering, balloonList, freeAllBut, fromAllocator, inflate, occupyAll } from '../../test/support/movable.js';
import { aZone, expectSound, freeCountOf } from '../../test/support/zone.js';
import { isolateMovablePage, putbackMovablePages } from './isolate.js';
import { migratePages } from './migrate-pages.js';
import { createMigrationList } from './migration-list.js';
import type { MigrationList } from './migration-list.js';

function isolated(memory: Memory, pfns: readonly number[]): MigrationList {
  const list = createMigrationList(2);
  for (const pfn of pfns) expect(isolateMovablePage(memory, pfn, list)).toBe(true);
  return list;
}

function migrated({ events }: Memory): number[] {
  return [events[EV_PGMIGRATE_SUCCESS], events[EV_PGMIGRATE_FAIL], events[EV_BALLOON_MIGRATE]];
}

const SYNC = { mode: MIGRATE_SYNC, reclaiming: false } as const;

describe.each(KERNEL_PROFILES)('migratePages, %s', (profile) => {
  /** Balloon pages 5, 6, 7; the upper half of the zone is free. */
  function aBalloon(): { memory: Memory; device: number } {
    const memory = aZone(1024, { kernelProfile: profile });
    occupyAll(memory);
    freeAllBut(memory, 512, 1024, []);
    const device = inflate(memory, [5, 6, 7]);
    memory.events.fill(0, EV_PGFREE, EV_PGFREE + 1);
    return { memory, device };
  }

  it('case 56: the new page takes the old one’s place at the head, the old one is freed, the balloon is as large as before', () => {
    const { memory, device } = aBalloon();
    const asked: [number, number][] = [];
    if (profile === '7.0') setBalloonDriver(memory, device, answering(0, asked));
    const list = isolated(memory, [6]);
    expect(runToEnd(memory, migratePages(memory, list, fromAllocator(memory), SYNC))).toBe(0);
    expect([list.count, list.movedPages]).toEqual([0, 1]);
    expect(balloonList(memory, device)).toEqual([512, 7, 5]);
    expect(migrated(memory)).toEqual([1, 0, 1]);
    expect(memory.events[EV_BALLOON_INFLATE] - memory.events[EV_BALLOON_DEFLATE]).toBe(3);
    expect([isolatedPages(memory, device), memory.tag[6], memory.events[EV_PGFREE]]).toEqual([0, TAG_FREE_HEAD, 1]);
    if (profile === '7.0') expect(asked).toEqual([[512, 6]]);
    expectSound(memory);
  });

  it('case 57: while the driver is busy it is asked up to the pass limit, then the page goes back', () => {
    const { memory, device } = aBalloon();
    const free = freeCountOf(memory);
    const asked: [number, number][] = [];
    setBalloonDriver(memory, device, answering(-EAGAIN, asked));
    const list = isolated(memory, [6]);
    expect(runToEnd(memory, migratePages(memory, list, fromAllocator(memory), SYNC))).toBe(1);
    expect(asked).toHaveLength(10);
    expect(isolatedPages(memory, device)).toBe(1);
    runToEnd(memory, putbackMovablePages(memory, list));
    expect([balloonPages(memory, device), isolatedPages(memory, device)]).toEqual([3, 0]);
    expect(migrated(memory)).toEqual([0, 1, 0]);
    expect(freeCountOf(memory)).toBe(free);
    expectSound(memory);
  });

  it('case 59: after another error nothing has changed, and the page can be put back', () => {
    const { memory, device } = aBalloon();
    const asked: [number, number][] = [];
    setBalloonDriver(memory, device, answering(-EIO, asked));
    const list = isolated(memory, [6]);
    expect(runToEnd(memory, migratePages(memory, list, fromAllocator(memory), { ...SYNC, mode: MIGRATE_ASYNC }))).toBe(
      1,
    );
    expect(asked).toHaveLength(1);
    expect([balloonPages(memory, device), isolatedPages(memory, device)]).toEqual([2, 1]);
    runToEnd(memory, putbackMovablePages(memory, list));
    expect(balloonList(memory, device)).toEqual([6, 7, 5]);
    expectSound(memory);
  });

  it('case 62: without a frame to go to the result is −ENOMEM and only pgmigrate_fail counts', () => {
    const { memory, device } = aBalloon();
    const list = isolated(memory, [5, 6]);
    const targets = { ...fromAllocator(memory), take: () => NIL };
    expect(runToEnd(memory, migratePages(memory, list, targets, SYNC))).toBe(-ENOMEM);
    expect([list.count, isolatedPages(memory, device)]).toEqual([2, 2]);
    runToEnd(memory, putbackMovablePages(memory, list));
    expect(migrated(memory)).toEqual([0, 1, 0]);
    expect(balloonList(memory, device)).toEqual([5, 6, 7]);
    expectSound(memory);
  });

  it('moves the last page isolated first, and owners’ pages beside balloon pages', () => {
    const { memory, device } = aBalloon();
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 2); // 512 and 513
    const list = isolated(memory, [5, 512, 6]);
    expect(ownerPages(memory, owner)).toBe(1);
    expect(runToEnd(memory, migratePages(memory, list, fromAllocator(memory), SYNC))).toBe(0);
    expect(balloonList(memory, device)).toEqual(
      profile === '5.15' || profile === '6.1' ? [512, 514, 7] : [516, 514, 7],
    );
    expect(ownerPages(memory, owner)).toBe(2);
    expect(migrated(memory)).toEqual([3, 0, 2]);
    expectSound(memory);
  });

  it('an asynchronous migration does not wait for a page lock, a synchronous one does', () => {
    const { memory } = aBalloon();
    const list = isolated(memory, [6]);
    tryLockPage(memory, 6);
    for (const mode of [MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT] as const) {
      expect(runToEnd(memory, migratePages(memory, list, fromAllocator(memory), { mode, reclaiming: false }))).toBe(1);
    }
    const reclaimer = migratePages(memory, list, fromAllocator(memory), { mode: MIGRATE_SYNC, reclaiming: true });
    expect(runToEnd(memory, reclaimer)).toBe(1);
    const patient = migratePages(memory, list, fromAllocator(memory), SYNC);
    const waits = new Set<string>();
    for (let step = 0; step < 40; step++) waits.add((patient.next().value as { kind: string }).kind);
    expect(waits).toContain('PAGE_LOCK');
    expect(list.count).toBe(1);
  });
});

it.each(KERNEL_PROFILES)(
  'a huge page moves as one, or as 512 pages when there is no room for one, %s',
  (kernelProfile) => {
    const memory = aZone(4096, { kernelProfile, addressSpaces: true });
    const owner = createMapping(memory, { pages: 1024, huge: true });
    touchRange(memory, owner, 0, 1024, true);
    const [first, , second] = [0, 1, 512].map((page) => mappingOf(memory, owner)[page]);
    memory.events.fill(0, EV_PGMIGRATE_SUCCESS, EV_PGMIGRATE_SUCCESS + 1);
    const whole = isolated(memory, [first]);
    expect(runToEnd(memory, migratePages(memory, whole, fromAllocator(memory), SYNC))).toBe(0);
    expect([whole.movedPages, memory.events[EV_THP_MIGRATION_SUCCESS], memory.events[EV_THP_SPLIT_PAGE]]).toEqual([
      512, 1, 0,
    ]);
    expectSound(memory);

    const pieces = isolated(memory, [second]);
    const targets = fromAllocator(memory);
    const small = { ...targets, take: (order: number, pfn: number) => (order > 0 ? NIL : targets.take(0, pfn)) };
    expect(runToEnd(memory, migratePages(memory, pieces, small, SYNC))).toBe(0);
    expect([pieces.movedPages, memory.events[EV_THP_SPLIT_PAGE]]).toEqual([512, 1]);
    expect(memory.events[EV_PGMIGRATE_SUCCESS]).toBe(1024);
    expect(ownerPages(memory, owner)).toBeGreaterThanOrEqual(1024);
    expect(mappingOf(memory, owner)[512]).not.toBe(second);
    expectSound(memory);

    const none = isolated(memory, [mappingOf(memory, owner)[0]]);
    const nowhere = { ...targets, take: () => NIL };
    expect(runToEnd(memory, migratePages(memory, none, nowhere, SYNC))).toBe(-ENOMEM);
    expect(none.count).toBe(512);
    runToEnd(memory, putbackMovablePages(memory, none));
    expectSound(memory);
  },
);

it('case 58: on 7.0 a page that was only deflated counts as moved, and both frames are free', () => {
  const memory = aZone(1024, { kernelProfile: '7.0' });
  occupyAll(memory);
  freePages(memory, 600, 0);
  const device = inflate(memory, [6]);
  setBalloonDriver(memory, device, answering(-ENOENT));
  const list = isolated(memory, [6]);
  expect(runToEnd(memory, migratePages(memory, list, fromAllocator(memory), SYNC))).toBe(0);
  expect(migrated(memory)).toEqual([1, 0, 0]);
  expect([balloonPages(memory, device), isolatedPages(memory, device), freeCountOf(memory)]).toEqual([0, 0, 2]);
  expect(memory.events[EV_BALLOON_DEFLATE]).toBe(1);
  expectSound(memory);
});

type Act = 'INFLATE' | 'DEFLATE' | 'ISOLATE' | 'PUTBACK' | 'MIGRATE';

it('case 50: the balloon’s invariants hold after each of 10^5 random steps', () => {
  let steps = 0;
  const acts = fc.array(
    fc.record({ act: fc.constantFrom<Act>('INFLATE', 'DEFLATE', 'ISOLATE', 'PUTBACK', 'MIGRATE'), at: fc.nat(511) }),
    { minLength: 2000, maxLength: 2000 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...KERNEL_PROFILES), fc.boolean(), acts, (kernelProfile, adjusts, list) => {
      const memory = aZone(1024, { kernelProfile });
      const device = createBalloonDevice(memory, adjusts);
      const away = createMigrationList();
      for (const { act, at } of list) {
        doAct(memory, device, away, act, at);
        if (steps++ % 20 === 0) expectSound(memory);
        const held = balloonPages(memory, device) + isolatedPages(memory, device);
        if (isolatedPages(memory, device) !== away.count) throw new Error('B6');
        if (memory.events[EV_BALLOON_INFLATE] - memory.events[EV_BALLOON_DEFLATE] !== held) throw new Error('B1');
      }
      expectSound(memory);
    }),
    { numRuns: 50 },
  );
  expect(steps).toBe(100_000);
});

function doAct(memory: Memory, device: number, away: MigrationList, act: Act, at: number): void {
  if (act === 'INFLATE') {
    const pfn = balloonPageAlloc(memory);
    if (pfn !== NIL) balloonPageEnqueue(memory, device, pfn);
  } else if (act === 'DEFLATE') {
    const pfn = balloonPages(memory, device) === 0 ? NIL : balloonPageDequeue(memory, device);
    if (pfn !== NIL) freePages(memory, pfn, 0);
  } else if (act === 'ISOLATE') {
    const pfn = balloonList(memory, device)[at] ?? at;
    const wasListed = memory.tag[pfn] === TAG_BALLOON + device;
    if (isolateMovablePage(memory, pfn, away) !== wasListed) throw new Error('isolated what was not listed');
  } else if (act === 'PUTBACK') {
    runToEnd(memory, putbackMovablePages(memory, away));
  } else {
    runToEnd(memory, migratePages(memory, away, fromAllocator(memory), SYNC));
  }
}
