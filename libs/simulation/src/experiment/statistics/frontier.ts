/** The largest ratio at which the objective holds, and what breaks first beyond it. */
import type { Objective } from '../../objective/objective.js';
import type { ObjectivePart } from '../model/answer.js';
import type { CellMetrics } from '../model/cell.js';
import { mean } from './intervals.js';

const MONTH_MS = 30 * 86_400_000;

const JUDGED = [
  'policyViolatedWindowsRatio',
  'worstGuestPolicyViolatedRatio',
  'hostOomKills',
  'policyOomKills',
  'reserveKeptRatio',
  'recoveryMsP99',
] as const satisfies readonly (keyof CellMetrics)[];

/** The figures that the objective judges, at one ratio. */
export interface JudgedPoint {
  readonly ratio: number;
  readonly metrics: Readonly<Pick<CellMetrics, (typeof JUDGED)[number]>>;
}

/** Means over cells of one policy and ratio. */
export function meanPoint(ratio: number, cells: readonly CellMetrics[]): JudgedPoint {
  const means = JUDGED.map((name) => [name, mean(cells.map((metrics) => metrics[name]))]);
  return { ratio, metrics: Object.fromEntries(means) as JudgedPoint['metrics'] };
}

/** How much of a month of a thousand guests a run was. */
export interface RunSize {
  readonly guests: number;
  readonly durationMs: number;
}

interface Test {
  readonly part: ObjectivePart;
  readonly metric: (typeof JUDGED)[number];
  /** Holds up to `limit`. */
  readonly value: number;
  readonly limit: number;
}

function testsOf({ metrics }: JudgedPoint, slo: Objective, { guests, durationMs }: RunSize): Test[] {
  const thousandMonths = ((guests / 1000) * durationMs) / MONTH_MS;
  const test = (part: ObjectivePart, metric: Test['metric'], limit: number, value = metrics[metric]): Test => ({
    part,
    metric,
    value,
    limit,
  });
  const killsPerMonth = metrics.policyOomKills / Math.max(thousandMonths, Number.MIN_VALUE);
  return [
    test('safety', 'hostOomKills', slo.hostOomKills),
    test('safety', 'policyOomKills', slo.policyOomKillsPerThousandGuestMonths, killsPerMonth),
    test('performance', 'policyViolatedWindowsRatio', slo.violatedWindowsRatio),
    test('fairness', 'worstGuestPolicyViolatedRatio', slo.worstGuestViolatedRatio),
    test('reserve', 'reserveKeptRatio', 1 - slo.reserveKeptRatio, 1 - metrics.reserveKeptRatio),
    test('recovery', 'recoveryMsP99', slo.recoveryMsP99),
  ];
}

/** Tests of the objective that fail at a point, by how far: the largest multiple of its limit first. */
export function brokenTests(point: JudgedPoint, slo: Objective, size: RunSize): Test[] {
  const broken = testsOf(point, slo, size).filter(({ value, limit }) => value > limit + EPSILON);
  return broken.sort((one, other) => excessOf(other) - excessOf(one));
}

function excessOf({ value, limit }: Test): number {
  return value / Math.max(limit, EPSILON);
}

/** 1 − 0.9999 is a little more than 0.0001. */
const EPSILON = 1e-12;

export interface Frontier {
  /** Null: it holds not even at the smallest ratio. */
  readonly ratio: number | null;
  readonly firstBroken: ObjectivePart | null;
}

/**
 * Walks the ratios upwards to the first that breaks, and from the last good one to it along a straight line for each part that
 * broke: the one that reaches its limit first says where. A larger ratio that holds again is luck and does not count.
 */
export function frontierOf(points: readonly JudgedPoint[], slo: Objective, size: RunSize): Frontier {
  const ascending = [...points].sort((one, other) => one.ratio - other.ratio);
  let good: JudgedPoint | null = null;
  for (const point of ascending) {
    const before = good === null ? null : testsOf(good, slo, size);
    let first: { ratio: number; excess: number; part: ObjectivePart } | null = null;
    for (const [at, test] of testsOf(point, slo, size).entries()) {
      const { part, value, limit } = test;
      if (value <= limit + EPSILON) continue;
      const held = Math.min(before?.[at]?.value ?? 0, limit);
      const ratio =
        good === null ? point.ratio : good.ratio + ((limit - held) / (value - held)) * (point.ratio - good.ratio);
      const excess = excessOf(test);
      const isEarlier = first === null || ratio < first.ratio || (ratio === first.ratio && excess > first.excess);
      if (isEarlier) first = { ratio, excess, part };
    }
    if (first !== null) return { ratio: good === null ? null : first.ratio, firstBroken: first.part };
    good = point;
  }
  return { ratio: good?.ratio ?? null, firstBroken: null };
}
