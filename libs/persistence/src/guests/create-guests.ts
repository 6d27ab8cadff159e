import { DomainError } from '#contracts';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { hostNotFound } from '../hosts/hosts.js';
import { isId, newId } from '../paging/ids.js';
import { isTaken } from '../paging/unique.js';
import { toGuest, type GuestRecord } from './guest.mapper.js';

export type GuestDraft = Pick<
  GuestRecord,
  | 'assignedBytes'
  | 'minBytes'
  | 'maxBytes'
  | 'shares'
  | 'kernelProfile'
  | 'numaNodes'
  | 'features'
  | 'workload'
  | 'seed'
> & {
  /** A name, or the first part of one: `<prefix>-<number>`. */
  readonly naming: { readonly name: string } | { readonly prefix: string };
};

export interface GuestSizes {
  readonly id: string;
  readonly assignedBytes: number;
  readonly minBytes: number;
  readonly maxBytes: number;
}

export interface HostSizes {
  readonly name: string;
  readonly capacityBytes: number;
  readonly reservedBytes: number;
  readonly swapBytes: number;
}

/** Decides whether guests fit on a host beside those that are there, under the host's lock; refuses by throwing. */
export type Admit = (host: HostSizes, existing: readonly GuestSizes[], wanted: readonly GuestSizes[]) => void;

export async function createGuests(
  database: Database,
  hostId: string,
  drafts: readonly GuestDraft[],
  admit: Admit,
): Promise<GuestRecord[]> {
  if (!isId(hostId)) throw hostNotFound(hostId, 'input.hostId');
  const ids = await database.transaction(async (client) => {
    const { host, guests } = await lockHost(client, hostId);
    const names = nameGuests(drafts, new Set(guests.map((guest) => guest.name)));
    admit(
      host,
      guests.map((guest) => ({ ...guest, id: guest.name })),
      drafts.map((draft, at) => ({ ...draft, id: names[at] ?? '' })),
    );
    return insertGuests(client, hostId, drafts, names);
  });
  const rows = await database.prisma.guest.findMany({ where: { id: { in: ids } }, orderBy: { id: 'asc' } });
  return rows.map(toGuest);
}

/** A host that guests may be placed on. */
export interface PlacementChoice extends HostSizes {
  readonly id: string;
  readonly guests: readonly GuestSizes[];
  /** What its guests have in memory, by their newest samples. */
  readonly residentBytes: number;
  /** Mean share of time that its guests stall for memory, over 10 s. */
  readonly pressureSome10Ratio: number;
}

/** Chooses a host for each of the wanted guests, with a reason; refuses by throwing. */
export type Place = (
  hosts: readonly PlacementChoice[],
  wanted: readonly GuestSizes[],
) => readonly { readonly hostId: string; readonly reason: string }[];

export interface PlacedGuest {
  readonly guest: GuestRecord;
  /** Why it is on its host. */
  readonly reason: string;
}

/** As createGuests, on the hosts that `place` chooses while all of them are locked; all or none, host by host. */
export async function placeGuests(
  database: Database,
  drafts: readonly GuestDraft[],
  place: Place,
): Promise<PlacedGuest[]> {
  const reasons = await database.transaction(async (client) => {
    const choices = await lockHosts(client);
    const wanted = drafts.map(({ naming, ...sizes }, at) => ({
      ...sizes,
      id: 'name' in naming ? naming.name : `${naming.prefix} (${at + 1} of ${drafts.length})`,
    }));
    const places = place(choices, wanted);
    const reasonOf = new Map<string, string>();
    for (const { id: hostId, guests } of choices) {
      const here = places.map((one, at) => ({ ...one, at })).filter((one) => one.hostId === hostId);
      const drawn = here.flatMap(({ at }) => drafts[at] ?? []);
      if (drawn.length === 0) continue;
      const names = nameGuests(drawn, new Set(guests.map((guest) => guest.id)));
      const ids = await insertGuests(client, hostId, drawn, names);
      ids.forEach((id, at) => reasonOf.set(id, here[at]?.reason ?? ''));
    }
    return reasonOf;
  });
  const rows = await database.prisma.guest.findMany({
    where: { id: { in: [...reasons.keys()] } },
    orderBy: { id: 'asc' },
  });
  return rows.map(toGuest).map((guest) => ({ guest, reason: reasons.get(guest.id) ?? '' }));
}

async function lockHosts(client: PoolClient): Promise<PlacementChoice[]> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT id FROM host WHERE deleted_at IS NULL ORDER BY id FOR UPDATE',
  );
  const usage = await client.query<{ id: string; residentBytes: number; pressureSome10Ratio: number }>(
    `SELECT g.host_id AS id, sum(l.resident_bytes)::float8 AS "residentBytes",
            avg(l.pressure_some10_ratio)::float8 AS "pressureSome10Ratio"
       FROM guest g JOIN guest_latest l ON l.guest_id = g.id WHERE g.state <> 'DELETED' GROUP BY g.host_id`,
  );
  const used = new Map(usage.rows.map((row) => [row.id, row]));
  const choices: PlacementChoice[] = [];
  for (const { id } of rows) {
    const { host, guests } = await lockHost(client, id);
    const { residentBytes = 0, pressureSome10Ratio = 0 } = used.get(id) ?? {};
    const named = guests.map((guest) => ({ ...guest, id: guest.name }));
    choices.push({ ...host, id, guests: named, residentBytes, pressureSome10Ratio });
  }
  return choices;
}

interface HostRow {
  name: string;
  capacityBytes: number;
  reservedBytes: number;
  swapBytes: number;
}

/** Holds the host against other admissions and its deletion until the transaction ends. */
export async function lockHost(
  client: PoolClient,
  hostId: string,
): Promise<{ host: HostSizes; guests: (GuestSizes & { name: string })[] }> {
  const hosts = await client.query<HostRow>(
    `SELECT name, capacity_bytes::float8 AS "capacityBytes", reserved_bytes::float8 AS "reservedBytes",
            swap_bytes::float8 AS "swapBytes"
       FROM host WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
    [hostId],
  );
  const host = hosts.rows[0];
  if (host === undefined) throw hostNotFound(hostId, 'input.hostId');
  const guests = await client.query<GuestSizes & { name: string }>(
    `SELECT id, name, assigned_bytes::float8 AS "assignedBytes", min_bytes::float8 AS "minBytes",
            max_bytes::float8 AS "maxBytes"
       FROM guest WHERE host_id = $1 AND state <> 'DELETED' ORDER BY id`,
    [hostId],
  );
  return { host, guests: guests.rows };
}

/** Given names as they are; the others take the lowest numbers that are free. */
function nameGuests(drafts: readonly GuestDraft[], taken: Set<string>): string[] {
  const next = new Map<string, number>();
  return drafts.map(({ naming }) => {
    if ('name' in naming) return naming.name;
    let number = next.get(naming.prefix) ?? 1;
    while (taken.has(`${naming.prefix}-${number}`)) number++;
    next.set(naming.prefix, number + 1);
    return `${naming.prefix}-${number}`;
  });
}

async function insertGuests(
  client: PoolClient,
  hostId: string,
  drafts: readonly GuestDraft[],
  names: readonly string[],
): Promise<string[]> {
  const ids = drafts.map(() => newId());
  try {
    await client.query(
      `INSERT INTO guest (id, host_id, shard_id, name, assigned_bytes, min_bytes, max_bytes, shares, kernel_profile, numa_nodes, features, workload, seed)
       SELECT id, $1, shard_id, name, assigned, min, max, shares, profile, nodes, features, workload, seed
         FROM unnest($2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::int[], $9::text[], $10::int[], $11::jsonb[], $12::jsonb[], $13::bigint[])
              AS draft(id, shard_id, name, assigned, min, max, shares, profile, nodes, features, workload, seed)`,
      [
        hostId,
        ids,
        await leastFilledShards(client, drafts.length),
        names,
        drafts.map((draft) => draft.assignedBytes),
        drafts.map((draft) => draft.minBytes),
        drafts.map((draft) => draft.maxBytes),
        drafts.map((draft) => draft.shares),
        drafts.map((draft) => draft.kernelProfile),
        drafts.map((draft) => draft.numaNodes),
        drafts.map((draft) => JSON.stringify(draft.features)),
        drafts.map((draft) => JSON.stringify(draft.workload)),
        drafts.map((draft) => draft.seed),
      ],
    );
  } catch (error) {
    if (isTaken(error)) throw nameTaken(names);
    throw error;
  }
  return ids;
}

/** A shard for each new guest, so that all shards hold about as many. */
async function leastFilledShards(client: PoolClient, count: number): Promise<number[]> {
  const { rows } = await client.query<{ id: number; guests: number }>(
    `SELECT s.id, count(g.id)::int AS guests FROM shard s LEFT JOIN guest g ON g.shard_id = s.id AND g.state <> 'DELETED'
      GROUP BY s.id ORDER BY s.id`,
  );
  return Array.from({ length: count }, () => {
    const emptiest = rows.reduce((best, row) => (row.guests < best.guests ? row : best));
    emptiest.guests++;
    return emptiest.id;
  });
}

export function nameTaken(names: readonly string[]): DomainError {
  const shown = names.map((name) => `"${name}"`).slice(0, 3);
  return new DomainError(
    'CONFLICT',
    `input.name must be one that no other guest of the host has; ${shown.join(', ')} is taken`,
    'input.name',
  );
}
