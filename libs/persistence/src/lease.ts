/**
 * Leases on shards. Taking one raises the shard's epoch; every commit names the epochs it was made under, so whoever lost a
 * lease can no longer write.
 */
import type { ClientBase } from 'pg';
import type { Database } from './database.js';

/** The right to run some shards. */
export interface Lease {
  readonly owner: string;
  readonly shardIds: readonly number[];
  /** Epoch of each shard, in the order of `shardIds`. */
  readonly epochs: readonly string[];
}

export type LeaseAttempt =
  | { readonly kind: 'TAKEN'; readonly lease: Lease; readonly tick: number }
  | { readonly kind: 'HELD'; readonly owner: string };

/** Another worker has taken the shards over: nothing more may be written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';

  constructor() {
    super('another worker has taken over these shards');
  }
}

interface ShardRow {
  id: number;
  owner: string | null;
  epoch: string;
  tick: string;
  is_live: boolean;
}

/**
 * Takes all shards for `leaseMs`, unless a live owner holds one. `isGone` tells of an owner whose lease has not run out
 * that it is dead all the same.
 */
export async function takeLease(
  database: Database,
  owner: string,
  leaseMs: number,
  isGone: (owner: string) => boolean,
): Promise<LeaseAttempt> {
  return database.transaction(async (client) => {
    const { rows } = await client.query<ShardRow>(
      `SELECT id, owner, epoch::text, tick::text, coalesce(lease_expires_at > now(), false) AS is_live
         FROM shard ORDER BY id FOR UPDATE`,
    );
    const holder = rows.find((row) => row.is_live && row.owner !== null && row.owner !== owner && !isGone(row.owner));
    if (holder?.owner != null) return { kind: 'HELD', owner: holder.owner };
    const taken = await client.query<{ id: number; epoch: string }>(
      `UPDATE shard SET owner = $1, epoch = epoch + 1, lease_expires_at = now() + $2 * interval '1 millisecond'
       RETURNING id, epoch::text`,
      [owner, leaseMs],
    );
    const byId = new Map(taken.rows.map((row) => [row.id, row.epoch]));
    const shardIds = rows.map((row) => row.id);
    const epochs = shardIds.map((id) => byId.get(id) ?? '0');
    const tick = Math.max(0, ...rows.map((row) => Number(row.tick)));
    return { kind: 'TAKEN', lease: { owner, shardIds, epochs }, tick };
  });
}

/** Throws LeaseLostError when a shard has another epoch by now. */
export async function renewLease(database: Database, lease: Lease, leaseMs: number): Promise<void> {
  await database.transaction(async (client) => {
    await lockShards(client, lease, 'NO KEY UPDATE');
    await client.query(
      `UPDATE shard SET lease_expires_at = now() + $2 * interval '1 millisecond' WHERE id = ANY($1::int[])`,
      [lease.shardIds, leaseMs],
    );
  });
}

/** Lets others take the shards at once. Throws LeaseLostError when they have been taken already. */
export async function releaseLease(database: Database, lease: Lease): Promise<void> {
  await database.transaction(async (client) => {
    await lockShards(client, lease, 'NO KEY UPDATE');
    await client.query('UPDATE shard SET owner = NULL, lease_expires_at = NULL WHERE id = ANY($1::int[])', [
      lease.shardIds,
    ]);
  });
}

/** Holds off a takeover until the transaction ends; the owner's other transactions go on. Throws LeaseLostError. */
export async function fence(client: Pick<ClientBase, 'query'>, lease: Lease): Promise<void> {
  await lockShards(client, lease, 'KEY SHARE');
}

/** As fence, and moves the shards on to `tick`. */
export async function fenceAndAdvance(client: Pick<ClientBase, 'query'>, lease: Lease, tick: number): Promise<void> {
  await lockShards(client, lease, 'NO KEY UPDATE');
  await client.query('UPDATE shard SET tick = $2 WHERE id = ANY($1::int[])', [lease.shardIds, tick]);
}

/** In the order of ids, as takeLease does, so that nobody waits in a circle. A takeover (FOR UPDATE) conflicts with both strengths. */
async function lockShards(
  client: Pick<ClientBase, 'query'>,
  lease: Lease,
  strength: 'KEY SHARE' | 'NO KEY UPDATE',
): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM shard JOIN unnest($1::int[], $2::bigint[]) AS held(id, epoch)
         ON shard.id = held.id AND shard.epoch = held.epoch
      ORDER BY shard.id FOR ${strength} OF shard`,
    [lease.shardIds, lease.epochs],
  );
  if (rowCount !== lease.shardIds.length) throw new LeaseLostError();
}
