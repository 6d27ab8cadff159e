import { DomainError, type TraceFormat, type TraceSeries } from '#contracts';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { distinctIds, newId } from '../paging/ids.js';
import { decodeIdCursor, encodeCursor, toPage, type CountedPage, type PageRequest } from '../paging/page.js';
import { isTaken } from '../paging/unique.js';
import { toTrace, type TraceRecord } from './trace.mapper.js';

export interface TraceDraft {
  readonly name: string;
  readonly format: TraceFormat;
  readonly series: readonly TraceSeries[];
  /** As they came: what experiments read. Names are distinct. */
  readonly files: readonly TraceText[];
}

export interface TraceText {
  readonly name: string;
  readonly text: string;
}

const LIST = 'traces';
const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Questions about imported traces. */
export class Traces {
  constructor(private readonly database: Database) {}

  async find(ids: readonly string[]): Promise<TraceRecord[]> {
    const rows = await this.database.prisma.trace.findMany({ where: { id: { in: distinctIds(ids) } } });
    return rows.map(toTrace);
  }

  /** In the order of their import. */
  async list(request: PageRequest): Promise<CountedPage<TraceRecord>> {
    const { prisma } = this.database;
    const after = decodeIdCursor(LIST, request.after);
    const rows = await prisma.trace.findMany({
      where: after === null ? {} : { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: request.first + 1,
    });
    const page = toPage(rows.map(toTrace), request, (trace) => encodeCursor(LIST, [trace.id]));
    return { ...page, count: () => prisma.trace.count() };
  }

  /** Names of a trace's VMs, in order. */
  async vmNames(traceId: string): Promise<string[]> {
    const rows = await this.database.prisma.traceVm.findMany({
      where: { traceId: { in: distinctIds([traceId]) } },
      select: { vm: true },
      orderBy: { vm: 'asc' },
    });
    return rows.map((row) => row.vm);
  }

  /** The files of a trace, in the order of their import; empty when it was imported before files were kept. */
  async filesOf(traceId: string): Promise<TraceText[]> {
    const rows = await this.database.prisma.traceFile.findMany({
      where: { traceId: { in: distinctIds([traceId]) } },
      orderBy: { place: 'asc' },
    });
    return Promise.all(
      rows.map(async ({ name, textGzip }) => ({ name, text: (await unpack(textGzip)).toString('utf8') })),
    );
  }

  /** Stores a trace whole or not at all. Throws DomainError CONFLICT when another trace has the name. */
  async import(draft: TraceDraft): Promise<TraceRecord> {
    const id = newId();
    try {
      await this.database.transaction((client) => insert(client, id, draft));
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw new DomainError(
        'CONFLICT',
        `input.name must be one that no other trace has; "${draft.name}" is taken`,
        'input.name',
      );
    }
    return toTrace(await this.database.prisma.trace.findUniqueOrThrow({ where: { id } }));
  }

  /**
   * Forgets a trace, its files with it. Throws DomainError NOT_FOUND, CONFLICT while guests replay it or experiments show it in their
   * reports.
   */
  async delete(id: string): Promise<void> {
    const { rowCount } = await this.database.pool.query(
      `DELETE FROM trace t WHERE id = ANY($1::uuid[])
          AND NOT EXISTS (SELECT FROM guest g WHERE ${REPLAYS}) AND NOT EXISTS (SELECT FROM experiment e WHERE ${SHOWS})`,
      [distinctIds([id])],
    );
    if (rowCount === 1) return;
    const { rows } = await this.database.pool.query<{ guests: number; experiments: number }>(
      `SELECT (SELECT count(*)::int FROM guest g WHERE ${REPLAYS}) AS guests,
              (SELECT count(*)::int FROM experiment e WHERE ${SHOWS}) AS experiments
         FROM trace t WHERE id = ANY($1::uuid[])`,
      [distinctIds([id])],
    );
    const [users] = rows;
    if (users === undefined) {
      const message = `input.id must be the id of a trace that exists; there is none with ${JSON.stringify(id)}`;
      throw new DomainError('NOT_FOUND', message, 'input.id');
    }
    const message = `input.id must be of a trace that nobody needs: ${users.guests} guests replay it, ${users.experiments} experiments show it in their reports`;
    throw new DomainError('CONFLICT', message, 'input.id');
  }
}

/** Conditions on a guest `g` and an experiment `e`: they need the trace `t`. */
const REPLAYS = `g.state <> 'DELETED' AND g.workload->>'traceId' = t.id::text`;
const SHOWS = `e.trace_path = 'trace:' || t.id`;

async function insert(client: PoolClient, id: string, { name, format, series, files }: TraceDraft): Promise<void> {
  const rowCount = series.reduce((rows, one) => rows + one.timesMs.length, 0);
  await client.query('INSERT INTO trace (id, name, format, vm_count, row_count) VALUES ($1, $2, $3, $4, $5)', [
    id,
    name,
    format,
    series.length,
    rowCount,
  ]);
  for (const one of series) {
    await client.query(
      `INSERT INTO trace_vm (trace_id, vm, assigned_bytes, times_ms, active_bytes, disk_read_bytes_per_sec, disk_write_bytes_per_sec, cpu_ratio)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        id,
        one.vm,
        one.assignedBytes,
        one.timesMs,
        one.activeBytes,
        one.diskReadBytesPerSec,
        one.diskWriteBytesPerSec,
        one.cpuRatio,
      ],
    );
  }
  for (const [place, file] of files.entries()) {
    await client.query('INSERT INTO trace_file (trace_id, place, name, text_gzip) VALUES ($1, $2, $3, $4)', [
      id,
      place,
      file.name,
      await pack(file.text),
    ]);
  }
}
