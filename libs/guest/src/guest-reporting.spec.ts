import { describe, expect, it } from '@jest/globals';
import { auditMemory } from '#memory-core';
import { MIB } from '#units';
import type { GuestOptions } from './guest-options.js';
import { Guest } from './guest.js';
import type { Workload } from './workload/workload.js';
import { PLAIN_GUEST } from '../test/plain-guest.js';

const HOG_PAGES = (192 * MIB) / 4096;

/** Wants 192 MiB for 30 s, frees them at once, and wants nothing for ten minutes. */
const HOG: Workload = {
  startsMs: Float64Array.of(0, 10_000, 40_000),
  anonPages: Int32Array.of(0, HOG_PAGES, 0),
  cachePagesPerTick: Float64Array.of(0, 0, 0),
  periodMs: 640_000,
  offsetMs: 0,
  releaseRatio: 1,
  bootCachePages: 0,
  digest: 'hog',
};

const options = (more: Partial<GuestOptions>): GuestOptions => ({
  ...PLAIN_GUEST,
  assignedBytes: 512 * MIB,
  freePageReporting: true,
  workload: HOG,
  seed: 3,
  ...more,
});

/** MiB resident at the end of each second. */
function residentMib(guest: Guest, seconds: number): number[] {
  return Array.from({ length: seconds }, () => {
    guest.advance();
    return (guest.read().residentPages * 4096) / MIB;
  });
}

describe('free page reporting in a guest', () => {
  it('gives the host back what a program freed: two seconds later, but for what waits on per-CPU lists', () => {
    const guest = Guest.boot(options({}), 0);
    const all = residentMib(guest, 60);
    const idle = Math.min(...all.slice(0, 10));
    const most = Math.max(...all);
    expect(most).toBeGreaterThan(idle + 180);
    const freedAt = 39; // the program runs at the beginning of tick 40, and frees
    expect(all[freedAt]).toBeGreaterThan(most - 1);
    expect(all[freedAt + 2]).toBeLessThan(idle + 0.1 * 192);
    expect(auditMemory(guest.memory)).toEqual([]);
  });

  it('without it the host keeps what was once touched', () => {
    const all = residentMib(Guest.boot(options({ freePageReporting: false }), 0), 60);
    expect(all.at(-1)).toBe(Math.max(...all));
  });

  it('keeps MemFree and the guest’s counters as they are', () => {
    const [on, off] = [true, false].map((freePageReporting) => {
      const guest = Guest.boot(options({ freePageReporting }), 0);
      for (let tick = 0; tick < 60; tick++) guest.advance();
      return guest;
    });
    expect(on!.vmstat()).toEqual(off!.vmstat());
  });

  it('goes on where it stood when the guest is frozen between a request and its pass', () => {
    const guest = Guest.boot(options({}), 0);
    for (let tick = 0; tick < 42; tick++) guest.advance();
    const restored = Guest.restore(options({}), guest.snapshot());
    expect(restored.digest()).toBe(guest.digest());
    expect(residentMib(restored, 20)).toEqual(residentMib(guest, 20));
    expect(restored.digest()).toBe(guest.digest());
  });
});
