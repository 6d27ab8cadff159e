/** Brings every guest back to the shards' tick, a few at a time: snapshots are large. */
import type { GuestCommand } from '#contracts';
import { recoverableGuests, type Database, type Lease, type RecoverableGuest, type StoppedGuest } from '#persistence';
import type { RecoveryReport } from '../thread/protocol.js';
import type { ThreadPool } from '../thread/thread-pool.js';

const LOT = 16;

export interface Recovery {
  readonly guestIds: readonly string[];
  readonly replayedTicks: number;
  /** Guests that are not what was stored: they do not run. */
  readonly stopped: readonly StoppedGuest[];
  /** Commands that were given a tick that has not begun yet. */
  readonly upcoming: readonly GuestCommand[];
}

/** Ends early, with only some of the guests, when `isCalledOff` says so. */
export async function recoverFleet(
  source: { readonly database: Database; readonly lease: Lease },
  pool: ThreadPool,
  toTick: number,
  isCalledOff: () => boolean,
): Promise<Recovery> {
  const reports: RecoveryReport[] = [];
  const upcoming: GuestCommand[] = [];
  let atWork: Promise<readonly RecoveryReport[]> = Promise.resolve([]);
  // While the threads replay one lot, the next is read.
  for await (const lot of inLots(recoverableGuests(source.database, source.lease))) {
    reports.push(...(await atWork));
    if (isCalledOff()) break;
    upcoming.push(...lot.flatMap((guest) => guest.commands.filter((command) => command.tick > toTick)));
    atWork = pool.recover(lot, toTick);
    // Awaited in the next turn, or below; a failure meanwhile is not lost.
    atWork.catch(() => undefined);
  }
  reports.push(...(await atWork));
  return summary(reports, upcoming);
}

function summary(reports: readonly RecoveryReport[], upcoming: readonly GuestCommand[]): Recovery {
  const stopped = reports.flatMap(({ guestId, problem }) => (problem === null ? [] : [{ guestId, reason: problem }]));
  const out = new Set(stopped.map(({ guestId }) => guestId));
  return {
    guestIds: reports.map((report) => report.guestId).filter((guestId) => !out.has(guestId)),
    replayedTicks: reports.reduce((sum, report) => sum + report.replayedTicks, 0),
    stopped,
    upcoming: upcoming.filter((command) => !out.has(command.guestId)),
  };
}

async function* inLots(guests: AsyncIterable<RecoverableGuest>): AsyncGenerator<RecoverableGuest[]> {
  let lot: RecoverableGuest[] = [];
  for await (const guest of guests) {
    lot.push(guest);
    if (lot.length < LOT) continue;
    yield lot;
    lot = [];
  }
  if (lot.length > 0) yield lot;
}
