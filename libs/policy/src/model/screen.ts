/** Who may be moved at all: the same rules for every policy. A guest that is left out is named with the reason. */
import { seconds } from '../arithmetic/words.js';
import type { UntouchedCause, UntouchedGuest } from './plan.js';
import type { GuestStats, GuestView, HostView } from './view.js';

export type NeededStat = Exclude<keyof GuestStats, 'ageMs'>;

export interface ScreenRules {
  readonly needs: readonly NeededStat[];
  readonly maxStatsAgeMs: number;
  readonly stuckAfterMs: number;
  readonly movesStuckGuests: boolean;
  readonly movesSilentGuests: boolean;
}

export interface Screened {
  /** In the order of the view. */
  readonly movable: readonly GuestView[];
  readonly untouched: readonly UntouchedGuest[];
}

export function screenGuests(view: HostView, rules: ScreenRules): Screened {
  const movable: GuestView[] = [];
  const untouched: UntouchedGuest[] = [];
  for (const guest of view.guests) {
    const found = obstacle(guest, view.timeMs, rules);
    if (found === null) movable.push(guest);
    else untouched.push({ id: guest.id, ...found });
  }
  return { movable, untouched };
}

/** True when the guest has not approached its target for at least `stuckAfterMs`. */
export function isStuck(guest: GuestView, timeMs: number, stuckAfterMs: number): boolean {
  return guest.stuckSinceMs !== null && timeMs - guest.stuckSinceMs >= stuckAfterMs;
}

interface Obstacle {
  readonly cause: UntouchedCause;
  readonly reason: string;
}

function obstacle(guest: GuestView, timeMs: number, rules: ScreenRules): Obstacle | null {
  if (guest.state !== 'RUNNING') return { cause: 'NOT_RUNNING', reason: `it is ${guest.state}` };
  if (guest.migrating) return { cause: 'MIGRATING', reason: 'it is migrating' };
  if (guest.shares === 0) return { cause: 'LEFT_ALONE', reason: 'its shares are 0: it is to be left alone' };
  if (guest.heldUntilMs !== null && guest.heldUntilMs > timeMs) {
    return { cause: 'HELD', reason: `it is held for another ${seconds(guest.heldUntilMs - timeMs)}` };
  }
  if (!rules.movesSilentGuests) {
    const silence = missingStats(guest.stats, rules);
    if (silence !== null) return silence;
  }
  if (!rules.movesStuckGuests && isStuck(guest, timeMs, rules.stuckAfterMs)) {
    const waited = seconds(timeMs - (guest.stuckSinceMs ?? timeMs));
    return { cause: 'STUCK', reason: `it has not approached its target for ${waited}` };
  }
  return null;
}

function missingStats(stats: GuestStats | null, { needs, maxStatsAgeMs }: ScreenRules): Obstacle | null {
  if (stats === null) return { cause: 'NO_STATS', reason: 'it gives no statistics' };
  if (stats.ageMs > maxStatsAgeMs) {
    const reason = `its statistics are ${seconds(stats.ageMs)} old, ${seconds(maxStatsAgeMs)} are allowed`;
    return { cause: 'STALE_STATS', reason };
  }
  const missing = needs.filter((name) => stats[name] === undefined);
  return missing.length === 0 ? null : { cause: 'NO_STATS', reason: `it does not report ${missing.join(', ')}` };
}
