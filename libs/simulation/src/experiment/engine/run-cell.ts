/**
 * One cell of an experiment: all its hosts, one after the other. A pure function of spec, key and traces: the same on any thread of
 * any machine. Every guest has its streams of chance by its own name, so that what a policy does shifts nobody else's luck.
 */
import { PAGE_SIZE_BYTES, invariant } from '#units';
import type { TraceIndex } from '../../trace/trace-index.js';
import { PERFECT_POLICY, type ExperimentSpec } from '../model/spec.js';
import {
  policyViolated,
  type CellKey,
  type CellMetrics,
  type CellResult,
  type DayOutcome,
  type GuestOutcome,
} from '../model/cell.js';
import { planHosts } from './plan-hosts.js';
import { runPerfectHost } from './perfect-host.js';
import type { GuestTally } from './guest-tally.js';
import { atFullBacking, runHost, type FullBacking, type HostRun } from './run-host.js';

/** Guests of one tenant share part of their load. */
const TENANT_GUESTS = 8;
const TICKS_PER_MS = 1 / 1000;

/** `onProgress` is told the share that is done, 0 to 1. Throws DomainError for traces that cannot be read. */
export function runCell(
  spec: ExperimentSpec,
  key: CellKey,
  index: TraceIndex | null,
  onProgress: (share: number) => void = () => undefined,
): CellResult {
  const policy = spec.policies[key.policyAt];
  const ratio = spec.overcommitRatios[key.ratioAt];
  const seed = spec.seeds[key.seedAt];
  invariant(policy !== undefined && ratio !== undefined && seed !== undefined, 'keys name cells of the spec');
  const hosts = planHosts(spec, seed, index);
  const allSteps = (hosts.length * spec.durationMs) / spec.stepMs;
  let steps = 0;
  const onStep = (): void => {
    steps++;
    onProgress(steps / allSteps);
  };
  const runs = hosts.map(({ host, guests }) => {
    const setting = { host, ratio, seed, policy };
    return policy.name === PERFECT_POLICY
      ? runPerfectHost(spec, setting, guests(), onStep)
      : runHost(spec, setting, guests(), onStep);
  });
  // Perfect knowledge runs no guests: what it is short of is the host's.
  const backings = runs.map(({ plans, tallies }) =>
    plans.map((plan, at) =>
      policy.name !== PERFECT_POLICY && isHarmed(tallies[at]) ? atFullBacking(spec, plan, seed) : UNHARMED,
    ),
  );
  const guests = runs.flatMap((run, host) => outcomesOf(run, backings[host] ?? [], host, host * spec.hosts.perHost));
  return {
    status: 'DONE',
    key,
    metrics: metricsOf(runs, guests, policyKills(runs, backings)),
    guests,
    timelines: runs.map(({ timeline }) => timeline),
    guestSeconds: guests.length * spec.durationMs * TICKS_PER_MS,
  };
}

const UNHARMED: FullBacking = { oomKills: 0, days: [] };

/** Only those who lost something are run again at full backing. */
function isHarmed(tally: GuestTally | undefined): boolean {
  return tally !== undefined && (tally.oomKills > 0 || tally.days.some(({ violatedWindows }) => violatedWindows > 0));
}

/** Kills that the same guest is spared when nobody takes memory from it. */
function policyKills(runs: readonly HostRun[], backings: readonly (readonly FullBacking[])[]): number {
  return sum(
    runs.flatMap(({ tallies }, host) =>
      tallies.map(({ oomKills }, at) => Math.max(0, oomKills - (backings[host]?.[at]?.oomKills ?? 0))),
    ),
    (kills) => kills,
  );
}

function outcomesOf(
  { plans, tallies }: HostRun,
  backings: readonly FullBacking[],
  host: number,
  first: number,
): GuestOutcome[] {
  return plans.map(({ name, assignedBytes }, at) => ({
    name,
    tenant: Math.floor((first + at) / TENANT_GUESTS),
    host,
    assignedBytes,
    oomKills: tallies[at]?.oomKills ?? 0,
    days: (tallies[at]?.days ?? []).map((day, dayAt) => withShortage(day, backings[at]?.days[dayAt])),
  }));
}

/** Windows are compared day by day: what a guest went through before may shift them by some. */
function withShortage(day: DayOutcome, atBest: DayOutcome | undefined): DayOutcome {
  const shortAtFullBacking = Math.min(day.violatedWindows, atBest?.violatedWindows ?? 0);
  return shortAtFullBacking === 0 ? day : { ...day, shortAtFullBacking };
}

function metricsOf(runs: readonly HostRun[], guests: readonly GuestOutcome[], policyOomKills: number): CellMetrics {
  const tallies = runs.flatMap((run) => run.tallies);
  const windows = tallies.flatMap((tally) => tally.windows);
  const days = guests.flatMap((guest) => guest.days);
  const ratioOf = (of: readonly DayOutcome[], harm: (day: DayOutcome) => number): number =>
    sum(of, harm) /
    Math.max(
      1,
      sum(of, (day) => day.windows),
    );
  const worstOf = (harm: (day: DayOutcome) => number): number =>
    Math.max(0, ...guests.map((guest) => ratioOf(guest.days, harm)));
  const violated = (day: DayOutcome): number => day.violatedWindows;
  const usefulMs = sum(days, (day) => day.usefulMs);
  const indexes = tallies.flatMap((tally) => tally.unusableIndexes);
  const granted = sum(tallies, (tally) => tally.thpGranted);
  const asked = granted + sum(tallies, (tally) => tally.thpFellBack);
  const swapFaults = sum(tallies, (tally) => tally.swapFaults);
  return {
    violatedWindowsRatio: ratioOf(days, violated),
    worstGuestViolatedRatio: worstOf(violated),
    policyViolatedWindowsRatio: ratioOf(days, policyViolated),
    worstGuestPolicyViolatedRatio: worstOf(policyViolated),
    usefulTimeRatio: usefulMs / Math.max(1, usefulMs + sum(days, (day) => day.stalledMs)),
    hostOomKills: sum(runs, (run) => run.oomKills),
    guestOomKills: sum(tallies, (tally) => tally.oomKills),
    policyOomKills,
    hostSwapInBytes: swapFaults * PAGE_SIZE_BYTES,
    hostSwapOutBytes: sum(runs, (run) => run.swappedOutPages) * PAGE_SIZE_BYTES,
    majorFaults: swapFaults + sum(tallies, (tally) => tally.majorFaults),
    pressureSomeP99: percentile(windows.map(({ some }) => some)),
    pressureFullP99: percentile(windows.map(({ full }) => full)),
    hostPressureSomeP99: percentile(windows.map(({ host }) => host)),
    balloonMovedBytes: sum(tallies, (tally) => tally.balloonMovedPages) * PAGE_SIZE_BYTES,
    balloonLagMsP99: percentile(tallies.flatMap((tally) => tally.lagsMs)),
    unusableIndex9Mean: sum(indexes, (index) => index) / Math.max(1, indexes.length),
    thpFaultAllocRatio: asked === 0 ? 1 : granted / asked,
    residentPeakBytes: Math.max(0, ...runs.map((run) => run.residentPeakBytes)),
    reserveKeptRatio:
      sum(runs, (run) => run.reserveKept) /
      Math.max(
        1,
        sum(runs, (run) => run.steps),
      ),
    recoveryMsP99: percentile(tallies.flatMap((tally) => tally.recoveriesMs)),
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** The 99th percentile by nearest rank; 0 of nothing. */
function percentile(values: readonly number[]): number {
  const ordered = Float64Array.from(values).sort();
  return ordered[Math.max(0, Math.ceil(0.99 * ordered.length) - 1)] ?? 0;
}
