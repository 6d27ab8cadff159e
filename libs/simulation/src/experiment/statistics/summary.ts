/** From cells to what is said of a policy at a ratio: means with intervals, differences to the baseline, frontiers. */
import { RandomStream } from '#units';
import type { FrontierRow, Interval, JudgementRow, PairedDifference, SummaryRow } from '../model/answer.js';
import type { CellMetrics, GuestOutcome } from '../model/cell.js';
import type { ExperimentSpec } from '../model/spec.js';
import {
  drawFleets,
  ratiosOf,
  replicatesFor,
  toGuestDays,
  type DoneCell,
  type DrawnFleet,
  type GuestDays,
  type WindowRatios,
} from './fleet-draws.js';
import { bootstrapP, holm, studentP } from './comparison.js';
import { frontierOf, meanPoint, type JudgedPoint } from './frontier.js';
import {
  countInterval,
  designEffect,
  mean,
  meanInterval,
  percentile,
  percentileInterval,
  wilsonInterval,
} from './intervals.js';
import { judge } from './judgement.js';
import { METRICS, METRIC_NAMES } from './metrics.js';

/** Events are rare while fewer guest-days than this have one: then a bootstrap is too sure of itself. */
const RARE_CLUSTERS = 20;
/** A day has no more independent windows than this: the memory of guests is correlated over hours. */
const INDEPENDENT_WINDOWS_A_DAY = 15;

/** A policy at a ratio: its cells by seed. */
interface Group {
  readonly policyAt: number;
  readonly ratioAt: number;
  readonly cells: ReadonlyMap<number, DoneCell>;
  readonly days: ReadonlyMap<number, GuestDays>;
  readonly replicates: (WindowRatios | null)[];
}

const RATIO_OF = {
  violatedWindowsRatio: 'violated',
  worstGuestViolatedRatio: 'worstGuest',
  policyViolatedWindowsRatio: 'policyViolated',
  worstGuestPolicyViolatedRatio: 'worstGuestOfPolicy',
  usefulTimeRatio: 'useful',
} as const satisfies Partial<Record<keyof CellMetrics, keyof WindowRatios>>;
type GuestMetric = keyof typeof RATIO_OF;

/** Deterministic: the same cells in any order give the same numbers. */
export function summarize(
  spec: ExperimentSpec,
  done: readonly DoneCell[],
): { readonly summary: SummaryRow[]; readonly frontier: FrontierRow[]; readonly judgement: JudgementRow[] } {
  const groups = groupCells(spec, done);
  const draws = drawAll(done);
  for (const group of groups) for (const draw of draws) group.replicates.push(ratiosOf(group.days, draw));
  return {
    summary: corrected(
      groups.flatMap((group) => METRIC_NAMES.map((metric) => summaryRow(spec, groups, group, metric))),
    ),
    frontier: spec.policies.map((_, policyAt) => frontierRow(spec, groups, draws, policyAt)),
    judgement: groups.flatMap(({ cells }) => {
      const [first, ...others] = cells.values();
      return first === undefined ? [] : [judge(spec, first.key, [first, ...others])];
    }),
  };
}

function groupCells(spec: ExperimentSpec, done: readonly DoneCell[]): Group[] {
  return spec.policies.flatMap((_, policyAt) =>
    spec.overcommitRatios.flatMap((__, ratioAt) => {
      const own = done
        .filter(({ key }) => key.policyAt === policyAt && key.ratioAt === ratioAt)
        .sort((one, other) => one.key.seedAt - other.key.seedAt);
      if (own.length === 0) return [];
      const cells = new Map(own.map((cell) => [cell.key.seedAt, cell]));
      const days = new Map(own.map((cell) => [cell.key.seedAt, toGuestDays(cell.guests)]));
      return [{ policyAt, ratioAt, cells, days, replicates: [] }];
    }),
  );
}

function drawAll(done: readonly DoneCell[]): DrawnFleet[][] {
  const fleets = new Map<number, readonly GuestOutcome[]>();
  for (const { key, guests } of done) fleets.set(key.seedAt, fleets.get(key.seedAt) ?? guests);
  const ordered = new Map([...fleets].sort(([one], [other]) => one - other));
  const random = RandomStream.of(0, 'bootstrap');
  return Array.from({ length: replicatesFor(done) }, () => drawFleets(ordered, random));
}

/** Policies at a ratio are compared with the baseline together. */
function corrected(rows: readonly SummaryRow[]): SummaryRow[] {
  return rows.map((row) => {
    const difference = row.pairedDifferenceToBaseline;
    if (difference === null) return row;
    const compared = rows.filter(({ ratio, metric }) => ratio === row.ratio && metric === row.metric);
    const values = holm(compared.map(({ pairedDifferenceToBaseline: other }) => other?.holmP ?? null));
    return { ...row, pairedDifferenceToBaseline: { ...difference, holmP: values[compared.indexOf(row)] ?? null } };
  });
}

/** Its difference is not corrected yet. */
function summaryRow(
  spec: ExperimentSpec,
  groups: readonly Group[],
  group: Group,
  metric: keyof CellMetrics,
): SummaryRow {
  const baseline = groups.find(({ policyAt, ratioAt }) => policyAt === 0 && ratioAt === group.ratioAt);
  return {
    policy: spec.policies[group.policyAt]?.label ?? '',
    ratio: spec.overcommitRatios[group.ratioAt] ?? 0,
    metric,
    ...within(metric, intervalOf(group, metric)),
    pairedDifferenceToBaseline:
      group.policyAt === 0 || baseline === undefined ? null : difference(group, baseline, metric),
  };
}

function intervalOf(group: Group, metric: keyof CellMetrics): Interval {
  const values = [...group.cells.values()].map(({ metrics }) => metrics[metric]);
  const { kind } = METRICS[metric];
  if (kind === 'COUNT') return countOrMean(values, metric);
  if (!isGuestMetric(metric)) return meanInterval(values, metric);
  const drawn = percentileInterval(mean(values), replicatesOf(group, metric));
  if (metric === 'violatedWindowsRatio') return widenedIfRare(group, 'violated', drawn);
  return metric === 'policyViolatedWindowsRatio' ? widenedIfRare(group, 'policyViolated', drawn) : drawn;
}

/** No kill in five runs does not mean that there never is one. */
function countOrMean(values: readonly number[], seed: string): Interval {
  const events = values.reduce((sum, value) => sum + value, 0);
  return events < RARE_CLUSTERS ? countInterval(events, values.length) : meanInterval(values, seed);
}

function widenedIfRare({ days }: Group, column: 'violated' | 'policyViolated', drawn: Interval): Interval {
  const clusters = [...days.values()].flatMap((fleet) =>
    [...fleet.windows].map((trials, at) => ({ trials, events: fleet[column][at] ?? 0 })),
  );
  if (clusters.filter(({ events }) => events > 0).length >= RARE_CLUSTERS) return drawn;
  const events = clusters.reduce((sum, one) => sum + one.events, 0);
  const trials = clusters.reduce((sum, one) => sum + one.trials, 0);
  const aDay = trials / Math.max(1, clusters.length) / INDEPENDENT_WINDOWS_A_DAY;
  const wilson = wilsonInterval(events, trials, Math.max(designEffect(clusters), aDay));
  return { mean: drawn.mean, low: Math.min(drawn.mean, wilson.low), high: Math.max(drawn.mean, wilson.high) };
}

/** Seed by seed, which share demand and chance: what differs is the policy. */
function difference(group: Group, baseline: Group, metric: keyof CellMetrics): PairedDifference {
  const pairs = [...group.cells].flatMap(([seedAt, { metrics }]) => {
    const base = baseline.cells.get(seedAt);
    return base === undefined ? [] : [metrics[metric] - base.metrics[metric]];
  });
  if (!isGuestMetric(metric)) return { ...meanInterval(pairs, metric), holmP: studentP(pairs) };
  const own = group.replicates;
  const differences = own.flatMap((ratios, at) => {
    const base = baseline.replicates[at] ?? null;
    return ratios === null || base === null ? [] : [ratios[RATIO_OF[metric]] - base[RATIO_OF[metric]]];
  });
  return { ...percentileInterval(mean(pairs), differences), holmP: bootstrapP(differences) };
}

function isGuestMetric(metric: keyof CellMetrics): metric is GuestMetric {
  return metric in RATIO_OF;
}

function replicatesOf({ replicates }: Group, metric: GuestMetric): number[] {
  return replicates.flatMap((ratios) => (ratios === null ? [] : [ratios[RATIO_OF[metric]]]));
}

/** No figure of a cell is negative, and no ratio above 1. */
function within(metric: keyof CellMetrics, { mean: center, low, high }: Interval): Interval {
  const most = METRICS[metric].unit === 'ratio' ? 1 : Infinity;
  return { mean: center, low: Math.max(Math.min(0, center), low), high: Math.min(Math.max(most, center), high) };
}

function frontierRow(
  spec: ExperimentSpec,
  groups: readonly Group[],
  draws: readonly DrawnFleet[][],
  policyAt: number,
): FrontierRow {
  const own = groups.filter((group) => group.policyAt === policyAt);
  const size = { guests: spec.guests.count, durationMs: spec.durationMs };
  const measured = own.map((group) => pointOf(spec, group, [...group.cells.keys()], null));
  const found = frontierOf(measured, spec.slo, size);
  const row = {
    policy: spec.policies[policyAt]?.label ?? '',
    ratioWithoutReserve: frontierOf(measured, { ...spec.slo, reserveKeptRatio: 0 }, size).ratio,
    firstBroken: found.firstBroken,
  };
  if (found.ratio === null) return { ...row, ratio: null, low: null, high: null };
  const drawn = draws
    .flatMap((draw, at) => {
      const seeds = draw.map(({ seedAt }) => seedAt);
      // A draw of nothing but seeds whose cell failed says nothing about that ratio.
      if (!own.every(({ cells }) => seeds.some((seedAt) => cells.has(seedAt)))) return [];
      const points = own.map((group) => pointOf(spec, group, seeds, group.replicates[at] ?? null));
      return [frontierOf(points, spec.slo, size).ratio ?? -Infinity];
    })
    .sort((one, other) => one - other);
  const low = Math.min(found.ratio, percentile(drawn, 0.025));
  const high = Math.max(found.ratio, percentile(drawn, 0.975));
  return { ...row, ratio: found.ratio, low: Number.isFinite(low) ? low : null, high };
}

/** What the objective judges: means over `seeds`, with the windows as `ratios` drew them. */
function pointOf(
  spec: ExperimentSpec,
  group: Group,
  seeds: readonly number[],
  ratios: WindowRatios | null,
): JudgedPoint {
  const cells = seeds.flatMap((seedAt) => group.cells.get(seedAt)?.metrics ?? []);
  const point = meanPoint(spec.overcommitRatios[group.ratioAt] ?? 0, cells);
  if (ratios === null) return point;
  const windows = {
    policyViolatedWindowsRatio: ratios.policyViolated,
    worstGuestPolicyViolatedRatio: ratios.worstGuestOfPolicy,
  };
  return { ...point, metrics: { ...point.metrics, ...windows } };
}
