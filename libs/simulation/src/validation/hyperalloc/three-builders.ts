/** E4: three guests that build on one host, one after another or all at once. */
import { Guest } from '#guest';
import { readUsage } from '#memory-core';
import { EIGHT_JOBS } from './build-course.js';
import { builderOptions } from './builder-guest.js';
import type { Point } from '../course.js';
import { CompilerRun } from './compiler-run.js';
import { gib } from './page-units.js';
import { near, within, type Target } from '../target.js';

const MINUTE_SEC = 60;
const BUILDS = 3;
const BUILD_MIN = 61;
const EVERY_MIN = 120;
const OFFSET_MIN = 40;
const GUESTS = 3;
/** As the script of the published runs waits. */
const COOLDOWN_MIN = 40;
/** From a guest's first build to the end of the rest after its last. */
const GUEST_MIN = (BUILDS - 1) * EVERY_MIN + BUILD_MIN + COOLDOWN_MIN;
const ACCEPT_SHARE = 0.1;
/** Of the recorded guest whose course is followed (free page reporting), by the share of its first build. Not put in anywhere. */
const RECORDED_RESIDENT_GIB: readonly Point[] = [
  [0.049, 4.68],
  [0.098, 6.05],
  [0.148, 6.04],
  [0.197, 5.92],
  [0.246, 8.68],
  [0.377, 8.26],
  [0.443, 8.02],
  [0.492, 8.41],
  [0.541, 12.59],
  [0.59, 12.95],
  [0.639, 12.75],
  [0.689, 12.66],
  [0.738, 12.41],
  [0.787, 12.45],
  [0.836, 12.57],
  [0.885, 12.27],
  [0.934, 12.33],
  [0.984, 12.66],
];

export const THREE_BUILDERS: Target = {
  id: 'E4',
  title: 'Three building guests on one host',
  origin: 'HyperAlloc (Wrenger et al., EuroSys 2025), data of luhsra/hyperalloc-bench, recomputed from its raw files',
  setup:
    "Three guests of 16 GiB on Linux 5.15, which has two LRU lists, as the published guests' own build of 6.1 has by the kernel's default; eight processors and jobs, three builds of 61 minutes each, one every 120 minutes, make clean after each, 40 minutes of rest at the end; guests start 40 minutes apart or together. What programs and files have follows a published build by the minute; how long jobs live is a guess, as in E1. Guests do not touch each other on this host, so the second and the third are the first, later; at once they differ by nothing.",
  missed:
    'between builds a guest keeps 12.3 GiB where the published one that was read kept 11.8, three guests for some six hours; the published sum may also count guests that have ended otherwise.',
  run: () => {
    const plain = residentByMinute(false);
    const reporting = reportingGuest();
    return [
      within('apart, no reporting (GiB · min)', 14_591, ACCEPT_SHARE, total(plain, OFFSET_MIN)),
      within('apart, free page reporting (GiB · min)', 12_287, ACCEPT_SHARE, total(reporting, OFFSET_MIN)),
      within('apart, no reporting, peak (GiB)', 40.7, ACCEPT_SHARE, peak(plain, OFFSET_MIN)),
      within('apart, free page reporting, peak (GiB)', 36, ACCEPT_SHARE, peak(reporting, OFFSET_MIN)),
      within('at once, no reporting (GiB · min)', 12_875, ACCEPT_SHARE, total(plain, 0)),
      within('at once, free page reporting (GiB · min)', 11_710, ACCEPT_SHARE, total(reporting, 0)),
      within('at once, no reporting, peak (GiB)', 40.8, ACCEPT_SHARE, peak(plain, 0)),
      within('at once, free page reporting, peak (GiB)', 40.9, ACCEPT_SHARE, peak(reporting, 0)),
      near(
        'resident through the first build, mean distance from the recorded guest (GiB)',
        0,
        0.8,
        distance(reporting),
      ),
    ];
  },
  curves: () => [
    {
      name: 'build-16384-resident',
      title: 'A build in 16 GiB with free page reporting: what the host holds, GiB by minute',
      recorded: RECORDED_RESIDENT_GIB.map(([share, gib]) => [share * BUILD_MIN, gib]),
      simulated: reportingGuest()
        .slice(0, BUILD_MIN)
        .map((gib, minute) => [minute + 1, gib]),
    },
  ],
};

/** The same run serves figures and curve. */
let known: readonly number[] | undefined;

function reportingGuest(): readonly number[] {
  known ??= residentByMinute(true);
  return known;
}

/** Resident memory of one guest in GiB, at the end of each minute. */
function residentByMinute(freePageReporting: boolean): readonly number[] {
  const guest = Guest.boot(builderOptions(EIGHT_JOBS.jobs, freePageReporting), 0);
  const run = new CompilerRun(guest.memory, { lengthSec: BUILD_MIN * MINUTE_SEC, course: EIGHT_JOBS, seed: 1 });
  const minutes: number[] = [];
  for (let build = 0; build < BUILDS; build++) {
    if (build > 0) run.beginAgain();
    for (let minute = 0; minute < EVERY_MIN && minutes.length < GUEST_MIN; minute++) {
      if (minute === BUILD_MIN) run.clean();
      for (let second = 0; second < MINUTE_SEC; second++) {
        if (minute < BUILD_MIN) run.advance();
        guest.advance();
      }
      if (minute === BUILD_MIN - 1) run.finish();
      minutes.push(gib(readUsage(guest.memory).residentPages));
    }
  }
  return minutes;
}

/** Mean over the points that were read. */
function distance(guest: readonly number[]): number {
  const distances = RECORDED_RESIDENT_GIB.map(([share, gib]) =>
    Math.abs((guest[Math.round(share * BUILD_MIN) - 1] ?? 0) - gib),
  );
  return distances.reduce((sum, one) => sum + one, 0) / distances.length;
}

/** The host's minutes: every guest stays, as large as it is, until the last one is done. */
function hostByMinute(guest: readonly number[], offsetMin: number): readonly number[] {
  const length = guest.length + (GUESTS - 1) * offsetMin;
  return Array.from({ length }, (_, minute) => {
    let sum = 0;
    for (let at = 0; at < GUESTS; at++) {
      const own = minute - at * offsetMin;
      if (own >= 0) sum += guest[Math.min(own, guest.length - 1)] ?? 0;
    }
    return sum;
  });
}

function total(guest: readonly number[], offsetMin: number): number {
  return hostByMinute(guest, offsetMin).reduce((sum, gib) => sum + gib, 0);
}

function peak(guest: readonly number[], offsetMin: number): number {
  return Math.max(...hostByMinute(guest, offsetMin));
}
