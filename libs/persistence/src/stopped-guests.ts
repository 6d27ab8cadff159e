/** Guests that do not run because they cannot: they could not be booted or brought back, or failed on the way. */
import type { PoolClient } from 'pg';
import type { Database } from './database.js';
import { fence, type Lease } from './lease.js';

export interface StoppedGuest {
  readonly guestId: string;
  /** A sentence for people: what stopped it, with the ticks. */
  readonly reason: string;
}

/** Marks guests PAUSED with their reason, and ends what they had to do. */
export async function stopGuests(
  client: PoolClient,
  lease: Lease,
  stopped: readonly StoppedGuest[],
  tick: number,
): Promise<void> {
  if (stopped.length === 0) return;
  const guestIds = stopped.map(({ guestId }) => guestId);
  // Operations before their guests, as everywhere.
  await client.query(
    `SELECT 1 FROM operation WHERE guest_id = ANY($1::uuid[]) AND status IN ('QUEUED', 'RUNNING') ORDER BY id FOR UPDATE`,
    [guestIds],
  );
  await client.query(
    `UPDATE guest SET state = 'PAUSED', state_reason = told.reason FROM unnest($1::uuid[], $2::text[]) AS told(id, reason)
      WHERE guest.id = told.id AND guest.state <> 'DELETED'`,
    [guestIds, stopped.map(({ reason }) => reason)],
  );
  await refuseWork(client, lease, guestIds, tick);
}

/** As stopGuests, in a transaction of its own. Throws LeaseLostError. */
export async function commitStopped(
  database: Database,
  lease: Lease,
  stopped: readonly StoppedGuest[],
  tick: number,
): Promise<void> {
  await database.transaction(async (client) => {
    await fence(client, lease);
    await stopGuests(client, lease, stopped, tick);
  });
}

/** Guests that had stopped and were brought back all the same run again. Throws LeaseLostError. */
export async function commitRevived(database: Database, lease: Lease, guestIds: readonly string[]): Promise<void> {
  await database.transaction(async (client) => {
    await fence(client, lease);
    await client.query(
      `UPDATE guest SET state = 'RUNNING', state_reason = NULL WHERE id = ANY($1::uuid[]) AND state = 'PAUSED' AND state_reason IS NOT NULL`,
      [guestIds],
    );
  });
}

/** Ends the operations that wait for those of the guests that have stopped. */
export async function refuseWork(
  client: PoolClient,
  lease: Lease,
  guestIds: readonly string[],
  tick: number,
): Promise<void> {
  await client.query(
    `WITH ended AS (
       UPDATE operation o SET status = 'FAILED', outcome = 'REFUSED', reason = 'the guest does not run: ' || g.state_reason,
              achieved_bytes = CASE WHEN o.target_bytes IS NOT NULL THEN coalesce(l.balloon_actual_bytes, 0) END,
              deficit_bytes = abs(o.target_bytes - coalesce(l.balloon_actual_bytes, 0)),
              finished_tick = $3, finished_at = now(), epoch = $2
         FROM guest g LEFT JOIN guest_latest l ON l.guest_id = g.id
        WHERE o.guest_id = g.id AND g.id = ANY($1::uuid[]) AND g.state = 'PAUSED' AND g.state_reason IS NOT NULL AND o.status IN ('QUEUED', 'RUNNING')
       RETURNING o.id, o.guest_id)
     SELECT pg_notify('ballast_operation', json_build_object('operationId', id, 'guestId', guest_id)::text) FROM ended`,
    [guestIds, lease.epochs[0], tick],
  );
}
