import { describe, expect, it } from '@jest/globals';
import {
  auditMemory,
  createOwner,
  balloonPageAllocList,
  balloonPages,
  growOwner,
  inspectPage,
  readUsage,
  runToEnd,
  shrinkOwner,
} from '#memory-core';
import { tryLockPage, unlockPage } from '../../../memory-core/src/tasks/page-lock.js';
import { BalloonRig } from '../../test/balloon-rig.js';
import { removeBalloon, resumeBalloon, suspendBalloon } from './balloon-lifecycle.js';
import { BalloonFeature } from './balloon-features.js';
import { commandHinting, hintingWork } from './free-page-hinting.js';
import { notifyOutOfMemory, oomNotifier, sizeWork } from './size-work.js';
import { distance } from './virtio-balloon.js';

const ALL_FEATURES = Object.values(BalloonFeature).reduce((bits, bit) => bits | bit, 0);
const sizes = (rig: BalloonRig): number[] => rig.requests.map((request) => request.pfns.length);
const actuals = (rig: BalloonRig): number[] => rig.actuals.map((write) => write.pages);

describe('the virtio balloon', () => {
  it('case 64: fills 1000 pages in requests of 256, 256, 256, 232 and writes actual after each', () => {
    const rig = new BalloonRig().ask(1000).run(1000);
    expect(sizes(rig)).toEqual([256, 256, 256, 232]);
    expect(actuals(rig)).toEqual([256, 512, 768, 1000]);
    expect(rig.driver.phase).toBe('IDLE');
    expect(rig.counter('balloon_inflate')).toBe(1000);
  });

  it('case 65: leaks them in the same sizes, and frees pages only after the host has acknowledged', () => {
    const free: number[] = [];
    const rig = new BalloonRig({ onRequest: (memory) => free.push(readUsage(memory).freePages) }).ask(1000).run(1000);
    rig.requests.length = free.length = rig.actuals.length = 0;
    const before = readUsage(rig.memory).freePages;
    rig.ask(0).run(1000);
    expect(sizes(rig)).toEqual([256, 256, 256, 232]);
    expect(rig.requests.every((request) => request.queue === 'DEFLATE')).toBe(true);
    expect(actuals(rig)).toEqual([744, 488, 232, 0]);
    // What the host sees free at each request is what the requests before it gave back.
    expect(free).toEqual([0, 256, 512, 768].map((pages) => before + pages));
    expect(readUsage(rig.memory).freePages).toBe(before + 1000);
  });

  it('case 66: a target of 100 is one request of 100', () => {
    const rig = new BalloonRig().ask(100).run(1000);
    expect(sizes(rig)).toEqual([100]);
    expect(rig.counter('balloon_inflate')).toBe(100);
  });

  it('case 67: rounds a target of 10 up to a guest page of 64 KiB, and stays there', () => {
    const rig = new BalloonRig({ pagesPerFrame: 16 }).ask(10).run(1000);
    expect(sizes(rig)).toEqual([16]);
    const [first] = rig.requests[0]!.pfns;
    expect(rig.requests[0]!.pfns).toEqual(Array.from({ length: 16 }, (_, at) => first! + at));
    expect(first! % 16).toBe(0);
    expect(rig.driver.numPages).toBe(16);
    expect(rig.counter('balloon_inflate')).toBe(1);
    expect(distance(rig.driver)).toBe(0);
    rig.run(10_000);
    expect(rig.requests).toHaveLength(1);
  });

  it('case 68: sends the 40 pages it got of 256, sleeps, and goes on trying', () => {
    const rig = new BalloonRig();
    rig.leave(40);
    rig.ask(256).run(203);
    expect(rig.requests).toHaveLength(0); // asleep, with the pages on its own list
    expect(rig.driver.held.pages).toBe(40);
    rig.run(2);
    expect(sizes(rig)).toEqual([40]);
    expect(rig.actuals).toEqual([{ pages: 40, atUs: 204_000 + 40 * 2.54 }]);
    expect(rig.driver.phase).toBe('ASLEEP');
    rig.run(1000);
    expect(sizes(rig)).toEqual([40]);
  });

  it('case 69: with no page at all sends nothing, sleeps, rewrites actual, and goes on trying', () => {
    const rig = new BalloonRig();
    const owner = rig.leave(0);
    rig.ask(256).run(1000);
    expect(rig.requests).toHaveLength(0);
    expect(rig.actuals.map((write) => write.atUs)).toEqual([204_000, 408_000, 612_000, 816_000]);
    expect(actuals(rig)).toEqual([0, 0, 0, 0]);
    shrinkOwner(rig.memory, owner, 300, 'OLDEST');
    rig.run(1000);
    expect(sizes(rig)).toEqual([256]);
    expect(rig.driver.phase).toBe('IDLE');
  });

  it('case 69, Linux 6.1: the retry comes every 208 ms', () => {
    const rig = new BalloonRig({ profile: '6.1' });
    rig.leave(0);
    rig.ask(256).run(650);
    expect(rig.actuals.map((write) => write.atUs)).toEqual([208_000, 416_000, 624_000]);
  });

  it('case 70: names the last page first, lists the first page at the head, and gives that one back first', () => {
    const twin = new Int32Array(3);
    balloonPageAllocList(new BalloonRig().memory, twin, 3);
    const [a1, a2, a3] = twin;
    const rig = new BalloonRig().ask(3).run(10);
    expect(rig.requests[0]!.pfns).toEqual([a3, a2, a1]);
    rig.ask(2).run(10);
    expect(rig.requests[1]).toEqual({ queue: 'DEFLATE', pfns: [a1] });
    rig.ask(0).run(10);
    expect(rig.requests[2]).toEqual({ queue: 'DEFLATE', pfns: [a2, a3] });
  });

  it('case 71: a leak of 256 from a balloon of 10 gives 10', () => {
    const rig = new BalloonRig({ deflateOnOom: true }).ask(10).run(10);
    expect(notifyOutOfMemory(rig.driver)).toBe(10);
    expect(rig.driver.numPages).toBe(0);
  });

  it('case 72: a leak that gets no page asks the host for nothing, changes nothing, and is queued again', () => {
    // The pages are locked by somebody, as isolation locks them: the core answers the same, try later.
    const rig = new BalloonRig().ask(3).run(10);
    const locked = rig.requests[0]!.pfns;
    for (const pfn of locked) tryLockPage(rig.memory, pfn);
    rig.ask(0).run(100);
    expect(rig.requests).toHaveLength(1);
    expect(rig.driver.numPages).toBe(3);
    expect(rig.driver.phase).toBe('DUE');
    for (const pfn of locked) unlockPage(rig.memory, pfn);
    rig.run(10);
    expect(sizes(rig)).toEqual([3, 3]);
    expect(balloonPages(rig.memory, rig.driver.list)).toBe(0);
  });

  it.each([
    [false, 4096],
    [true, 0],
  ])('case 73: with deflate-on-OOM %p, 1024 pages take %p kB off MemTotal and 4096 kB off MemFree', (oom, lessKib) => {
    const rig = new BalloonRig({ deflateOnOom: oom });
    const before = readUsage(rig.memory);
    rig.ask(1024).run(100);
    const after = readUsage(rig.memory);
    expect((before.totalPages - after.totalPages) * 4).toBe(lessKib);
    expect((before.freePages - after.freePages) * 4).toBe(4096);
  });

  it('takes its pages through the per-CPU lists: MemFree falls by whole refills, free and waiting pages by the balloon', () => {
    const rig = new BalloonRig({ perCpuLists: true });
    const before = readUsage(rig.memory);
    expect(before.perCpuPages).toBe(0);
    const unheld = rig.unheldPages();
    rig.ask(1024).run(100);
    const after = readUsage(rig.memory);
    // Batches of 15, doubling: 15 + 30 + 60 + 120 + 240 + 480 = 945, then 480 more for the last 79 pages.
    expect(before.freePages - after.freePages).toBe(945 + 480);
    expect(after.perCpuPages).toBe(945 + 480 - 1024);
    expect(unheld - rig.unheldPages()).toBe(1024);
    rig.ask(0).run(100);
    expect(rig.unheldPages()).toBe(unheld);
  });

  it('case 74: the OOM notifier takes 256 pages back and queues nothing', () => {
    const rig = new BalloonRig({ deflateOnOom: true }).ask(1000).run(100);
    expect(notifyOutOfMemory(rig.driver)).toBe(256);
    expect(rig.counter('balloon_deflate')).toBe(256);
    expect(rig.driver.device).toMatchObject({ actualPages: 744, targetPages: 1000 });
    rig.run(10_000);
    expect(rig.driver.numPages).toBe(744);
    rig.ask(1000).run(100);
    expect(rig.driver.numPages).toBe(1000);
  });

  it('case 74: nor does one that meets a run under way: it waits for the host, then takes its own', () => {
    const rig = new BalloonRig({ deflateOnOom: true }).ask(1000).run(100);
    rig.ask(2000).run(0.5); // the host has the first request
    expect([rig.driver.phase, rig.driver.lock.held, rig.driver.numPages]).toEqual(['FILL_SENT', true, 1256]);
    expect(notifyOutOfMemory(rig.driver)).toBe(256);
    expect([rig.driver.lock.held, rig.driver.device.actualPages]).toEqual([false, 1000]);
    rig.run(100); // the run that was queued fills up again
    expect(rig.driver.numPages).toBe(2000);
  });

  it('case 75: with nothing in the balloon, or without deflate-on-OOM, the notifier frees nothing', () => {
    expect(notifyOutOfMemory(new BalloonRig({ deflateOnOom: true }).driver)).toBe(0);
    const rig = new BalloonRig().ask(1000).run(100);
    expect(notifyOutOfMemory(rig.driver)).toBe(0);
    expect(rig.driver.numPages).toBe(1000);
  });

  it('case 76: frees after the acknowledgement also without MUST_TELL_HOST', () => {
    const rig = new BalloonRig({ features: 0 }).ask(256).run(100);
    const free = rig.unheldPages();
    rig.ask(0).run(0.4);
    expect([rig.driver.phase, rig.unheldPages()]).toEqual(['LEAK_SENT', free]);
    rig.run(0.1);
    expect([rig.driver.phase, rig.unheldPages()]).toEqual(['IDLE', free + 256]);
  });

  it('case 81: removed with 300 pages it gives back 256 and 44, and writes actual', () => {
    const rig = new BalloonRig({ features: ALL_FEATURES }).ask(300).run(100);
    commandHinting(rig.driver, 2);
    runToEnd(rig.memory, hintingWork(rig.driver));
    rig.requests.length = rig.actuals.length = 0;
    runToEnd(rig.memory, removeBalloon(rig.driver));
    expect(rig.requests.map(({ queue, pfns }) => [queue, pfns.length])).toEqual([
      ['DEFLATE', 256],
      ['DEFLATE', 44],
    ]);
    expect(actuals(rig)).toEqual([0]);
    expect(rig.driver.hints.blocks).toEqual([]);
    expect(rig.driver.device.statistics).toBeNull();
    rig.ask(100).run(1000); // a target comes too late
    expect(rig.driver.numPages).toBe(0);
    expect(auditMemory(rig.memory)).toEqual([]);
  });

  it('lets a run that has begun end before it is removed', () => {
    const rig = new BalloonRig().ask(1000).run(0.5);
    expect(rig.driver.phase).toBe('FILL_SENT');
    runToEnd(rig.memory, removeBalloon(rig.driver));
    expect(rig.requests.map(({ queue, pfns }) => [queue, pfns.length])).toEqual([
      ['INFLATE', 256],
      ['DEFLATE', 256],
    ]);
    expect([rig.driver.phase, rig.driver.lock.held]).toEqual(['IDLE', false]);
  });

  it('sleeps with nothing in the balloon, and goes for its target again when it wakes', () => {
    const rig = new BalloonRig({ features: ALL_FEATURES }).ask(1000).run(100);
    runToEnd(rig.memory, suspendBalloon(rig.driver));
    expect([rig.driver.numPages, rig.driver.device.actualPages]).toEqual([0, 0]);
    rig.run(1000);
    expect(rig.driver.numPages).toBe(0);
    resumeBalloon(rig.driver, rig.nowUs);
    expect(rig.driver.device.statistics).not.toBeNull();
    rig.run(1000);
    expect([rig.driver.numPages, rig.driver.device.actualPages]).toEqual([1000, 1000]);
  });

  it('the notifier sleeps while somebody else has the lock', () => {
    const { driver } = new BalloonRig({ deflateOnOom: true }).ask(1000).run(100);
    driver.lock.held = true;
    const notifier = oomNotifier(driver);
    expect([notifier.next().value, notifier.next().value]).toMatchObject([{ kind: 'MUTEX' }, { kind: 'MUTEX' }]);
    driver.lock.held = false;
    expect(notifier.next().value).toEqual({ kind: 'HOST' });
    expect(driver.lock.held).toBe(true);
    expect(notifier.next()).toEqual({ done: true, value: 256 });
    expect(driver.lock.held).toBe(false);
  });

  it('as a task goes the same way, whatever the clock says', () => {
    const clocked = new BalloonRig().ask(1000).run(100);
    const task = new BalloonRig().ask(1000);
    const waits: string[] = [];
    for (const wait of sizeWork(task.driver)) waits.push(wait.kind);
    expect(task.requests).toEqual(clocked.requests);
    expect(actuals(task)).toEqual(actuals(clocked));
    expect(waits).toEqual(new Array(4).fill(['RESCHEDULE', 'MUTEX', 'HOST']).flat());
  });

  it('waits for the lock while somebody else has it', () => {
    const rig = new BalloonRig().ask(1000);
    rig.driver.lock.held = true;
    rig.run(1000);
    expect([rig.driver.phase, rig.requests.length]).toEqual(['FILLED', 0]);
    rig.driver.lock.held = false;
    rig.run(1000);
    expect(rig.driver.numPages).toBe(1000);
    rig.driver.lock.held = true;
    rig.ask(0).run(1000);
    expect(rig.driver.numPages).toBe(1000);
  });

  it('moves 18 GiB at the measured speed: in 12 s, in 21 s when they had been touched, and back in 8.5 s', () => {
    const pages = 18 * 262_144;
    const rig = new BalloonRig({ ramMib: 20 * 1024, perCpuLists: true }).ask(pages).run(13_000);
    expect(rig.driver.phase).toBe('IDLE');
    expect(rig.actuals.at(-1)!.atUs / 1e6).toBeCloseTo(11.99, 1);
    rig.ask(0).run(8_600);
    expect(rig.driver.numPages).toBe(0);
    expect((rig.actuals.at(-1)!.atUs - 13e6) / 1e6).toBeCloseTo(8.49, 1);
    const owner = createOwner(rig.memory, 'ANON');
    expect(growOwner(rig.memory, owner, pages)).toBe(pages);
    shrinkOwner(rig.memory, owner, pages, 'NEWEST');
    rig.ask(pages).run(21_400);
    expect(rig.driver.phase).toBe('IDLE');
    expect((rig.actuals.at(-1)!.atUs - 21.6e6) / 1e6).toBeCloseTo(20.95, 0);
  });

  it('takes the host page away when it inflates, and leaves it away after deflation until it is touched', () => {
    const rig = new BalloonRig();
    const owner = rig.leave(0);
    shrinkOwner(rig.memory, owner, 500, 'NEWEST'); // what is free now had been touched
    const resident = readUsage(rig.memory).residentPages;
    rig.ask(500).run(100);
    expect(readUsage(rig.memory).residentPages).toBe(resident - 500);
    rig.ask(0).run(100);
    expect(readUsage(rig.memory).residentPages).toBe(resident - 500);
    const [pfn] = rig.requests[0]!.pfns;
    expect(inspectPage(rig.memory, pfn!).backed).toBe(false);
    expect(growOwner(rig.memory, owner, 500)).toBe(500);
    expect(readUsage(rig.memory).residentPages).toBe(resident);
  });

  it('looks at a new target when the run under way is over', () => {
    const rig = new BalloonRig();
    rig.leave(40);
    rig.ask(256).run(100).ask(10).run(103);
    expect(sizes(rig)).toEqual([]);
    rig.run(10);
    expect(rig.requests.map((request) => request.queue)).toEqual(['INFLATE', 'DEFLATE']);
    expect(sizes(rig)).toEqual([40, 30]);
    expect(rig.driver.numPages).toBe(10);
  });
});
