/**
 * hypeman's rule. Targets are counted from the size a guest normally has (its baseline, else what it is configured with),
 * not from its present size: when the host recovers every guest goes back to normal, step by step.
 */
import { ceilingBytes, clamp, sumOf, targetSizeBytes } from '../model/sizes.js';
import { rounded, seconds, size } from '../arithmetic/words.js';
import type { Decision, Move, Stay } from '../model/decision.js';
import type { GuestView, HostView } from '../model/view.js';
import type { HeadroomValues, PressureState } from './headroom-parameters.js';

interface Candidate {
  readonly guest: GuestView;
  readonly anchorBytes: number;
  readonly floor: number;
  /** What it may be asked for: anchor − floor. */
  readonly headroomBytes: number;
}

export function decideByHost(
  view: HostView,
  guests: readonly GuestView[],
  values: HeadroomValues,
  before: PressureState,
): Decision {
  const availablePercent = view.host.capacityBytes > 0 ? (100 * view.host.availableBytes) / view.host.capacityBytes : 0;
  const isStressed = view.host.pressure.some10 > values.stressSome10Ratio;
  const state = nextPressureState(before, availablePercent, isStressed, values);
  const candidates = guests.map((guest) => candidateOf(guest, values));
  const neededBytes = Math.max(automaticNeed(view, candidates, state, isStressed, values), values.requestBytes);
  const shares = splitByHeadroom(candidates, neededBytes);

  const moves: Move[] = [];
  const stays: Stay[] = [];
  const host = `host ${state}, ${rounded(availablePercent)} % available, ${size(neededBytes)} to reclaim`;
  candidates.forEach((candidate, index) => {
    const outcome = settle(candidate, candidate.anchorBytes - (shares[index] ?? 0), view.timeMs, values, host);
    if ('cause' in outcome) stays.push(outcome);
    else moves.push(outcome);
  });
  const policyFloorBytes = (guest: GuestView): number => protectedFloorBytes(guest, values);
  return { moves, stays, neededBytes, memory: { state }, policyFloorBytes };
}

/** Enters strictly below the lower threshold or under stress; leaves at the upper one, without stress. */
export function nextPressureState(
  current: PressureState,
  availablePercent: number,
  isStressed: boolean,
  values: HeadroomValues,
): PressureState {
  if (current === 'PRESSURE') {
    return availablePercent >= values.pressureLowWatermarkAvailablePercent && !isStressed ? 'HEALTHY' : 'PRESSURE';
  }
  return availablePercent < values.pressureHighWatermarkAvailablePercent || isStressed ? 'PRESSURE' : 'HEALTHY';
}

/** Size that a guest grows to when it fills up: from its anchor at the threshold to its ceiling when full. */
export function grownBytes(guest: GuestView, anchorBytes: number, usedPercent: number, values: HeadroomValues): number {
  const { growOnDemand, growThresholdPercent } = values;
  if (!growOnDemand || usedPercent < growThresholdPercent) return anchorBytes;
  const span = 100 - growThresholdPercent;
  const part = span > 0 ? clamp((usedPercent - growThresholdPercent) / span, 0, 1) : 1;
  return anchorBytes + part * Math.max(0, ceilingBytes(guest) - anchorBytes);
}

function candidateOf(guest: GuestView, values: HeadroomValues): Candidate {
  const normalBytes = clamp(guest.baselineBytes ?? guest.assignedBytes, 0, ceilingBytes(guest));
  const usedPercent = normalBytes > 0 ? (100 * (guest.stats?.usedBytes ?? 0)) / normalBytes : 0;
  const floor = protectedFloorBytes(guest, values);
  const anchorBytes = Math.max(floor, grownBytes(guest, normalBytes, usedPercent, values));
  return { guest, anchorBytes, floor, headroomBytes: anchorBytes - floor };
}

function protectedFloorBytes(guest: GuestView, values: HeadroomValues): number {
  const normalBytes = guest.baselineBytes ?? guest.assignedBytes;
  const byShare = (normalBytes * values.protectedFloorPercent) / 100;
  return Math.min(Math.max(byShare, values.protectedFloorMinBytes, guest.minBytes), ceilingBytes(guest));
}

function automaticNeed(
  { host }: HostView,
  candidates: readonly Candidate[],
  state: PressureState,
  isStressed: boolean,
  values: HeadroomValues,
): number {
  if (state !== 'PRESSURE') return 0;
  const missingBytes = (host.capacityBytes * values.pressureLowWatermarkAvailablePercent) / 100 - host.availableBytes;
  if (missingBytes > 0) return missingBytes;
  // Stressed with enough available: keep what is reclaimed already, take no more.
  const reclaimed = sumOf(candidates, ({ guest, anchorBytes }) => Math.max(0, anchorBytes - targetSizeBytes(guest)));
  return isStressed ? reclaimed : 0;
}

/** Whole bytes by headroom, what rounding leaves to the first guests that have room. */
function splitByHeadroom(candidates: readonly Candidate[], neededBytes: number): number[] {
  const headroomBytes = sumOf(candidates, (candidate) => candidate.headroomBytes);
  const total = clamp(neededBytes, 0, headroomBytes);
  if (total <= 0) return candidates.map(() => 0);
  const shares = candidates.map((candidate) => Math.trunc((total * candidate.headroomBytes) / headroomBytes));
  let rest = total - sumOf(shares, (share) => share);
  return candidates.map((candidate, index) => {
    const share = shares[index] ?? 0;
    const extra = clamp(rest, 0, candidate.headroomBytes - share);
    rest -= extra;
    return share + extra;
  });
}

function settle(
  { guest, floor, anchorBytes }: Candidate,
  wantedBytes: number,
  timeMs: number,
  values: HeadroomValues,
  host: string,
): Move | Stay {
  const present = targetSizeBytes(guest);
  const change = wantedBytes - present;
  const wish = `${size(wantedBytes)} wanted (normal ${size(anchorBytes)}, floor ${size(floor)}), ${size(present)} now`;
  if (Math.abs(change) < values.minAdjustmentBytes || change === 0) {
    return { guest, cause: 'UNCHANGED', reason: `${host}: ${wish}, below the least change` };
  }
  const restedMs = guest.lastMovedMs === null ? Infinity : timeMs - guest.lastMovedMs;
  if (restedMs < values.perVmCooldownMs) {
    return { guest, cause: 'COOLING_DOWN', reason: `${host}: ${wish}, moved ${seconds(restedMs)} ago` };
  }
  const sizeBytes = present + clamp(change, -values.perVmMaxStepBytes, values.perVmMaxStepBytes);
  const rawBalloonTargetBytes = guest.assignedBytes - clamp(sizeBytes, floor, ceilingBytes(guest));
  return { guest, rawBalloonTargetBytes, reason: `${host}: ${wish}` };
}
