/**
 * Damping of oscillation, for every policy alike: a guest whose balloon was sent to and fro lately is moved half as far with
 * each turn, so that two policies, or a policy and its guest, cannot swing each other. Deflation of a guest in trouble is no
 * swing and is never held up: a turn counts only when both moves are large.
 */
import { alignDown } from './arithmetic/sizes.js';
import { percent, size } from './arithmetic/words.js';
import type { Plan, PlannedGuest } from './model/plan.js';
import type { HostView } from './model/view.js';

/** A move that was carried out. */
export interface PastTarget {
  readonly guestId: string;
  readonly fromBytes: number;
  readonly toBytes: number;
}

/** Moves of less than this share of the guest are no swing. */
const SWING_RATIO = 0.02;
/** So many turns are taken for a change of mind. */
const FREE_TURNS = 1;
const MOST_HALVINGS = 4;

/** `past`: the moves of the last while (a few decision intervals), the oldest first. */
export function dampOscillation(plan: Plan, view: HostView, past: readonly PastTarget[]): Plan {
  const assigned = new Map(view.guests.map((guest) => [guest.id, guest]));
  let changedBytes = 0;
  const guests = plan.guests.map((row) => {
    const guest = assigned.get(row.id);
    if (guest === undefined) return row;
    const from = guest.balloonTargetBytes;
    const least = guest.assignedBytes * SWING_RATIO;
    const moves = past.filter((move) => move.guestId === row.id).map((move) => move.toBytes - move.fromBytes);
    const turns = trailingTurns([...moves, row.balloonTargetBytes - from], least);
    const isInTrouble = (guest.stats?.pressure?.some10 ?? 0) > 0 && row.phase === 2;
    if (turns <= FREE_TURNS || isInTrouble) return row;
    const damped = halved(row, from, turns, guest.assignedBytes - guest.minBytes);
    changedBytes += damped.balloonTargetBytes - row.balloonTargetBytes;
    return damped;
  });
  return changedBytes === 0 ? plan : { ...plan, guests, plannedBytes: plan.plannedBytes + changedBytes };
}

/** How often the direction turned at the end of the moves without a break, small moves left out. */
function trailingTurns(moves: readonly number[], least: number): number {
  const large = moves.filter((move) => Math.abs(move) >= least);
  let turns = 0;
  for (let at = large.length - 1; at > 0; at--) {
    if (Math.sign(large[at] ?? 0) === Math.sign(large[at - 1] ?? 0)) break;
    turns++;
  }
  return turns;
}

/** Never holds up a guest on its way back to its floor. */
function halved(row: PlannedGuest, from: number, turns: number, highestBytes: number): PlannedGuest {
  const share = 2 ** -Math.min(turns - FREE_TURNS, MOST_HALVINGS);
  const target = alignDown(from + (row.balloonTargetBytes - from) * share);
  const balloonTargetBytes = Math.min(Math.max(0, target), alignDown(highestBytes));
  const why = `turned ${turns} times lately: ${percent(share)} of the way, to ${size(balloonTargetBytes)}`;
  return { ...row, balloonTargetBytes, reason: `${row.reason}; damped: ${why}` };
}
