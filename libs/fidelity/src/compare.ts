/**
 * Recorded against simulated, metric by metric, each with its bound. A metric's verdict is over a whole recording, or over all
 * that were given: how many of its values lie within the bound, and how many must.
 */
import { BALLOON_METRICS } from './compare/balloon.js';
import { COMPACTION_METRICS } from './compare/compaction.js';
import { FREE_METRICS } from './compare/free-memory.js';
import { HOTPLUG_METRICS } from './compare/hotplug.js';
import { HUGE_PAGE_METRICS } from './compare/huge-pages.js';
import { runOf, type Metric, type Pair } from './compare/metric.js';
import { RECLAIM_METRICS } from './compare/reclaim.js';
import { SETTINGS_METRICS } from './compare/settings.js';
import type { Recording } from './recording.js';
import { replay as replayOf, type Replay } from './replay.js';

/** One value of one metric at one step. */
export interface Comparison extends Pair {
  readonly metric: string;
  /** |simulated − recorded|, in the metric's unit. */
  readonly error: number;
  readonly isWithin: boolean;
}

export interface Verdict {
  readonly metric: string;
  readonly unit: string;
  /** The bound in words. */
  readonly bound: string;
  readonly compared: number;
  readonly within: number;
  /** Share of the comparisons that must lie within their bound. */
  readonly requiredRatio: number;
  readonly worst: Comparison;
  readonly holds: boolean;
}

export const METRICS: readonly Metric[] = [
  ...BALLOON_METRICS,
  ...SETTINGS_METRICS,
  ...FREE_METRICS,
  ...COMPACTION_METRICS,
  ...HUGE_PAGE_METRICS,
  ...RECLAIM_METRICS,
  ...HOTPLUG_METRICS,
];

/** Against the rounding of a share such as 24 of 33. */
const ROUNDING = 1e-9;

export interface CompareOptions {
  /** The replay of the same recording whose guest holds so many pages more from its boot on. */
  readonly replayAt?: (offsetPages: number) => Replay;
  /** Other recordings of the same run: what lies between them is the kernel's own spread. */
  readonly siblings?: readonly Recording[];
}

export function compare(recording: Recording, replay: Replay, options: CompareOptions = {}): Comparison[] {
  const { replayAt = (offsetPages) => replayOf(recording, { offsetPages }), siblings = [] } = options;
  const run = { ...runOf(recording, replay), replayAt, siblings };
  return METRICS.flatMap(({ name, pairs }) =>
    pairs(run).map((pair) => {
      const error = Math.abs(pair.simulated - pair.recorded);
      return { metric: name, ...pair, error, isWithin: error <= pair.bound };
    }),
  );
}

/** Of the metrics that are judged recording by recording. */
export function verdicts(comparisons: readonly Comparison[]): Verdict[] {
  return verdictsOf(
    METRICS.filter(({ isOverAll }) => isOverAll !== true),
    comparisons,
  );
}

/** Of those that are judged over all recordings together; `comparisons` are all of them. */
export function overallVerdicts(comparisons: readonly Comparison[]): Verdict[] {
  return verdictsOf(
    METRICS.filter(({ isOverAll }) => isOverAll === true),
    comparisons,
  );
}

function verdictsOf(metrics: readonly Metric[], comparisons: readonly Comparison[]): Verdict[] {
  return metrics.flatMap(({ name, unit, bound, requiredRatio = 1 }) => {
    const of = comparisons.filter(({ metric }) => metric === name);
    const worst = of.toSorted((a, b) => excess(b) - excess(a))[0];
    if (worst === undefined) return [];
    const within = of.filter(({ isWithin }) => isWithin).length;
    const holds = within + ROUNDING >= of.length * requiredRatio;
    return [{ metric: name, unit, bound, compared: of.length, within, requiredRatio, worst, holds }];
  });
}

function excess({ error, bound }: Comparison): number {
  return Number.isNaN(error) ? Infinity : error - bound;
}
