import { DomainError } from '#contracts';
import type { Database } from '../database.js';
import { Prisma } from '../generated/client.js';
import { distinctIds, isId, newId } from '../paging/ids.js';
import { decodeIdCursor, encodeCursor, toPage, type CountedPage, type PageRequest } from '../paging/page.js';
import { isTaken } from '../paging/unique.js';
import { toHost, type HostRecord } from './host.mapper.js';

export type HostDraft = Pick<
  HostRecord,
  'name' | 'capacityBytes' | 'reservedBytes' | 'swapBytes' | 'policy' | 'parameters'
>;

/** What a host's guests make up together, by their newest samples. */
export interface HostUsage {
  readonly assignedBytes: number;
  readonly usedBytes: number;
  readonly residentBytes: number;
  readonly swapUsedBytes: number;
}

const LIST = 'hosts';
const LIVE = { deletedAt: null } satisfies Prisma.HostWhereInput;

/** Questions about hosts; deleted ones are not there. */
export class Hosts {
  constructor(private readonly database: Database) {}

  async find(ids: readonly string[]): Promise<HostRecord[]> {
    const rows = await this.database.prisma.host.findMany({ where: { ...LIVE, id: { in: distinctIds(ids) } } });
    return rows.map(toHost);
  }

  /** In the order of their creation. */
  async list(request: PageRequest): Promise<CountedPage<HostRecord>> {
    const { prisma } = this.database;
    const after = decodeIdCursor(LIST, request.after);
    const rows = await prisma.host.findMany({
      where: { ...LIVE, ...(after === null ? {} : { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take: request.first + 1,
    });
    const page = toPage(rows.map(toHost), request, (host) => encodeCursor(LIST, [host.id]));
    return { ...page, count: () => prisma.host.count({ where: LIVE }) };
  }

  /** Throws DomainError CONFLICT when another host has the name. */
  async create(draft: HostDraft): Promise<HostRecord> {
    try {
      const parameters = draft.parameters as Prisma.InputJsonObject;
      return toHost(await this.database.prisma.host.create({ data: { ...draft, parameters, id: newId() } }));
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw new DomainError(
        'CONFLICT',
        `input.name must be one that no other host has; "${draft.name}" is taken`,
        'input.name',
      );
    }
  }

  /**
   * Deletes a host, and with `evict` its guests; returns their ids. Throws DomainError NOT_FOUND, or CONFLICT when it has guests
   * that were not to be evicted.
   */
  async delete(id: string, evict: boolean): Promise<string[]> {
    if (!isId(id)) throw hostNotFound(id);
    return this.database.transaction(async (client) => {
      const { rowCount } = await client.query('SELECT 1 FROM host WHERE id = $1 AND deleted_at IS NULL FOR UPDATE', [
        id,
      ]);
      if (rowCount === 0) throw hostNotFound(id);
      const { rows } = await client.query<{ id: string }>(
        `UPDATE guest SET state = 'DELETED', deleted_at = now() WHERE host_id = $1 AND state <> 'DELETED' RETURNING id`,
        [id],
      );
      if (rows.length > 0 && !evict) {
        throw new DomainError(
          'CONFLICT',
          `host ${id} has ${rows.length} guests: delete them first, or set input.evict to true`,
          'input.evict',
        );
      }
      await client.query('UPDATE host SET deleted_at = now() WHERE id = $1', [id]);
      return rows.map((row) => row.id);
    });
  }

  /** By id of the host; hosts without guests have zeros. */
  async usage(ids: readonly string[]): Promise<Map<string, HostUsage>> {
    const { rows } = await this.database.pool.query<HostUsage & { id: string }>(
      `SELECT h.id,
              coalesce(sum(g.assigned_bytes), 0)::float8 AS "assignedBytes",
              coalesce(sum(l.used_bytes), 0)::float8 AS "usedBytes",
              coalesce(sum(l.resident_bytes), 0)::float8 AS "residentBytes",
              coalesce(sum(l.swap_used_bytes), 0)::float8 AS "swapUsedBytes"
         FROM host h
         LEFT JOIN guest g ON g.host_id = h.id AND g.state <> 'DELETED'
         LEFT JOIN guest_latest l ON l.guest_id = g.id
        WHERE h.id = ANY($1::uuid[])
        GROUP BY h.id`,
      [distinctIds(ids)],
    );
    return new Map(rows.map(({ id, ...usage }) => [id, usage]));
  }
}

export function hostNotFound(id: string, field = 'id'): DomainError {
  return new DomainError(
    'NOT_FOUND',
    `${field} must be the id of a host that exists; there is none with ${JSON.stringify(id)}`,
    field,
  );
}
