/** From a host that waits to a decision about it, or to why there is none. Each step is one transaction. */
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { count, reconciled, triggerOf, type ControllerCount } from './controller-counts.js';
import type { RebalanceStatus } from './rebalance.mapper.js';

/** A host of a run that is not planned yet. */
export interface WaitingHost {
  readonly runId: string;
  readonly hostId: string;
  readonly dryRun: boolean;
  readonly policy: string | null;
  readonly parameters: unknown;
  /** Another run that still moves memory on this host. */
  readonly busyWith: string | null;
}

export interface PlannedMove {
  readonly guestId: string;
  readonly phase: number;
  readonly fromBytes: number;
  readonly toBytes: number;
  readonly reason: string;
  /** Why nothing is to be done about it. */
  readonly notApplied: string | null;
}

/** What was decided about a host, and on what. */
export interface HostDecision {
  readonly runId: string;
  readonly hostId: string;
  readonly dryRun: boolean;
  readonly policy: string;
  readonly parameters: unknown;
  readonly view: unknown;
  readonly memory: unknown;
  readonly plan: { readonly memory: unknown; readonly untouched: readonly { readonly cause: string }[] };
  readonly decisionMs: number;
  readonly moves: readonly PlannedMove[];
}

/** Hosts that wait to be planned: of one run, or of all when `runId` is null. */
export async function waitingHosts(database: Database, runId: string | null): Promise<WaitingHost[]> {
  const { rows } = await database.pool.query<WaitingHost>(
    `SELECT h.run_id AS "runId", h.host_id AS "hostId", r.dry_run AS "dryRun", r.policy, r.parameters,
            (SELECT other.run_id FROM rebalance_host other
              WHERE other.host_id = h.host_id AND other.run_id <> h.run_id AND other.status IN ('FREEING', 'GIVING')
              LIMIT 1) AS "busyWith"
       FROM rebalance_host h JOIN rebalance_run r ON r.id = h.run_id
      WHERE h.status = 'WAITING' AND ($1::uuid IS NULL OR h.run_id = $1)
      ORDER BY h.run_id, h.host_id`,
    [runId],
  );
  return rows;
}

/** Stores a decision. A dry run, and a plan without a move, are over with it; others begin to free. */
export async function storeDecision(database: Database, decision: HostDecision): Promise<void> {
  const { runId, hostId, moves } = decision;
  const isOver = decision.dryRun || moves.every(({ notApplied }) => notApplied !== null);
  await database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `UPDATE rebalance_host SET status = $3, policy = $4, parameters = $5, view = $6, memory = $7, plan = $8, decision_ms = $9,
              planned_at = now(), finished_at = CASE WHEN $3 = 'PLANNED' THEN now() END
        WHERE run_id = $1 AND host_id = $2 AND status = 'WAITING'`,
      [
        runId,
        hostId,
        isOver ? 'PLANNED' : 'FREEING',
        decision.policy,
        JSON.stringify(decision.parameters),
        JSON.stringify(decision.view),
        JSON.stringify(decision.memory),
        JSON.stringify(decision.plan),
        decision.decisionMs,
      ],
    );
    if (rowCount === 0) return;
    await client.query(
      `INSERT INTO rebalance_move (run_id, guest_id, host_id, place, phase, from_bytes, to_bytes, reason, not_applied)
       SELECT $1, told.*  FROM (
         SELECT guest_id, $2::uuid, place, phase, from_bytes, to_bytes, reason, not_applied
           FROM unnest($3::uuid[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::text[], $9::text[])
                AS row(guest_id, place, phase, from_bytes, to_bytes, reason, not_applied)) told`,
      [
        runId,
        hostId,
        moves.map((move) => move.guestId),
        moves.map((_move, place) => place),
        moves.map((move) => move.phase),
        moves.map((move) => move.fromBytes),
        moves.map((move) => move.toBytes),
        moves.map((move) => move.reason),
        moves.map((move) => move.notApplied),
      ],
    );
    await countDecision(client, decision, isOver);
    if (decision.dryRun) return;
    await client.query(
      `INSERT INTO policy_memory (host_id, policy, memory) VALUES ($1, $2, $3)
       ON CONFLICT (host_id, policy) DO UPDATE SET memory = excluded.memory`,
      [hostId, decision.policy, JSON.stringify(decision.plan.memory)],
    );
  });
}

/** A decision that is over with its plan is an end of the run on this host; others end in finishHost. */
async function countDecision(client: PoolClient, decision: HostDecision, isOver: boolean): Promise<void> {
  const trigger = await triggerOf(client, decision.runId);
  const counts: ControllerCount[] = [];
  for (const { cause } of decision.plan.untouched) {
    if (STATISTICS_CAUSES.has(cause))
      counts.push({ name: 'SAMPLER_ERROR', labels: { cause: cause.toLowerCase() }, value: 1 });
  }
  if (isOver) {
    const status = decision.dryRun ? 'planned' : 'not_applied';
    counts.push(reconciled(trigger, 'PLANNED'));
    counts.push({ name: 'ACTION', labels: { trigger, status }, value: decision.moves.length });
  }
  await count(client, counts);
}

/** Why a policy leaves a guest alone of which it knows too little. */
const STATISTICS_CAUSES: ReadonlySet<string> = new Set(['NO_STATS', 'STALE_STATS']);

/** What the policy remembers of the host; null the first time. */
export async function recallPolicy(database: Database, hostId: string, policy: string): Promise<unknown> {
  const { rows } = await database.pool.query<{ memory: unknown }>(
    'SELECT memory FROM policy_memory WHERE host_id = $1 AND policy = $2',
    [hostId, policy],
  );
  return rows[0]?.memory ?? null;
}

/** Ends a host of a run that cannot be planned, saying why. */
export async function endUnplanned(
  database: Database,
  { runId, hostId }: Pick<WaitingHost, 'runId' | 'hostId'>,
  status: Extract<RebalanceStatus, 'SKIPPED' | 'FAILED'>,
  note: string,
): Promise<void> {
  await database.transaction(async (client) => {
    const { rowCount } = await client.query(
      `UPDATE rebalance_host SET status = $3, note = $4, finished_at = now()
        WHERE run_id = $1 AND host_id = $2 AND status = 'WAITING'`,
      [runId, hostId, status, note],
    );
    if (rowCount !== 0) await count(client, [reconciled(await triggerOf(client, runId), status)]);
  });
}
