import { DomainError } from '#contracts';
import type { ClientBase } from 'pg';
import type { Database } from '../database.js';
import { Prisma, type Experiment as ExperimentRow } from '../generated/client.js';
import { notify } from '../notifications.js';
import { distinctIds, isId, newId } from '../paging/ids.js';
import { decodeIdCursor, encodeCursor, toPage, type CountedPage, type PageRequest } from '../paging/page.js';
import { toCell, toExperiment, type ExperimentCellRecord, type ExperimentRecord } from './experiment.mapper.js';

export interface ExperimentRequest {
  readonly name: string;
  readonly spec: unknown;
  readonly tracePath: string | null;
  readonly requestedBy: string;
  readonly idempotencyKey: string | null;
  /** In the order of the answer. */
  readonly cells: readonly { readonly policyAt: number; readonly ratioAt: number; readonly seedAt: number }[];
}

const LIST = 'experiments';
/** Experiments that wait or run: those who ask for more had better see what the first ones say. */
const MOST_GOING = 100;
const WITHOUT_ANSWER = { answer: true } as const;
/** A cell's row without its result, which may be megabytes. */
const CELL_FIELDS = {
  experimentId: true,
  place: true,
  policyAt: true,
  ratioAt: true,
  seedAt: true,
  status: true,
  progress: true,
  attempts: true,
  error: true,
  startedAt: true,
  finishedAt: true,
} as const;

/** Questions about experiments, and what their callers may ask of them. */
export class Experiments {
  constructor(private readonly database: Database) {}

  /**
   * Acknowledges an experiment with all its cells. A second call with the same key and spec finds the first one's; throws
   * DomainError CONFLICT when the key came with another spec, LIMIT_EXCEEDED when too many have not ended.
   */
  async create({ cells, ...request }: ExperimentRequest): Promise<ExperimentRecord> {
    const id = newId();
    return this.database.transaction(async (client) => {
      const { rows } = await client.query<{ id: string }>(
        `INSERT INTO experiment (id, name, spec, trace_path, requested_by, idempotency_key) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (requested_by, idempotency_key) DO NOTHING RETURNING id`,
        [
          id,
          request.name,
          JSON.stringify(request.spec),
          request.tracePath,
          request.requestedBy,
          request.idempotencyKey,
        ],
      );
      if (rows.length > 0) {
        await refuseMany(client);
        await client.query(
          `INSERT INTO experiment_cell (experiment_id, place, policy_at, ratio_at, seed_at)
           SELECT $1, place - 1, policy_at, ratio_at, seed_at
             FROM unnest($2::int[], $3::int[], $4::int[]) WITH ORDINALITY AS told(policy_at, ratio_at, seed_at, place)`,
          [id, cells.map((cell) => cell.policyAt), cells.map((cell) => cell.ratioAt), cells.map((cell) => cell.seedAt)],
        );
        await notify(client, 'ballast_experiment', { experimentId: id });
      }
      const { rows: known } = await client.query<
        Omit<ExperimentRow, 'answer'> & { same: boolean; isAnswered: boolean }
      >(
        `SELECT id, name, spec, trace_path AS "tracePath", status, reason, answer IS NOT NULL AS "isAnswered", requested_by AS "requestedBy",
                created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt", spec::jsonb = $3::jsonb AS same
           FROM experiment WHERE id = $1 OR (requested_by = $4 AND idempotency_key = $2) ORDER BY id LIMIT 1`,
        [id, request.idempotencyKey, JSON.stringify(request.spec), request.requestedBy],
      );
      const [found] = known;
      if (found === undefined || !found.same) {
        const message = 'input.idempotencyKey must be new, or come with the spec it came with before';
        throw new DomainError('CONFLICT', message, 'input.idempotencyKey');
      }
      return toExperiment(found, found.isAnswered);
    });
  }

  async find(ids: readonly string[]): Promise<ExperimentRecord[]> {
    const where = { id: { in: distinctIds(ids) } };
    return this.#toRecords(await this.database.prisma.experiment.findMany({ where, omit: WITHOUT_ANSWER }));
  }

  /** The newest first. */
  async list(request: PageRequest): Promise<CountedPage<ExperimentRecord>> {
    const { prisma } = this.database;
    const after = decodeIdCursor(LIST, request.after);
    const rows = await prisma.experiment.findMany({
      where: after === null ? {} : { id: { lt: after } },
      orderBy: { id: 'desc' },
      take: request.first + 1,
      omit: WITHOUT_ANSWER,
    });
    const page = toPage(await this.#toRecords(rows), request, (experiment) => encodeCursor(LIST, [experiment.id]));
    return { ...page, count: () => prisma.experiment.count() };
  }

  /** The answers of those that have one, as the worker stored them, by id. */
  async answersOf(ids: readonly string[]): Promise<Map<string, unknown>> {
    const rows = await this.database.prisma.experiment.findMany({
      where: { id: { in: distinctIds(ids) }, answer: { not: Prisma.DbNull } },
      select: { id: true, answer: true },
    });
    return new Map(rows.map(({ id, answer }) => [id, answer]));
  }

  async #toRecords(rows: readonly Omit<ExperimentRow, 'answer'>[]): Promise<ExperimentRecord[]> {
    const answered = await this.database.prisma.experiment.findMany({
      where: { id: { in: rows.map(({ id }) => id) }, answer: { not: Prisma.DbNull } },
      select: { id: true },
    });
    const ids = new Set(answered.map(({ id }) => id));
    return rows.map((row) => toExperiment(row, ids.has(row.id)));
  }

  /** The cells of these experiments, in the order of their answers. */
  async cellsOf(experimentIds: readonly string[]): Promise<ExperimentCellRecord[]> {
    const where: Prisma.ExperimentCellWhereInput = { experimentId: { in: distinctIds(experimentIds) } };
    const orderBy = [{ experimentId: 'asc' }, { place: 'asc' }] as const;
    const rows = await this.database.prisma.experimentCell.findMany({
      where,
      select: CELL_FIELDS,
      orderBy: [...orderBy],
    });
    return rows.map(toCell);
  }

  /** What the done cells of an experiment came to, in the order of its answer: megabytes. */
  async resultsOf(id: string): Promise<unknown[]> {
    const rows = await this.database.prisma.experimentCell.findMany({
      where: { experimentId: { in: distinctIds([id]) }, status: 'DONE' },
      select: { result: true },
      orderBy: { place: 'asc' },
    });
    return rows.map(({ result }) => result);
  }

  /** Ends an experiment early; cells that ended keep their results. Throws DomainError NOT_FOUND, CONFLICT when it has ended. */
  async cancel(id: string): Promise<ExperimentRecord> {
    const cancelled = isId(id) && (await this.#cancel(id));
    const [experiment] = await this.find([id]);
    if (experiment === undefined) throw unknown(id);
    if (cancelled) return experiment;
    throw new DomainError('CONFLICT', `input.id: the experiment has ended already (${experiment.status})`, 'input.id');
  }

  /** Forgets an experiment that has ended, with all it found. Throws DomainError NOT_FOUND, CONFLICT while it goes on. */
  async delete(id: string): Promise<void> {
    const { rowCount } = await this.database.pool.query(
      `DELETE FROM experiment WHERE id = ANY($1::uuid[]) AND status NOT IN ('QUEUED', 'RUNNING')`,
      [distinctIds([id])],
    );
    if (rowCount === 1) return;
    const [experiment] = await this.find([id]);
    if (experiment === undefined) throw unknown(id);
    const message = `input.id must be of an experiment that has ended, it is ${experiment.status}: cancel it first`;
    throw new DomainError('CONFLICT', message, 'input.id');
  }

  async #cancel(id: string): Promise<boolean> {
    return this.database.transaction(async (client) => {
      const { rowCount } = await client.query(
        `UPDATE experiment SET status = 'CANCELLED', finished_at = now() WHERE id = $1 AND status IN ('QUEUED', 'RUNNING')`,
        [id],
      );
      if (rowCount === 0) return false;
      await client.query(
        `UPDATE experiment_cell SET status = 'CANCELLED', finished_at = now()
          WHERE experiment_id = $1 AND status IN ('WAITING', 'RUNNING')`,
        [id],
      );
      await notify(client, 'ballast_experiment', { experimentId: id });
      return true;
    });
  }
}

function unknown(id: string): DomainError {
  const message = `input.id must be the id of an experiment that exists; there is none with ${JSON.stringify(id)}`;
  return new DomainError('NOT_FOUND', message, 'input.id');
}

async function refuseMany(client: Pick<ClientBase, 'query'>): Promise<void> {
  const { rows } = await client.query<{ going: number }>(
    `SELECT count(*)::int AS going FROM experiment WHERE status IN ('QUEUED', 'RUNNING')`,
  );
  const going = rows[0]?.going ?? 0;
  if (going <= MOST_GOING) return;
  const message = `experiments that have not ended must be at most ${MOST_GOING}: wait for some, or cancel them`;
  throw new DomainError('LIMIT_EXCEEDED', message);
}
