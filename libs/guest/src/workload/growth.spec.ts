import { describe, expect, it } from '@jest/globals';
import { createMemory } from '#memory-core';
import { GIB, MIB, PAGE_SIZE_BYTES, RandomStream } from '#units';
import { mostGrowthPages, processorsOf } from './growth.js';
import { runPrograms, startPrograms } from './programs.js';
import { programPages } from './software.js';
import { IDLE_WORKLOAD, type Workload } from './workload.js';

const RAM_PAGES = (16 * GIB) / PAGE_SIZE_BYTES;
const ONE_PROCESSOR = Math.floor((0.06 * GIB) / PAGE_SIZE_BYTES);

/** Wants 4 GiB more from the first second on. */
function rising(load: number, more: Partial<Workload> = {}): Workload {
  return {
    ...IDLE_WORKLOAD,
    startsMs: Float64Array.of(0, 1000),
    anonPages: Int32Array.of(0, (4 * GIB) / PAGE_SIZE_BYTES),
    cachePagesPerTick: Float64Array.of(0, 0),
    loadRatio: Float64Array.of(load, load),
    periodMs: 2000,
    ...more,
  };
}

/** Ticks that a guest of 16 GiB takes to grow by 4 GiB, from the first page on. */
function ticksOfGrowth(workload: Workload): number {
  const memory = createMemory({ ramBytes: 16 * GIB, kernelProfile: '6.12' });
  const software = { memory, ramPages: RAM_PAGES, slabPerCachePage: 0.1 };
  const programs = startPrograms(workload, software, RandomStream.of(1, 'growth'), 0);
  let ticks = 0;
  for (let tick = 1; programPages(software) < (4 * GIB) / PAGE_SIZE_BYTES; tick++) {
    const before = programPages(software);
    runPrograms(programs, tick);
    if (programPages(software) > before) ticks++;
  }
  return ticks;
}

describe('the growth of programs', () => {
  it('is 0.06 GiB/s for each busy processor, one of which is there for every 4 GiB', () => {
    expect([MIB, 2 * GIB, 8 * GIB, 64 * GIB].map((bytes) => processorsOf(bytes / PAGE_SIZE_BYTES))).toEqual([
      1, 1, 2, 16,
    ]);
    const most = (load: number, more: Partial<Workload> = {}): number =>
      mostGrowthPages(rising(load, more), RAM_PAGES, 0) / ONE_PROCESSOR;
    expect([most(1), most(0.5), most(0.03)]).toEqual([4, 2, 1]);
    expect([most(1, { processors: 12 }), most(1, { processors: 0.5 }), most(0.03, { processors: 0.5 })]).toEqual([
      12,
      expect.closeTo(0.5, 3),
      expect.closeTo(0.5, 3),
    ]);
  });

  it('takes a guest of four processors a quarter of the time when all of them are busy', () => {
    const slow = { periodMs: 10_000_000 };
    expect(ticksOfGrowth(rising(1, slow))).toBe(Math.ceil((4 * GIB) / PAGE_SIZE_BYTES / (4 * ONE_PROCESSOR)));
    expect(ticksOfGrowth(rising(0.03, slow))).toBe(Math.ceil((4 * GIB) / PAGE_SIZE_BYTES / ONE_PROCESSOR));
  });
});
