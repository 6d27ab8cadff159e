/** What `ballast` remembers of a guest from decision to decision. */
import { actualSizeBytes } from '../arithmetic/sizes.js';
import { nullable, number, record, type ShapeType } from '../model/shape.js';
import type { GuestView } from '../model/view.js';
import type { BallastValues } from './ballast-parameters.js';

export const traceShape = record(
  {
    usedBytes: number('in use when last seen'),
    riseBytes: number('rise that is prepared for, fading'),
    seenMs: number('when last seen'),
    troubledMs: nullable(number('when it was last in trouble')),
    refusedMs: nullable(number('when it was last found stuck')),
  },
  'what is remembered of one guest',
);
export type Trace = ShapeType<typeof traceShape>;

/** A guest that stalls is short with this many times as much available as one that does not. */
const STALLING_FACTOR = 3;

export interface Condition {
  readonly inUse: number;
  readonly isTroubled: boolean;
  readonly isStuck: boolean;
}

/**
 * In trouble: little available, or stalling with not much available. A guest that stalls with plenty available does so for
 * other reasons (the host swaps, its limits are its own), and memory would not help it.
 */
export function isInTrouble(guest: GuestView, values: BallastValues): boolean {
  const sizeBytes = actualSizeBytes(guest);
  const available = guest.stats?.availableBytes ?? sizeBytes;
  const least = Math.max(values.troubleAvailableBytes, values.troubleAvailableRatio * sizeBytes);
  const isStalling = (guest.stats?.pressure?.some10 ?? 0) > values.troublePressureRatio;
  return available < least || (isStalling && available < STALLING_FACTOR * least);
}

export function follow(
  { inUse, isTroubled, isStuck }: Condition,
  timeMs: number,
  before: Trace | undefined,
  { riseHalfLifeMs }: BallastValues,
): Trace {
  const troubledMs = isTroubled ? timeMs : (before?.troubledMs ?? null);
  const refusedMs = isStuck ? timeMs : (before?.refusedMs ?? null);
  if (before === undefined) return { usedBytes: inUse, riseBytes: 0, seenMs: timeMs, troubledMs, refusedMs };
  const faded = before.riseBytes * 0.5 ** (Math.max(0, timeMs - before.seenMs) / riseHalfLifeMs);
  const riseBytes = Math.max(inUse - before.usedBytes, faded);
  return { usedBytes: inUse, riseBytes, seenMs: timeMs, troubledMs, refusedMs };
}

/** It was in trouble a short while ago. */
export function isProtected({ troubledMs }: Trace, timeMs: number, { protectMs }: BallastValues): boolean {
  return troubledMs !== null && timeMs - troubledMs < protectMs;
}

/** It could not give what it was asked for, and has not been forgiven yet. */
export function isRefusing({ refusedMs }: Trace, timeMs: number, { forgiveMs }: BallastValues): boolean {
  return refusedMs !== null && timeMs - refusedMs < forgiveMs;
}
