/**
 * What the controller has done, counted for its metrics. Counts are rows that grow in the transaction of what they count: exact,
 * and not set back by a restart or by runs that are forgotten.
 */
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import type { RebalanceStatus } from './rebalance.mapper.js';

export type ControllerCountName = 'RECONCILE' | 'ACTION' | 'STATE_TRANSITION' | 'SAMPLER_ERROR';

export interface ControllerCount {
  readonly name: ControllerCountName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Adds to the counts. One statement, rows in one order: transactions that count at once do not wait for each other in a ring. */
export async function count(client: PoolClient, counts: readonly ControllerCount[]): Promise<void> {
  if (counts.length === 0) return;
  await client.query(
    `INSERT INTO controller_count (name, labels, value)
     SELECT name, labels, sum(value) FROM unnest($1::text[], $2::jsonb[], $3::float8[]) AS told(name, labels, value)
      GROUP BY name, labels ORDER BY name, labels
     ON CONFLICT (name, labels) DO UPDATE SET value = controller_count.value + excluded.value`,
    [
      counts.map(({ name }) => name),
      counts.map(({ labels }) => JSON.stringify(labels)),
      counts.map(({ value }) => value),
    ],
  );
}

/** That a run came to an end on a host. */
export function reconciled(trigger: string, status: RebalanceStatus): ControllerCount {
  return { name: 'RECONCILE', labels: { trigger, status: status.toLowerCase() }, value: 1 };
}

/** What set a run off. */
export async function triggerOf(client: PoolClient, runId: string): Promise<string> {
  const { rows } = await client.query<{ trigger: string }>(
    `SELECT CASE WHEN schedule_id IS NULL THEN 'manual' ELSE 'schedule' END AS trigger FROM rebalance_run WHERE id = $1`,
    [runId],
  );
  return rows[0]?.trigger ?? 'manual';
}

export async function readControllerCounts(database: Database): Promise<ControllerCount[]> {
  const { rows } = await database.pool.query<ControllerCount>(
    'SELECT name, labels, value FROM controller_count ORDER BY name, labels',
  );
  return rows;
}

export interface DecisionTime {
  readonly plannedAt: Date;
  readonly decisionMs: number;
}

/** How long the decisions took that were made after `since`, the oldest first. */
export async function decisionTimes(database: Database, since: Date): Promise<DecisionTime[]> {
  const { rows } = await database.pool.query<DecisionTime>(
    `SELECT planned_at AS "plannedAt", decision_ms AS "decisionMs" FROM rebalance_host
      WHERE planned_at > $1 AND decision_ms IS NOT NULL ORDER BY planned_at`,
    [since],
  );
  return rows;
}

/** How the controller stands with a host: its newest decision that was not a dry run, and the guests it may not or cannot move. */
export interface ControllerStanding {
  readonly host: string;
  /** Bytes; null before the first decision. */
  readonly needed: number | null;
  readonly planned: number | null;
  /** Null while the plan is carried out. */
  readonly applied: number | null;
  readonly stuckGuests: number;
  readonly heldGuests: number;
  /** Guests that run and are not held, stuck or to be left alone. */
  readonly eligibleGuests: number;
}

export async function controllerStandings(database: Database): Promise<ControllerStanding[]> {
  const { rows } = await database.pool.query<ControllerStanding>(
    `WITH clock AS (SELECT coalesce(max(tick), 0) * 1000 AS now_ms FROM shard)
     SELECT h.name AS host, newest.needed, newest.planned, newest.applied,
            count(*) FILTER (WHERE g.stuck_since_ms IS NOT NULL)::int AS "stuckGuests",
            count(*) FILTER (WHERE g.held_until_ms > clock.now_ms)::int AS "heldGuests",
            count(*) FILTER (WHERE g.state = 'RUNNING' AND g.shares > 0 AND coalesce(g.held_until_ms, 0) <= clock.now_ms
                               AND (g.stuck_since_ms IS NULL OR g.forgiven_at_ms <= clock.now_ms))::int AS "eligibleGuests"
       FROM host h CROSS JOIN clock LEFT JOIN guest g ON g.host_id = h.id AND g.state <> 'DELETED'
       LEFT JOIN LATERAL (
         SELECT (d.plan->>'neededBytes')::float8 AS needed, (d.plan->>'plannedBytes')::float8 AS planned,
                (CASE d.status WHEN 'PLANNED' THEN 0 ELSE d.applied_bytes END)::float8 AS applied
           FROM rebalance_host d JOIN rebalance_run r ON r.id = d.run_id
          WHERE d.host_id = h.id AND d.plan IS NOT NULL AND NOT r.dry_run ORDER BY d.run_id DESC LIMIT 1) newest ON true
      WHERE h.deleted_at IS NULL
      GROUP BY h.id, newest.needed, newest.planned, newest.applied ORDER BY h.name`,
  );
  return rows;
}
