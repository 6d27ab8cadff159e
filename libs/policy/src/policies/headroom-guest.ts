/**
 * vm0's rule, each guest on its own: two different signals. Free memory says what the guest does not even cache with, and
 * only that is taken; available memory says what it could get at, and when that runs low everything is given back at once:
 * creeping back in steps leaves the guest starving behind a slow balloon.
 */
import { clamp } from '../model/sizes.js';
import { size } from '../arithmetic/words.js';
import type { Decision, Move, Stay } from '../model/decision.js';
import type { GuestView } from '../model/view.js';
import type { HeadroomValues } from './headroom-parameters.js';

export function decideByGuest(guests: readonly GuestView[], values: HeadroomValues): Decision {
  const moves: Move[] = [];
  const stays: Stay[] = [];
  for (const guest of guests) {
    const outcome = decideOne(guest, values);
    if ('cause' in outcome) stays.push(outcome);
    else moves.push(outcome);
  }
  return { moves, stays, neededBytes: 0, memory: null };
}

function decideOne(guest: GuestView, values: HeadroomValues): Move | Stay {
  if (guest.assignedBytes <= values.minGuestBytes) {
    const reason = `its ${size(guest.assignedBytes)} are at most the least size of ${size(values.minGuestBytes)}`;
    return { guest, cause: 'LEFT_ALONE', reason };
  }
  const available = guest.stats?.availableBytes;
  const free = guest.stats?.freeBytes;
  const troubleBytes = values.pressureAvailableBytes ?? values.targetFreeBytes - values.deflateHysteresisBytes;
  if (available !== undefined && available < troubleBytes) {
    if (guest.balloonTargetBytes === 0)
      return { guest, cause: 'UNCHANGED', reason: 'in trouble, but it has its whole memory' };
    const reason = `${size(available)} available, below ${size(troubleBytes)}: release the whole balloon`;
    return { guest, rawBalloonTargetBytes: 0, urgent: true, reason };
  }
  if (free === undefined) return { guest, cause: 'NO_STATS', reason: 'it does not report freeBytes' };
  const enoughBytes = values.targetFreeBytes + values.inflateHysteresisBytes;
  if (free <= enoughBytes) {
    return { guest, cause: 'UNCHANGED', reason: `${size(free)} free, inflates above ${size(enoughBytes)}` };
  }
  return inflate(guest, free, values);
}

/** Never takes back an inflation that is under way: the larger of it and the new one holds. */
function inflate(guest: GuestView, free: number, values: HeadroomValues): Move | Stay {
  const surplus = clamp(free - values.targetFreeBytes, 0, values.maxInflatePerTickBytes);
  const largest = values.maxInflateBytes ?? guest.assignedBytes - values.minGuestBytes;
  const wanted = Math.min(guest.balloonActualBytes + surplus, largest);
  if (wanted <= guest.balloonTargetBytes) {
    const reason = `a balloon of ${size(guest.balloonTargetBytes)} is asked for already, ${size(wanted)} would do`;
    return { guest, cause: 'UNCHANGED', reason };
  }
  return {
    guest,
    rawBalloonTargetBytes: wanted,
    reason: `${size(free)} free: inflate by ${size(surplus)} to ${size(wanted)}`,
  };
}
