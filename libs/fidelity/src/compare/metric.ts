/** What is compared, and what a metric's function is given. */
import type { Observation } from '../observe.js';
import type { RecordedSnapshot, RecordedStep, Recording } from '../recording.js';
import type { Replay, ReplayedStep } from '../replay.js';

/** One value at one step (−1: boot; the number of steps: the whole run). */
export interface Pair {
  readonly step: number;
  /** Zone, order or counter that is meant; empty for the whole guest. */
  readonly of: string;
  readonly recorded: number;
  readonly simulated: number;
  /** How far apart they may be, in the metric's unit. */
  readonly bound: number;
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** Share of the values that must lie within their bound; default 1. */
  readonly requiredRatio?: number;
  /** Judged over all recordings together, not one by one. */
  readonly isOverAll?: boolean;
  /** The bound in words. */
  readonly bound: string;
  /** All values of a run; none where the recording is not of the metric's kind. */
  readonly pairs: (run: Run) => readonly Pair[];
}

/** A recording and its replay, side by side. */
export interface Run {
  readonly recording: Recording;
  readonly replay: Replay;
  /** Steps that were recorded to their end. */
  readonly moments: readonly Moment[];
  readonly ramPages: number;
  /** The replay of the same recording whose guest holds so many pages more from its boot on. */
  readonly replayAt: (offsetPages: number) => Replay;
  /** Other recordings of the same run. */
  readonly siblings: readonly Recording[];
}

export interface Moment {
  readonly index: number;
  readonly recorded: RecordedStep;
  readonly replayed: ReplayedStep;
  readonly before: RecordedSnapshot;
  readonly after: RecordedSnapshot;
  readonly observedBefore: Observation;
  readonly observed: Observation;
  /** The balloon wants more than the guest can give. */
  readonly isStuck: boolean;
  /** Now or before, the balloon was stuck or a process was killed for memory. */
  readonly isShaken: boolean;
}

export const KB_PER_PAGE = 4;
export const PAGE_BYTES = 4096;
const PAGES_PER_MIB = 256;

export function runOf(recording: Recording, replay: Replay): Omit<Run, 'replayAt' | 'siblings'> {
  const moments: Moment[] = [];
  let before: RecordedSnapshot = recording.boot.snapshot;
  let observedBefore = replay.boot;
  let isStuck = false;
  let isShaken = false;
  for (const replayed of replay.steps) {
    const { index, observed } = replayed;
    const recorded = recording.steps[index];
    const after = recorded?.after;
    if (recorded === undefined || after == null) continue;
    isStuck = isBalloon(recorded) ? recorded.reached_ms === null : isStuck;
    isShaken ||= isStuck || (after.vmstat['oom_kill'] ?? 0) > (before.vmstat['oom_kill'] ?? 0);
    moments.push({ index, recorded, replayed, before, after, observedBefore, observed, isStuck, isShaken });
    before = after;
    observedBefore = observed;
  }
  return { recording, replay, moments, ramPages: recording.ram_mib * PAGES_PER_MIB };
}

export function isBalloon({ op }: RecordedStep): boolean {
  return op.startsWith('balloon');
}

/** What a worker was told in this step, else ''. */
export function commandOf({ args }: RecordedStep): string {
  return typeof args['cmd'] === 'string' ? args['cmd'] : '';
}

export interface Change {
  readonly recorded: number;
  readonly simulated: number;
}

/** How far a counter went in this step. */
export function changeOf({ before, after, observedBefore, observed }: Moment, counter: string): Change {
  return {
    recorded: (after.vmstat[counter] ?? 0) - (before.vmstat[counter] ?? 0),
    simulated: (observed.vmstat[counter] ?? 0) - (observedBefore.vmstat[counter] ?? 0),
  };
}

/** How far a counter went in a step of a recording. */
export function recordedChange({ steps, boot }: Recording, index: number, counter: string): number | null {
  const after = steps[index]?.after;
  if (after == null) return null;
  const before = steps.slice(0, index).findLast((step) => step.after != null)?.after ?? boot.snapshot;
  return (after.vmstat[counter] ?? 0) - (before.vmstat[counter] ?? 0);
}

export function sumOf(changes: readonly Change[]): Change {
  return {
    recorded: changes.reduce((sum, { recorded }) => sum + recorded, 0),
    simulated: changes.reduce((sum, { simulated }) => sum + simulated, 0),
  };
}
