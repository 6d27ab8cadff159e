import { describe, expect, it } from '@jest/globals';
import { auditMemory, createMemory, ownerPages, readUsage } from '#memory-core';
import { GIB, RandomStream, bytesToPages } from '#units';
import { nextBusyTick, runPrograms, startPrograms, type Programs } from './programs.js';
import { PROCESSES, programPages } from './software.js';
import { IDLE_WORKLOAD, type Workload } from './workload.js';

const WANTED = 80_000;

/** Rows of a minute; the programs want the same in all of them, unless they are said to want something else. */
function living(exits: readonly number[], wanted: readonly number[] = exits.map(() => WANTED)): Workload {
  return {
    ...IDLE_WORKLOAD,
    startsMs: Float64Array.from(exits, (_, row) => row * 60_000),
    anonPages: Int32Array.from(wanted),
    cachePagesPerTick: Float64Array.from(exits, () => 100),
    periodMs: exits.length * 60_000,
    exits: Float64Array.from(exits),
    digest: 'exits',
  };
}

function start(workload: Workload): Programs {
  const memory = createMemory({ ramBytes: GIB });
  const software = { memory, ramPages: bytesToPages(GIB), slabPerCachePage: 0.1 };
  return startPrograms(workload, software, RandomStream.of(1), 0);
}

/** Runs ticks `from` to `to`, both included. */
function run(programs: Programs, from: number, to: number): void {
  for (let tick = from; tick <= to; tick++) runPrograms(programs, tick);
}

const sizes = ({ software }: Programs): number[] =>
  Array.from({ length: PROCESSES }, (_, process) => ownerPages(software.memory, process));

/** Free, or on a per-CPU list. */
function freePages({ software }: Programs): number {
  const { freePages: free, perCpuPages } = readUsage(software.memory);
  return free + perCpuPages;
}

describe('programs that end by themselves', () => {
  it('give back all that they hold at once, and others take their place and size', () => {
    const programs = start(living([0, 1, 0]));
    run(programs, 1, 59);
    expect(sizes(programs)).toEqual([20_000, 20_000, 20_000, 20_000]);
    const before = freePages(programs);
    run(programs, 60, 60);
    // A tenth of what it held is there again after the first tick of its successor.
    expect(programPages(programs.software)).toBe(WANTED - 18_000);
    expect(freePages(programs) - before).toBeGreaterThan(17_000);
    run(programs, 61, 75);
    expect(sizes(programs)).toEqual([20_000, 20_000, 20_000, 20_000]);
    auditMemory(programs.software.memory);
  });

  it('that all end with their work leave only what the next row wants', () => {
    const programs = start(living([0, 4], [WANTED, 8_000]));
    run(programs, 1, 60);
    expect(programPages(programs.software)).toBe(800);
    run(programs, 61, 75);
    expect(programPages(programs.software)).toBe(8_000);
  });

  it('end in a share of the rows when less than one does on average', () => {
    const rows = 400;
    const programs = start(living(Array.from({ length: rows }, () => 0.25)));
    let ended = 0;
    for (let row = 1; row < rows; row++) {
      const before = programPages(programs.software);
      runPrograms(programs, row * 60);
      if (programPages(programs.software) < before) ended++;
      run(programs, row * 60 + 1, row * 60 + 15);
    }
    expect(ended / rows).toBeGreaterThan(0.18);
    expect(ended / rows).toBeLessThan(0.32);
  });

  it('take what their allocators kept with them', () => {
    const programs = start({ ...living([0, 0, 4], [WANTED, 40_000, 40_000]), releaseRatio: 0 });
    run(programs, 1, 119);
    expect(programPages(programs.software)).toBe(WANTED);
    run(programs, 120, 140);
    expect(programPages(programs.software)).toBe(40_000);
  });

  it('are work in the tick in which they end', () => {
    // Nothing grows in that tick, and no file is read.
    const programs = start({ ...living([0, 4], [WANTED, 0]), cachePagesPerTick: Float64Array.of(0, 0) });
    run(programs, 1, 40);
    for (let tick = 40; tick < 60; tick = nextBusyTick(programs, tick)) expect(tick).toBeLessThan(60);
    expect(runPrograms(programs, 60)).toBe(true);
  });
});
