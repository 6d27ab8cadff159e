import { describe, expect, it } from '@jest/globals';
import {
  EAGAIN,
  auditMemory,
  balloonPageAlloc,
  balloonPages,
  freePages,
  inspectPage,
  isolatedPages,
  runToEnd,
} from '#memory-core';
import type { KernelProfile, Memory, Task } from '#memory-core';
import { KERNEL_PROFILES } from '#contracts';
import {
  balloonPageIsolate,
  balloonPageMigrate,
  balloonPagePutback,
} from '../../../memory-core/src/balloon-list/migrate.js';
import { MIGRATE_SYNC } from '../../../memory-core/src/layout/migrate-mode.js';
import { BalloonRig } from '../../test/balloon-rig.js';
import { runDriver } from './size-work.js';

/** A balloon of 10 whose page `oldPfn` is isolated, and a page for it to move to. */
function midway(profile: KernelProfile) {
  const rig = new BalloonRig({ profile }).ask(10).run(100);
  const oldPfn = rig.requests[0]!.pfns[4]!;
  const newPfn = balloonPageAlloc(rig.memory);
  balloonPageIsolate(rig.memory, oldPfn);
  rig.requests.length = rig.actuals.length = 0;
  return { rig, oldPfn, newPfn };
}

/** The core's move of a page: with a driver that asks its host it is a task. */
function moving(memory: Memory, newPfn: number, oldPfn: number): Task<number> {
  const move = balloonPageMigrate(memory, newPfn, oldPfn, MIGRATE_SYNC);
  if (typeof move === 'number') throw new Error('nobody asked the host');
  return move;
}

describe('a balloon page that moves', () => {
  it.each(KERNEL_PROFILES)(
    'Linux %s: the host is told of the new page, then of the old; size and actual stay',
    (profile) => {
      const { rig, oldPfn, newPfn } = midway(profile);
      const { memory, driver } = rig;
      expect(runToEnd(memory, moving(memory, newPfn, oldPfn))).toBe(0);
      expect(rig.requests).toEqual([
        { queue: 'INFLATE', pfns: [newPfn] },
        { queue: 'DEFLATE', pfns: [oldPfn] },
      ]);
      expect([driver.numPages, balloonPages(memory, driver.list), isolatedPages(memory, driver.list)]).toEqual([
        10, 10, 0,
      ]);
      expect(rig.actuals).toEqual([]);
      expect(['balloon_inflate', 'balloon_deflate', 'balloon_migrate'].map((name) => rig.counter(name))).toEqual([
        10, 0, 1,
      ]);
      expect([inspectPage(memory, newPfn).state, inspectPage(memory, newPfn).backed]).toEqual(['BALLOON', false]);
      freePages(memory, oldPfn, 0); // the core's part
      expect(auditMemory(memory)).toEqual([]);
      rig.ask(9).run(100);
      expect(rig.requests.at(-1)).toEqual({ queue: 'DEFLATE', pfns: [newPfn] }); // it went to the head of the list
    },
  );

  it.each(['6.12', '7.0'] as const)('Linux %s: try again while the driver waits for the host', (profile) => {
    const { rig, oldPfn, newPfn } = midway(profile);
    const { memory, driver } = rig;
    rig.ask(500);
    runDriver(driver, rig.nowUs);
    expect(driver.phase).toBe('FILL_SENT');
    rig.requests.length = 0;
    expect(runToEnd(memory, moving(memory, newPfn, oldPfn))).toBe(-EAGAIN);
    expect(rig.requests).toEqual([]);
    expect(isolatedPages(memory, driver.list)).toBe(1);
    rig.run(100);
    expect(runToEnd(memory, moving(memory, newPfn, oldPfn))).toBe(0);
  });

  it('holds the driver’s lock from before the host is told until it has answered twice', () => {
    const { rig, oldPfn, newPfn } = midway('6.12');
    const move = moving(rig.memory, newPfn, oldPfn);
    expect([move.next().value, rig.driver.lock.held]).toEqual([{ kind: 'HOST' }, true]);
    rig.ask(0).run(100);
    expect(rig.driver.numPages).toBe(10); // the leak waits for the lock
    expect([move.next().value, rig.driver.lock.held]).toEqual([{ kind: 'HOST' }, true]);
    expect([move.next(), rig.driver.lock.held]).toEqual([{ done: true, value: 0 }, false]);
    rig.run(100);
    expect(rig.driver.numPages).toBe(0);
  });

  it('a leak that finds all pages isolated tries again until one is put back', () => {
    const rig = new BalloonRig().ask(3).run(100);
    const pfns = rig.requests[0]!.pfns;
    for (const pfn of pfns) balloonPageIsolate(rig.memory, pfn);
    rig.requests.length = 0;
    rig.ask(0).run(100);
    expect([rig.requests.length, rig.driver.numPages, rig.driver.phase]).toEqual([0, 3, 'DUE']);
    for (const pfn of pfns) balloonPagePutback(rig.memory, pfn);
    rig.run(100);
    expect(rig.driver.numPages).toBe(0);
    expect(auditMemory(rig.memory)).toEqual([]);
  });
});
