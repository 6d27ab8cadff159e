/**
 * What `ballast` makes of one guest: what it uses, what it is about to use, whether it is in trouble, and what could be
 * taken from it, in the order of what that costs the guest.
 */
import { forecastPeak } from '../arithmetic/forecast.js';
import { actualSizeBytes, ceilingBytes, clamp, floorBytes, inUseBytes, targetSizeBytes } from '../arithmetic/sizes.js';
import { number, nullable, record, type ShapeType } from '../model/shape.js';
import type { DemandHistory, GuestStats, GuestView } from '../model/view.js';
import type { BallastValues } from './ballast-parameters.js';

export const traceShape = record(
  {
    usedBytes: number('in use when last seen'),
    riseBytes: number('rise that is prepared for, fading'),
    seenMs: number('when last seen'),
    troubledMs: nullable(number('when it was last in trouble')),
  },
  'what is remembered of one guest',
);
export type Trace = ShapeType<typeof traceShape>;

/**
 * Memory that a guest could give, cheapest first:
 * free memory in blocks that are broken up already; free memory whose large blocks would be broken; page cache that is idle;
 * page cache in use; the room that its forecast asks for; part of its guard. Never what it uses.
 */
export const SLICES = ['brokenFree', 'wholeFree', 'coldCache', 'warmCache', 'forecastRoom', 'guardRoom'] as const;
export type Slice = (typeof SLICES)[number];

export interface Assessment {
  readonly guest: GuestView;
  readonly sizeBytes: number;
  readonly inUse: number;
  /** Highest use expected within the horizon. */
  readonly peakBytes: number;
  /** Size that covers the peak and the guard. */
  readonly needBytes: number;
  /** How far its resident memory may rise within the horizon. */
  readonly riseBytes: number;
  readonly isTroubled: boolean;
  /** Nothing is to be taken from it: in trouble now or a short while ago. */
  readonly isProtected: boolean;
  readonly slices: Readonly<Record<Slice, number>>;
  /** What the host gains of each byte of free memory that is taken: free memory that was never touched frees nothing. */
  readonly freeGainRatio: number;
  readonly trace: Trace;
}

/** Least share of free memory that is taken to be backed: the balloon takes what was used last first. */
const MIN_FREE_GAIN_RATIO = 0.05;
/** Shortest history that says anything. */
const MIN_SAMPLES = 8;

export function hasHistory(demand: DemandHistory | null): demand is DemandHistory {
  return demand !== null && demand.usedBytes.length >= MIN_SAMPLES;
}

export function assess(guest: GuestView, timeMs: number, before: Trace | undefined, values: BallastValues): Assessment {
  const stats = guest.stats ?? { ageMs: 0 };
  const inUse = inUseBytes(guest) ?? 0;
  const guardBytes = Math.max(values.minGuardBytes, values.guardRatio * guest.assignedBytes);
  const isTroubled = isInTrouble(guest, stats, values);
  const trace = follow(inUse, timeMs, before, isTroubled, values);
  const rise = hasHistory(guest.demand)
    ? historicRise(guest.demand, values)
    : Math.max(trace.riseBytes, guardBytes / 2);
  const peakBytes = inUse + rise;
  const backedFree = backedFreeBytes(guest, stats, inUse);
  const free = stats.freeBytes ?? 0;
  return {
    guest,
    sizeBytes: targetSizeBytes(guest),
    inUse,
    peakBytes,
    needBytes: clamp(peakBytes + guardBytes, floorBytes(guest), ceilingBytes(guest)),
    riseBytes: Math.max(0, Math.min(peakBytes, ceilingBytes(guest)) - inUse - backedFree),
    isTroubled,
    isProtected: trace.troubledMs !== null && timeMs - trace.troubledMs < values.protectMs,
    slices: sliceUp(guest, stats, { inUse, peakBytes, guardBytes }, values),
    freeGainRatio: clamp(free > 0 ? backedFree / free : 1, MIN_FREE_GAIN_RATIO, 1),
    trace,
  };
}

/** In trouble: little available or stalling, while its balloon holds memory that would help. */
function isInTrouble(guest: GuestView, stats: GuestStats, values: BallastValues): boolean {
  const least = Math.max(values.troubleAvailableBytes, values.troubleAvailableRatio * actualSizeBytes(guest));
  const isShort = stats.availableBytes !== undefined && stats.availableBytes < least;
  const isStalling = (stats.pressure?.some10 ?? 0) > values.troublePressureRatio;
  return isShort || isStalling;
}

/** The history may be older than the statistics: only its rise is used, on top of what the guest uses now. */
function historicRise(demand: DemandHistory, values: BallastValues): number {
  return forecastPeak(demand.usedBytes, demand.stepMs, values) - (demand.usedBytes.at(-1) ?? 0);
}

function follow(
  usedBytes: number,
  timeMs: number,
  before: Trace | undefined,
  isTroubled: boolean,
  { riseHalfLifeMs }: BallastValues,
): Trace {
  const troubledMs = isTroubled ? timeMs : (before?.troubledMs ?? null);
  if (before === undefined) return { usedBytes, riseBytes: 0, seenMs: timeMs, troubledMs };
  const faded = before.riseBytes * 0.5 ** (Math.max(0, timeMs - before.seenMs) / riseHalfLifeMs);
  return { usedBytes, riseBytes: Math.max(usedBytes - before.usedBytes, faded), seenMs: timeMs, troubledMs };
}

/** Free memory of the guest that the host backs nonetheless. */
function backedFreeBytes(guest: GuestView, stats: GuestStats, inUse: number): number {
  const occupied = stats.freeBytes === undefined ? inUse : actualSizeBytes(guest) - stats.freeBytes;
  return clamp(guest.residentBytes - occupied, 0, stats.freeBytes ?? Infinity);
}

interface Needs {
  readonly inUse: number;
  readonly peakBytes: number;
  readonly guardBytes: number;
}

function sliceUp(guest: GuestView, stats: GuestStats, needs: Needs, values: BallastValues): Record<Slice, number> {
  const sizeBytes = targetSizeBytes(guest);
  const roomAbove = (keepBytes: number): number => Math.max(0, sizeBytes - Math.max(keepBytes, floorBytes(guest)));
  const room = roomAbove(needs.peakBytes + needs.guardBytes);
  const roomInNeed = roomAbove(needs.inUse + needs.guardBytes);
  const roomAtLast = roomAbove(needs.inUse + needs.guardBytes / 4);

  // What an inflation under way will take is no longer free.
  const underWay = Math.max(0, guest.balloonTargetBytes - guest.balloonActualBytes);
  const free = Math.max(0, (stats.freeBytes ?? 0) - (stats.lowWatermarkBytes ?? 0) - underWay);
  const freePart = Math.min(room, free);
  const brokenFree = Math.min(freePart, free * (stats.unusableIndex9 ?? 0));
  const cachePart = room - freePart;
  const coldCache = Math.min(cachePart, (stats.cachedBytes ?? 0) * (stats.idleRatio ?? values.unknownIdleRatio));
  return {
    brokenFree,
    wholeFree: freePart - brokenFree,
    coldCache,
    warmCache: cachePart - coldCache,
    forecastRoom: Math.max(0, roomInNeed - room),
    guardRoom: Math.max(0, roomAtLast - Math.max(room, roomInNeed)),
  };
}
