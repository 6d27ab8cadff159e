import { describe, expect, it } from '@jest/globals';
import { auditMemory, balloonPageAlloc, balloonPageListDequeue } from '#memory-core';
import { GIB, MIB, bytesToPages } from '#units';
import { tryLockPage } from '../../memory-core/src/tasks/page-lock.js';
import type { BalloonRequestEnd } from './balloon/balloon-request.js';
import type { GuestReading } from './guest-reading.js';
import type { GuestOptions } from './guest-options.js';
import { Guest } from './guest.js';
import { PLAIN_GUEST } from '../test/plain-guest.js';

const IDLE: GuestOptions = {
  ...PLAIN_GUEST,
  assignedBytes: 2 * GIB,
};

const mib = (count: number): number => bytesToPages(count * MIB);
const boot = (options: Partial<GuestOptions> = {}): Guest => Guest.boot({ ...IDLE, ...options }, 100);

/** Pages that nobody holds: free ones and those on per-CPU lists. */
const unheld = ({ freePages, perCpuPages }: GuestReading): number => freePages + perCpuPages;

function run(guest: Guest, ticks: number): BalloonRequestEnd[] {
  return Array.from({ length: ticks }, () => guest.advance()).flat();
}

describe('a guest asked for a balloon', () => {
  it('reaches 512 MiB within the tick, with that much less free, and as many pages counted', () => {
    const guest = boot();
    const before = guest.read();
    guest.requestBalloon('op', mib(512), null);
    expect(guest.advance()).toEqual([
      {
        id: 'op',
        tick: 101,
        outcome: 'REACHED',
        achievedPages: 131_072,
        deficitPages: 0,
        reason: 'the balloon holds 512 MiB of 512 MiB, reached after 0.3 s',
      },
    ]);
    const after = guest.read();
    expect(unheld(after)).toBe(unheld(before) - 131_072);
    expect(after.balloon).toEqual({ targetPages: 131_072, heldPages: 131_072, state: 'IDLE' });
    expect(new Map(after.vmstat).get('balloon_inflate')).toBe(131_072);
    expect(auditMemory(guest.memory)).toEqual([]);
  });

  it('is done at once with the size it has', () => {
    const guest = boot();
    guest.requestBalloon('op', 0, null);
    expect(guest.advance()).toMatchObject([{ outcome: 'REACHED', tick: 101 }]);
  });

  it('takes several ticks for what takes several seconds, and says INFLATING meanwhile', () => {
    const guest = boot({ assignedBytes: 10 * GIB });
    guest.requestBalloon('op', mib(6656), null);
    expect(run(guest, 2)).toEqual([]);
    const early = guest.read();
    expect(run(guest, 2)).toEqual([]);
    expect(guest.read().balloon.state).toBe('INFLATING');
    expect(unheld(early) - unheld(guest.read())).toBeGreaterThan(400_000);
    expect(run(guest, 1)).toMatchObject([{ outcome: 'REACHED' }]); // 6.5 GiB that nobody has touched, at 1.5 GiB/s: 4.3 s
    guest.requestBalloon('back', 0, null);
    expect(run(guest, 3)).toEqual([]);
    expect(guest.read().balloon.state).toBe('DEFLATING');
    expect(run(guest, 1)).toMatchObject([{ id: 'back', outcome: 'REACHED' }]); // at 2.11 GiB/s: 3.1 s
  });

  it('stalls with the deficit when the guest has no more to give, and its driver goes on trying', () => {
    const guest = boot();
    guest.requestBalloon('op', mib(2048), null);
    const [end] = run(guest, 40);
    expect(end!.outcome).toBe('STALLED');
    expect(end!.achievedPages + end!.deficitPages).toBe(mib(2048));
    expect(end!.deficitPages).toBeGreaterThan(mib(128));
    expect(end!.reason).toMatch(/holds 17\d\d(\.\d)? MiB of 2048 MiB; no page moved for 5\.\d s/);
    expect(guest.read().balloon.state).toBe('STALLED');
    run(guest, 60);
    expect(guest.read().balloon).toMatchObject({ state: 'STALLED', targetPages: mib(2048) });
    guest.requestBalloon('less', mib(256), null);
    expect(run(guest, 2)).toMatchObject([{ id: 'less', outcome: 'REACHED' }]);
    expect(auditMemory(guest.memory)).toEqual([]);
  });

  it('times out at the caller’s limit, to the microsecond: 300 ms are 1 run less than 118,110 pages', () => {
    const guest = boot();
    guest.requestBalloon('op', mib(1024), 300);
    const [end] = run(guest, 1);
    expect(end).toMatchObject({ outcome: 'TIMED_OUT', achievedPages: Math.floor(300_000 / 2.54 / 256) * 256 });
    run(guest, 2);
    expect(guest.read().balloon.heldPages).toBe(mib(1024)); // the target stays
  });

  it('reaches a target within a limit that ends in the same tick', () => {
    const guest = boot();
    guest.requestBalloon('op', mib(256), 900);
    expect(run(guest, 1)).toMatchObject([{ outcome: 'REACHED' }]);
  });

  it('supersedes the request that runs', () => {
    const guest = boot();
    guest.requestBalloon('first', mib(1600), null);
    run(guest, 1);
    guest.requestBalloon('second', mib(512), null);
    const ends = run(guest, 1);
    expect(ends).toMatchObject([
      { id: 'first', tick: 102, outcome: 'SUPERSEDED' },
      { id: 'second', tick: 102, outcome: 'REACHED', achievedPages: mib(512) },
    ]);
    expect(ends[0]!.deficitPages).toBe(mib(1600) - ends[0]!.achievedPages);
  });

  it('freezes at what it holds when it is called off, and knows no other request', () => {
    const guest = boot();
    guest.requestBalloon('op', mib(1600), null);
    run(guest, 1);
    guest.cancelRequest('another');
    expect(run(guest, 0)).toEqual([]);
    guest.cancelRequest('op');
    expect(run(guest, 1)).toMatchObject([{ id: 'op', outcome: 'CANCELLED' }]);
    const { heldPages, targetPages } = guest.read().balloon;
    expect(targetPages).toBe(heldPages);
    expect(heldPages).toBeGreaterThan(200_000);
    run(guest, 5);
    expect(guest.read().balloon.heldPages).toBe(heldPages);
  });

  it('refuses without MEMORY_BALLOONING, and more than its RAM', () => {
    const guest = boot({ memoryBallooning: false });
    guest.requestBalloon('op', 10, null);
    expect(guest.advance()).toMatchObject([{ outcome: 'REFUSED', achievedPages: 0, deficitPages: 10 }]);
    const other = boot();
    other.requestBalloon('op', mib(2049), null);
    expect(other.advance()[0]!.reason).toBe('a balloon of 2049 MiB does not fit into 2048 MiB of RAM');
  });

  it('stops with KERNEL_BUG when its balloon loses pages, ends the request, and refuses later ones', () => {
    const guest = boot();
    guest.requestBalloon('op', 512, null);
    run(guest, 1);
    balloonPageListDequeue(guest.memory, 0, new Int32Array(512), 512); // behind the driver's back
    guest.requestBalloon('leak', 0, null);
    const [end] = run(guest, 1);
    expect(end).toMatchObject({ id: 'leak', outcome: 'REFUSED' });
    expect(end!.reason).toMatch(/^kernel BUG: balloon pages are lost/);
    expect(guest.read().run).toBe('KERNEL_BUG');
    guest.requestBalloon('later', 100, null);
    expect(run(guest, 1)).toMatchObject([{ id: 'later', outcome: 'REFUSED', reason: end!.reason }]);
    const text = guest.procText('MEMINFO');
    run(guest, 10);
    expect(guest.procText('MEMINFO')).toBe(text);
  });

  it('stops with KERNEL_BUG when a recount finds that its books are wrong', () => {
    const guest = boot({ assignedBytes: 256 * MIB, auditEveryTicks: 7 });
    const sound = boot({ assignedBytes: 256 * MIB });
    guest.memory.scalars[0]!++; // MemTotal, behind everybody's back
    expect(run(guest, 4)).toEqual([]);
    expect(guest.read()).toMatchObject({ run: 'RUNNING', stateReason: null });
    guest.requestBalloon('op', mib(1), null);
    run(guest, 1); // tick 105, which 7 divides
    expect(guest.read()).toMatchObject({
      run: 'KERNEL_BUG',
      stateReason: expect.stringMatching(/^kernel BUG: its books do not add up: managed pages/),
    });
    guest.requestBalloon('later', mib(2), null);
    expect(run(guest, 1)).toMatchObject([{ id: 'later', outcome: 'REFUSED' }]);
    run(sound, 20);
    expect(sound.read().run).toBe('RUNNING');
  });

  it('stops with KERNEL_BUG when somebody holds the lock of a page that it enqueues', () => {
    const twin = balloonPageAlloc(boot().memory);
    const guest = boot();
    tryLockPage(guest.memory, twin);
    guest.requestBalloon('op', 1, null);
    expect(run(guest, 1)).toMatchObject([{ outcome: 'REFUSED', achievedPages: 0, deficitPages: 1 }]);
    expect(guest.read().run).toBe('KERNEL_BUG');
  });
});

describe('a guest’s balloon device', () => {
  it('tells its statistics as they are now', () => {
    const guest = boot();
    const value = (name: string): number | undefined =>
      guest.balloonStatistics()?.find((entry) => entry.name === name)?.value;
    const before = guest.digest();
    expect(value('total-memory')).toBe(guest.read().totalPages * 4096);
    expect(value('disk-caches')).toBe(mib(112) * 4096);
    expect(guest.digest()).toBe(before); // asking changes nothing
    guest.requestBalloon('op', mib(512), null);
    run(guest, 1);
    expect(value('total-memory')).toBe(guest.read().totalPages * 4096);
    expect(boot({ memoryBallooning: false }).balloonStatistics()).toBeNull();
  });

  it('hints what is free on the host’s word, keeps it over a snapshot, and gives it back when the host is done', () => {
    const options = { ...IDLE, freePageHinting: true };
    const guest = Guest.boot(options, 100);
    const { freePages } = guest.read();
    const hinted = guest.hintFreePages(2);
    expect(hinted).toBeGreaterThan(0.8 * freePages);
    expect(guest.read().freePages).toBe(freePages - hinted);
    const restored = Guest.restore(options, guest.snapshot());
    expect(restored.digest()).toBe(guest.digest());
    expect(restored.hintFreePages(1)).toBe(0);
    expect(restored.read().freePages).toBe(freePages);
    expect(boot().hintFreePages(2)).toBe(0); // not negotiated
  });
});

describe('a guest short of memory', () => {
  it('gives page cache to the balloon before the balloon stalls', () => {
    const guest = boot();
    const before = guest.read();
    guest.requestBalloon('op', mib(2048), null);
    run(guest, 20);
    const after = guest.read();
    expect(before.filePages).toBe(mib(112));
    expect(after.filePages).toBeLessThan(mib(8));
    expect(after.slabReclaimablePages).toBeLessThan(before.slabReclaimablePages);
  });
});
