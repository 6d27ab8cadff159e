/**
 * What `ballast` makes of one guest: what it uses, what it is about to use, whether it is in trouble, and what sizes would
 * serve it how well.
 */
import { forecastPeak } from '../arithmetic/forecast.js';
import { actualSizeBytes, ceilingBytes, clamp, floorBytes, inUseBytes, targetSizeBytes } from '../model/sizes.js';
import { isStuck } from '../model/screen.js';
import type { DemandHistory, GuestStats, GuestView } from '../model/view.js';
import type { BallastValues } from './ballast-parameters.js';
import { follow, hasKilled, isInTrouble, isProtected, isRefusing, tooSmallBytes, type Trace } from './ballast-trace.js';

/**
 * What a guest's size serves, from what it needs most to what it would miss least. Memory is given in this order and taken
 * in the opposite one: `bare` keeps it alive; `essential` adds a guard; `forecast` what it may use within the horizon;
 * `warm` and `cold` the page cache it has, in use and idle; `whole` free memory in large blocks; `all` what it may have.
 */
export const TIERS = ['bare', 'essential', 'forecast', 'warm', 'cold', 'whole', 'all'] as const;
export type Tier = (typeof TIERS)[number];

export interface Assessment {
  readonly guest: GuestView;
  readonly sizeBytes: number;
  readonly inUse: number;
  /** Highest use expected within the horizon. */
  readonly peakBytes: number;
  /** How far its use may rise before the host can react. */
  readonly useRiseBytes: number;
  /** How far its resident memory may rise by that. */
  readonly riseBytes: number;
  readonly isTroubled: boolean;
  /** Its OOM killer has struck since it was last seen. */
  readonly hasKilled: boolean;
  /** It does not approach its target. */
  readonly isStuck: boolean;
  /** Sizes, rising from tier to tier, within floor and ceiling. */
  readonly tiers: Readonly<Record<Tier, number>>;
  readonly free: number;
  /** What the host gains of each byte of free memory that is taken: free memory that was never touched frees nothing. */
  readonly freeGainRatio: number;
  readonly trace: Trace;
}

export interface AssessmentRules extends BallastValues {
  readonly stuckAfterMs: number;
}

/** Least share of free memory that is taken to be backed: the balloon takes what was used last first. */
const MIN_FREE_GAIN_RATIO = 0.05;
/** How far above trouble a guest is kept, in the measure of trouble. */
const BARE_FACTOR = 1.5;
/** What a guest that was in trouble keeps, as a multiple of what it uses. */
const PROTECTED_FACTOR = 1.25;
/** Shortest history that says anything. */
const MIN_SAMPLES = 8;

export function hasHistory(demand: DemandHistory | null): demand is DemandHistory {
  return demand !== null && demand.usedBytes.length >= MIN_SAMPLES;
}

export function assess(
  guest: GuestView,
  timeMs: number,
  before: Trace | undefined,
  rules: AssessmentRules,
): Assessment {
  const stats = guest.stats ?? { ageMs: 0 };
  const killed = hasKilled(guest, before);
  const condition = {
    inUse: inUseBytes(guest) ?? 0,
    isTroubled: killed || isInTrouble(guest, rules),
    isStuck: isStuck(guest, timeMs, rules.stuckAfterMs),
  };
  const trace = follow(guest, condition, timeMs, before, rules);
  const rises = risesOf(guest, trace, rules);
  const sizeBytes = targetSizeBytes(guest);
  const free = Math.max(0, stats.freeBytes ?? 0);
  const backedFree = backedFreeBytes(guest, stats, condition.inUse);
  const needs = {
    inUse: condition.inUse,
    peakBytes: condition.inUse + rises.horizon,
    isProtected: isProtected(trace, timeMs, rules),
    tooSmallBytes: tooSmallBytes(trace, timeMs, rules),
    leastBytes: isRefusing(trace, timeMs, rules) ? sizeBytes : floorBytes(guest),
  };
  return {
    guest,
    sizeBytes,
    ...condition,
    hasKilled: killed,
    peakBytes: needs.peakBytes,
    useRiseBytes: rises.reaction,
    riseBytes: clamp(rises.reaction - backedFree, 0, Math.max(0, sizeBytes - guest.residentBytes)),
    tiers: tiersOf(guest, stats, needs, rules),
    free,
    freeGainRatio: clamp(free > 0 ? backedFree / free : 1, MIN_FREE_GAIN_RATIO, 1),
    trace,
  };
}

interface Rises {
  readonly horizon: number;
  readonly reaction: number;
}

/** From its history; without one, from the rises seen between decisions, and a guard's half at least. */
function risesOf({ demand, assignedBytes }: GuestView, trace: Trace, values: BallastValues): Rises {
  if (!hasHistory(demand)) {
    const rise = Math.max(trace.riseBytes, guardBytes(assignedBytes, values) / 2);
    return { horizon: rise, reaction: rise };
  }
  const now = demand.usedBytes.at(-1) ?? 0;
  const ahead = (horizonMs: number): number =>
    forecastPeak(demand.usedBytes, demand.stepMs, { horizonMs, riskQuantile: values.riskQuantile }) - now;
  return { horizon: ahead(values.horizonMs), reaction: ahead(values.reactionMs) };
}

function guardBytes(assignedBytes: number, { guardRatio, minGuardBytes }: BallastValues): number {
  return Math.max(minGuardBytes, guardRatio * assignedBytes);
}

/** Free memory of the guest that the host backs nonetheless. */
function backedFreeBytes(guest: GuestView, stats: GuestStats, inUse: number): number {
  const occupied = stats.freeBytes === undefined ? inUse : actualSizeBytes(guest) - stats.freeBytes;
  return clamp(guest.residentBytes - occupied, 0, stats.freeBytes ?? Infinity);
}

interface Needs {
  readonly inUse: number;
  readonly peakBytes: number;
  readonly isProtected: boolean;
  /** Its OOM killer struck at this size; 0: not lately. */
  readonly tooSmallBytes: number;
  /** Nothing below this is asked for. */
  readonly leastBytes: number;
}

function tiersOf(guest: GuestView, stats: GuestStats, needs: Needs, values: BallastValues): Record<Tier, number> {
  const guard = guardBytes(guest.assignedBytes, values);
  const ceiling = ceilingBytes(guest);
  const within = (bytes: number, below: number): number => clamp(bytes, below, Math.max(below, ceiling));
  const cached = stats.cachedBytes ?? 0;
  const idle = cached * (stats.idleRatio ?? values.unknownIdleRatio);

  const alive = within(bareBytes(needs.inUse, values), needs.leastBytes);
  const protectedBytes = needs.isProtected ? needs.inUse * PROTECTED_FACTOR + guard : 0;
  const sparedBytes = needs.tooSmallBytes > 0 ? needs.tooSmallBytes + guard : 0;
  const bare = within(Math.max(protectedBytes, sparedBytes), alive);
  const essential = within(needs.inUse + guard, bare);
  const forecast = within(needs.peakBytes + guard, essential);
  const warm = within(needs.inUse + guard + cached - idle, forecast);
  const cold = within(needs.inUse + guard + cached, warm);
  const whole = within(ceiling - (stats.freeBytes ?? 0) * (stats.unusableIndex9 ?? 0), cold);
  return { bare, essential, forecast, warm, cold, whole, all: within(ceiling, whole) };
}

/** The smallest size that does not itself put the guest in trouble, with half as much again to be safe. */
function bareBytes(inUse: number, { troubleAvailableBytes, troubleAvailableRatio }: BallastValues): number {
  const byRatio = inUse / Math.max(0.1, 1 - BARE_FACTOR * troubleAvailableRatio);
  return Math.max(inUse + BARE_FACTOR * troubleAvailableBytes, byRatio);
}
