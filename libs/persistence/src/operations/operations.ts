import type { OperationStatus } from '#contracts';
import type { Database } from '../database.js';
import type { Prisma } from '../generated/client.js';
import { distinctIds } from '../paging/ids.js';
import {
  decodeIdCursor,
  encodeCursor,
  pagesByParent,
  toPage,
  type CountedPage,
  type Page,
  type PageRequest,
} from '../paging/page.js';
import { acknowledge, type Acknowledgement, type OperationRequest } from './acknowledge.js';
import { cancel, type Cancellation } from './cancel.js';
import { toOperation, type OperationRecord } from './operation.mapper.js';

export interface OperationFilter {
  readonly guestId?: string | undefined;
  readonly statuses?: readonly OperationStatus[] | undefined;
}

const LIST = 'operations';

/** Questions about operations. */
export class Operations {
  constructor(private readonly database: Database) {}

  async find(ids: readonly string[]): Promise<OperationRecord[]> {
    const rows = await this.database.prisma.operation.findMany({ where: { id: { in: distinctIds(ids) } } });
    return rows.map(toOperation);
  }

  /** The newest first. */
  async list({ guestId, statuses }: OperationFilter, request: PageRequest): Promise<CountedPage<OperationRecord>> {
    const { prisma } = this.database;
    const after = decodeIdCursor(LIST, request.after);
    const where: Prisma.OperationWhereInput = {
      ...(guestId === undefined ? {} : { guestId: { in: distinctIds([guestId]) } }),
      ...(statuses === undefined || statuses.length === 0 ? {} : { status: { in: [...statuses] } }),
    };
    const rows = await prisma.operation.findMany({
      where: after === null ? where : { ...where, id: { lt: after } },
      orderBy: { id: 'desc' },
      take: request.first + 1,
    });
    const page = toPage(rows.map(toOperation), request, (operation) => encodeCursor(LIST, [operation.id]));
    return { ...page, count: () => prisma.operation.count({ where }) };
  }

  /** The first page of every guest's operations, newest first. */
  async firstPages(guestIds: readonly string[], first: number): Promise<Map<string, Page<OperationRecord>>> {
    const { rows } = await this.database.pool.query<{ id: string }>(
      `SELECT newest.id FROM unnest($1::uuid[]) AS guest(id)
        CROSS JOIN LATERAL (SELECT id FROM operation WHERE guest_id = guest.id ORDER BY id DESC LIMIT $2) AS newest`,
      [distinctIds(guestIds), first + 1],
    );
    const operations = await this.find(rows.map((row) => row.id));
    return pagesByParent(
      operations.sort((a, b) => (a.id < b.id ? 1 : -1)),
      first,
      (operation) => operation.guestId,
      (operation) => encodeCursor(LIST, [operation.id]),
    );
  }

  async countByGuest(guestIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.database.prisma.operation.groupBy({
      by: ['guestId'],
      where: { guestId: { in: distinctIds(guestIds) } },
      _count: true,
    });
    return new Map(rows.map((row) => [row.guestId, row._count]));
  }

  acknowledge(request: OperationRequest): Promise<Acknowledgement> {
    return acknowledge(this.database, request);
  }

  cancel(id: string): Promise<Cancellation> {
    return cancel(this.database, id);
  }
}
