/**
 * A host whose policy knows the demand of every step before it comes: each guest has just what it uses, and nothing else is in
 * memory. No policy can do better; it serves to check the engine against the bound of the rows.
 */
import { GuestTally } from './guest-tally.js';
import type { GuestPlan } from '../../workload/plan-guests.js';
import type { ExperimentSpec } from '../model/spec.js';
import { endsWindow } from './windows.js';
import { capacityOf, type HostRun, type HostSetting } from './run-host.js';

/** Guests need a demand that stands by itself: a trace's column. One that is a model counts with all that it is assigned. */
export function runPerfectHost(
  spec: ExperimentSpec,
  { host, ratio }: HostSetting,
  plans: readonly GuestPlan[],
  onStep: () => void,
): HostRun {
  const capacityBytes = capacityOf(plans, ratio);
  const tallies = plans.map(({ restarts }) => new GuestTally(spec.costs, spec.slo, spec.warmUpMs, restarts));
  const columns = { timesMs: [] as number[], demandBytes: [] as number[], swappedBytes: [] as number[] };
  let oomKills = 0;
  let steps = 0;
  let peak = 0;
  let swappedMost = 0;
  for (let timeMs = 0; timeMs < spec.durationMs; timeMs += spec.stepMs) {
    const demand = plans.reduce((sum, plan) => sum + (plan.usedBytesAt?.(timeMs) ?? plan.assignedBytes), 0);
    const beyond = Math.max(0, demand - capacityBytes);
    if (beyond > spec.hosts.swapBytes) oomKills++;
    peak = Math.max(peak, demand);
    swappedMost = Math.max(swappedMost, beyond);
    steps++;
    if (endsWindow(spec, timeMs + spec.stepMs)) {
      columns.timesMs.push(timeMs + spec.stepMs);
      columns.demandBytes.push(peak);
      columns.swappedBytes.push(swappedMost);
      for (const tally of tallies) tally.endPerfectWindow(swappedMost > 0, timeMs + spec.stepMs);
      peak = 0;
      swappedMost = 0;
    }
    onStep();
  }
  const residentBytes = columns.demandBytes.map((bytes) => Math.min(bytes, capacityBytes));
  const balloonBytes = columns.timesMs.map(() => 0);
  return {
    plans,
    tallies,
    timeline: { host, capacityBytes, residentBytes, balloonBytes, ...columns },
    oomKills,
    swappedOutPages: 0,
    residentPeakBytes: Math.max(0, ...residentBytes),
    steps,
    reserveKept: steps,
  };
}
