/**
 * The transaction in which acknowledged work gets its tick (ARCHITECTURE.md, "One operation", step 3). It takes all that
 * waits for a guest, in the guest's order; rows that were admitted or ended already are left alone, so a job that is
 * delivered twice does nothing the second time.
 */
import type { GuestCommand } from '#contracts';
import type { Database } from './database.js';
import { fence, type Lease } from './lease.js';
import { toCommand, type CommandRow } from './operations/operation-command.js';
import { refuseWork } from './stopped-guests.js';

/**
 * Gives the waiting operations of these guests the tick `tick`, and the calls to cancel running ones. Returns the commands in
 * the order the guests must take them. Guests that are not born yet keep theirs waiting; those that do not run refuse. Throws
 * LeaseLostError.
 */
export async function admitOperations(
  database: Database,
  lease: Lease,
  guestIds: readonly string[],
  tick: number,
): Promise<GuestCommand[]> {
  return database.transaction(async (client) => {
    await fence(client, lease);
    await refuseWork(client, lease, guestIds, tick);
    const admitted = await client.query<CommandRow>(
      `WITH waiting AS (
         SELECT o.id, o.sequence FROM operation o JOIN guest g ON g.id = o.guest_id
          WHERE o.guest_id = ANY($1::uuid[]) AND o.status = 'QUEUED' AND g.born_tick IS NOT NULL AND g.state <> 'DELETED'
            FOR UPDATE OF o),
       admitted AS (
         UPDATE operation o SET status = 'RUNNING', applied_tick = $2, started_at = now(), attempts = attempts + 1, epoch = $3
           FROM waiting WHERE o.id = waiting.id
         RETURNING o.id, o.guest_id, o.target_bytes::text, o.work, o.timeout_ms, o.sequence)
       SELECT *, pg_notify('ballast_operation', json_build_object('operationId', id, 'guestId', guest_id)::text)
         FROM admitted ORDER BY guest_id, sequence`,
      [guestIds, tick, lease.epochs[0]],
    );
    const cancelled = await client.query<{ id: string; guest_id: string }>(
      `UPDATE operation SET cancel_tick = $2, epoch = $3
        WHERE guest_id = ANY($1::uuid[]) AND status = 'RUNNING' AND cancel_asked_at IS NOT NULL AND cancel_tick IS NULL
       RETURNING id, guest_id`,
      [guestIds, tick, lease.epochs[0]],
    );
    return [
      ...admitted.rows.map((row) => toCommand(row, tick)),
      ...cancelled.rows.map((row): GuestCommand => ({
        kind: 'CANCEL',
        guestId: row.guest_id,
        tick,
        operationId: row.id,
      })),
    ];
  });
}

/** Work that waits although no job may bring it: what the sweep looks for. */
export interface WaitingWork {
  /** Guests with operations to admit or to call off. */
  readonly withOperations: readonly string[];
  /** Guests to boot, and deleted ones that may still run. */
  readonly toSync: readonly string[];
}

/** `running`: the guests that the asker simulates. */
export async function findWaitingWork(
  database: Database,
  lease: Lease,
  running: readonly string[],
): Promise<WaitingWork> {
  const operations = await database.pool.query<{ guest_id: string }>(
    `SELECT DISTINCT o.guest_id FROM operation o JOIN guest g ON g.id = o.guest_id
      WHERE g.shard_id = ANY($1::int[]) AND (g.born_tick IS NOT NULL OR g.state_reason IS NOT NULL) AND g.state <> 'DELETED'
        AND (o.status = 'QUEUED' OR (o.status = 'RUNNING' AND o.cancel_asked_at IS NOT NULL AND o.cancel_tick IS NULL))`,
    [lease.shardIds],
  );
  const guests = await database.pool.query<{ id: string }>(
    `SELECT id FROM guest
      WHERE shard_id = ANY($1::int[])
        AND ((born_tick IS NULL AND state = 'RUNNING')
          OR (state = 'DELETED'
              AND (id = ANY($2::uuid[]) OR id IN (SELECT guest_id FROM operation WHERE status IN ('QUEUED', 'RUNNING')))))`,
    [lease.shardIds, running],
  );
  return { withOperations: operations.rows.map((row) => row.guest_id), toSync: guests.rows.map((row) => row.id) };
}
