/** What `ballast` remembers of a guest from decision to decision. */
import { actualSizeBytes } from '../model/sizes.js';
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
    oomKills: nullable(number('OOM kills it had reported')),
    killed: nullable(
      record(
        { atMs: number('when an OOM kill was last seen'), sizeBytes: number('size that was too small') },
        'its last OOM kill',
      ),
    ),
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

/** The guest has killed a program since it was last seen: it was short between two decisions, whatever is free now. */
export function hasKilled({ stats }: GuestView, before: Trace | undefined): boolean {
  const kills = stats?.oomKillsTotal;
  return kills !== undefined && kills > (before?.oomKills ?? kills);
}

export function follow(
  guest: GuestView,
  { inUse, isTroubled, isStuck }: Condition,
  timeMs: number,
  before: Trace | undefined,
  values: BallastValues,
): Trace {
  const notes = {
    usedBytes: inUse,
    seenMs: timeMs,
    troubledMs: isTroubled ? timeMs : (before?.troubledMs ?? null),
    refusedMs: isStuck ? timeMs : (before?.refusedMs ?? null),
    oomKills: guest.stats?.oomKillsTotal ?? before?.oomKills ?? null,
    killed: killedNow(guest, timeMs, before, values),
  };
  if (before === undefined) return { ...notes, riseBytes: 0 };
  const faded = before.riseBytes * 0.5 ** (Math.max(0, timeMs - before.seenMs) / values.riseHalfLifeMs);
  return { ...notes, riseBytes: Math.max(inUse - before.usedBytes, faded) };
}

function killedNow(
  guest: GuestView,
  timeMs: number,
  before: Trace | undefined,
  values: BallastValues,
): Trace['killed'] {
  const known = before?.killed ?? null;
  if (!hasKilled(guest, before)) return known;
  const earlierBytes = known !== null && isKillRemembered(known, timeMs, values) ? known.sizeBytes : 0;
  return { atMs: timeMs, sizeBytes: Math.max(actualSizeBytes(guest), earlierBytes) };
}

/** Size that was too small for it a short while ago: what was killed is started again, and wants what it had held. 0: none. */
export function tooSmallBytes({ killed }: Trace, timeMs: number, values: BallastValues): number {
  return killed !== null && isKillRemembered(killed, timeMs, values) ? killed.sizeBytes : 0;
}

function isKillRemembered(
  { atMs }: { readonly atMs: number },
  timeMs: number,
  { afterKillMs }: BallastValues,
): boolean {
  return timeMs - atMs < afterKillMs;
}

/** It was in trouble a short while ago. */
export function isProtected({ troubledMs }: Trace, timeMs: number, { protectMs }: BallastValues): boolean {
  return troubledMs !== null && timeMs - troubledMs < protectMs;
}

/** It could not give what it was asked for, and has not been forgiven yet. */
export function isRefusing({ refusedMs }: Trace, timeMs: number, { forgiveMs }: BallastValues): boolean {
  return refusedMs !== null && timeMs - refusedMs < forgiveMs;
}
