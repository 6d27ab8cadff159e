/**
 * Which buckets a question about history is answered in. Buckets are aligned to UTC (to multiples of their step since 1970), so
 * that a chart that moves on keeps its points; the first one holds `from`, and only samples from `from` up to but not
 * including `to` count.
 */
import { DomainError } from '#contracts';

export interface HistoryRange {
  readonly from: Date;
  readonly to: Date;
  /** Length of a bucket; null: chosen so that at most `maxPoints` cover the range. */
  readonly stepMs: number | null;
  /** Null: 500 when the step is chosen here, 5000 when it is given. */
  readonly maxPoints: number | null;
}

export interface Buckets {
  readonly stepMs: number;
  /** Begin of the first bucket, in milliseconds since 1970. */
  readonly startMs: number;
  readonly count: number;
}

/** Length of a roll-up's cell. A longer step is a multiple of it, so that whole cells make a bucket. */
export const CELL_MS = 300_000;
/** A fast clock stores many samples a second. */
export const MIN_STEP_MS = 10;
/** Shortest step that is chosen unless so many points are asked for. */
const MIN_PRESET_STEP_MS = 1_000;
export const DEFAULT_POINTS = 500;
export const MAX_POINTS = 5_000;
export const MAX_RANGE_MS = 400 * 86_400_000;

/** Round steps below a cell's length. */
const SHORT_STEPS_MS = [
  10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000,
];

/** Throws DomainError BAD_INPUT that names the argument and what it accepts. */
export function planBuckets(range: HistoryRange): Buckets {
  const fromMs = range.from.getTime();
  const rangeMs = range.to.getTime() - fromMs;
  if (rangeMs <= 0) {
    throw bad('to', `must be after from, ${range.from.toISOString()}, got ${range.to.toISOString()}`);
  }
  if (rangeMs > MAX_RANGE_MS) {
    throw bad(
      'to',
      `must be at most ${MAX_RANGE_MS / 86_400_000} days after from, got ${Math.ceil(rangeMs / 86_400_000)} days`,
    );
  }
  const maxPoints = checkPoints(range.maxPoints, range.stepMs === null ? DEFAULT_POINTS : MAX_POINTS);
  if (range.stepMs === null) return aligned(range, fittingStep(range, maxPoints));
  if (!Number.isInteger(range.stepMs) || range.stepMs < MIN_STEP_MS) {
    throw bad('step', `must be a whole number of milliseconds from ${MIN_STEP_MS} on, got ${range.stepMs} ms`);
  }
  const buckets = aligned(range, range.stepMs > CELL_MS ? Math.ceil(range.stepMs / CELL_MS) * CELL_MS : range.stepMs);
  if (buckets.count > maxPoints) {
    const fitting = fittingStep(range, maxPoints) / 1000;
    throw bad(
      'step',
      `must be at least ${fitting} s for this range to stay within ${maxPoints} points, got ${range.stepMs / 1000} s`,
    );
  }
  return buckets;
}

/** At most so many buckets an answer about the range has, from 1 to 5000. Never throws: `planBuckets` says what is wrong with a range. */
export function mostBuckets({ from, to, stepMs, maxPoints }: HistoryRange): number {
  const preset = stepMs === null ? DEFAULT_POINTS : MAX_POINTS;
  const asked = Math.min(Math.max(1, maxPoints ?? preset), MAX_POINTS);
  if (stepMs === null) return asked;
  // The first bucket may begin before `from`.
  const covering = Math.ceil((to.getTime() - from.getTime()) / Math.max(MIN_STEP_MS, stepMs)) + 1;
  return Math.min(Math.max(1, covering), asked);
}

function checkPoints(asked: number | null, preset: number): number {
  if (asked === null) return preset;
  if (asked >= 1 && asked <= MAX_POINTS) return asked;
  throw bad('maxPoints', `must be from 1 to ${MAX_POINTS}, got ${asked}`);
}

/** The shortest round step with which the range takes at most `maxPoints` buckets. */
function fittingStep(range: HistoryRange, maxPoints: number): number {
  const fits = (stepMs: number): boolean => aligned(range, stepMs).count <= maxPoints;
  const shortest = range.maxPoints === null ? MIN_PRESET_STEP_MS : MIN_STEP_MS;
  const short = SHORT_STEPS_MS.find((stepMs) => stepMs >= shortest && fits(stepMs));
  if (short !== undefined) return short;
  const rangeMs = range.to.getTime() - range.from.getTime();
  let cells = Math.max(1, Math.floor(rangeMs / CELL_MS / maxPoints));
  // A range that lies askew may touch one bucket more; a single bucket has to hold it whole.
  while (!fits(cells * CELL_MS)) cells += Math.max(1, Math.floor(cells / 64));
  return cells * CELL_MS;
}

function aligned({ from, to }: HistoryRange, stepMs: number): Buckets {
  const startMs = Math.floor(from.getTime() / stepMs) * stepMs;
  return { stepMs, startMs, count: Math.ceil((to.getTime() - startMs) / stepMs) };
}

function bad(field: string, message: string): DomainError {
  return new DomainError('BAD_INPUT', `${field} ${message}`, field);
}
