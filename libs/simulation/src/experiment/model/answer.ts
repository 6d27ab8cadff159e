/** What an experiment comes to. The same JSON on the command line, over GraphQL and in the database. */
import type { CellMetrics } from './cell.js';

export interface ExperimentAnswer {
  readonly spec: unknown;
  /** Of the whole answer without wall-clock times. */
  readonly digest: string;
  readonly cells: readonly AnsweredCell[];
  readonly summary: readonly SummaryRow[];
  readonly frontier: readonly FrontierRow[];
  /** For each policy and ratio that was run, what of the objective broke, and where; an answer stored before it was kept has none. */
  readonly judgement?: readonly JudgementRow[];
  readonly bound: Bound | null;
}

export interface AnsweredCell {
  readonly policy: string;
  readonly ratio: number;
  readonly seed: number;
  readonly status: 'DONE' | 'FAILED' | 'CANCELLED';
  readonly error?: string;
  readonly metrics: CellMetrics | null;
}

export interface Interval {
  readonly mean: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
}

export interface PairedDifference extends Interval {
  /**
   * Two-sided p value of no difference, by Holm's correction for the policies that are compared at the ratio; null when a single run
   * says nothing of the spread.
   */
  readonly holmP: number | null;
}

export interface SummaryRow extends Interval {
  readonly policy: string;
  readonly ratio: number;
  readonly metric: keyof CellMetrics;
  /** Against the baseline policy under the same seeds; null for the baseline. */
  readonly pairedDifferenceToBaseline: PairedDifference | null;
}

export type ObjectivePart = 'performance' | 'fairness' | 'safety' | 'reserve' | 'recovery';

/** A part of the objective that does not hold at a ratio under a policy. */
export interface BrokenTest {
  readonly part: ObjectivePart;
  readonly metric: keyof CellMetrics;
  /** Mean over the seeds, as the objective counts it: kills for a thousand guests and a month, seconds without the reserve. */
  readonly value: number;
  /** What the objective allows. */
  readonly limit: number;
  /** Seeds in which it does not hold, each by itself. */
  readonly brokenSeeds: readonly number[];
  /** Where it is worst: under which seed and, for what strikes guests, whom. */
  readonly worst: { readonly seed: number; readonly guest: string | null; readonly host: number | null };
}

/** Windows below the objective that guests have at full backing, too: no policy could help them. */
export interface Shortage {
  /** Share of all windows, mean over the seeds. */
  readonly windowsRatio: number;
  /** Guests that have such windows, under the seed that has most of them. */
  readonly guests: number;
  /** The guest that has most such windows. */
  readonly worst: { readonly seed: number; readonly guest: string; readonly host: number };
}

export interface JudgementRow {
  readonly policy: string;
  readonly ratio: number;
  /** The one that misses its limit by the largest factor first; empty when the objective holds. */
  readonly broken: readonly BrokenTest[];
  /** What is no policy's doing, and not counted in `broken`. Absent where there is nothing of it, and in answers stored before it was told apart. */
  readonly shortAtFullBacking?: Shortage;
}

export interface FrontierRow {
  readonly policy: string;
  /** Largest ratio of the spec, and between them by interpolation, at which the objective holds; null when at none. */
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The same but for the host's reserve: how far guests are served and hosts do not kill. */
  readonly ratioWithoutReserve: number | null;
  /** What broke first beyond it; null when nothing did. */
  readonly firstBroken: ObjectivePart | null;
}

/** What perfect knowledge allows. */
export interface Bound {
  readonly hosts: readonly HostBound[];
  readonly min: number;
  readonly p50: number;
  readonly max: number;
}

export interface HostBound {
  readonly vms: readonly string[];
  readonly assignedBytes: number;
  readonly peakUsedBytes: number;
  readonly ratio: number;
}
