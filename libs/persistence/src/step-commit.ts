/** The one transaction that ends a step of the fleet (ARCHITECTURE.md, "One step of a shard"). */
import { STATUS_OF_OUTCOME, type GuestState, type HostState, type OperationResult } from '#contracts';
import type { PoolClient } from 'pg';
import type { Database } from './database.js';
import { fenceAndAdvance, type Lease } from './lease.js';
import { notify } from './notifications.js';
import { count, type ControllerCount } from './rebalance/controller-counts.js';
import type { TimedSample } from './sample-copy.js';
import { appendSamples, replaceLatest } from './sample-writer.js';
import { stopGuests, type StoppedGuest } from './stopped-guests.js';

export interface GuestStateChange {
  readonly guestId: string;
  readonly state: GuestState;
  readonly reason: string | null;
}

export interface StepOutcome {
  /** The step's last tick. */
  readonly tick: number;
  readonly samples: readonly TimedSample[];
  readonly results: readonly OperationResult[];
  readonly stateChanges: readonly GuestStateChange[];
  /** Guests that failed in the step and do not run any more. */
  readonly stopped: readonly StoppedGuest[];
}

/** Decides how short of memory a host is from the state it was in and the free share of its capacity. */
export type HostStateRule = (current: HostState, freeRatio: number) => HostState;

/** Stores what a step did, whole. Throws LeaseLostError and stores nothing when the shards have another owner. */
export async function commitStep(
  database: Database,
  lease: Lease,
  step: StepOutcome,
  rule: HostStateRule,
): Promise<void> {
  await database.transaction(async (client) => {
    await fenceAndAdvance(client, lease, step.tick);
    await storeSamples(client, step.samples);
    // Rows are locked as everywhere: hosts, then operations, then guests.
    if (step.samples.length > 0) await updateHostStates(client, rule);
    await endOperations(client, lease, step.results);
    await changeStates(client, step.stateChanges);
    await stopGuests(client, lease, step.stopped, step.tick);
    if (step.samples.length > 0) await notify(client, 'ballast_sampled', { tick: step.tick });
  });
}

/** Samples into the history and into the newest values. */
async function storeSamples(client: PoolClient, samples: readonly TimedSample[]): Promise<void> {
  await appendSamples(client, samples);
  await replaceLatest(client, samples);
}

/** Ends running operations as their guests told. A cancelled one leaves the guest's target where its balloon stopped. */
async function endOperations(client: PoolClient, lease: Lease, results: readonly OperationResult[]): Promise<void> {
  if (results.length === 0) return;
  await client.query(
    `WITH told(id, status, outcome, achieved, deficit, reason, tick, result) AS (
       SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $9::jsonb[])),
     ended AS (
       UPDATE operation o SET status = told.status, outcome = told.outcome, achieved_bytes = told.achieved,
              deficit_bytes = told.deficit, reason = told.reason, result = told.result, finished_tick = told.tick, finished_at = now(), epoch = $8
         FROM told WHERE o.id = told.id AND o.status = 'RUNNING'
       RETURNING o.id, o.guest_id, o.sequence, o.outcome, o.achieved_bytes),
     frozen AS (
       UPDATE guest g SET target_bytes = ended.achieved_bytes FROM ended
        WHERE g.id = ended.guest_id AND ended.outcome = 'CANCELLED' AND ended.achieved_bytes IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM operation newer
                           WHERE newer.guest_id = g.id AND newer.sequence > ended.sequence AND newer.target_bytes IS NOT NULL))
     SELECT pg_notify('ballast_operation', json_build_object('operationId', id, 'guestId', guest_id)::text) FROM ended`,
    [
      results.map((result) => result.operationId),
      results.map((result) => STATUS_OF_OUTCOME[result.outcome]),
      results.map((result) => result.outcome),
      results.map((result) => result.achievedBytes),
      results.map((result) => result.deficitBytes),
      results.map((result) => result.reason),
      results.map((result) => result.tick),
      lease.epochs[0],
      results.map((result) => (result.result === null ? null : JSON.stringify(result.result))),
    ],
  );
}

async function changeStates(client: PoolClient, changes: readonly GuestStateChange[]): Promise<void> {
  if (changes.length === 0) return;
  await client.query(
    `UPDATE guest SET state = told.state, state_reason = told.reason
       FROM unnest($1::uuid[], $2::text[], $3::text[]) AS told(id, state, reason)
      WHERE guest.id = told.id AND guest.state NOT IN (told.state, 'DELETED')`,
    [
      changes.map((change) => change.guestId),
      changes.map((change) => change.state),
      changes.map((change) => change.reason),
    ],
  );
}

interface HostRow {
  id: string;
  state: HostState;
  free_ratio: number;
}

async function updateHostStates(client: PoolClient, rule: HostStateRule): Promise<void> {
  const { rows } = await client.query<HostRow>(
    `SELECT h.id, h.state,
            greatest(0, 1 - (h.reserved_bytes + coalesce(sum(l.resident_bytes), 0))::float8 / h.capacity_bytes) AS free_ratio
       FROM host h LEFT JOIN guest g ON g.host_id = h.id AND g.state <> 'DELETED'
                   LEFT JOIN guest_latest l ON l.guest_id = g.id
      WHERE h.deleted_at IS NULL
      GROUP BY h.id ORDER BY h.id`,
  );
  const transitions: ControllerCount[] = [];
  for (const row of rows) {
    const state = rule(row.state, row.free_ratio);
    if (state === row.state) continue;
    await client.query('UPDATE host SET state = $2 WHERE id = $1', [row.id, state]);
    transitions.push({ name: 'STATE_TRANSITION', labels: { from: row.state, to: state }, value: 1 });
    await notify(client, 'ballast_host_state', { hostId: row.id });
  }
  // All at once: counters are locked in one order, whichever hosts change.
  await count(client, transitions);
}
