/** From allotted sizes and guests in trouble to changes of balloons. */
import { MIB } from '#units';
import { ceilingBytes } from '../model/sizes.js';
import { percent, size } from '../arithmetic/words.js';
import type { Move } from '../model/decision.js';
import type { Allotment } from './ballast-allot.js';
import type { Assessment, Tier } from './ballast-assess.js';
import type { Outlook } from './ballast-outlook.js';
import type { BallastValues } from './ballast-parameters.js';

/** Balloon targets are whole pageblocks: a balloon that ends within one keeps the rest of it from being a huge page. */
const PAGEBLOCK_BYTES = 2 * MIB;

const TIER_NAMES: Readonly<Record<Tier, string>> = {
  bare: 'bare needs',
  essential: 'guards',
  forecast: 'forecasts',
  warm: 'page cache in use',
  cold: 'idle page cache',
  whole: 'free large blocks',
  all: 'everything',
};

/** A guest's move to its allotted size, or null when it is not worth one. */
export function moveTo(
  assessment: Assessment,
  wantedBytes: number,
  { tier }: Allotment,
  outlook: Outlook,
  values: BallastValues,
): Move | null {
  const { guest, sizeBytes, inUse, peakBytes } = assessment;
  const change = wantedBytes - sizeBytes;
  if (Math.abs(change) < leastChange(assessment, wantedBytes, outlook, values)) return null;
  const stepped = Math.max(wantedBytes, sizeBytes - values.stepBytes);
  const reason =
    `${outlook.figures}: there is enough for ${TIER_NAMES[tier]} in part, ${size(stepped)} instead of ${size(sizeBytes)} here ` +
    `(${size(inUse)} used, up to ${size(peakBytes)} forecast)`;
  return { guest, rawBalloonTargetBytes: wholePageblocks(assessment, guest.assignedBytes - stepped), reason };
}

/**
 * How large a change must be to be made: small while the host needs memory or the guest lacks its guard; larger where
 * memory would only be evened out between guests. The last of a balloon goes whatever its size.
 */
function leastChange(
  { guest, sizeBytes, tiers }: Assessment,
  wantedBytes: number,
  outlook: Outlook,
  values: BallastValues,
): number {
  if (wantedBytes < sizeBytes) {
    return outlook.neededBytes > 0 ? values.minMoveBytes : evenBytes(guest.assignedBytes, values);
  }
  if (sizeBytes < tiers.essential) return 1;
  return wantedBytes >= ceilingBytes(guest) ? 1 : evenBytes(guest.assignedBytes, values);
}

function evenBytes(assignedBytes: number, { minMoveBytes, deadBandRatio }: BallastValues): number {
  return Math.max(minMoveBytes, deadBandRatio * assignedBytes);
}

/** A guest in trouble gets its whole balloon at once: creeping back leaves it starving behind a slow driver. */
export function releaseWhole({ guest, inUse, sizeBytes, hasKilled }: Assessment): Move | null {
  const lowest = guest.assignedBytes - ceilingBytes(guest);
  if (guest.balloonTargetBytes <= lowest) return null;
  const available = size(guest.stats?.availableBytes ?? 0);
  const stalls = percent(guest.stats?.pressure?.some10 ?? 0);
  const trouble = hasKilled ? 'its OOM killer struck' : 'in trouble';
  const reason = `${trouble}: ${available} available of ${size(sizeBytes)} (${size(inUse)} used), stalling ${stalls}: release the whole balloon`;
  return { guest, rawBalloonTargetBytes: lowest, reason, urgent: true };
}

/** A balloon that cannot get more stops asking: trying on costs the guest a core and gains nothing. */
export function settleStuck({ guest }: Assessment): Move | null {
  if (guest.balloonActualBytes >= guest.balloonTargetBytes) return null;
  const held = size(guest.balloonActualBytes);
  const reason = `stuck: it gave ${held} of ${size(guest.balloonTargetBytes)} asked for: ask for no more than it gave`;
  return { guest, rawBalloonTargetBytes: guest.balloonActualBytes, reason };
}

function wholePageblocks({ guest }: Assessment, rawBytes: number): number {
  const whole = Math.floor(rawBytes / PAGEBLOCK_BYTES) * PAGEBLOCK_BYTES;
  return Math.max(whole, guest.assignedBytes - ceilingBytes(guest));
}
