/** Brings one guest back: its stored state, checked, then the ticks it missed, with the commands it took. */
import type { RecoverableGuest } from '#persistence';
import type { ShardSimulation } from '#simulation';
import type { RecoveryReport } from './protocol.js';
import { unpackSnapshot } from './snapshot-codec.js';

/** Leaves the guest at `toTick`, or out of the simulation when it is not the guest that was stored. */
export function recoverGuest(simulation: ShardSimulation, guest: RecoverableGuest, toTick: number): RecoveryReport {
  const { guestId } = guest.member;
  const fromTick = guest.snapshot?.tick ?? guest.bornTick;
  const problem = join(simulation, guest) ?? replay(simulation, guest, fromTick, toTick);
  if (problem !== null) simulation.remove(guestId);
  return { guestId, replayedTicks: toTick - fromTick, problem };
}

/** A sentence when the stored bytes are not the guest that was stored. */
function join(simulation: ShardSimulation, { member, snapshot, bornTick }: RecoverableGuest): string | null {
  if (snapshot === null) {
    simulation.boot(member, bornTick);
    return null;
  }
  const restored = simulation.restore(member, unpackSnapshot(snapshot.bytes));
  if (restored.digest === snapshot.digest && restored.tick === snapshot.tick) return null;
  return `its snapshot of tick ${snapshot.tick} has digest ${restored.digest}, stored was ${snapshot.digest}`;
}

/** A sentence when the replay passes the newest stored sample in another state than it had. */
function replay(
  simulation: ShardSimulation,
  { member, commands, latest }: RecoverableGuest,
  fromTick: number,
  toTick: number,
): string | null {
  if (toTick <= fromTick) return null;
  const due = commands.filter((command) => command.tick <= toTick);
  const { samples } = simulation.advanceGuest(member.guestId, fromTick, toTick, due);
  const reached = samples.find((sample) => sample.tick === latest?.tick);
  if (reached === undefined || latest === null || reached.stateDigest === latest.stateDigest) return null;
  return `its replay to tick ${reached.tick} has digest ${reached.stateDigest}, stored was ${latest.stateDigest}`;
}
