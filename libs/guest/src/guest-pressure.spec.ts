import { describe, expect, it } from '@jest/globals';
import { auditMemory, createOwner, growOwner } from '#memory-core';
import { GIB, MIB } from '#units';
import type { GuestOptions } from './guest-options.js';
import { Guest } from './guest.js';
import { SyntheticWorkload } from './workload/synthetic-workload.js';
import { IDLE_WORKLOAD, type Workload } from './workload/workload.js';
import { PLAIN_GUEST } from '../test/plain-guest.js';

/** 1 GiB of which 0.1 to 0.75 are wanted, over ten minutes: a balloon of 400 MiB is in the way at times. */
const OPTIONS: GuestOptions = {
  ...PLAIN_GUEST,
  workload: new SyntheticWorkload({ meanRatio: 0.4, swingRatio: 0.3, periodMs: 600_000 }, GIB, 5),
};
/** From its tenth minute on it wants 0.85 GiB, and goes on wanting it. */
const RISING: Workload = {
  ...IDLE_WORKLOAD,
  startsMs: Float64Array.of(0, 600_000),
  anonPages: Int32Array.of((300 * MIB) / 4096, (870 * MIB) / 4096),
  cachePagesPerTick: Float64Array.of(1, 1),
  periodMs: 86_400_000,
  isImmediate: true,
};
const BALLOON_PAGES = (400 * MIB) / 4096;

const counter = (guest: Guest, name: string): number => new Map(guest.vmstat()).get(name) ?? Number.NaN;

function squeezed(options: Partial<GuestOptions>): Guest {
  const guest = Guest.boot({ ...OPTIONS, ...options }, 0);
  guest.requestBalloon('op', BALLOON_PAGES, null);
  return guest;
}

describe('a guest whose balloon is in the way', () => {
  it('loses its largest program to the OOM killer, which starts again and wants what it had', () => {
    const guest = squeezed({});
    let worst = 0;
    let killedAt = 0;
    for (let tick = 1; tick <= 600; tick++) {
      const before = guest.read().anonPages;
      guest.advance();
      worst = Math.max(worst, guest.read().pressure.some.avg10);
      if (killedAt === 0 && counter(guest, 'oom_kill') > 0) {
        killedAt = tick;
        expect(guest.read().anonPages).toBeLessThan(before - 10_000);
      }
    }
    expect(killedAt).toBeGreaterThan(0);
    expect(counter(guest, 'oom_kill')).toBeGreaterThan(0);
    expect(counter(guest, 'balloon_deflate')).toBe(0);
    expect(worst).toBeGreaterThan(0);
    expect(guest.read()).toMatchObject({ run: 'RUNNING', stateReason: null });
    expect(guest.read().pressure.full.totalUs).toBeGreaterThan(0);
    expect(auditMemory(guest.memory)).toEqual([]);
  });

  it('makes programs that die again and again wait twice as long each time, up to 300 s', () => {
    const guest = squeezed({ workload: RISING });
    const starts: number[] = [];
    for (let tick = 1; tick <= 3000; tick++) {
      const [waited, kills] = [guest.isAwaitingRestart, counter(guest, 'oom_kill')];
      guest.advance();
      // Whoever starts may be killed in the same second.
      const startedAndDied = waited && guest.isAwaitingRestart && counter(guest, 'oom_kill') > kills;
      if (startedAndDied || (waited && !guest.isAwaitingRestart)) starts.push(tick);
    }
    const waits = starts.slice(1).map((tick, at) => tick - (starts[at] ?? 0));
    for (const [at, wait] of [20, 40, 80, 160, 300, 300].entries()) {
      expect(waits[at]).toBeGreaterThanOrEqual(wait);
      expect(waits[at]).toBeLessThan(wait + 10); // they live for some seconds
    }
  });

  it('reads ahead only as far as there is memory: page cache kills nobody and moves no balloon', () => {
    const workload = new SyntheticWorkload({ meanRatio: 0.8, swingRatio: 0, periodMs: 600_000 }, GIB, 5);
    for (const deflateOnOom of [false, true]) {
      const guest = squeezed({ workload, deflateOnOom });
      for (let tick = 1; tick <= 1200; tick++) guest.advance();
      expect(guest.read().filePages).toBeLessThan(100);
      expect([counter(guest, 'oom_kill'), counter(guest, 'balloon_deflate')]).toEqual([0, 0]);
      expect(counter(guest, 'balloon_inflate')).toBeLessThan(BALLOON_PAGES); // it still tries
      expect(auditMemory(guest.memory)).toEqual([]);
    }
  });

  it('with swap nobody dies: programs are swapped out', () => {
    const guest = squeezed({ swapBytes: GIB });
    for (let tick = 1; tick <= 600; tick++) guest.advance();
    expect(counter(guest, 'oom_kill')).toBe(0);
    expect(counter(guest, 'pswpout')).toBeGreaterThan(10_000);
    expect(guest.read()).toMatchObject({ run: 'RUNNING', swapTotalPages: GIB / 4096 });
    expect(guest.read().balloon.heldPages).toBe(BALLOON_PAGES);
    expect(auditMemory(guest.memory)).toEqual([]);
  });

  it('with deflate-on-OOM nobody dies: the balloon gives back, 256 pages at a time', () => {
    const guest = squeezed({ deflateOnOom: true });
    let unmet = 0;
    for (let tick = 1; tick <= 600; tick++) {
      guest.advance();
      unmet += guest.read().unmetPages;
    }
    expect([counter(guest, 'oom_kill'), unmet]).toEqual([0, 0]);
    expect(counter(guest, 'balloon_deflate')).toBeGreaterThan(0);
    expect(counter(guest, 'balloon_deflate') % 256).toBe(0);
    expect(guest.read().balloon.heldPages).toBeLessThan(BALLOON_PAGES); // nobody asks for it again
    expect(auditMemory(guest.memory)).toEqual([]);
  });

  it.each([false, true])('goes on in the same way from a snapshot, deflate-on-OOM %p', (deflateOnOom) => {
    const guest = squeezed({ deflateOnOom });
    let restored = squeezed({ deflateOnOom });
    for (let tick = 1; tick <= 600; tick++) {
      guest.advance();
      restored.advance();
      if (tick % 37 === 0) restored = Guest.restore({ ...OPTIONS, deflateOnOom }, restored.snapshot());
    }
    expect(restored.read()).toEqual(guest.read());
    expect(restored.digest()).toBe(guest.digest());
  });

  it('gives page cache before anybody lacks anything, and kswapd does most of the work', () => {
    const workload = Object.assign(
      new SyntheticWorkload({ meanRatio: 0.4, swingRatio: 0.3, periodMs: 600_000 }, GIB, 5),
      { bootCachePages: (1024 * MIB) / 4096 },
    );
    const guest = Guest.boot({ ...OPTIONS, workload }, 0);
    const before = guest.read().filePages;
    for (let tick = 1; tick <= 600; tick++) {
      guest.advance();
      expect(guest.read().unmetPages).toBe(0);
    }
    expect(guest.read().filePages).toBeLessThan(before);
    expect(counter(guest, 'oom_kill')).toBe(0);
    const byKswapd = counter(guest, 'pgsteal_kswapd');
    expect(byKswapd / (byKswapd + counter(guest, 'pgsteal_direct'))).toBeGreaterThan(0.8);
  });
});

describe('a guest out of memory with nobody left to kill', () => {
  it('panics: it stops, says why, and refuses what is asked of it', () => {
    const guest = Guest.boot({ ...OPTIONS, workload: IDLE_WORKLOAD, assignedBytes: 256 * MIB }, 0);
    growOwner(guest.memory, createOwner(guest.memory, 'KERNEL'), 2 ** 16); // a driver that leaks
    guest.requestBalloon('op', 1000, null);
    const [end] = guest.advance();
    expect(end).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringMatching(/^kernel panic: system is deadlocked/),
    });
    expect(guest.read()).toMatchObject({ run: 'OOM_KILLED', stateReason: end?.reason });
    const text = guest.procText('MEMINFO');
    for (let tick = 0; tick < 5; tick++) guest.advance();
    expect(guest.procText('MEMINFO')).toBe(text);
    const restored = Guest.restore({ ...OPTIONS, workload: IDLE_WORKLOAD, assignedBytes: 256 * MIB }, guest.snapshot());
    expect(restored.read()).toEqual(guest.read());
  });
});
