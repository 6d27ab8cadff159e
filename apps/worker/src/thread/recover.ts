/** Brings one guest back: its stored state, checked, then the ticks it missed, with the commands it took. */
import type { GuestSample } from '#contracts';
import type { RecoverableGuest } from '#persistence';
import type { ShardSimulation } from '#simulation';
import { unpackSnapshot } from './snapshot-codec.js';

/**
 * Leaves the guest at `toTick` and returns null, or a sentence when it is not the guest that was stored. Throws when the
 * stored bytes are no guest, or when the replay fails.
 */
export function recoverGuest(
  simulation: ShardSimulation,
  guest: RecoverableGuest,
  fromTick: number,
  toTick: number,
): string | null {
  const joined = join(simulation, guest);
  if (joined.problem !== null) return joined.problem;
  const due = guest.commands.filter((command) => command.tick <= toTick);
  const replayed =
    toTick > fromTick ? simulation.advanceGuest(guest.member.guestId, fromTick, toTick, due).samples : [];
  return compareWithLatest(guest, fromTick, [...joined.samples, ...replayed]);
}

interface Joined {
  readonly problem: string | null;
  readonly samples: readonly GuestSample[];
}

function join(simulation: ShardSimulation, { member, snapshot, bornTick }: RecoverableGuest): Joined {
  if (snapshot === null) return { problem: null, samples: [simulation.boot(member, bornTick)] };
  const restored = simulation.restore(member, unpackSnapshot(snapshot.bytes));
  const isSame = restored.digest === snapshot.digest && restored.tick === snapshot.tick;
  const problem = `its snapshot of tick ${snapshot.tick} has digest ${restored.digest}, stored was ${snapshot.digest}`;
  return { problem: isSame ? null : problem, samples: [] };
}

/** The newest stored sample must come again as it was, unless the snapshot is newer. */
function compareWithLatest(
  { latest, snapshot }: RecoverableGuest,
  fromTick: number,
  samples: readonly GuestSample[],
): string | null {
  if (latest === null || latest.tick < fromTick || (latest.tick === fromTick && snapshot !== null)) return null;
  const reached = samples.find((sample) => sample.tick === latest.tick);
  if (reached === undefined)
    return `its replay from tick ${fromTick} has no sample at tick ${latest.tick}, stored was one`;
  if (reached.stateDigest === latest.stateDigest) return null;
  return `its replay to tick ${reached.tick} has digest ${reached.stateDigest}, stored was ${latest.stateDigest}`;
}
