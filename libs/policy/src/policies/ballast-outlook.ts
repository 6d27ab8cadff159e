/** What `ballast` expects of the host: how much it will be short of, or have to spare, once balloons have settled. */
import { forecastPeak, summedSeries } from '../arithmetic/forecast.js';
import { clamp, sumOf } from '../model/sizes.js';
import { size } from '../arithmetic/words.js';
import type { HostView } from '../model/view.js';
import { hasHistory, type Assessment } from './ballast-assess.js';
import type { BallastValues } from './ballast-parameters.js';

/** A guest in trouble may take up this share of what it uses before the next decision. */
const TROUBLE_GROWTH_RATIO = 0.25;

export interface Outlook {
  /** Above 0: to be taken from guests. Below: to spare. */
  readonly neededBytes: number;
  /** What no plan may use up, so that the host does not swap. */
  readonly keptBytes: number;
  /** The host is so short that rests no longer count. */
  readonly isEmergency: boolean;
  /** The same as a clause for reasons. */
  readonly figures: string;
}

export function lookAhead(view: HostView, all: readonly Assessment[], values: BallastValues): Outlook {
  const settled = settledBytes(view, all);
  // Guests can touch no more than they have not touched yet: a host that can back all of it takes nothing from them.
  const untouchedBytes = sumOf(view.guests, ({ assignedBytes, residentBytes }) => assignedBytes - residentBytes);
  const reserveBytes = clamp(untouchedBytes, 0, values.reserveRatio * view.host.capacityBytes);
  const riseBytes = sumOf(all, (assessment) => assessment.riseBytes) * togetherRatio(all, values);
  const releaseBytes = sumOf(all, expectedOfRelease);
  const state = view.host.state;
  return {
    neededBytes: Math.min(reserveBytes + riseBytes + releaseBytes, Math.max(0, untouchedBytes)) - settled,
    keptBytes: reserveBytes / 4,
    isEmergency: settled < reserveBytes / 2 || state === 'HARD' || state === 'LOW',
    figures: `host will have ${size(settled)} available, may rise by ${size(riseBytes + releaseBytes)}, keeps ${size(reserveBytes)}`,
  };
}

/**
 * Available memory once balloons have reached their targets and swapped memory is back. What a guest in trouble was given
 * whole counts only as far as it takes it up: it seldom takes all of it.
 */
function settledBytes({ host, guests }: HostView, all: readonly Assessment[]): number {
  const troubled = new Set(all.filter(({ isTroubled }) => isTroubled).map(({ guest }) => guest));
  let bytes = host.availableBytes;
  for (const guest of guests) {
    const change = guest.balloonTargetBytes - guest.balloonActualBytes;
    if (change > 0 || !troubled.has(guest)) bytes += change;
    bytes -= guest.swappedBytes;
  }
  return bytes;
}

function expectedOfRelease({ isTroubled, guest, inUse }: Assessment): number {
  return isTroubled ? Math.min(guest.balloonActualBytes, inUse * TROUBLE_GROWTH_RATIO) : 0;
}

/**
 * How much of the sum of all rises happens at once, 0 to 1. With histories: the rise of the guests' sum against the sum of
 * their rises, which is where correlation shows: guests that peak together keep it near 1. Without: as for independent
 * guests, the root of the sum of squares.
 */
function togetherRatio(all: readonly Assessment[], values: BallastValues): number {
  const stepMs = all.find(({ guest }) => hasHistory(guest.demand))?.guest.demand?.stepMs;
  const known = all.filter(({ guest }) => hasHistory(guest.demand) && guest.demand.stepMs === stepMs);
  const apart = sumOf(known, ({ useRiseBytes }) => useRiseBytes);
  if (stepMs === undefined || known.length < 2 || apart <= 0) return independentRatio(all);
  const sum = summedSeries(known.map(({ guest }) => guest.demand?.usedBytes ?? []));
  const rules = { horizonMs: values.reactionMs, riskQuantile: values.riskQuantile };
  return clamp((forecastPeak(sum, stepMs, rules) - (sum.at(-1) ?? 0)) / apart, 0, 1);
}

function independentRatio(all: readonly Assessment[]): number {
  const sum = sumOf(all, ({ riseBytes }) => riseBytes);
  const squares = sumOf(all, ({ riseBytes }) => riseBytes * riseBytes);
  return sum > 0 ? Math.sqrt(squares) / sum : 0;
}
