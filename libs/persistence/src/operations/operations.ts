import type { OperationStatus } from '#contracts';
import type { Database } from '../database.js';
import type { Prisma } from '../generated/client.js';
import { distinctIds } from '../paging/ids.js';
import { decodeIdCursor, encodeCursor, toPage, type Page, type PageRequest } from '../paging/page.js';
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
  async list({ guestId, statuses }: OperationFilter, request: PageRequest): Promise<Page<OperationRecord>> {
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
    return toPage(
      rows.map(toOperation),
      request,
      (operation) => encodeCursor(LIST, [operation.id]),
      () => prisma.operation.count({ where }),
    );
  }

  acknowledge(request: OperationRequest): Promise<Acknowledgement> {
    return acknowledge(this.database, request);
  }

  cancel(id: string): Promise<Cancellation> {
    return cancel(this.database, id);
  }
}
