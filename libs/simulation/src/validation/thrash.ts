/**
 * E15: a parallel build in too little memory. Reclaim looks at many pages for each one that it frees, since most were used a
 * moment ago.
 */
import { createMapping, createMemory, createOwner, destroyMapping, growOwner, touchRange, vmstat } from '#memory-core';
import type { Memory } from '#memory-core';
import { MIB, PAGE_SIZE_BYTES, RandomStream, invariant } from '#units';
import type { Finding, Target } from './target.js';

const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
/** 300 MB for the build, and what a kernel and its daemons keep to themselves. */
const RAM_BYTES = 384 * MIB;
const KERNEL_PAGES = 60 * MIB_PAGES;
const JOBS = 6;
/** Compilers that the whole run starts. */
const STARTS = 240;
/** A compiler's memory, log-normal. A guess for C in 2011; compilers of today take 80 MiB. */
const MEDIAN_PAGES = 32 * MIB_PAGES;
const SPREAD = 0.7;
const MOST_PAGES = 240 * MIB_PAGES;
/** Rounds that a compiler works for: it grows to its size in the first half. */
const ROUNDS = 24;
/** The compiler's own program and libraries, which all of them run. */
const TEXT_PAGES = 28 * MIB_PAGES;
/** Headers and sources: a compiler reads its part of them as it begins, and not again. Each writes an object file. */
const SOURCE_PAGES = 92 * MIB_PAGES;
const READ_RATIO = 6 / 92;
const OBJECT_PAGES = MIB_PAGES / 4;
/** What is used in a round, in runs of 64 KiB: hot memory always, the rest at times. */
const RUN_PAGES = 16;
const HOT_RATIO = 0.47;
const WARM_USE_RATIO = 0.1;
const TEXT_USE_RATIO = 0.1;

export const THRASH: Target = {
  id: 'E15',
  title: 'Thrashing: make -j6 in 300 MB',
  origin:
    'Linux commit that added vmscan_stat (Hiroyu, 2011): make -j 6 in a cgroup of 300 MB scanned 9.47 M pages, freed 2.32 M, 41 % of these anonymous',
  setup:
    'A guest of 384 MiB with swap on Linux 5.15 (two lists, as in 2011), of which the kernel keeps 60; six compilers at a time, 240 in all, by address on the memory core. A compiler reads 6 MiB of 92 MiB of sources and headers as it begins, runs from 28 MiB that all share, and uses its own 32 MiB (median) until it ends: guesses.',
  missed:
    'it hangs on how large the compilers were, which is not published: with a median of 24 MiB the share is 0.33, with 32 it is 0.70, with 80 (a compiler of today) 0.91.',
  run: () => {
    const counters = build();
    const scanned = counters('pgscan_kswapd') + counters('pgscan_direct');
    const freed = counters('pgsteal_kswapd') + counters('pgsteal_direct');
    return [
      {
        figure: 'freed for each page scanned',
        published: 0.245,
        ours: freed / scanned,
        accept: { low: 0.15, high: 0.4 },
      },
      {
        figure: 'anonymous share of what is freed',
        published: 0.41,
        ours: counters('pgsteal_anon') / (counters('pgsteal_anon') + counters('pgsteal_file')),
        accept: { low: 0.2, high: 0.6 },
      },
    ] satisfies readonly Finding[];
  },
};

interface Compiler {
  readonly owner: number;
  readonly pages: number;
  round: number;
}

/** Returns the counters at the end. */
function build(): (name: string) => number {
  const memory = createMemory({
    kernelProfile: '5.15',
    ramBytes: RAM_BYTES,
    addressSpaces: true,
    swapBytes: 2048 * MIB,
    fileBytes: (TEXT_PAGES + SOURCE_PAGES + STARTS * OBJECT_PAGES) * PAGE_SIZE_BYTES,
  });
  const random = RandomStream.of(15, 'thrash');
  growOwner(memory, createOwner(memory, 'KERNEL'), KERNEL_PAGES);
  const text = createMapping(memory, { pages: TEXT_PAGES, kind: 'FILE' });
  const sources = createMapping(memory, { pages: SOURCE_PAGES, kind: 'FILE' });
  const objects = createMapping(memory, { pages: STARTS * OBJECT_PAGES, kind: 'FILE' });
  const running: Compiler[] = [];
  let started = 0;
  while (started < STARTS || running.length > 0) {
    while (started < STARTS && running.length < JOBS) {
      running.push(startCompiler(memory, random));
      useSome(memory, sources, SOURCE_PAGES, READ_RATIO, random);
      started++;
    }
    for (const compiler of [...running]) {
      useSome(memory, text, TEXT_PAGES, TEXT_USE_RATIO, random);
      compile(memory, compiler, random);
      if (compiler.round < ROUNDS) continue;
      destroyMapping(memory, compiler.owner);
      running.splice(running.indexOf(compiler), 1);
      touchRange(memory, objects, (started - running.length - 1) * OBJECT_PAGES, OBJECT_PAGES, true);
    }
  }
  const counters = new Map(vmstat(memory));
  return (name) => counters.get(name) ?? 0;
}

function startCompiler(memory: Memory, random: RandomStream): Compiler {
  const drawn = Math.floor(MEDIAN_PAGES * Math.exp(SPREAD * random.nextNormal()));
  const pages = Math.max(RUN_PAGES, Math.min(MOST_PAGES, drawn));
  const owner = createMapping(memory, { pages });
  invariant(owner >= 0, 'six compilers fit into the table of owners');
  return { owner, pages, round: 0 };
}

function compile(memory: Memory, compiler: Compiler, random: RandomStream): void {
  compiler.round++;
  const there = Math.floor(Math.min(1, (2 * compiler.round) / ROUNDS) * compiler.pages);
  const hot = Math.floor(HOT_RATIO * there);
  touchRange(memory, compiler.owner, 0, hot, true);
  const before = Math.floor(Math.min(1, (2 * (compiler.round - 1)) / ROUNDS) * compiler.pages);
  if (there > before) touchRange(memory, compiler.owner, before, there - before, true);
  useSome(memory, compiler.owner, there, WARM_USE_RATIO, random);
}

/** Reads a share of the mapping's first `pages`, in runs drawn evenly. */
function useSome(memory: Memory, owner: number, pages: number, share: number, random: RandomStream): void {
  const runs = Math.floor(pages / RUN_PAGES);
  for (let turn = 0; turn < runs * share; turn++) {
    touchRange(memory, owner, random.nextBelow(runs) * RUN_PAGES, RUN_PAGES, false);
  }
}
