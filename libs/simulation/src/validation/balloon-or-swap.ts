/**
 * E12: what it costs to take memory from a guest that has more than it needs, by its balloon or by the host's swap. The balloon lets
 * the guest choose what to give up; a host that swaps takes pages at random.
 */
import { createMapping, createMemory, createOwner, growOwner, touchRange, vmstat, type Memory } from '#memory-core';
import { MIB, PAGE_SIZE_BYTES, RandomStream } from '#units';
import { DEFAULT_COSTS } from '../costs/costs.js';
import { inflate } from './balloon-rig.js';
import type { Finding, Target } from './target.js';

const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const RAM_MIB = 512;
const KERNEL_MIB = 30;
/** Of the guest's memory. */
const TAKEN = [0, 0.2, 0.4, 0.6, 0.8];
const ROUNDS = 40;
/** Work of a round without any waiting. */
const ROUND_US = 500_000;

/** A program: what it does in a round. */
type Round = (random: RandomStream) => void;
interface Work {
  readonly name: string;
  /** Pages used in a round, for a host that has swapped some of them. */
  readonly usedPages: number;
  readonly start: (memory: Memory) => Round;
}

/** Sources and headers are read again and again, objects written once; compilers are small and come and go. */
const COMPILE: Work = {
  name: 'kernel compile',
  usedPages: 80 * MIB_PAGES,
  start: (memory) => {
    const [sources, objects, compiler] = [
      createMapping(memory, { pages: 40 * MIB_PAGES, kind: 'FILE' }),
      createMapping(memory, { pages: 240 * MIB_PAGES, kind: 'FILE' }),
      createMapping(memory, { pages: 40 * MIB_PAGES }),
    ];
    let written = 0;
    return () => {
      touchRange(memory, sources, 0, 40 * MIB_PAGES, false);
      touchRange(memory, compiler, 0, 40 * MIB_PAGES, true);
      touchRange(memory, objects, written, 6 * MIB_PAGES, true);
      written = (written + 6 * MIB_PAGES) % (240 * MIB_PAGES);
    };
  },
};

/** Tables lie in the page cache, and are used by Zipf 0.8 (the workload model's databases). */
const DATABASE: Work = {
  name: 'database',
  usedPages: 20_000,
  start: (memory) => {
    const pages = 256 * MIB_PAGES;
    const tables = createMapping(memory, { pages, kind: 'FILE' });
    touchRange(memory, tables, 0, pages, false);
    return (random) => {
      for (let query = 0; query < 20_000; query++) {
        const rank = Math.floor(pages * random.nextFloat() ** 5);
        touchRange(memory, tables, (rank * 40_503) % pages, 1, false);
      }
    };
  },
};

/** Each collection goes through the whole heap. */
const JAVA: Work = {
  name: 'Java heap',
  usedPages: 320 * MIB_PAGES,
  start: (memory) => {
    const heap = createMapping(memory, { pages: 320 * MIB_PAGES });
    return () => void touchRange(memory, heap, 0, 320 * MIB_PAGES, true);
  },
};

export const BALLOON_OR_SWAP: Target = {
  id: 'E12',
  title: 'Taking memory by the balloon, or by the host\u2019s swap',
  origin:
    'VMware, "Love your balloon driver" (2010), and ESX memory management papers, as shapes of curves: a compile stays flat, a database until its cache is too small, Java suffers at once beyond its heap; random host swap makes all decline steadily',
  setup:
    "A guest of 512 MiB on Linux 6.12 with swap, forty rounds of work with 0 to 80 % of its memory taken. Work done in the time that it took, against nothing taken; a page that is waited for costs what the cost table says of flash. The host's swap is arithmetic: so much of what the guest has, each page as likely as the other.",
  missed: '',
  run: () => {
    const compile = curveOf(COMPILE);
    const database = curveOf(DATABASE);
    const java = curveOf(JAVA);
    const swap = TAKEN.map((taken) => swappedByHost(COMPILE, taken));
    return [
      claim('kernel compile, 60 % taken by the balloon (%)', compile[3], 90, 100),
      claim('database, 20 % taken by the balloon (%)', database[1], 90, 100),
      claim('database, 80 % taken by the balloon (%)', database[4], 0, 60),
      claim('Java heap, 20 % taken by the balloon: all of it fits still (%)', java[1], 90, 100),
      claim('Java heap, 40 % taken by the balloon (%)', java[2], 0, 50),
      claim('kernel compile, 20 % swapped by the host (%)', swap[1], 0, 95),
      claim('least further decline by each 20 % more (points)', leastFall(swap), 1, 100),
    ];
  },
};

function claim(figure: string, ratio: number | undefined, low: number, high: number): Finding {
  return { figure, published: null, ours: 100 * (ratio ?? Number.NaN), accept: { low, high } };
}

/** Work done with each share taken by the balloon, against the work done with nothing taken. */
function curveOf(work: Work): number[] {
  const times = TAKEN.map((taken) => timeUnderBalloon(work, taken));
  return times.map((time) => (times[0] ?? 0) / time);
}

function timeUnderBalloon({ start }: Work, taken: number): number {
  const memory = createMemory({
    ramBytes: RAM_MIB * MIB,
    kernelProfile: '6.12',
    addressSpaces: true,
    transparentHugepages: false,
    swapBytes: 1024 * MIB,
    fileBytes: 280 * MIB,
  });
  growOwner(memory, createOwner(memory, 'KERNEL'), KERNEL_MIB * MIB_PAGES);
  const round = start(memory);
  const random = RandomStream.of(12, 'work');
  for (let at = 0; at < ROUNDS / 4; at++) round(random);
  inflate(memory, Math.floor(taken * RAM_MIB * MIB_PAGES));
  const before = pagesReadAgain(memory);
  for (let at = 0; at < ROUNDS; at++) round(random);
  return ROUNDS * ROUND_US + (pagesReadAgain(memory) - before) * DEFAULT_COSTS.majorFaultUs;
}

/** Pages that were dropped or swapped out and wanted again, since boot. */
function pagesReadAgain(memory: Memory): number {
  const counters = new Map(vmstat(memory));
  return (counters.get('workingset_refault_file') ?? 0) + (counters.get('pswpin') ?? 0);
}

/** Work done while the host has `taken` of the guest's pages in its swap, chosen at random, and puts another one there for each it reads. */
function swappedByHost({ usedPages }: Work, taken: number): number {
  return ROUND_US / (ROUND_US + taken * usedPages * DEFAULT_COSTS.majorFaultUs);
}

function leastFall(curve: readonly number[]): number {
  return Math.min(...curve.slice(1).map((ratio, at) => (curve[at] ?? 0) - ratio));
}
