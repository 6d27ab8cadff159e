/** The largest ratio at which the objective holds, and what breaks first beyond it. */
import type { Objective } from '../../objective/objective.js';
import type { ObjectivePart } from '../model/answer.js';
import type { CellMetrics } from '../model/cell.js';

const MONTH_MS = 30 * 86_400_000;

/** The figures that the objective judges, at one ratio. */
export interface JudgedPoint {
  readonly ratio: number;
  readonly metrics: Readonly<
    Pick<
      CellMetrics,
      | 'violatedWindowsRatio'
      | 'worstGuestViolatedRatio'
      | 'hostOomKills'
      | 'policyOomKills'
      | 'reserveKeptRatio'
      | 'recoveryMsP99'
    >
  >;
}

/** How much of a month of a thousand guests a run was. */
export interface RunSize {
  readonly guests: number;
  readonly durationMs: number;
}

interface Test {
  readonly part: ObjectivePart;
  /** Holds up to `limit`. */
  readonly value: number;
  readonly limit: number;
}

function testsOf({ metrics }: JudgedPoint, slo: Objective, { guests, durationMs }: RunSize): Test[] {
  const thousandMonths = ((guests / 1000) * durationMs) / MONTH_MS;
  return [
    { part: 'safety', value: metrics.hostOomKills, limit: slo.hostOomKills },
    {
      part: 'safety',
      value: metrics.policyOomKills / Math.max(thousandMonths, Number.MIN_VALUE),
      limit: slo.policyOomKillsPerThousandGuestMonths,
    },
    { part: 'performance', value: metrics.violatedWindowsRatio, limit: slo.violatedWindowsRatio },
    { part: 'fairness', value: metrics.worstGuestViolatedRatio, limit: slo.worstGuestViolatedRatio },
    { part: 'reserve', value: 1 - metrics.reserveKeptRatio, limit: 1 - slo.reserveKeptRatio },
    { part: 'recovery', value: metrics.recoveryMsP99, limit: slo.recoveryMsP99 },
  ];
}

/** Parts of the objective that do not hold at a point. */
export function brokenParts(point: JudgedPoint, slo: Objective, size: RunSize): ObjectivePart[] {
  const broken = testsOf(point, slo, size).filter(({ value, limit }) => value > limit + EPSILON);
  return [...new Set(broken.map(({ part }) => part))];
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
    for (const [at, { part, value, limit }] of testsOf(point, slo, size).entries()) {
      if (value <= limit + EPSILON) continue;
      const held = Math.min(before?.[at]?.value ?? 0, limit);
      const ratio =
        good === null ? point.ratio : good.ratio + ((limit - held) / (value - held)) * (point.ratio - good.ratio);
      const excess = value / Math.max(limit, EPSILON);
      const isEarlier = first === null || ratio < first.ratio || (ratio === first.ratio && excess > first.excess);
      if (isEarlier) first = { ratio, excess, part };
    }
    if (first !== null) return { ratio: good === null ? null : first.ratio, firstBroken: first.part };
    good = point;
  }
  return { ratio: good?.ratio ?? null, firstBroken: null };
}
