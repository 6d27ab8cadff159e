/**
 * Whether a balloon's pages can be moved decides what is left of a fragmented guest for huge pages. A program leaves small holes
 * all over the memory, the balloon fills them and the program goes: what is free lies between the balloon's pages. Then another one
 * asks for huge pages.
 */
import {
  createMapping,
  createMemory,
  createOwner,
  destroyMapping,
  dropRange,
  growOwner,
  touchRange,
  vmstat,
} from '#memory-core';
import { setTransparentHugepages, type Memory } from '#memory-core';
import { MIB, PAGE_SIZE_BYTES, RandomStream, invariant } from '#units';
import { inflate } from './balloon-rig.js';
import type { Finding, Target } from './target.js';

const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const RAM_MIB = 512;
const KERNEL_MIB = 40;
const HOG_MIB = 400;
/** Memory that is asked for in huge pages. */
const WANTED_MIB = 224;
const BALLOONS_MIB = [64, 128, 192];
const SEEDS = [1, 2, 3, 4, 5];
/** 95 %, two-sided, four degrees of freedom. */
const STUDENT_T = 2.776;

export const THP_SHARE: Target = {
  id: 'THP',
  title: 'Huge pages beside a balloon whose pages can be moved, or not',
  origin:
    'The reason for balloon compaction as its authors give it (K. Khlebnikov, R. Aquini, Linux 3.8); nobody has published shares. The claim is the order',
  setup:
    'A guest of 512 MiB on Linux 6.12, balloons of 64, 128 and 192 MiB in holes of 4 KiB, then 224 MiB of anonymous memory with transparent huge pages always and direct compaction. Means of five seeds.',
  missed: 'five seeds are few for a balloon of 128 MiB, where only some runs lose huge pages at all.',
  run: () =>
    BALLOONS_MIB.flatMap((balloonMib): Finding[] => {
      const on = SEEDS.map((seed) => sharesBeside(seed, balloonMib, true));
      const off = SEEDS.map((seed) => sharesBeside(seed, balloonMib, false));
      const claim = (figure: string, ours: number, low: number, high: number): Finding => ({
        figure: `${figure}, balloon of ${balloonMib} MiB`,
        published: null,
        ours,
        accept: { low, high },
      });
      const percent = (runs: readonly Outcome[]): number => 100 * meanAndHalf(runs.map(({ share }) => share)).mean;
      const gain = meanAndHalf(on.map(({ share }, at) => 100 * (share - (off[at]?.share ?? 0))));
      return [
        claim('in huge pages, movable (%)', percent(on), 0, 100),
        claim('in huge pages, fixed (%)', percent(off), 0, 100),
        // It holds when the 95 % interval of the paired differences does not reach below nothing.
        claim('gained (points)', gain.mean, gain.half, 100),
        claim('pages moved, movable', meanAndHalf(on.map(({ moved }) => moved)).mean, 1, Infinity),
        claim('pages moved, fixed', meanAndHalf(off.map(({ moved }) => moved)).mean, 0, 0),
      ];
    }),
};

interface Outcome {
  /** Of what was wanted, in huge pages. */
  readonly share: number;
  /** Balloon pages that compaction moved. */
  readonly moved: number;
}

/** One run. */
export function sharesBeside(seed: number, balloonMib: number, balloonCompaction: boolean): Outcome {
  const memory = createMemory({
    ramBytes: RAM_MIB * MIB,
    kernelProfile: '6.12',
    addressSpaces: true,
    balloonCompaction,
  });
  setTransparentHugepages(memory, false);
  growOwner(memory, createOwner(memory, 'KERNEL'), KERNEL_MIB * MIB_PAGES);
  const hog = createMapping(memory, { pages: HOG_MIB * MIB_PAGES });
  touchRange(memory, hog, 0, HOG_MIB * MIB_PAGES, true);
  punch(memory, hog, balloonMib, RandomStream.of(seed, 'holes'));
  const held = inflate(memory, balloonMib * MIB_PAGES);
  invariant(held === balloonMib * MIB_PAGES, 'the holes are as many as the balloon wants');
  destroyMapping(memory, hog);
  setTransparentHugepages(memory, true);
  const before = new Map(vmstat(memory));
  touchRange(
    memory,
    createMapping(memory, { pages: WANTED_MIB * MIB_PAGES, huge: true }),
    0,
    WANTED_MIB * MIB_PAGES,
    true,
  );
  const after = new Map(vmstat(memory));
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  const [granted, fellBack] = [grown('thp_fault_alloc'), grown('thp_fault_fallback')];
  return { share: granted / Math.max(1, granted + fellBack), moved: grown('balloon_migrate') };
}

/** Gives single pages back, as many as the balloon will take, evenly over the mapping. */
function punch(memory: Memory, hog: number, balloonMib: number, random: RandomStream): void {
  const chance = balloonMib / HOG_MIB;
  for (let page = 0; page < HOG_MIB * MIB_PAGES; page++) {
    if (random.nextFloat() < chance) dropRange(memory, hog, page, 1);
  }
}

/** Mean, and half the width of its 95 % interval. */
function meanAndHalf(values: readonly number[]): { readonly mean: number; readonly half: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, half: STUDENT_T * Math.sqrt(variance / values.length) };
}
