import { DomainError } from '#contracts';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { isId } from '../paging/ids.js';
import { isTaken } from '../paging/unique.js';
import { lockHost, nameTaken, type Admit } from './create-guests.js';
import { toGuest, type GuestRecord } from './guest.mapper.js';

/** What is undefined stays as it is. */
export interface GuestChange {
  readonly name?: string | undefined;
  readonly minBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly shares?: number | undefined;
}

export async function updateGuest(
  database: Database,
  id: string,
  change: GuestChange,
  admit: Admit,
): Promise<GuestRecord> {
  if (!isId(id)) throw guestNotFound(id);
  await database.transaction(async (client) => {
    const { rows } = await client.query<{ host_id: string }>(
      `SELECT host_id FROM guest WHERE id = $1 AND state <> 'DELETED'`,
      [id],
    );
    if (rows[0] === undefined) throw guestNotFound(id);
    // The host first, as everywhere, so that two changes never wait for each other.
    const { host, guests } = await lockHost(client, rows[0].host_id);
    const guest = guests.find((one) => one.id === id);
    if (guest === undefined) throw guestNotFound(id);
    const sizes = {
      ...guest,
      minBytes: change.minBytes ?? guest.minBytes,
      maxBytes: change.maxBytes ?? guest.maxBytes,
    };
    checkSizes(sizes);
    if (sizes.minBytes > guest.minBytes) {
      admit(
        host,
        guests.filter((one) => one.id !== id),
        [sizes],
      );
    }
    await store(client, id, change);
  });
  return toGuest(await database.prisma.guest.findUniqueOrThrow({ where: { id } }));
}

export async function deleteGuest(database: Database, id: string): Promise<void> {
  if (!isId(id)) throw guestNotFound(id);
  const { rowCount } = await database.pool.query(
    `UPDATE guest SET state = 'DELETED', deleted_at = now() WHERE id = $1 AND state <> 'DELETED'`,
    [id],
  );
  if (rowCount === 0) throw guestNotFound(id);
}

export function guestNotFound(id: string, field = 'input.id'): DomainError {
  return new DomainError(
    'NOT_FOUND',
    `${field} must be the id of a guest that exists; there is none with ${JSON.stringify(id)}`,
    field,
  );
}

function checkSizes({
  minBytes,
  maxBytes,
  assignedBytes,
}: {
  minBytes: number;
  maxBytes: number;
  assignedBytes: number;
}): void {
  if (maxBytes > assignedBytes) {
    throw new DomainError(
      'BAD_INPUT',
      `input.maxBytes must be at most the guest's assignedBytes, ${assignedBytes}, got ${maxBytes}`,
      'input.maxBytes',
    );
  }
  if (minBytes > maxBytes) {
    throw new DomainError(
      'BAD_INPUT',
      `input.minBytes must be at most maxBytes, ${maxBytes}, got ${minBytes}`,
      'input.minBytes',
    );
  }
}

async function store(client: PoolClient, id: string, change: GuestChange): Promise<void> {
  try {
    await client.query(
      `UPDATE guest SET name = coalesce($2, name), min_bytes = coalesce($3, min_bytes), max_bytes = coalesce($4, max_bytes),
              shares = coalesce($5, shares) WHERE id = $1`,
      [id, change.name ?? null, change.minBytes ?? null, change.maxBytes ?? null, change.shares ?? null],
    );
  } catch (error) {
    if (isTaken(error)) throw nameTaken([change.name ?? '']);
    throw error;
  }
}
