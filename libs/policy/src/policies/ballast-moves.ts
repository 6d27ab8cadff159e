/** From what `ballast` expects to changes of balloons: what to take from whom, what to give to whom. */
import { MIB } from '#units';
import { fillByWeight } from '../arithmetic/fill.js';
import { ceilingBytes, clamp, sumOf } from '../arithmetic/sizes.js';
import { percent, size } from '../arithmetic/words.js';
import { SLICES, type Assessment, type Slice } from './ballast-assess.js';
import type { Outlook } from './ballast-outlook.js';
import type { BallastValues } from './ballast-parameters.js';

/** Balloon targets are whole pageblocks: a balloon that ends within one keeps the rest of it from being a huge page. */
const PAGEBLOCK_BYTES = 2 * MIB;

const SLICE_NAMES: Readonly<Record<Slice, string>> = {
  brokenFree: 'free memory that is broken up already',
  wholeFree: 'free memory',
  coldCache: 'idle page cache',
  warmCache: 'page cache in use',
  forecastRoom: 'room kept for its forecast',
  guardRoom: 'part of its guard',
};

/** What is taken as long as the host is not really short. */
const CHEAP_SLICES: readonly Slice[] = ['brokenFree', 'wholeFree', 'coldCache', 'warmCache'];

export interface BalloonChange {
  readonly assessment: Assessment;
  readonly rawBalloonTargetBytes: number;
  readonly reason: string;
}

interface Giver {
  readonly assessment: Assessment;
  bytes: number;
  /** The dearest slice that it gives of. */
  last: Slice;
}

/** Takes what is needed slice by slice, cheapest first; within a slice more from those that have more and fewer shares. */
export function takeNeeded(all: readonly Assessment[], outlook: Outlook, values: BallastValues): BalloonChange[] {
  const givers = all.map((assessment): Giver => ({ assessment, bytes: 0, last: 'brokenFree' }));
  let missing = outlook.neededBytes;
  for (const slice of outlook.isEmergency ? SLICES : CHEAP_SLICES) {
    if (missing <= 0) break;
    missing -= takeSlice(givers, slice, missing);
  }
  const leastBytes = outlook.isEmergency ? PAGEBLOCK_BYTES : values.minMoveBytes;
  return givers
    .filter(({ bytes }) => bytes >= leastBytes)
    .map(({ assessment, bytes, last }) => {
      const taken = Math.min(bytes, values.stepBytes);
      const use = `${size(assessment.inUse)} used, up to ${size(assessment.peakBytes)} forecast`;
      const why = `${outlook.figures}: take ${size(taken)} down to ${SLICE_NAMES[last]} (${use})`;
      return changeOf(assessment, assessment.guest.balloonTargetBytes + taken, why);
    });
}

/** Adds one slice to what the givers give; what the host gains by it. */
function takeSlice(givers: readonly Giver[], slice: Slice, missing: number): number {
  const gains = fillByWeight(
    givers.map(({ assessment }) => claimOn(assessment, slice)),
    missing,
  );
  let gained = 0;
  givers.forEach((giver, index) => {
    const gain = gains[index] ?? 0;
    if (gain <= 0) return;
    gained += gain;
    giver.bytes += gain / gainRatio(giver.assessment, slice);
    giver.last = slice;
  });
  return gained;
}

/** What the host would gain of one slice of one guest. */
function claimOn(assessment: Assessment, slice: Slice): { low: number; high: number; weight: number } {
  const high = assessment.slices[slice] * gainRatio(assessment, slice);
  return { low: 0, high, weight: high / assessment.guest.shares };
}

function gainRatio({ freeGainRatio }: Assessment, slice: Slice): number {
  return slice === 'brokenFree' || slice === 'wholeFree' ? freeGainRatio : 1;
}

/**
 * Gives guests that are below what their forecast needs that much at once, before they are in trouble; and a part of what
 * the host has to spare beyond a band to all balloons, by shares.
 */
export function giveBack(
  all: readonly Assessment[],
  outlook: Outlook,
  capacityBytes: number,
  values: BallastValues,
): BalloonChange[] {
  const claims = all.map(claimBack);
  const deficitBytes = sumOf(claims, ({ deficit }) => deficit);
  const spareBytes = -outlook.neededBytes - values.bandRatio * capacityBytes - deficitBytes;
  const heldBytes = sumOf(claims, ({ high }) => high);
  const grantBytes = spareBytes >= heldBytes ? heldBytes : Math.max(0, spareBytes) * values.giveRatio;
  const grants = fillByWeight(claims, grantBytes);
  return claims.flatMap(({ assessment, deficit, high }, index) => {
    const grant = grants[index] ?? 0;
    const given = deficit + grant;
    const isLast = given > 0 && grant >= high;
    if (given < values.minMoveBytes && !isLast) return [];
    const parts = [
      deficit > 0 ? `${size(deficit)} towards its forecast of ${size(assessment.peakBytes)}` : '',
      grant > 0 ? `${size(grant)} of what the host can spare` : '',
    ];
    const why = `${outlook.figures}: give ${parts.filter((part) => part !== '').join(' and ')}`;
    return [changeOf(assessment, assessment.guest.balloonTargetBytes - given, why)];
  });
}

interface ClaimBack {
  readonly assessment: Assessment;
  /** What it lacks of its forecast need. */
  readonly deficit: number;
  readonly low: number;
  /** What its balloon holds beyond the deficit. */
  readonly high: number;
  readonly weight: number;
}

function claimBack(assessment: Assessment): ClaimBack {
  const { guest, needBytes, sizeBytes } = assessment;
  const heldBytes = Math.max(0, ceilingBytes(guest) - sizeBytes);
  const deficit = clamp(needBytes - sizeBytes, 0, heldBytes);
  return { assessment, deficit, low: 0, high: heldBytes - deficit, weight: guest.shares };
}

/** A guest in trouble gets its whole balloon at once: creeping back leaves it starving behind a slow driver. */
export function releaseWhole(assessment: Assessment): BalloonChange | null {
  const { guest, inUse, sizeBytes } = assessment;
  const lowest = guest.assignedBytes - ceilingBytes(guest);
  if (guest.balloonTargetBytes <= lowest) return null;
  const available = size(guest.stats?.availableBytes ?? 0);
  const stalls = percent(guest.stats?.pressure?.some10 ?? 0);
  const reason = `in trouble: ${available} available of ${size(sizeBytes)} (${size(inUse)} used), stalling ${stalls}: release the whole balloon`;
  return { assessment, rawBalloonTargetBytes: lowest, reason };
}

/** A balloon that cannot get more stops asking: trying on costs the guest a core and gains nothing. */
export function settleStuck(assessment: Assessment): BalloonChange | null {
  const { guest } = assessment;
  if (guest.balloonActualBytes >= guest.balloonTargetBytes) return null;
  const held = size(guest.balloonActualBytes);
  const reason = `stuck: it gave ${held} of ${size(guest.balloonTargetBytes)} asked for: ask for no more than it gave`;
  return { assessment, rawBalloonTargetBytes: guest.balloonActualBytes, reason };
}

function changeOf(assessment: Assessment, rawBytes: number, reason: string): BalloonChange {
  const { guest } = assessment;
  const whole = Math.floor(rawBytes / PAGEBLOCK_BYTES) * PAGEBLOCK_BYTES;
  return { assessment, rawBalloonTargetBytes: Math.max(whole, guest.assignedBytes - ceilingBytes(guest)), reason };
}
