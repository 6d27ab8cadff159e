/**
 * The idle-tax experiment (C. Waldspurger, OSDI 2002, figure 7) on simulated guests: two of 256 MiB with equal shares on a host of
 * 360 MiB. One has touched all of its memory and idles, the other works on files through its page cache. Who is active the host
 * finds out by sampling pages.
 */
import { describe, expect, it } from '@jest/globals';
import { IDLE_WORKLOAD, type GuestOptions, type Workload } from '#guest';
import { touchRun } from '#memory-core';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import { TestHost } from './support/test-host.js';

const RAM_BYTES = 256 * MIB;
const HOST_BYTES = 360 * MIB;
const PERIOD_MS = 3_600_000;
const SETTLING_TICKS = 600;
/** ESX keeps 6 % of the host free. */
const FREE_RATIO = 0.06;

/** Reads files at 2 MiB a second, so that its page cache takes what it can get, and comes back to them. */
const FILE_SERVER: Workload = {
  ...IDLE_WORKLOAD,
  anonPages: Int32Array.of((32 * MIB) / PAGE_SIZE_BYTES),
  cachePagesPerTick: Float64Array.of((2 * MIB) / PAGE_SIZE_BYTES),
  periodMs: PERIOD_MS,
  touchedPerMinuteRatio: 0.999,
  digest: 'file server',
};

function options(workload: Workload, seed: number): GuestOptions {
  return {
    assignedBytes: RAM_BYTES,
    numaNodes: 1,
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    deflateOnOom: false,
    freePageReporting: false,
    freePageHinting: false,
    workload,
    seed,
  };
}

interface Sizes {
  readonly idleBytes: number;
  readonly activeBytes: number;
  /** Of the files, what the active guest finds in memory. */
  readonly cachedBytes: number;
}

/** Sizes and work once memory has settled untaxed, and again at a tax of `taxRatio`. */
function experiment(taxRatio: number): readonly [before: Sizes, after: Sizes] {
  const host = new TestHost({
    capacityBytes: HOST_BYTES,
    guests: [
      { id: 'idle', options: options(IDLE_WORKLOAD, 1), minBytes: 0 },
      { id: 'active', options: options(FILE_SERVER, 2), minBytes: 0 },
    ],
    policy: 'esx',
    parameters: { idleTaxRatio: 0 },
    everyTicks: 15,
  });
  const idle = host.guest('idle');
  touchRun(idle.memory, 0, RAM_BYTES / PAGE_SIZE_BYTES);
  const sizes = (): Sizes => {
    const active = host.guest('active');
    return { idleBytes: idle.sizeBytes, activeBytes: active.sizeBytes, cachedBytes: active.cachedBytes };
  };
  host.run(SETTLING_TICKS);
  const before = sizes();
  host.parameters = { idleTaxRatio: taxRatio };
  host.run(SETTLING_TICKS);
  return [before, sizes()];
}

describe('the idle-tax experiment', () => {
  it('gives equal halves untaxed; at 75 % memory moves to the active guest, whose work gains', () => {
    const [untaxed, taxed] = experiment(0.75);
    const halfBytes = (HOST_BYTES * (1 - FREE_RATIO)) / 2;
    expect(Math.abs(untaxed.idleBytes - halfBytes)).toBeLessThan(12 * MIB);
    expect(Math.abs(untaxed.activeBytes - halfBytes)).toBeLessThan(12 * MIB);
    expect(taxed.idleBytes).toBeLessThan(0.75 * untaxed.idleBytes);
    expect(taxed.activeBytes).toBeGreaterThan(1.25 * untaxed.activeBytes);
    expect(taxed.cachedBytes).toBeGreaterThan(1.3 * untaxed.cachedBytes); // published: above 30 % more throughput
  });
});
