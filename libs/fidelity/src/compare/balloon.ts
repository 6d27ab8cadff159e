/** What the balloon holds and takes. */
import {
  changeOf,
  commandOf,
  isBalloon,
  KB_PER_PAGE,
  PAGE_BYTES,
  type Metric,
  type Moment,
  type Pair,
  type Run,
} from './metric.js';

export const BALLOON_METRICS: readonly Metric[] = [
  {
    name: 'balloon pages of a target that was reached',
    unit: 'pages',
    bound: 'exact',
    pairs: (run) =>
      reached(run).map((moment) => ({
        step: moment.index,
        of: '',
        recorded: heldPages(run, moment.after.qmp_actual),
        simulated: moment.observed.balloonPages,
        bound: 0,
      })),
  },
  {
    name: 'balloon_inflate and balloon_deflate of such a step',
    unit: 'pages',
    bound: 'exact',
    pairs: (run) =>
      reached(run)
        // From a stuck balloon the way is as long as it had come.
        .filter(({ observedBefore, before }) => observedBefore.balloonPages === heldPages(run, before.qmp_actual))
        .flatMap((moment) =>
          ['balloon_inflate', 'balloon_deflate'].map((of) => ({
            step: moment.index,
            of,
            ...changeOf(moment, of),
            bound: 0,
          })),
        ),
  },
  {
    name: 'MemTotal after each step',
    unit: 'pages',
    bound: 'exact; 1 % of RAM while the balloon is stuck',
    // MemTotal follows the balloon, and a stuck one may hold a few pages more or less.
    pairs: ({ moments, ramPages }) =>
      moments.map(({ index, after, observed, isStuck }) => ({
        step: index,
        of: '',
        recorded: (after.meminfo['MemTotal'] ?? 0) / KB_PER_PAGE,
        simulated: observed.totalPages,
        bound: isStuck ? ramPages * 0.01 : 0,
      })),
  },
  {
    name: 'balloon pages obtained when more is asked',
    unit: 'pages',
    bound: '1 % of RAM',
    pairs: (run) =>
      run.moments
        .filter(({ recorded }) => isBalloon(recorded) && recorded.reached_ms === null)
        .map((moment) => ({
          step: moment.index,
          of: '',
          recorded: heldPages(run, moment.after.qmp_actual),
          simulated: moment.observed.balloonPages,
          bound: run.ramPages * 0.01,
        })),
  },
  {
    name: 'frames in the order the device saw them',
    unit: 'share of neighbours',
    bound: '94 % of the neighbours are the same',
    pairs: orderOfFrames,
  },
  {
    name: 'directions of the frames of fragmented memory',
    unit: 'share of frames',
    bound: '5 points',
    pairs: directionsOfFrames,
  },
];

const ORDER_TOLERANCE = 0.06;
const DIRECTION_TOLERANCE = 0.05;

function reached({ moments }: Run): Moment[] {
  return moments.filter(({ recorded }) => isBalloon(recorded) && recorded.reached_ms !== null);
}

function heldPages({ ramPages }: Run, actualBytes: number): number {
  return ramPages - actualBytes / PAGE_BYTES;
}

/** Share of the recorded neighbours that are neighbours in the simulation too: for guests that did nothing else. */
function orderOfFrames({ recording, replay }: Run): Pair[] {
  if (recording.boot.pagemap_rle === undefined || recording.steps.some(({ op }) => !/^(balloon|wait)/.test(op))) {
    return [];
  }
  const recorded = recording.steps.flatMap(({ qemu_trace: trace }) => expand(trace?.pfns?.runs_start_len_step ?? []));
  if (recorded.length < 2) return [];
  const neighbours = new Set<number>();
  const simulated = replay.steps.flatMap(({ devicePfns }) => devicePfns);
  for (let at = 1; at < simulated.length; at++) neighbours.add(pairOf(simulated[at - 1] ?? 0, simulated[at] ?? 0));
  let same = 0;
  for (let at = 1; at < recorded.length; at++) {
    if (neighbours.has(pairOf(recorded[at - 1] ?? 0, recorded[at] ?? 0))) same++;
  }
  const share = same / (recorded.length - 1);
  return [{ step: replay.steps.length, of: '', recorded: 1, simulated: share, bound: ORDER_TOLERANCE }];
}

function expand(runs: readonly (readonly number[])[]): number[] {
  return runs.flatMap(([start = 0, length = 0, step = 0]) => Array.from({ length }, (_, at) => start + at * step));
}

function pairOf(one: number, other: number): number {
  return one * 2 ** 26 + other;
}

/** Frames in runs of +1 and of −1, over the whole run: where punched mappings have left holes. */
function directionsOfFrames({ recording, replay }: Run): Pair[] {
  const isFragmented = recording.steps.some((step) => commandOf(step).includes('punch '));
  if (recording.boot.pagemap_rle === undefined || !isFragmented) return [];
  const recorded = { pages: 0, ascending: 0, descending: 0 };
  const simulated = { pages: 0, ascending: 0, descending: 0 };
  recording.steps.forEach(({ qemu_trace: trace, op }, index) => {
    const pfns = trace?.pfns;
    if (pfns?.n === undefined || !op.startsWith('balloon')) return;
    recorded.pages += pfns.n;
    recorded.ascending += pfns.ascending_pages ?? 0;
    recorded.descending += pfns.descending_pages ?? 0;
    const own = replay.steps[index]?.devicePfns ?? [];
    simulated.pages += own.length;
    for (const [length, step] of runsOf(own)) {
      if (step === 1) simulated.ascending += length;
      else if (step === -1) simulated.descending += length;
    }
  });
  if (recorded.pages === 0 || simulated.pages === 0) return [];
  return (['ascending', 'descending'] as const).map((of) => ({
    step: replay.steps.length,
    of,
    recorded: recorded[of] / recorded.pages,
    simulated: simulated[of] / simulated.pages,
    bound: DIRECTION_TOLERANCE,
  }));
}

/** Length and step of each run, as the recorder cuts them: each as long as it goes, from the first frame on. */
function runsOf(pfns: readonly number[]): [length: number, step: number][] {
  const runs: [number, number][] = [];
  for (let first = 0; first < pfns.length;) {
    const step = (pfns[first + 1] ?? Number.NaN) - (pfns[first] ?? 0);
    let end = first + 1;
    if (Math.abs(step) === 1) while (end < pfns.length && (pfns[end] ?? 0) - (pfns[end - 1] ?? 0) === step) end++;
    runs.push([end - first, end - first > 1 ? step : 0]);
    first = end;
  }
  return runs;
}
