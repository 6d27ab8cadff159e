import { DomainError } from '#contracts';
import type { Database } from '../database.js';
import { Prisma } from '../generated/client.js';
import { hostNotFound } from '../hosts/hosts.js';
import { isId, newId } from '../paging/ids.js';
import { toSchedule, type RebalanceScheduleRecord } from './rebalance.mapper.js';

export type ScheduleDraft = Omit<RebalanceScheduleRecord, 'id' | 'createdAt'>;

/** Questions about schedules. The rows are the truth; the queue's schedulers follow them. */
export class RebalanceSchedules {
  constructor(private readonly database: Database) {}

  /** In the order of their creation. */
  async list(): Promise<RebalanceScheduleRecord[]> {
    const rows = await this.database.prisma.rebalanceSchedule.findMany({ orderBy: { id: 'asc' } });
    return rows.map(toSchedule);
  }

  async find(id: string): Promise<RebalanceScheduleRecord | null> {
    if (!isId(id)) return null;
    const row = await this.database.prisma.rebalanceSchedule.findUnique({ where: { id } });
    return row === null ? null : toSchedule(row);
  }

  /** Throws DomainError NOT_FOUND for an unknown host. */
  async create(draft: ScheduleDraft): Promise<RebalanceScheduleRecord> {
    const { prisma } = this.database;
    if (draft.hostId !== null) {
      const where = { id: draft.hostId, deletedAt: null };
      const known = isId(draft.hostId) ? await prisma.host.count({ where }) : 0;
      if (known === 0) throw hostNotFound(draft.hostId, 'input.hostId');
    }
    const parameters = draft.parameters as Prisma.InputJsonObject | null;
    const data = { ...draft, id: newId(), parameters: parameters ?? Prisma.DbNull };
    return toSchedule(await prisma.rebalanceSchedule.create({ data }));
  }

  /** Throws DomainError NOT_FOUND. */
  async delete(id: string): Promise<void> {
    const { count } = isId(id)
      ? await this.database.prisma.rebalanceSchedule.deleteMany({ where: { id } })
      : { count: 0 };
    if (count > 0) return;
    throw new DomainError(
      'NOT_FOUND',
      `input.id must be the id of a schedule that exists; there is none with ${JSON.stringify(id)}`,
      'input.id',
    );
  }
}
