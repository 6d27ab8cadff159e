/** Brings every guest back to the shards' tick, a few at a time: snapshots are large. */
import type { GuestCommand } from '#contracts';
import { recoverableGuests, type Database, type Lease, type RecoverableGuest } from '#persistence';
import type { RecoveryReport } from '../thread/protocol.js';
import type { ThreadPool } from '../thread/thread-pool.js';

const LOT = 16;

export interface Recovery {
  readonly reports: readonly RecoveryReport[];
  /** Commands that were given a tick that has not begun yet. */
  readonly upcoming: readonly GuestCommand[];
}

export async function recoverFleet(
  database: Database,
  lease: Lease,
  pool: ThreadPool,
  toTick: number,
): Promise<Recovery> {
  const reports: RecoveryReport[] = [];
  const upcoming: GuestCommand[] = [];
  let lot: RecoverableGuest[] = [];
  const flush = async (): Promise<void> => {
    reports.push(...(await pool.recover(lot, toTick)));
    lot = [];
  };
  for await (const guest of recoverableGuests(database, lease)) {
    upcoming.push(...guest.commands.filter((command) => command.tick > toTick));
    lot.push(guest);
    if (lot.length === LOT) await flush();
  }
  if (lot.length > 0) await flush();
  return { reports, upcoming };
}
