/**
 * Our own policy. Every decision asks what the host will have available once balloons have settled, swapped memory is back
 * and guests have risen as far as they may before the host can react: apart by their own histories, together only as far
 * as they rose together. Less than the reserve is taken from the guests, more is given back, and in either case the memory
 * there is gets allotted anew, needs before forecasts before warm cache before cold, so that it moves to where it will be
 * needed before anybody is short. A guest in trouble gets its whole balloon back at once and is left in peace for a while.
 */
import { floorBytes } from '../model/sizes.js';
import { seconds } from '../arithmetic/words.js';
import type { Move, Stay } from '../model/decision.js';
import type { JsonValue } from '../model/json.js';
import { definePolicy } from '../model/policy.js';
import { mapOf, record } from '../model/shape.js';
import type { GuestView, HostView } from '../model/view.js';
import { allot } from './ballast-allot.js';
import { assess, type Assessment } from './ballast-assess.js';
import { moveTo, releaseWhole, settleStuck } from './ballast-moves.js';
import { lookAhead, type Outlook } from './ballast-outlook.js';
import { BALLAST_PARAMETERS, type BallastValues } from './ballast-parameters.js';
import { traceShape } from './ballast-trace.js';

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
    const { troubled, stuck, able } = sortOut(all);

    const moves: Move[] = [...troubled.map(releaseWhole), ...stuck.map(settleStuck)].filter((move) => move !== null);
    const stays: Stay[] = stuck
      .filter((assessment) => settleStuck(assessment) === null)
      .map(({ guest }) => ({ guest, cause: 'STUCK', reason: 'it does not approach its target' }));
    for (const move of rebalance(able, outlook, view, values)) {
      const { guest, reason } = move;
      const restedMs = guest.lastMovedMs === null ? Infinity : view.timeMs - guest.lastMovedMs;
      if (restedMs >= values.restMs || outlook.isEmergency) moves.push(move);
      else stays.push({ guest, cause: 'COOLING_DOWN', reason: `${reason}; moved ${seconds(restedMs)} ago` });
    }
    return {
      moves,
      stays,
      neededBytes: outlook.neededBytes,
      keptBytes: outlook.keptBytes,
      memory: { guests: Object.fromEntries(all.map(({ guest, trace }): [string, JsonValue] => [guest.id, trace])) },
      policyFloorBytes: bareNeeds(able),
    };
  },
});

interface SortedOut {
  readonly troubled: readonly Assessment[];
  readonly stuck: readonly Assessment[];
  readonly able: readonly Assessment[];
}

/** A guest in trouble is helped even when it is stuck. */
function sortOut(all: readonly Assessment[]): SortedOut {
  const troubled: Assessment[] = [];
  const stuck: Assessment[] = [];
  const able: Assessment[] = [];
  for (const assessment of all) {
    if (assessment.isTroubled) troubled.push(assessment);
    else if (assessment.isStuck) stuck.push(assessment);
    else able.push(assessment);
  }
  return { troubled, stuck, able };
}

/** Moves of all able guests to the sizes that the host's outlook allots them. */
function rebalance(able: readonly Assessment[], outlook: Outlook, { host }: HostView, values: BallastValues): Move[] {
  const bandBytes = values.bandRatio * host.capacityBytes;
  // Within the band the sum stays as it is, and memory only moves between guests.
  const needed = outlook.neededBytes > 0 ? outlook.neededBytes : Math.min(0, outlook.neededBytes + bandBytes);
  const allotment = allot(able, needed);
  return able.flatMap((assessment, index) => {
    const wanted = allotment.sizes[index] ?? assessment.sizeBytes;
    const move = moveTo(assessment, wanted, allotment, outlook, values);
    return move === null ? [] : [move];
  });
}

/** Size that a guest keeps even in an emergency: all of it where nothing may be taken. */
function bareNeeds(able: readonly Assessment[]): (guest: GuestView) => number {
  const bare = new Map(able.map(({ guest, tiers }) => [guest.id, tiers.bare]));
  return (guest) => Math.max(floorBytes(guest), bare.get(guest.id) ?? guest.assignedBytes);
}
