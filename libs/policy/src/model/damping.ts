/**
 * Oscillation: a guest whose balloon was sent to and fro lately is moved half as far with each turn, so that two policies, or a
 * policy and its guest, cannot swing each other. A turn counts only when both moves are large.
 */
import type { GuestView } from './view.js';

/** Moves of less than this share of the guest are no swing. */
const SWING_RATIO = 0.02;
/** So many turns are taken for a change of mind. */
const FREE_TURNS = 1;
const MOST_HALVINGS = 4;

export interface Damping {
  /** How often the direction turned lately, this move included. */
  readonly turns: number;
  /** Part of the way that is gone, 1/16 to 1. */
  readonly shareRatio: number;
}

/** What is left of a move of the guest's balloon to `targetBytes`. */
export function dampingOf(guest: GuestView, targetBytes: number): Damping {
  const moves = guest.recentMoves.map(({ fromBytes, toBytes }) => toBytes - fromBytes);
  const turns = trailingTurns([...moves, targetBytes - guest.balloonTargetBytes], guest.assignedBytes * SWING_RATIO);
  const halvings = Math.min(Math.max(0, turns - FREE_TURNS), MOST_HALVINGS);
  return { turns, shareRatio: 2 ** -halvings };
}

/** How often the direction turned at the end of the moves without a break, small moves left out. */
function trailingTurns(moves: readonly number[], leastBytes: number): number {
  const large = moves.filter((move) => Math.abs(move) >= leastBytes);
  let turns = 0;
  for (let at = large.length - 1; at > 0; at--) {
    if (Math.sign(large[at] ?? 0) === Math.sign(large[at - 1] ?? 0)) break;
    turns++;
  }
  return turns;
}
