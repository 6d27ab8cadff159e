/** Cells on a worker in earnest: jobs that were given up, traces that are gone, threads that give way. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#contracts';
import { Database, Experiments, Traces, type ExperimentRecord } from '#persistence';
import { cellKeys, parseSpec } from '#simulation';
import { openQueues } from '../../../libs/jobs/test/support/open-queues.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(120_000);

const LIMIT_MS = 60_000;
const SPEC = {
  guests: { source: { kind: 'traces', format: 'GWA_T_12', path: 'gwa-t-12-rnd-2013-7' }, count: 2 },
  seeds: [1, 2],
  durationMs: 300_000,
};

let made: TestDatabase;
let database: Database;
let worker: WorkerProcess;

let givenUp: string;
let withoutTraces: string;
let withoutImport: string;
let endless: string;

beforeAll(async () => {
  made = await createTestDatabase();
  database = await Database.connect({ url: made.url, maxConnections: 4 });
  givenUp = await acknowledged('gwa-t-12-rnd-2013-7');
  withoutTraces = await acknowledged('moved-away');
  withoutImport = await acknowledged(`trace:${await deletedTrace()}`);
  endless = await acknowledged('gwa-t-12-rnd-2013-7', { durationMs: 30 * 86_400_000 });
  await giveUp(givenUp, [0, 1]);
  worker = await new WorkerProcess(made.url, { BALLAST_EXPERIMENT_THREADS: '1' }).ready();
});

afterAll(async () => {
  await worker.stop();
  await database.close();
  await made.drop();
});

/** Acknowledges an experiment; nobody is told. */
async function acknowledged(tracePath: string, changes: object = {}): Promise<string> {
  const parsed = parseSpec({ ...SPEC, ...changes });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { value: spec } = parsed;
  const { id } = await new Experiments(database).create({
    name: 'cells',
    spec,
    tracePath,
    requestedBy: 'test',
    idempotencyKey: null,
    cells: cellKeys(spec),
  });
  return id;
}

/** The id of a trace that was imported and then removed from the database. */
async function deletedTrace(): Promise<string> {
  const files = [{ name: 'a.csv', text: 'vm,time,bytes\n' }];
  const { id } = await new Traces(database).import({ name: 'gone', format: 'BALLAST', series: [], files });
  await database.pool.query('DELETE FROM trace WHERE id = $1', [id]);
  return id;
}

/** The jobs of cells are known to the queue as failed for good. */
async function giveUp(experimentId: string, places: readonly number[]): Promise<void> {
  const open = await openQueues({ redisUrl: undefined, databaseUrl: made.url });
  const fail = (): Promise<never> => Promise.reject(new DomainError('INTERNAL', 'a worker that cannot'));
  open.queues.process({ experiments: fail });
  for (const place of places) {
    const payload = { version: 1, kind: 'CELL', experimentId, place } as const;
    const jobId = `${experimentId}-${place}`;
    expect(await open.queues.addAndWait('experiments', payload, LIMIT_MS, { jobId })).toMatchObject({ kind: 'FAILED' });
  }
  await open.close();
}

async function until(id: string, isSo: (experiment: ExperimentRecord) => boolean): Promise<ExperimentRecord> {
  const end = Date.now() + LIMIT_MS;
  while (Date.now() < end) {
    const [experiment] = await new Experiments(database).find([id]);
    if (experiment !== undefined && isSo(experiment)) return experiment;
    await sleep(100);
  }
  throw new Error(`not within ${LIMIT_MS} ms:\n${worker.output}`);
}

const isOver = ({ finishedAt }: ExperimentRecord): boolean => finishedAt !== null;

/** Of all threads of a process. */
function nicenesses(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[17]);
  });
}

describe('cells of experiments on a worker', () => {
  it('are run although the queue has given their jobs up', async () => {
    expect(await until(givenUp, isOver)).toMatchObject({ status: 'DONE', reason: null });
  });

  it('fail, each with the reason, and the experiment with them, when the traces are gone', async () => {
    const { status, reason, isAnswered } = await until(withoutTraces, isOver);
    expect([status, isAnswered]).toEqual(['FAILED', false]);
    const found = 'guests.source.path: gwa-t-12-rnd-2013-7 cannot be read (ENOENT)';
    expect(reason).toBe(`every cell failed; the first: ${found}`);
    const cells = await new Experiments(database).cellsOf([withoutTraces]);
    expect(cells.map((cell) => [cell.status, cell.error])).toEqual([
      ['FAILED', found],
      ['FAILED', found],
    ]);
  });

  it('fail, each with the reason, when the imported trace was deleted while they waited; what comes after them is run', async () => {
    const { status, reason, isAnswered, tracePath } = await until(withoutImport, isOver);
    expect([status, isAnswered]).toEqual(['FAILED', false]);
    const id = tracePath?.slice('trace:'.length) ?? '';
    expect(reason).toContain(`every cell failed; the first: guests.source.path: there is no imported trace ${id}`);
    const cells = await new Experiments(database).cellsOf([withoutImport]);
    expect(cells.map((cell) => cell.status)).toEqual(['FAILED', 'FAILED']);
    for (const { error } of cells) expect(error).toContain(id);
    await until(endless, ({ status: next }) => next === 'RUNNING');
  });

  it('give way to the live fleet where threads can', async () => {
    await until(endless, ({ status }) => status === 'RUNNING');
    if (existsSync('/proc/self/task')) {
      let seen = nicenesses(worker.pid);
      for (const end = Date.now() + 10_000; !seen.includes(10) && Date.now() < end; seen = nicenesses(worker.pid)) {
        await sleep(100);
      }
      expect(seen.filter((niceness) => niceness === 10)).toHaveLength(1);
      expect(seen.filter((niceness) => niceness === 0)).toHaveLength(seen.length - 1);
    }
    await new Experiments(database).cancel(endless);
  });
});
