/**
 * Our own policy. Every decision asks: what will the host have available a while from now, when balloons have settled and
 * guests have risen as far as their histories say they may, all at once only as far as they did rise together? If that is
 * less than the reserve, memory is taken now, before anybody is short, where it costs least: broken free memory, then
 * large free blocks, idle cache, cache in use; a guest's forecast room only when the host is really short. If it is more, it
 * is given back: to forecast needs first. A guest in trouble gets its whole balloon back at once, paid for by the others,
 * and is left in peace for a while. What a guest uses is never taken, nor its floor.
 */
import { floorBytes, sumOf } from '../arithmetic/sizes.js';
import { seconds } from '../arithmetic/words.js';
import type { Move, Stay } from '../model/decision.js';
import type { JsonValue } from '../model/json.js';
import { definePolicy } from '../model/policy.js';
import { isStuck } from '../model/screen.js';
import { mapOf, record } from '../model/shape.js';
import { assess, SLICES, traceShape, type Assessment } from './ballast-assess.js';
import { giveBack, releaseWhole, settleStuck, takeNeeded, type BalloonChange } from './ballast-moves.js';
import { lookAhead } from './ballast-outlook.js';
import { BALLAST_PARAMETERS } from './ballast-parameters.js';

export const ballast = definePolicy({
  name: 'ballast',
  description: 'Forecasts demand and moves memory before pressure: cold first, whole release in trouble, floors kept.',
  origin: 'Ballast',
  parameters: BALLAST_PARAMETERS,
  memory: record({ guests: mapOf(traceShape, 'by guest') }, 'what is remembered of each guest'),
  needs: () => ['availableBytes'],
  movesStuckGuests: true,
  decide: ({ view, guests, values, memory }) => {
    const all = guests.map((guest) => assess(guest, view.timeMs, memory.guests.get(guest.id), values));
    const outlook = lookAhead(view, all, values);
    const sorted = sortOut(all, ({ guest }) => isStuck(guest, view.timeMs, values.stuckAfterMs));
    const givers = sorted.able.filter(({ isProtected }) => !isProtected);

    const taken = outlook.neededBytes > 0 ? takeNeeded(givers, outlook, values) : [];
    const takenFrom = new Set(taken.map(({ assessment }) => assessment));
    const others = sorted.able.filter((assessment) => !takenFrom.has(assessment));
    const given = outlook.isEmergency ? [] : giveBack(others, outlook, view.host.capacityBytes, values);

    const moves: Move[] = sorted.troubled
      .flatMap(orNone(releaseWhole))
      .map((change) => ({ ...toMove(change), urgent: true }));
    moves.push(...sorted.stuck.flatMap(orNone(settleStuck)).map(toMove));
    const stays: Stay[] = sorted.stuck
      .filter(isSettled)
      .map(({ guest }) => ({ guest, cause: 'STUCK', reason: 'it is stuck' }));
    for (const change of [...taken, ...given]) {
      const { guest } = change.assessment;
      const restedMs = guest.lastMovedMs === null ? Infinity : view.timeMs - guest.lastMovedMs;
      if (restedMs >= values.restMs || outlook.isEmergency) moves.push(toMove(change));
      else stays.push({ guest, cause: 'COOLING_DOWN', reason: `${change.reason}; moved ${seconds(restedMs)} ago` });
    }
    return {
      moves,
      stays,
      neededBytes: outlook.neededBytes,
      memory: { guests: Object.fromEntries(all.map(({ guest, trace }): [string, JsonValue] => [guest.id, trace])) },
      policyFloorBytes: keptSizes(givers),
    };
  },
});

interface SortedOut {
  readonly troubled: readonly Assessment[];
  readonly stuck: readonly Assessment[];
  readonly able: readonly Assessment[];
}

/** A guest in trouble is helped even when it is stuck. */
function sortOut(all: readonly Assessment[], isStuckGuest: (assessment: Assessment) => boolean): SortedOut {
  const troubled: Assessment[] = [];
  const stuck: Assessment[] = [];
  const able: Assessment[] = [];
  for (const assessment of all) {
    if (assessment.isTroubled) troubled.push(assessment);
    else if (isStuckGuest(assessment)) stuck.push(assessment);
    else able.push(assessment);
  }
  return { troubled, stuck, able };
}

function isSettled({ guest }: Assessment): boolean {
  return guest.balloonActualBytes >= guest.balloonTargetBytes;
}

function orNone(change: (assessment: Assessment) => BalloonChange | null): (assessment: Assessment) => BalloonChange[] {
  return (assessment) => {
    const found = change(assessment);
    return found === null ? [] : [found];
  };
}

function toMove({ assessment: { guest }, rawBalloonTargetBytes, reason }: BalloonChange): Move {
  return { guest, rawBalloonTargetBytes, reason };
}

/** Size that a guest keeps even in an emergency: all of it where nothing may be taken. */
function keptSizes(givers: readonly Assessment[]): (guest: Assessment['guest']) => number {
  const kept = new Map(
    givers.map(({ guest, sizeBytes, slices }) => [guest.id, sizeBytes - sumOf(SLICES, (slice) => slices[slice])]),
  );
  return (guest) => Math.max(floorBytes(guest), kept.get(guest.id) ?? guest.assignedBytes);
}
