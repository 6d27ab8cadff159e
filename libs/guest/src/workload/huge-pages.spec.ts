import { describe, expect, it } from '@jest/globals';
import { GIB } from '#units';
import type { GuestOptions } from '../guest-options.js';
import { Guest } from '../guest.js';
import { IDLE_WORKLOAD, type Workload } from './workload.js';

/** 0.3 GiB from boot on, 0.3 more from the tenth minute on. */
const RISES: Workload = {
  ...IDLE_WORKLOAD,
  startsMs: Float64Array.of(0, 600_000),
  anonPages: Int32Array.of(78_000, 156_000),
  cachePagesPerTick: Float64Array.of(0, 0),
  periodMs: 86_400_000,
  isImmediate: true,
};

function lived(hugeRatio: number, options: Partial<GuestOptions> = {}): { granted: number; fellBack: number } {
  const guest = Guest.boot(
    {
      assignedBytes: GIB,
      numaNodes: 1,
      kernelProfile: '6.12',
      memoryBallooning: true,
      balloonCompaction: true,
      deflateOnOom: false,
      freePageReporting: false,
      freePageHinting: false,
      workload: { ...RISES, hugeRatio, digest: `rises, huge ${hugeRatio}` },
      seed: 1,
      ...options,
    },
    0,
  );
  guest.advanceTo(660);
  const counters = new Map(guest.vmstat());
  expect(guest.read().anonPages).toBeGreaterThanOrEqual(156_000);
  return { granted: counters.get('thp_fault_alloc') ?? 0, fellBack: counters.get('thp_fault_fallback') ?? 0 };
}

describe("huge pages of a guest's programs", () => {
  it('hold the share of memory that the workload says while memory is not broken up', () => {
    expect(lived(0)).toEqual({ granted: 0, fellBack: 0 });
    for (const ratio of [0.3, 0.95]) {
      const { granted, fellBack } = lived(ratio);
      expect(fellBack).toBe(0);
      expect((granted * 512) / 156_000).toBeGreaterThan(ratio - 0.1);
      expect((granted * 512) / 156_000).toBeLessThan(ratio + 0.02);
    }
  });

  it('fall back to single pages where the page cache has filled memory', () => {
    const { granted, fellBack } = lived(0.95, {
      workload: { ...RISES, bootCachePages: 200_000, hugeRatio: 0.95, digest: 'rises into a full cache' },
    });
    expect(fellBack).toBeGreaterThan(100);
    expect(granted).toBeGreaterThan(0);
  });
});
