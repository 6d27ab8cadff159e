import { describe, expect, it } from '@jest/globals';
import type { GuestOptions } from '../guest-options.js';
import { packGuest, unpackGuest } from '../guest-snapshot.js';
import { Guest } from '../guest.js';
import { IDLE_WORKLOAD, type Workload } from './workload.js';
import { PLAIN_GUEST } from '../../test/plain-guest.js';

/** 0.3 GiB from boot on, 0.3 more from the tenth minute on. */
const RISES: Workload = {
  ...IDLE_WORKLOAD,
  startsMs: Float64Array.of(0, 600_000),
  anonPages: Int32Array.of(78_000, 156_000),
  cachePagesPerTick: Float64Array.of(0, 0),
  periodMs: 86_400_000,
  isImmediate: true,
};

function optionsOf(workload: Workload): GuestOptions {
  return {
    ...PLAIN_GUEST,
    workload,
    seed: 1,
  };
}

const boot = (workload: Workload): Guest => Guest.boot(optionsOf(workload), 0);

function counter(guest: Guest, name: string): number {
  return new Map(guest.vmstat()).get(name) ?? Number.NaN;
}

function lived(workload: Workload): { granted: number; fellBack: number } {
  const guest = boot(workload);
  guest.advanceTo(660);
  expect(guest.read().anonPages).toBeGreaterThanOrEqual(156_000);
  return { granted: counter(guest, 'thp_fault_alloc'), fellBack: counter(guest, 'thp_fault_fallback') };
}

const FULL_CACHE: Workload = { ...RISES, bootCachePages: 200_000, hugeRatio: 0.95, digest: 'rises into a full cache' };

/** The rise falls back; then a balloon comes and goes, for which the page cache is dropped, and hours pass. */
function afterShortage(collapseRatio: number, hours: number): Guest {
  const guest = boot({ ...FULL_CACHE, collapseRatio, digest: `full cache, collapse ${collapseRatio}` });
  guest.advanceTo(660);
  guest.requestBalloon('in', 60_000, null);
  guest.advanceTo(720);
  guest.requestBalloon('out', 0, null);
  guest.advanceTo(720 + hours * 3600);
  return guest;
}

function hugeRatioOf(guest: Guest): number {
  return (counter(guest, 'nr_anon_transparent_hugepages') * 512) / guest.read().anonPages;
}

describe("huge pages of a guest's programs", () => {
  it('hold the share of memory that the workload says while memory is not broken up', () => {
    expect(lived({ ...RISES, digest: 'no huge pages' })).toEqual({ granted: 0, fellBack: 0 });
    for (const ratio of [0.3, 0.95]) {
      const { granted, fellBack } = lived({ ...RISES, hugeRatio: ratio, digest: `rises, huge ${ratio}` });
      expect(fellBack).toBe(0);
      expect((granted * 512) / 156_000).toBeGreaterThan(ratio - 0.1);
      expect((granted * 512) / 156_000).toBeLessThan(ratio + 0.02);
    }
  });

  it('fall back to single pages where the page cache has filled memory', () => {
    const { granted, fellBack } = lived(FULL_CACHE);
    expect(fellBack).toBeGreaterThan(100);
    expect(granted).toBeGreaterThan(0);
  });

  it('are made later, by khugepaged, of what fell back, and with its pace', () => {
    const [off, slow, on] = [afterShortage(0, 2), afterShortage(0.03, 2), afterShortage(1, 2)];
    expect(counter(off, 'thp_collapse_alloc')).toBe(0);
    expect(hugeRatioOf(off)).toBeLessThan(0.7);
    expect(hugeRatioOf(slow)).toBeGreaterThan(hugeRatioOf(off) + 0.02);
    expect(hugeRatioOf(slow)).toBeLessThan(0.8);
    expect(hugeRatioOf(on)).toBeGreaterThan(0.85);
    expect(hugeRatioOf(on)).toBeLessThanOrEqual(0.95);
    for (const guest of [slow, on]) expect(guest.read().anonPages).toBe(off.read().anonPages);
  });

  it('are made alike in a guest that comes back from a snapshot, one of before khugepaged included', () => {
    const workload = { ...FULL_CACHE, collapseRatio: 0.1, digest: 'full cache, slow' };
    const guest = boot(workload);
    guest.advanceTo(20);
    const parts = unpackGuest(guest.snapshot());
    const state = parts.state.replace(/,"collapse\w+":\d+/g, '');
    expect(state.length).toBeLessThan(parts.state.length);
    const others = [guest.snapshot(), packGuest({ ...parts, state })].map((snapshot) =>
      Guest.restore(optionsOf(workload), snapshot),
    );
    for (const one of [guest, ...others]) one.advanceTo(3000);
    expect(counter(guest, 'thp_collapse_alloc')).toBeGreaterThan(0);
    for (const other of others) expect(other.digest()).toBe(guest.digest());
  });
});
