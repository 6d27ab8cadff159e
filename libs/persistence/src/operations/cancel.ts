/** Calling an operation off: at once while it waits, by its guest once it runs. */
import { DomainError, type OperationStatus } from '#contracts';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { notify } from '../notifications.js';
import { isId } from '../paging/ids.js';

/** DONE: it is over. ASKED: its guest is to be told, by an `operations` job. */
export type Cancellation = { readonly kind: 'DONE' } | { readonly kind: 'ASKED'; readonly guestId: string };

interface LockedOperation {
  guest_id: string;
  sequence: number;
  status: OperationStatus;
}

/** Cancelling twice is one cancellation. Throws DomainError NOT_FOUND, or CONFLICT when it has ended otherwise. */
export async function cancel(database: Database, id: string): Promise<Cancellation> {
  if (!isId(id)) throw operationNotFound(id);
  return database.transaction(async (client) => {
    // The operation before its guest: the order in which a step's commit takes them.
    const { rows } = await client.query<LockedOperation>(
      'SELECT guest_id, sequence, status FROM operation WHERE id = $1 FOR UPDATE',
      [id],
    );
    const operation = rows[0];
    if (operation === undefined) throw operationNotFound(id);
    switch (operation.status) {
      case 'QUEUED':
        await cancelWaiting(client, id, operation);
        return { kind: 'DONE' };
      case 'RUNNING':
        await client.query('UPDATE operation SET cancel_asked_at = coalesce(cancel_asked_at, now()) WHERE id = $1', [
          id,
        ]);
        await notify(client, 'ballast_operation', { operationId: id, guestId: operation.guest_id });
        return { kind: 'ASKED', guestId: operation.guest_id };
      case 'CANCELLED':
        return { kind: 'DONE' };
      case 'SUCCEEDED':
      case 'FAILED':
        throw new DomainError(
          'CONFLICT',
          `input.id must be the id of an operation that has not ended; ${id} has ${operation.status}`,
          'input.id',
        );
    }
  });
}

/** Where no newer operation has a target of its own, the guest's falls back to that of the one before. */
async function cancelWaiting(client: PoolClient, id: string, { guest_id, sequence }: LockedOperation): Promise<void> {
  await client.query(
    `UPDATE operation SET status = 'CANCELLED', outcome = 'CANCELLED', reason = 'cancelled before it began',
            cancel_asked_at = now(), finished_at = now() WHERE id = $1`,
    [id],
  );
  await client.query(
    `UPDATE guest SET target_bytes = coalesce((
        SELECT CASE WHEN outcome = 'CANCELLED' THEN achieved_bytes ELSE target_bytes END FROM operation
         WHERE guest_id = $1 AND sequence < $2 AND target_bytes IS NOT NULL AND NOT (status = 'CANCELLED' AND applied_tick IS NULL)
         ORDER BY sequence DESC LIMIT 1), 0)
      WHERE id = $1 AND EXISTS (SELECT 1 FROM operation WHERE guest_id = $1 AND sequence = $2 AND target_bytes IS NOT NULL)
        AND NOT EXISTS (
        SELECT 1 FROM operation
         WHERE guest_id = $1 AND sequence > $2 AND target_bytes IS NOT NULL AND NOT (status = 'CANCELLED' AND applied_tick IS NULL))`,
    [guest_id, sequence],
  );
  await notify(client, 'ballast_operation', { operationId: id, guestId: guest_id });
}

function operationNotFound(id: string): DomainError {
  return new DomainError(
    'NOT_FOUND',
    `input.id must be the id of an operation that exists; there is none with ${JSON.stringify(id)}`,
    'input.id',
  );
}
