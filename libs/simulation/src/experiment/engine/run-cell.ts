/**
 * One cell of an experiment: all its hosts, one after the other. A pure function of spec, key and traces: the same on any thread of
 * any machine. Every guest has its streams of chance by its own name, so that what a policy does shifts nobody else's luck.
 */
import { PAGE_SIZE_BYTES, invariant } from '#units';
import type { TraceIndex } from '../../trace/trace-index.js';
import { PERFECT_POLICY, type ExperimentSpec } from '../model/spec.js';
import type { CellKey, CellMetrics, CellResult, GuestOutcome } from '../model/cell.js';
import { planHosts } from './plan-hosts.js';
import { runPerfectHost } from './perfect-host.js';
import { killsAtFullBacking, runHost, type HostRun } from './run-host.js';

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
  const guests = runs.flatMap((run, host) => outcomesOf(run, host, host * spec.hosts.perHost));
  return {
    status: 'DONE',
    key,
    metrics: metricsOf(runs, guests, policyKills(spec, runs, seed)),
    guests,
    timelines: runs.map(({ timeline }) => timeline),
    guestSeconds: guests.length * spec.durationMs * TICKS_PER_MS,
  };
}

/** Kills that the same guest is spared when nobody takes memory from it; only those who had one are run again. */
function policyKills(spec: ExperimentSpec, runs: readonly HostRun[], seed: number): number {
  let kills = 0;
  for (const { plans, tallies } of runs) {
    plans.forEach((plan, at) => {
      const had = tallies[at]?.oomKills ?? 0;
      if (had > 0) kills += Math.max(0, had - killsAtFullBacking(spec, plan, seed));
    });
  }
  return kills;
}

function outcomesOf({ plans, tallies }: HostRun, host: number, first: number): GuestOutcome[] {
  return plans.map(({ name, assignedBytes }, at) => ({
    name,
    tenant: Math.floor((first + at) / TENANT_GUESTS),
    host,
    assignedBytes,
    oomKills: tallies[at]?.oomKills ?? 0,
    days: tallies[at]?.days ?? [],
  }));
}

function metricsOf(runs: readonly HostRun[], guests: readonly GuestOutcome[], policyOomKills: number): CellMetrics {
  const tallies = runs.flatMap((run) => run.tallies);
  const windows = tallies.flatMap((tally) => tally.windows);
  const days = guests.flatMap((guest) => guest.days);
  const ratioOf = (of: readonly { windows: number; violatedWindows: number }[]): number =>
    sum(of, (day) => day.violatedWindows) /
    Math.max(
      1,
      sum(of, (day) => day.windows),
    );
  const usefulMs = sum(days, (day) => day.usefulMs);
  const indexes = tallies.flatMap((tally) => tally.unusableIndexes);
  const granted = sum(tallies, (tally) => tally.thpGranted);
  const asked = granted + sum(tallies, (tally) => tally.thpFellBack);
  const swapFaults = sum(tallies, (tally) => tally.swapFaults);
  return {
    violatedWindowsRatio: ratioOf(days),
    worstGuestViolatedRatio: Math.max(0, ...guests.map((guest) => ratioOf(guest.days))),
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
