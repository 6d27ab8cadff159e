/** How a run gets on with a host that is planned: freeing, giving, done. Each step is one transaction. */
import type { OperationOutcome } from '#contracts';
import { TICK_MS } from '#units';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { count, reconciled, triggerOf } from './controller-counts.js';

/** A host of a run that moves memory. */
export interface GoingHost {
  readonly runId: string;
  readonly hostId: string;
  readonly status: 'FREEING' | 'GIVING';
  readonly requestedBy: string;
  readonly policy: string;
}

export async function goingHosts(database: Database): Promise<GoingHost[]> {
  const { rows } = await database.pool.query<GoingHost>(
    `SELECT h.run_id AS "runId", h.host_id AS "hostId", h.status, r.requested_by AS "requestedBy", h.policy
       FROM rebalance_host h JOIN rebalance_run r ON r.id = h.run_id
      WHERE h.status IN ('FREEING', 'GIVING') ORDER BY h.run_id, h.host_id`,
  );
  return rows;
}

/** Notes which operation carries a move out, or why none does. */
export async function noteMove(
  database: Database,
  move: { readonly runId: string; readonly guestId: string },
  result: { readonly operationId: string } | { readonly notApplied: string },
): Promise<void> {
  await database.pool.query(
    `UPDATE rebalance_move SET operation_id = $3, not_applied = $4 WHERE run_id = $1 AND guest_id = $2`,
    [
      move.runId,
      move.guestId,
      'operationId' in result ? result.operationId : null,
      'notApplied' in result ? result.notApplied : null,
    ],
  );
}

/**
 * Notes the operations that moves of this host have although nobody noted them: whoever acknowledged them under `idempotencyKey` died
 * before. Returns how many there were.
 */
export async function adoptOperations(
  database: Database,
  { runId, hostId }: Pick<GoingHost, 'runId' | 'hostId'>,
  idempotencyKey: string,
): Promise<number> {
  const { rowCount } = await database.pool.query(
    `UPDATE rebalance_move m SET operation_id = o.id FROM operation o
      WHERE m.run_id = $1 AND m.host_id = $2 AND m.operation_id IS NULL AND m.not_applied IS NULL
        AND o.guest_id = m.guest_id AND o.idempotency_key = $3`,
    [runId, hostId, idempotencyKey],
  );
  return rowCount ?? 0;
}

/** All that frees has ended: from now on memory is given. */
export async function beginGiving(database: Database, { runId, hostId }: GoingHost): Promise<void> {
  await database.pool.query(
    `UPDATE rebalance_host SET status = 'GIVING' WHERE run_id = $1 AND host_id = $2 AND status = 'FREEING'`,
    [runId, hostId],
  );
}

/** Memory of the host that is neither kept, nor backs a guest, nor is promised to a balloon that is to shrink. */
export async function availableBytes(database: Database, hostId: string): Promise<number> {
  const { rows } = await database.pool.query<{ bytes: number }>(
    `SELECT (h.capacity_bytes - h.reserved_bytes
             - coalesce(sum(l.resident_bytes + greatest(0, l.balloon_actual_bytes - g.target_bytes)), 0))::float8 AS bytes
       FROM host h LEFT JOIN guest g ON g.host_id = h.id AND g.state <> 'DELETED'
                   LEFT JOIN guest_latest l ON l.guest_id = g.id
      WHERE h.id = $1 GROUP BY h.id`,
    [hostId],
  );
  return rows[0]?.bytes ?? 0;
}

/** Outcomes after which a guest counts as stuck. */
const STUCK_OUTCOMES: readonly OperationOutcome[] = ['STALLED', 'TIMED_OUT', 'REFUSED'];

export interface Forgiveness {
  /** A guest that is stuck for the first time is tried again after so long … */
  readonly firstMs: number;
  /** … and each further time after twice as long, up to this. */
  readonly longestMs: number;
}

/** Ends a host of a run: what was applied, which guests are held, which are stuck and until when. */
export async function finishHost(database: Database, host: GoingHost, forgiveness: Forgiveness): Promise<void> {
  await database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `UPDATE rebalance_host h SET status = 'DONE', finished_at = now(), applied_bytes = (
          SELECT coalesce(sum(o.achieved_bytes - m.from_bytes), 0)
            FROM rebalance_move m JOIN operation o ON o.id = m.operation_id
           WHERE m.run_id = h.run_id AND m.host_id = h.host_id AND o.achieved_bytes IS NOT NULL)
        WHERE run_id = $1 AND host_id = $2 AND status IN ('FREEING', 'GIVING')`,
      [host.runId, host.hostId],
    );
    if (rowCount === 0) return;
    await client.query(
      `WITH clock AS (SELECT coalesce(max(tick), 0) * 1000 AS now_ms FROM shard),
       moved AS (
         SELECT m.guest_id, o.outcome, r.hold_for_ms
           FROM rebalance_move m JOIN operation o ON o.id = m.operation_id JOIN rebalance_run r ON r.id = m.run_id
          WHERE m.run_id = $1 AND m.host_id = $2 ORDER BY m.guest_id)
       UPDATE guest g SET
         held_until_ms = CASE WHEN moved.hold_for_ms > 0 THEN clock.now_ms + moved.hold_for_ms ELSE g.held_until_ms END,
         stuck_since_ms = CASE WHEN moved.outcome = ANY($3) THEN coalesce(g.stuck_since_ms, clock.now_ms)
                               WHEN moved.outcome = 'REACHED' THEN NULL ELSE g.stuck_since_ms END,
         forgiven_at_ms = CASE WHEN moved.outcome = ANY($3) THEN clock.now_ms + least($4 * power(2, least(g.stuck_count, 30)), $5)
                               WHEN moved.outcome = 'REACHED' THEN NULL ELSE g.forgiven_at_ms END,
         stuck_count = CASE WHEN moved.outcome = ANY($3) THEN g.stuck_count + 1
                            WHEN moved.outcome = 'REACHED' THEN 0 ELSE g.stuck_count END
        FROM moved, clock WHERE g.id = moved.guest_id`,
      [host.runId, host.hostId, STUCK_OUTCOMES, forgiveness.firstMs, forgiveness.longestMs],
    );
    await countActions(client, host);
  });
}

async function countActions(client: PoolClient, { runId, hostId }: GoingHost): Promise<void> {
  const trigger = await triggerOf(client, runId);
  const { rows } = await client.query<{ status: string; value: number }>(
    `SELECT lower(coalesce(o.outcome, 'NOT_APPLIED')) AS status, count(*)::int AS value
       FROM rebalance_move m LEFT JOIN operation o ON o.id = m.operation_id
      WHERE m.run_id = $1 AND m.host_id = $2 GROUP BY 1`,
    [runId, hostId],
  );
  const actions = rows.map(({ status, value }) => ({ name: 'ACTION', labels: { trigger, status }, value }) as const);
  await count(client, [reconciled(trigger, 'DONE'), ...actions]);
}

/** Targets that rebalancing gave a guest since `sinceMs` of simulated time, the oldest first. */
export interface PastMove {
  readonly guestId: string;
  readonly timeMs: number;
  readonly fromBytes: number;
  readonly toBytes: number;
}

export async function recentMoves(database: Database, hostId: string, sinceMs: number): Promise<PastMove[]> {
  const { rows } = await database.pool.query<PastMove>(
    `SELECT m.guest_id AS "guestId", o.applied_tick::float8 * 1000 AS "timeMs", m.from_bytes::float8 AS "fromBytes",
            m.to_bytes::float8 AS "toBytes"
       FROM guest g JOIN operation o ON o.guest_id = g.id AND o.applied_tick >= $2
       JOIN rebalance_move m ON m.operation_id = o.id
      WHERE g.host_id = $1
      ORDER BY o.applied_tick, m.run_id`,
    [hostId, Math.ceil(sinceMs / TICK_MS)],
  );
  return rows;
}

/** Forgets runs of before `before` that are over. */
export async function forgetRuns(database: Database, before: Date): Promise<void> {
  await database.pool.query(
    `DELETE FROM rebalance_run r WHERE created_at < $1
        AND NOT EXISTS (SELECT 1 FROM rebalance_host h WHERE h.run_id = r.id AND h.status IN ('WAITING', 'FREEING', 'GIVING'))`,
    [before],
  );
}
