/** One host of a cell from its first second to its last. Hosts of a cell do not touch each other. */
import { activityAt } from '#guest';
import { findPolicy, parseParameters, type ParameterValues, type Policy } from '#policy';
import { GIB, PAGE_SIZE_BYTES, invariant } from '#units';
import type { HostGuestSpec } from '../../host/host-guest.js';
import { HostSimulation } from '../../host/host-simulation.js';
import type { GuestPlan } from '../../workload/plan-guests.js';
import type { HostTimeline } from '../model/cell.js';
import type { ExperimentSpec, PolicyChoice } from '../model/spec.js';
import { capacityAt, troublesOf } from './faults.js';
import { GuestTally } from './guest-tally.js';
import { toOptions } from './plan-hosts.js';
import { Timeline } from './timeline.js';
import { endsWindow } from './windows.js';

/** Policies decide this often, unless a step is longer. */
const DECIDE_EVERY_MS = 10_000;

export interface HostRun {
  readonly plans: readonly GuestPlan[];
  readonly tallies: readonly GuestTally[];
  readonly timeline: HostTimeline;
  readonly oomKills: number;
  readonly swappedOutPages: number;
  readonly residentPeakBytes: number;
  /** Steps after warming up. */
  readonly steps: number;
  /** Of these, those after which the host had its reserve free. */
  readonly reserveKept: number;
}

export interface HostSetting {
  readonly host: number;
  readonly ratio: number;
  readonly seed: number;
  readonly policy: PolicyChoice;
}

/** `onStep` hears of every step. */
export function runHost(
  spec: ExperimentSpec,
  { host, ratio, seed, policy }: HostSetting,
  plans: readonly GuestPlan[],
  onStep: () => void,
): HostRun {
  const capacityBytes = capacityOf(plans, ratio);
  const simulation = new HostSimulation({
    id: `host-${host + 1}`,
    capacityBytes,
    reservedBytes: 0,
    swapBytes: spec.hosts.swapBytes,
    guests: plans.map((plan) => toHostGuest(spec, plan)),
    policy: toRule(policy),
    decideEveryMs: Math.max(spec.stepMs, DECIDE_EVERY_MS),
    stepMs: spec.stepMs,
    troubleAt: troublesOf(
      spec.faults,
      plans.map(({ name }) => name),
      seed,
    ),
  });
  const tallies = plans.map(({ restarts }) => new GuestTally(spec.costs, spec.slo, spec.warmUpMs, restarts));
  const timeline = new Timeline(host, capacityBytes);
  let residentPeakPages = 0;
  let reserveKept = 0;
  let steps = 0;
  while (simulation.timeMs < spec.durationMs) {
    simulation.capacityBytes = capacityAt(spec.faults, capacityBytes, simulation.timeMs);
    // Guests begin full and without balloons, as no host would have let them: until they have found their sizes it swaps all it must.
    simulation.swapBytes = simulation.timeMs < spec.warmUpMs ? Infinity : spec.hosts.swapBytes;
    const stepped = simulation.step();
    const { timeMs } = simulation;
    simulation.guests.forEach((guest, at) => {
      const step = stepped[at];
      if (step !== undefined) tallies[at]?.add(guest, step, timeMs);
    });
    residentPeakPages = Math.max(residentPeakPages, simulation.residentPages);
    if (timeMs > spec.warmUpMs) {
      steps++;
      if (isReserveKept(simulation)) reserveKept++;
    }
    if (endsWindow(spec, timeMs)) {
      simulation.guests.forEach((guest, at) => tallies[at]?.endWindow(guest, timeMs));
      timeline.add(simulation, plans, timeMs);
    }
    onStep();
  }
  for (const tally of tallies) tally.end(spec.durationMs);
  const { oomKills, swappedOutPages } = simulation;
  const residentPeakBytes = residentPeakPages * PAGE_SIZE_BYTES;
  return {
    plans,
    tallies,
    timeline: timeline.columns,
    oomKills,
    swappedOutPages,
    residentPeakBytes,
    steps,
    reserveKept,
  };
}

/** The reserve is for what guests may yet touch: a host that backs all of their memory needs none. */
function isReserveKept({ freePages, capacityBytes, guests }: HostSimulation): boolean {
  const untouchedPages = guests.reduce((sum, guest) => sum + guest.assignedPages - guest.inMemoryPages, 0);
  return freePages >= Math.min(leastFreeBytes(capacityBytes) / PAGE_SIZE_BYTES, untouchedPages);
}

/** What a guest's own memory does to it. */
export type FullBacking = Pick<GuestTally, 'oomKills' | 'days'>;

/** By spec, then by seed and guest: cells of other policies and ratios ask for the same. */
const knownBackings = new WeakMap<ExperimentSpec, Map<string, FullBacking>>();

/** What one guest alone comes to at full backing, where nobody takes memory from it. */
export function atFullBacking(spec: ExperimentSpec, plan: GuestPlan, seed: number): FullBacking {
  const known = knownBackings.get(spec) ?? new Map<string, FullBacking>();
  knownBackings.set(spec, known);
  const key = `${seed} ${plan.name}`;
  const found = known.get(key) ?? runAlone(spec, plan, seed);
  known.set(key, found);
  return found;
}

function runAlone(spec: ExperimentSpec, plan: GuestPlan, seed: number): FullBacking {
  const alone = { ...spec, hosts: { ...spec.hosts, swapBytes: 0 }, faults: [] };
  const none: PolicyChoice = { name: 'none', label: 'none', parameters: {} };
  const [tally] = runHost(alone, { host: 0, ratio: 1, seed, policy: none }, [plan], () => undefined).tallies;
  invariant(tally !== undefined, 'one guest was run');
  const { oomKills, days } = tally;
  return { oomKills, days };
}

/** Assigned memory of the guests over the ratio, in whole pages. */
export function capacityOf(plans: readonly GuestPlan[], ratio: number): number {
  const assigned = plans.reduce((sum, { assignedBytes }) => sum + assignedBytes, 0);
  return Math.floor(assigned / ratio / PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES;
}

/** What a host keeps free for itself, as ESX does: 6 % of the first 4 GiB, 4 % up to 12, 2 % up to 28, 1 % of the rest. */
function leastFreeBytes(capacityBytes: number): number {
  const between = (from: number, to: number): number => Math.max(0, Math.min(capacityBytes, to * GIB) - from * GIB);
  return 0.06 * between(0, 4) + 0.04 * between(4, 12) + 0.02 * between(12, 28) + 0.01 * between(28, Infinity);
}

function toHostGuest(spec: ExperimentSpec, plan: GuestPlan): HostGuestSpec {
  const { minRatio, shares } = spec.guests;
  const loadAt = (timeMs: number): number => activityAt(plan.workload, timeMs).load;
  const minBytes = Math.floor((plan.assignedBytes * minRatio) / PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES;
  return { id: plan.name, options: toOptions(spec, plan), minBytes, shares, loadAt };
}

function toRule({
  name,
  parameters,
}: PolicyChoice): { readonly rule: Policy; readonly parameters: ParameterValues } | null {
  if (name === 'none') return null;
  const found = findPolicy(name);
  invariant(found.ok, 'specs name policies that exist');
  const values = parseParameters(found.value, parameters);
  invariant(values.ok, 'specs give policies parameters that they take');
  return { rule: found.value, parameters: values.value };
}
