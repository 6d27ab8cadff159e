/** The guests of a worker as it needs them: configuration, trace, and what happened since their newest snapshot. */
import {
  DEFAULT_GUEST_FEATURES,
  type GuestCommand,
  type GuestConfiguration,
  type GuestFeatures,
  type KernelProfile,
  type TraceSeries,
  type WorkloadSpec,
} from '#contracts';
import type { Database } from './database.js';
import { fence, type Lease } from './lease.js';
import type { TimedSample } from './sample-copy.js';
import { notify } from './notifications.js';
import { COMMAND_COLUMNS, toCommand, type CommandRow } from './operations/operation-command.js';
import { appendSamples, replaceLatest } from './sample-writer.js';

/** What a guest is made of. */
export interface GuestMember {
  readonly guestId: string;
  readonly configuration: GuestConfiguration;
  /** The series that a TRACE workload replays. */
  readonly series: TraceSeries | null;
}

/** A guest that lived before: how to bring it back. */
export interface RecoverableGuest {
  readonly member: GuestMember;
  readonly bornTick: number;
  readonly snapshot: { readonly tick: number; readonly digest: string; readonly bytes: Uint8Array } | null;
  /** Commands with a tick after the snapshot's, in the order the guest took them. */
  readonly commands: readonly GuestCommand[];
  /** The newest stored sample, to be reached again. */
  readonly latest: { readonly tick: number; readonly stateDigest: string } | null;
}

interface GuestRow {
  id: string;
  state: string;
  assigned_bytes: string;
  kernel_profile: string;
  numa_nodes: number;
  features: Partial<GuestFeatures>;
  workload: WorkloadSpec;
  seed: string;
  born_tick: string | null;
}

const GUEST_COLUMNS =
  'id, state, assigned_bytes::text, kernel_profile, numa_nodes, features, workload, seed::text, born_tick::text';

/** Guests of these ids that are to be booted, and ids of those that are deleted. */
export async function loadNewcomers(
  database: Database,
  guestIds: readonly string[],
): Promise<{ toBoot: GuestMember[]; deleted: string[] }> {
  const { rows } = await database.pool.query<GuestRow>(
    `SELECT ${GUEST_COLUMNS} FROM guest WHERE id = ANY($1::uuid[])`,
    [guestIds],
  );
  const unborn = rows.filter((row) => row.state === 'RUNNING' && row.born_tick === null);
  return {
    toBoot: await Promise.all(unborn.map((row) => toMember(database, row))),
    deleted: rows.filter((row) => row.state === 'DELETED').map((row) => row.id),
  };
}

/** Stores that guests were born at `tick`, with their first samples. Throws LeaseLostError. */
export async function commitBirths(
  database: Database,
  lease: Lease,
  tick: number,
  samples: readonly TimedSample[],
): Promise<void> {
  if (samples.length === 0) return;
  await database.transaction(async (client) => {
    await fence(client, lease);
    const born = await client.query<{ id: string }>(
      'UPDATE guest SET born_tick = $2 WHERE id = ANY($1::uuid[]) RETURNING id',
      [samples.map(({ sample }) => sample.guestId), tick],
    );
    const alive = new Set(born.rows.map((row) => row.id));
    const kept = samples.filter(({ sample }) => alive.has(sample.guestId));
    await appendSamples(client, kept);
    await replaceLatest(client, kept);
    if (kept.length > 0) await notify(client, 'ballast_sampled', { tick });
  });
}

/** Ends what deleted guests had left to do. */
export async function endWorkOfDeleted(database: Database, lease: Lease, guestIds: readonly string[]): Promise<void> {
  await database.transaction(async (client) => {
    await fence(client, lease);
    await client.query(
      `WITH ended AS (
         UPDATE operation SET status = 'CANCELLED', outcome = 'CANCELLED', reason = 'the guest was deleted', finished_at = now(), epoch = $2
          WHERE guest_id = ANY($1::uuid[]) AND status IN ('QUEUED', 'RUNNING') RETURNING id, guest_id)
       SELECT pg_notify('ballast_operation', json_build_object('operationId', id, 'guestId', guest_id)::text) FROM ended`,
      [guestIds, lease.epochs[0]],
    );
    await client.query('DELETE FROM guest_snapshot WHERE guest_id = ANY($1::uuid[])', [guestIds]);
  });
}

/** Every guest that was born and not deleted, one by one: snapshots are large. */
export async function* recoverableGuests(database: Database, lease: Lease): AsyncGenerator<RecoverableGuest> {
  const { rows } = await database.pool.query<GuestRow>(
    `SELECT ${GUEST_COLUMNS} FROM guest
      WHERE shard_id = ANY($1::int[]) AND born_tick IS NOT NULL AND state <> 'DELETED' ORDER BY id`,
    [lease.shardIds],
  );
  for (const row of rows) yield recoverable(database, row);
}

async function recoverable(database: Database, row: GuestRow): Promise<RecoverableGuest> {
  const member = await toMember(database, row);
  const bornTick = Number(row.born_tick);
  const snapshots = await database.pool.query<{ tick: string; digest: string; bytes: Buffer }>(
    'SELECT tick::text, digest, bytes FROM guest_snapshot WHERE guest_id = $1 ORDER BY guest_snapshot.tick DESC LIMIT 1',
    [row.id],
  );
  const latest = await database.pool.query<{ tick: string; state_digest: string }>(
    'SELECT tick::text, state_digest FROM guest_latest WHERE guest_id = $1',
    [row.id],
  );
  const stored = snapshots.rows[0];
  const last = latest.rows[0];
  return {
    member,
    bornTick,
    snapshot: stored === undefined ? null : { tick: Number(stored.tick), digest: stored.digest, bytes: stored.bytes },
    commands: await commandsSince(database, row.id, Number(stored?.tick ?? bornTick)),
    latest: last === undefined ? null : { tick: Number(last.tick), stateDigest: last.state_digest },
  };
}

interface PastRow extends CommandRow {
  applied_tick: string;
  cancel_tick: string | null;
}

async function commandsSince(database: Database, guestId: string, tick: number): Promise<GuestCommand[]> {
  const { rows } = await database.pool.query<PastRow>(
    `SELECT ${COMMAND_COLUMNS}, applied_tick::text, cancel_tick::text FROM operation
      WHERE guest_id = $1 AND (applied_tick > $2 OR cancel_tick > $2) ORDER BY sequence`,
    [guestId, tick],
  );
  const commands: GuestCommand[] = [];
  for (const row of rows) {
    const appliedTick = Number(row.applied_tick);
    if (appliedTick > tick) commands.push(toCommand(row, appliedTick));
    if (row.cancel_tick !== null)
      commands.push({ kind: 'CANCEL', guestId, tick: Number(row.cancel_tick), operationId: row.id });
  }
  // Within a tick an admission hands out work first, then calls to cancel.
  return commands.sort((a, b) => a.tick - b.tick || Number(a.kind === 'CANCEL') - Number(b.kind === 'CANCEL'));
}

async function toMember(database: Database, row: GuestRow): Promise<GuestMember> {
  const { workload } = row;
  return {
    guestId: row.id,
    configuration: {
      assignedBytes: Number(row.assigned_bytes),
      kernelProfile: row.kernel_profile as KernelProfile,
      numaNodes: row.numa_nodes,
      features: { ...DEFAULT_GUEST_FEATURES, ...row.features },
      workload,
      seed: Number(row.seed),
    },
    series: workload.kind === 'TRACE' ? await loadSeries(database, workload.traceId, workload.vm) : null,
  };
}

async function loadSeries(database: Database, traceId: string, vm: string): Promise<TraceSeries | null> {
  const stored = await database.prisma.traceVm.findUnique({ where: { traceId_vm: { traceId, vm } } });
  if (stored === null) return null;
  return {
    vm: stored.vm,
    assignedBytes: Number(stored.assignedBytes),
    timesMs: stored.timesMs.map(Number),
    activeBytes: stored.activeBytes.map(Number),
    diskReadBytesPerSec: stored.diskReadBytesPerSec,
    diskWriteBytesPerSec: stored.diskWriteBytesPerSec,
    cpuRatio: stored.cpuRatio,
  };
}
