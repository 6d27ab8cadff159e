import type { Database } from '../database.js';
import { Prisma } from '../generated/client.js';
import { hostNotFound } from '../hosts/hosts.js';
import { distinctIds, isId, newId } from '../paging/ids.js';
import { decodeIdCursor, encodeCursor, toPage, type CountedPage, type PageRequest } from '../paging/page.js';
import {
  toRun,
  toRunHost,
  type RebalanceHostRecord,
  type RebalanceMoveRecord,
  type RebalanceRunRecord,
} from './rebalance.mapper.js';

export type RebalanceRequest = Omit<RebalanceRunRecord, 'id' | 'createdAt'> & {
  /** Null: every host. */
  readonly hostId: string | null;
};

/** Only runs of this host, of this schedule. */
export interface RebalanceFilter {
  readonly hostId?: string | undefined;
  readonly scheduleId?: string | undefined;
}

const LIST = 'rebalanceRuns';
/** A move with its operation's result, as RebalanceMoveRecord has it. */
const MOVE_COLUMNS = `m.run_id AS "runId", m.guest_id AS "guestId", m.host_id AS "hostId", m.phase,
  m.from_bytes::float8 AS "fromBytes", m.to_bytes::float8 AS "toBytes", m.reason,
  m.operation_id AS "operationId", m.not_applied AS "notApplied", o.status, o.outcome,
  o.achieved_bytes::float8 AS "achievedBytes", o.deficit_bytes::float8 AS "deficitBytes"`;

/** Questions about rebalancing runs. */
export class Rebalances {
  constructor(private readonly database: Database) {}

  /** Acknowledges a run; its hosts wait to be planned. Throws DomainError NOT_FOUND for an unknown host. */
  async create({ hostId, ...request }: RebalanceRequest): Promise<RebalanceRunRecord> {
    if (hostId !== null && !isId(hostId)) throw hostNotFound(hostId, 'input.hostId');
    const { prisma } = this.database;
    const where = { deletedAt: null, ...(hostId === null ? {} : { id: hostId }) };
    const hosts = await prisma.host.findMany({ where, select: { id: true }, orderBy: { id: 'asc' } });
    if (hostId !== null && hosts.length === 0) throw hostNotFound(hostId, 'input.hostId');
    const parameters = request.parameters as Prisma.InputJsonObject | null;
    const row = await prisma.rebalanceRun.create({
      data: {
        ...request,
        id: newId(),
        parameters: parameters ?? Prisma.DbNull,
        hosts: { create: hosts.map(({ id }) => ({ hostId: id })) },
      },
    });
    return toRun(row);
  }

  async find(ids: readonly string[]): Promise<RebalanceRunRecord[]> {
    const rows = await this.database.prisma.rebalanceRun.findMany({ where: { id: { in: distinctIds(ids) } } });
    return rows.map(toRun);
  }

  /** The newest first. */
  async list({ hostId, scheduleId }: RebalanceFilter, request: PageRequest): Promise<CountedPage<RebalanceRunRecord>> {
    const { prisma } = this.database;
    const after = decodeIdCursor(LIST, request.after);
    const where: Prisma.RebalanceRunWhereInput = {
      ...(hostId === undefined ? {} : { hosts: { some: { hostId: { in: distinctIds([hostId]) } } } }),
      ...(scheduleId === undefined ? {} : { scheduleId: { in: distinctIds([scheduleId]) } }),
    };
    const rows = await prisma.rebalanceRun.findMany({
      where: after === null ? where : { ...where, id: { lt: after } },
      orderBy: { id: 'desc' },
      take: request.first + 1,
    });
    const page = toPage(rows.map(toRun), request, (run) => encodeCursor(LIST, [run.id]));
    return { ...page, count: () => prisma.rebalanceRun.count({ where }) };
  }

  /** The hosts of these runs, by id of the host. */
  async hostsOf(runIds: readonly string[]): Promise<RebalanceHostRecord[]> {
    const rows = await this.database.prisma.rebalanceHost.findMany({
      where: { runId: { in: distinctIds(runIds) } },
      orderBy: { hostId: 'asc' },
    });
    return rows.map(toRunHost);
  }

  /** The moves of these runs with their operations' results, in the order of their plans. */
  async movesOf(runIds: readonly string[]): Promise<RebalanceMoveRecord[]> {
    const { rows } = await this.database.pool.query<RebalanceMoveRecord>(
      `SELECT ${MOVE_COLUMNS}
         FROM rebalance_move m LEFT JOIN operation o ON o.id = m.operation_id
        WHERE m.run_id = ANY($1::uuid[])
        ORDER BY m.run_id, m.host_id, m.place`,
      [distinctIds(runIds)],
    );
    return rows;
  }

  /** The newest move of each guest that was not only a dry run's, by id of the guest. */
  async newestMoves(guestIds: readonly string[]): Promise<Map<string, RebalanceMoveRecord>> {
    const { rows } = await this.database.pool.query<RebalanceMoveRecord>(
      `SELECT DISTINCT ON (m.guest_id) ${MOVE_COLUMNS}
         FROM rebalance_move m JOIN rebalance_run r ON r.id = m.run_id LEFT JOIN operation o ON o.id = m.operation_id
        WHERE m.guest_id = ANY($1::uuid[]) AND NOT r.dry_run
        ORDER BY m.guest_id, m.run_id DESC`,
      [distinctIds(guestIds)],
    );
    return new Map(rows.map((move) => [move.guestId, move]));
  }
}
