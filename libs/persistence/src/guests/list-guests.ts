/** Lists of guests in every order, by keyset. */
import type { GuestState } from '#contracts';
import type { Database } from '../database.js';
import { distinctIds } from '../paging/ids.js';
import {
  decodeCursor,
  encodeCursor,
  pagesByParent,
  toPage,
  type CountedPage,
  type Page,
  type PageRequest,
} from '../paging/page.js';
import { toGuest, type GuestRecord } from './guest.mapper.js';

export const GUEST_ORDERS = ['CREATED', 'NAME', 'USED', 'BALLOON', 'PRESSURE'] as const;
/** CREATED and NAME ascend; USED, BALLOON and PRESSURE (some10) show the largest first, guests without a sample last. */
export type GuestOrder = (typeof GUEST_ORDERS)[number];

export interface GuestFilter {
  readonly hostId?: string | undefined;
  /** Default: all but DELETED. */
  readonly states?: readonly GuestState[] | undefined;
  /** Part of the name, in any case of letters. */
  readonly nameContains?: string | undefined;
  /** Those that do not do what rebalancing asks, or those that do. */
  readonly isStuck?: boolean | undefined;
}

interface Sort {
  readonly expression: string;
  readonly type: 'text' | 'float8';
  readonly direction: 'ASC' | 'DESC';
}

const SORTS: Readonly<Record<GuestOrder, Sort>> = {
  CREATED: { expression: `''`, type: 'text', direction: 'ASC' },
  // Byte order, so that a page goes on where the last one ended whatever the database's collation.
  NAME: { expression: `g.name COLLATE "C"`, type: 'text', direction: 'ASC' },
  USED: { expression: 'coalesce(l.used_bytes, -1)::float8', type: 'float8', direction: 'DESC' },
  BALLOON: { expression: 'coalesce(l.balloon_actual_bytes, -1)::float8', type: 'float8', direction: 'DESC' },
  PRESSURE: { expression: 'coalesce(l.pressure_some10_ratio, -1)::float8', type: 'float8', direction: 'DESC' },
};

const MATCHES = `
   (cardinality($1::uuid[]) = 0 OR g.host_id = ANY($1))
   AND CASE WHEN cardinality($2::text[]) = 0 THEN g.state <> 'DELETED' ELSE g.state = ANY($2) END
   AND ($3::text IS NULL OR position(lower($3) IN lower(g.name)) > 0)
   AND ($4::boolean IS NULL OR (g.stuck_since_ms IS NOT NULL) = $4)`;

export async function listGuests(
  database: Database,
  filter: GuestFilter,
  order: GuestOrder,
  request: PageRequest,
): Promise<CountedPage<GuestRecord>> {
  const list = `guests ${order}`;
  const { expression, type, direction } = SORTS[order];
  const matching = [hostIds(filter), filter.states ?? [], filter.nameContains ?? null, filter.isStuck ?? null];
  const [afterKey, afterId] = decodeCursor(list, request.after) ?? [null, null];
  const { rows } = await database.pool.query<{ id: string; key: string | number }>(
    `SELECT g.id, ${expression} AS key
       FROM guest g LEFT JOIN guest_latest l ON l.guest_id = g.id
      WHERE ${MATCHES}
        AND ($5::uuid IS NULL OR (${expression}, g.id) ${direction === 'ASC' ? '>' : '<'} ($6::${type}, $5))
      ORDER BY key ${direction}, g.id ${direction}
      LIMIT $7`,
    [...matching, afterId, afterKey, request.first + 1],
  );
  const keys = new Map(rows.map((row) => [row.id, row.key]));
  const page = toPage(await inOrder(database, [...keys.keys()]), request, (guest) =>
    encodeCursor(list, [keys.get(guest.id) ?? '', guest.id]),
  );
  return { ...page, count: () => countGuests(database, matching) };
}

async function countGuests(database: Database, matching: readonly unknown[]): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM guest g WHERE ${MATCHES}`,
    [...matching],
  );
  return rows[0]?.count ?? 0;
}

/** The page that `listGuests` gives for each host alone, all in one question. */
export async function firstPagesByHost(
  database: Database,
  ids: readonly string[],
  first: number,
): Promise<Map<string, Page<GuestRecord>>> {
  const { rows } = await database.pool.query<{ id: string; parent: string }>(
    `SELECT id, host_id AS parent
       FROM (SELECT id, host_id, row_number() OVER (PARTITION BY host_id ORDER BY id) AS place
               FROM guest WHERE host_id = ANY($1::uuid[]) AND state <> 'DELETED') AS placed
      WHERE place <= $2 ORDER BY id`,
    [distinctIds(ids), first + 1],
  );
  const guests = await inOrder(
    database,
    rows.map((row) => row.id),
  );
  const list = 'guests CREATED';
  return pagesByParent(
    guests,
    first,
    (guest) => guest.hostId,
    (guest) => encodeCursor(list, ['', guest.id]),
  );
}

/** A host id that cannot be one matches nothing. */
function hostIds({ hostId }: GuestFilter): string[] {
  if (hostId === undefined) return [];
  const known = distinctIds([hostId]);
  return known.length > 0 ? known : ['00000000-0000-0000-0000-000000000000'];
}

async function inOrder(database: Database, ids: readonly string[]): Promise<GuestRecord[]> {
  const rows = await database.prisma.guest.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(rows.map((row) => [row.id, toGuest(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
