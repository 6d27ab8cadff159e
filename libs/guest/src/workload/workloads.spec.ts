import { describe, expect, it } from '@jest/globals';
import { auditMemory, createMemory, readUsage, vmstat } from '#memory-core';
import { GIB, MIB, RandomStream, bytesToPages } from '#units';
import { runPrograms, startPrograms, type Programs } from './programs.js';
import { programPages, slabRatio } from './software.js';
import { SyntheticWorkload } from './synthetic-workload.js';
import { TraceWorkload, type ActivitySeries } from './trace-workload.js';
import { IDLE_WORKLOAD, positionMs, rowAt } from './workload.js';
import type { Workload } from './workload.js';

const STEP_MS = 300_000;
const RAM = 4 * GIB;

/** A series of a 4 GiB VM from active memory in MiB, with `diskKib` KiB/s of writes. */
function series(activeMib: readonly number[], diskKib = 0): ActivitySeries {
  return {
    assignedBytes: RAM,
    timesMs: activeMib.map((_, row) => row * STEP_MS),
    activeBytes: activeMib.map((size) => size * MIB),
    diskReadBytesPerSec: activeMib.map(() => 0),
    diskWriteBytesPerSec: activeMib.map(() => diskKib * 1024),
  };
}

const trace = (activeMib: readonly number[], diskKib = 0): TraceWorkload =>
  new TraceWorkload(series(activeMib, diskKib), RAM, 1, 0);

function start(workload: Workload): Programs {
  const memory = createMemory({ ramBytes: RAM });
  const ramPages = bytesToPages(RAM);
  const software = { memory, ramPages, slabPerCachePage: slabRatio(1) };
  return startPrograms(workload, software, RandomStream.of(1), 0);
}

describe('a trace as a workload', () => {
  const wanted = (workload: Workload): number[] => [...workload.anonPages].map((pages) => Math.round(pages / 256));

  it('takes a footprint of 1/0.61 of the largest active memory of the last six hours', () => {
    const active = new Array<number>(144).fill(61);
    active.fill(122, 80, 83);
    const mib = wanted(trace(active));
    expect(mib[79]).toBe(100);
    expect(mib[80]).toBe(200);
    expect(mib[82 + 61]).toBe(200); // 5 h later
    const long = wanted(trace([...active, ...new Array<number>(144).fill(61)]));
    expect([long[82 + 72], long[82 + 73]]).toEqual([200, 100]); // six hours and one step later
  });

  it('takes a single high sample for noise', () => {
    const active = new Array<number>(144).fill(61);
    active[70] = 1000;
    expect(new Set(wanted(trace(active)))).toEqual(new Set([100]));
  });

  it('wants at most 0.9 of RAM, what is in use anyway included, and memory in proportion when the guest has another size', () => {
    expect(wanted(trace([4000, 4000, 4000]))[0]).toBe(Math.round(0.9 * 4096 - 64 - 40 - 64));
    const half = new TraceWorkload(series([610, 610, 610]), RAM / 2, 1, 0);
    expect(wanted(half)).toEqual([500, 500, 500]);
  });

  it('remembers at its beginning the peak at its end: the series goes round', () => {
    const active = new Array<number>(144).fill(61);
    active.fill(122, 140, 144);
    expect(wanted(trace(active))[0]).toBe(200);
  });

  it('begins again at its end', () => {
    const workload = trace([61, 61, 122, 122, 122]);
    expect(rowAt(workload, positionMs(workload, 4 * STEP_MS), 0)).toBe(4);
    expect(rowAt(workload, positionMs(workload, 5 * STEP_MS), 4)).toBe(0);
    expect(rowAt(workload, positionMs(workload, 7 * STEP_MS + 1), 4)).toBe(2);
  });

  it('survives a single row, and gaps', () => {
    expect(trace([61]).periodMs).toBe(1000);
    const gappy = { ...series([61, 61, 61]), timesMs: [0, STEP_MS, 40 * STEP_MS] };
    expect(new TraceWorkload(gappy, RAM, 1, 0).periodMs).toBe(40 * STEP_MS + 39 * STEP_MS);
  });
});

describe('programs', () => {
  it('hold what the workload wants, what they keep, and lack what is pending', () => {
    const random = RandomStream.of(3);
    const rows = 40;
    const programs = start({
      startsMs: Float64Array.from({ length: rows }, (_, row) => row * 25_000),
      anonPages: Int32Array.from({ length: rows }, () => random.nextBelow(600_000)),
      cachePagesPerTick: new Float64Array(rows).fill(20.5),
      periodMs: rows * 25_000,
      offsetMs: 70_000,
      releaseRatio: 0.3,
      bootCachePages: 10_000,
      digest: '',
    });
    const { software, state } = programs;
    const wrongAt: number[] = [];
    for (let tick = 1; tick <= 5000; tick++) {
      runPrograms(programs, tick);
      if (programPages(software) !== state.goal + state.kept - state.pending) wrongAt.push(tick);
    }
    expect(wrongAt).toEqual([]);
    expect(auditMemory(software.memory)).toEqual([]);
  });

  it('grow by a ramp of at least ten ticks and at most 0.06 GiB a tick', () => {
    const active = new Array<number>(288).fill(61);
    active.fill(1830, 100, 110);
    const programs = start(trace(active));
    let most = 0;
    let growing = 0;
    for (let tick = 1; tick <= 120 * 300; tick++) {
      const before = programPages(programs.software);
      runPrograms(programs, tick);
      const grown = programPages(programs.software) - before;
      most = Math.max(most, grown);
      if (grown > 0) growing++;
    }
    expect(most).toBe(Math.floor((0.06 * GIB) / 4096));
    expect(growing).toBe(Math.ceil(((3000 - 100) * 256) / most));
  });

  it('free what short jobs held as they end, and keep what else is not wanted when nothing is to be released', () => {
    const pages = (mib: number): number => bytesToPages(mib * MIB);
    const jobs: Workload = {
      ...IDLE_WORKLOAD,
      startsMs: Float64Array.of(0, 300_000, 600_000),
      anonPages: Int32Array.of(pages(300), pages(400), pages(250)),
      jobPages: Int32Array.of(0, pages(100), 0),
      cachePagesPerTick: Float64Array.of(0, 0, 0),
      periodMs: 10_000_000,
      releaseRatio: 0,
      isImmediate: true,
    };
    const programs = start(jobs);
    const heldAt = (from: number, until: number): number => {
      for (let tick = from; tick <= until; tick++) runPrograms(programs, tick);
      return programPages(programs.software);
    };
    expect(heldAt(1, 299)).toBe(pages(300));
    expect(heldAt(300, 599)).toBe(pages(400));
    expect(heldAt(600, 601)).toBe(pages(300));
    expect(programs.state.kept).toBe(pages(50));
  });

  it('bring three tenths of disk traffic into the page cache, and slab with it', () => {
    const programs = start(Object.assign(trace([61, 61, 61], 4000), { bootCachePages: 0 }));
    const before = readUsage(programs.software.memory);
    for (let tick = 1; tick <= 100; tick++) runPrograms(programs, tick);
    const after = readUsage(programs.software.memory);
    expect(Math.abs(after.filePages - before.filePages - 100 * 300)).toBeLessThanOrEqual(32);
    expect(after.slabReclaimablePages).toBeGreaterThan(before.slabReclaimablePages);
  });

  it('fill memory with page cache; at the watermarks kswapd drops the oldest for the newest', () => {
    const programs = start(trace([61, 61, 61], 100_000));
    for (let tick = 1; tick <= 250; tick++) runPrograms(programs, tick);
    const { zones, freePages } = readUsage(programs.software.memory);
    const sum = (mark: 'minPages' | 'highPages'): number => zones.reduce((all, zone) => all + zone.watermarks[mark], 0);
    expect(freePages).toBeGreaterThan(sum('minPages'));
    expect(freePages).toBeLessThan(sum('highPages') + 10_000);
    const counters = new Map(vmstat(programs.software.memory));
    expect(counters.get('pgsteal_kswapd')).toBeGreaterThan(500_000);
    expect(counters.get('allocstall_normal') ?? 0).toBeLessThan(100);
    expect(counters.get('oom_kill')).toBe(0);
  });
});

describe('a synthetic workload', () => {
  it('swings memory in use round its mean, by its swing', () => {
    const workload = new SyntheticWorkload({ meanRatio: 0.4, swingRatio: 0.2, periodMs: 3_600_000 }, RAM, 9);
    const programs = start(workload);
    const used: number[] = [];
    for (let tick = 1; tick <= 3 * 3600; tick++) {
      runPrograms(programs, tick);
      if (tick % 10 !== 0) continue;
      const usage = readUsage(programs.software.memory);
      const inUse = usage.anonPages + usage.kernelPages + usage.slabUnreclaimablePages;
      used.push(inUse / bytesToPages(RAM));
    }
    const mean = used.reduce((sum, ratio) => sum + ratio, 0) / used.length;
    expect(mean).toBeCloseTo(0.4, 1);
    expect(Math.min(...used)).toBeLessThan(0.24);
    expect(Math.max(...used)).toBeGreaterThan(0.56);
  });

  it('is another one for another seed, and the same for the same', () => {
    const of = (seed: number): string =>
      new SyntheticWorkload({ meanRatio: 0.4, swingRatio: 0.2, periodMs: 60_000 }, RAM, seed).digest;
    expect(of(1)).toBe(of(1));
    expect(of(1)).not.toBe(of(2));
  });
});
