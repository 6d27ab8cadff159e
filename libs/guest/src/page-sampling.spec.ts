import { describe, expect, it } from '@jest/globals';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import type { GuestOptions } from './guest-options.js';
import { Guest } from './guest.js';
import { PERIOD_TICKS } from './page-sampling.js';
import { SyntheticWorkload } from './workload/synthetic-workload.js';
import { PLAIN_GUEST } from '../test/plain-guest.js';

const RAM_BYTES = 512 * MIB;
const IDLE: GuestOptions = {
  ...PLAIN_GUEST,
  assignedBytes: RAM_BYTES,
  seed: 7,
};
const busy = (meanRatio: number): GuestOptions => ({
  ...IDLE,
  workload: new SyntheticWorkload({ meanRatio, swingRatio: 0, periodMs: 3_600_000 }, RAM_BYTES, 7),
});

function runFor(guest: Guest, ticks: number): Guest {
  for (let tick = 0; tick < ticks; tick++) guest.advance();
  return guest;
}

/** Mean over periods: one sample of 100 pages is good to some percent. */
function meanIdle(guest: Guest, periods: number): number {
  let sum = 0;
  for (let period = 0; period < periods; period++) sum += runFor(guest, PERIOD_TICKS).read().idleRatio;
  return sum / periods;
}

describe('page sampling', () => {
  it('counts a guest as active until its first period is over', () => {
    const guest = Guest.boot(IDLE, 0);
    expect(guest.read().idleRatio).toBe(0);
    expect(runFor(guest, PERIOD_TICKS - 1).read().idleRatio).toBe(0);
    expect(runFor(guest, 1).read().idleRatio).toBeGreaterThan(0.5);
  });

  it('finds free memory idle and what programs use active, in proportion', () => {
    const idle = meanIdle(Guest.boot(IDLE, 0), 20);
    const half = meanIdle(Guest.boot(busy(0.5), 0), 20);
    const full = meanIdle(Guest.boot(busy(0.85), 0), 20);
    expect(idle).toBeGreaterThan(0.85);
    expect(half).toBeLessThan(idle - 0.1);
    expect(full).toBeLessThan(half - 0.08);
  });

  it('does not sample the balloon: a guest that gave its free memory away is busier than before', () => {
    const guest = Guest.boot(busy(0.4), 0);
    const before = meanIdle(guest, 20);
    guest.requestBalloon('fill', (200 * MIB) / PAGE_SIZE_BYTES, null);
    expect(meanIdle(guest, 20)).toBeLessThan(before - 0.1);
  });

  it('draws the same pages again from a snapshot, and others for another seed', () => {
    const guest = runFor(Guest.boot(busy(0.5), 0), 47);
    const restored = Guest.restore(busy(0.5), guest.snapshot());
    const idleOf = (one: Guest): number[] =>
      Array.from({ length: 8 }, () => runFor(one, PERIOD_TICKS).read().idleRatio);
    const drawn = idleOf(guest);
    expect(idleOf(restored)).toEqual(drawn);
    expect(idleOf(runFor(Guest.boot({ ...busy(0.5), seed: 8 }, 0), 47))).not.toEqual(drawn);
  });

  it('stands still while the guest is paused', () => {
    const guest = runFor(Guest.boot(busy(0.5), 0), 44);
    guest.perform('pause', { kind: 'PAUSE' }, null);
    const { idleRatio } = runFor(guest, 1).read();
    expect(runFor(guest, 200).read().idleRatio).toBe(idleRatio);
  });
});
