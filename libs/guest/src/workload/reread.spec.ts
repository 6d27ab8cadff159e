import { describe, expect, it } from '@jest/globals';
import { MIB, bytesToPages } from '#units';
import { Guest } from '../guest.js';
import type { GuestOptions } from '../guest-options.js';
import { IDLE_WORKLOAD } from './workload.js';
import { PLAIN_GUEST } from '../../test/plain-guest.js';

const OPTIONS: GuestOptions = {
  ...PLAIN_GUEST,
  workload: { ...IDLE_WORKLOAD, bootCachePages: bytesToPages(600 * MIB) },
};

const counter = (guest: Guest, name: string): number => new Map(guest.vmstat()).get(name) ?? 0;

/** A guest whose balloon has taken `balloonMib`, and with it page cache. */
function squeezed(balloonMib: number, options: Partial<GuestOptions> = {}): Guest {
  const guest = Guest.boot({ ...OPTIONS, ...options }, 0);
  guest.requestBalloon('take', bytesToPages(balloonMib * MIB), null);
  guest.advanceTo(10);
  return guest;
}

/** Pages read again, and microseconds waited, from 10 s to `untilSec`. */
function lostUntil(guest: Guest, untilSec: number): { readonly refaults: number; readonly waitedUs: number } {
  const before = [counter(guest, 'workingset_refault_file'), guest.vitals().pressure.some.totalUs] as const;
  guest.advanceTo(untilSec);
  const refaults = counter(guest, 'workingset_refault_file') - before[0];
  return { refaults, waitedUs: guest.vitals().pressure.some.totalUs - before[1] };
}

describe('page cache that was dropped', () => {
  it('is not missed by a guest that has lost none', () => {
    expect(lostUntil(squeezed(0), 3600)).toEqual({ refaults: 0, waitedUs: 0 });
  });

  it('comes back at the rate of its class once there is room for it, and is waited for', () => {
    const guest = squeezed(500);
    const dropped = counter(guest, 'pgsteal_file');
    expect(dropped).toBeGreaterThan(90_000);
    guest.requestBalloon('give', 0, null);
    const { refaults, waitedUs } = lostUntil(guest, 1810);
    // 0.3 of it is wanted, with gaps of half an hour: 1 − 1 / e of that in half an hour.
    expect(refaults / dropped).toBeGreaterThan(0.17);
    expect(refaults / dropped).toBeLessThan(0.21);
    expect(waitedUs).toBeGreaterThanOrEqual(100 * refaults);
  });

  it('is missed for ever where even what programs run from has gone: the guest thrashes', () => {
    const [gently, hard] = [500, 900].map((mib) => {
      const guest = squeezed(mib);
      guest.advanceTo(7200);
      return lostUntil(guest, 7800);
    });
    expect(hard!.refaults).toBeGreaterThan(5 * gently!.refaults);
    expect(hard!.waitedUs / 600e6).toBeGreaterThan(0.0015);
  });

  it('kills nobody', () => {
    const guest = squeezed(1024);
    guest.advanceTo(1200);
    expect([guest.run, counter(guest, 'oom_kill')]).toEqual(['RUNNING', 0]);
  });

  it('is missed less by a guest with little to do', () => {
    const idle = squeezed(500, { workload: { ...OPTIONS.workload, loadRatio: Float64Array.of(0.1) } });
    expect(lostUntil(idle, 610).refaults).toBeLessThan(0.15 * lostUntil(squeezed(500), 610).refaults);
  });
});
