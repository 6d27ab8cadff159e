import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, type JobPayloads } from '#contracts';
import type { QueueBackend } from '../src/index.js';
import { handlers, openQueues, type OpenQueues } from './support/open-queues.js';

type OperationJob = JobPayloads['operations'];

export interface BackendUnderTest {
  readonly backend: QueueBackend;
  dispose(): Promise<void>;
}

const WAIT_MS = 15_000;
/** A lost lock (15 s) is found by the next check (every 5 s). */
const STALL_LIMIT_MS = 40_000;
const STUCK_WORKER = join(process.cwd(), 'dist', 'libs', 'jobs', 'test', 'support', 'stuck-worker.js');

const operation = (operationId: string): OperationJob => ({ version: 1, operationId, guestId: 'guest' });
const question = { version: 1, guestId: 'guest', question: { kind: 'PROCFS', file: 'MEMINFO' } } as const;

async function eventually(holds: () => boolean, limitMs = WAIT_MS): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms`);
    await sleep(20);
  }
}

/** What every backend must do; each spec runs it on one. */
export function describeQueueContract(backendName: string, prepare: () => Promise<BackendUnderTest>): void {
  describe(`the queue on ${backendName}`, () => {
    let underTest: BackendUnderTest;
    let open: OpenQueues[];
    const connect = async (): Promise<OpenQueues['queues']> => {
      const opened = await openQueues(underTest.backend);
      open.push(opened);
      return opened.queues;
    };

    beforeAll(async () => {
      open = [];
      underTest = await prepare();
    });
    beforeEach(() => {
      open = [];
    });
    afterEach(async () => {
      await Promise.all(open.map((one) => one.close()));
    });
    afterAll(async () => {
      await underTest.dispose();
    });

    it('delivers every job, parsed, to one of the workers', async () => {
      const [producer, first, second] = [await connect(), await connect(), await connect()];
      const seen: OperationJob[] = [];
      const take = (payload: OperationJob): Promise<number> => Promise.resolve(seen.push(payload));
      first.process(handlers({ operations: take }));
      second.process(handlers({ operations: take }));
      const sent = Array.from({ length: 100 }, (_, at) => operation(`every-${at}`));
      await Promise.all(sent.map((payload) => producer.add('operations', payload, { jobId: payload.operationId })));
      await eventually(() => seen.length >= 100);
      await sleep(200);
      expect(seen.map((payload) => payload.operationId).sort()).toEqual(
        sent.map((payload) => payload.operationId).sort(),
      );
      expect(seen[0]).toEqual(operation(seen[0]!.operationId));
    });

    it('adds a job id once while the job is known', async () => {
      const queues = await connect();
      for (let times = 0; times < 5; times++) await queues.add('operations', operation('once'), { jobId: 'same-id' });
      let runs = 0;
      queues.process(handlers({ operations: () => Promise.resolve(runs++) }));
      await eventually(() => runs > 0);
      await queues.add('operations', operation('once'), { jobId: 'same-id' });
      await sleep(500);
      expect(runs).toBe(1);
    });

    it('adds a job id again once its job has ended, when asked to', async () => {
      const queues = await connect();
      let runs = 0;
      const fail = (): Promise<never> => Promise.reject(new DomainError('NOT_FOUND', `run ${++runs}`));
      queues.process(handlers({ operations: fail }));
      await queues.add('operations', operation('again'), { jobId: 'given-up' });
      await eventually(() => runs === 1);
      await sleep(300);
      await queues.add('operations', operation('again'), { jobId: 'given-up', isAgain: true });
      await eventually(() => runs === 2);
    });

    it('leaves a job alone that has not ended when it is added again', async () => {
      const queues = await connect();
      let runs = 0;
      for (let times = 0; times < 3; times++) {
        await queues.add('operations', operation('waits'), { jobId: 'waits', isAgain: true });
      }
      queues.process(handlers({ operations: () => sleep(300).then(() => runs++) }));
      await sleep(150);
      await queues.add('operations', operation('waits'), { jobId: 'waits', isAgain: true });
      await sleep(800);
      expect(runs).toBe(1);
    });

    it('tries a job again, later each time, when its handler breaks', async () => {
      const queues = await connect();
      const triedAtMs: number[] = [];
      queues.process(
        handlers({
          operations: () => {
            triedAtMs.push(Date.now());
            return triedAtMs.length < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(null);
          },
        }),
      );
      await queues.add('operations', operation('retried'));
      await eventually(() => triedAtMs.length === 3);
      const [firstMs = 0, secondMs = 0, thirdMs = 0] = triedAtMs;
      expect(secondMs - firstMs).toBeGreaterThanOrEqual(240);
      expect(thirdMs - secondMs).toBeGreaterThanOrEqual(490);
      await sleep(300);
      expect(triedAtMs).toHaveLength(3);
    });

    it('fails a payload that does not parse at once, naming the field', async () => {
      const queues = await connect();
      let runs = 0;
      queues.process(handlers({ operations: () => Promise.resolve(runs++) }));
      const broken = { version: 1, guestId: 'guest' } as OperationJob;
      await expect(queues.addAndWait('operations', broken, WAIT_MS)).resolves.toEqual({
        kind: 'FAILED',
        code: 'BAD_INPUT',
        reason: expect.stringContaining('operationId'),
      });
      expect(runs).toBe(0);
    });

    it('gives the answer of the handler to who waits for it', async () => {
      const queues = await connect();
      queues.process(handlers({ inspections: ({ guestId }) => Promise.resolve({ tick: 7, text: `of ${guestId}` }) }));
      await expect(queues.addAndWait('inspections', question, WAIT_MS)).resolves.toEqual({
        kind: 'DONE',
        value: { tick: 7, text: 'of guest' },
      });
    });

    it('gives the code of an operating error to who waits, without a second try', async () => {
      const queues = await connect();
      let runs = 0;
      queues.process(
        handlers({
          operations: () => {
            runs++;
            return Promise.reject(new DomainError('NOT_FOUND', 'no such guest'));
          },
        }),
      );
      await expect(queues.addAndWait('operations', operation('refused'), WAIT_MS)).resolves.toEqual({
        kind: 'FAILED',
        code: 'NOT_FOUND',
        reason: 'no such guest',
      });
      expect(runs).toBe(1);
    });

    it('lets go of who waits after the time asked for', async () => {
      const queues = await connect();
      const begun = Date.now();
      await expect(queues.addAndWait('inspections', question, 300)).resolves.toEqual({ kind: 'TIMED_OUT' });
      expect(Date.now() - begun).toBeLessThan(3_000);
    });

    it('delivers a job again whose worker was killed', async () => {
      const queues = await connect();
      const stuck = fork(STUCK_WORKER, [JSON.stringify(underTest.backend)]);
      try {
        await queues.add('operations', operation('orphan'), { jobId: 'orphan' });
        const [message] = (await once(stuck, 'message')) as [{ taken: string }];
        expect(message.taken).toBe('orphan');
      } finally {
        stuck.kill('SIGKILL');
      }
      const seen: string[] = [];
      queues.process(handlers({ operations: (payload) => Promise.resolve(seen.push(payload.operationId)) }));
      await eventually(() => seen.includes('orphan'), STALL_LIMIT_MS);
      expect(seen).toEqual(['orphan']);
    }, 60_000);

    it('lets the job in hand end when it stops, and takes no other', async () => {
      const queues = await connect();
      const ended: string[] = [];
      let taken = 0;
      queues.process(
        handlers({
          guests: async ({ guestId }) => {
            taken++;
            await sleep(400);
            ended.push(guestId);
          },
        }),
      );
      await queues.add('guests', { version: 1, guestId: 'in-hand' });
      await eventually(() => taken === 1);
      await queues.stopProcessing(5_000);
      expect(ended).toEqual(['in-hand']);
      await queues.add('guests', { version: 1, guestId: 'late' }, { jobId: 'late' });
      await sleep(300);
      expect(taken).toBe(1);
    });

    it('stops in the time it is given though a handler hangs', async () => {
      const queues = await connect();
      let taken = 0;
      queues.process(
        handlers({
          inspections: () => {
            taken++;
            return new Promise(() => undefined);
          },
        }),
      );
      await queues.add('inspections', question);
      await eventually(() => taken > 0);
      const begun = Date.now();
      await queues.stopProcessing(300);
      expect(Date.now() - begun).toBeLessThan(2_000);
    });

    it('delivers the last job of a flow when all the others have ended, also those that failed', async () => {
      const queues = await connect();
      const seen: string[] = [];
      const take = async (job: JobPayloads['experiments']): Promise<void> => {
        await sleep(50);
        seen.push(job.kind === 'CELL' ? `cell ${job.place}` : 'answer');
        if (job.kind === 'CELL' && job.place === 1) throw new DomainError('NOT_FOUND', 'no such experiment');
      };
      queues.process(handlers({ experiments: take }), { experiments: 1 });
      const cell = (place: number) => ({
        payload: { version: 1, kind: 'CELL', experimentId: 'e', place } as const,
        jobId: `e-${place}`,
      });
      const last = { payload: { version: 1, kind: 'ANSWER', experimentId: 'e' } as const, jobId: 'e-answer' };
      await queues.addFlow('experiments', last, [cell(0), cell(1), cell(2)]);
      await eventually(() => seen.includes('answer'));
      expect(seen.slice(0, 3).sort()).toEqual(['cell 0', 'cell 1', 'cell 2']);
      expect(seen).toHaveLength(4);
    });

    it('refuses a second handler for a queue, and leaves alone those that it has none for', async () => {
      const queues = await connect();
      queues.process(handlers({}));
      expect(() => queues.process(handlers({}))).toThrow(
        /queue operations, guests, inspections, rebalances, experiments has its handler/,
      );
    });

    it('counts jobs by state', async () => {
      const queues = await connect();
      const before = await queues.counts();
      await queues.add('inspections', question);
      const after = await queues.counts();
      expect(after.inspections['waiting']).toBe((before.inspections['waiting'] ?? 0) + 1);
    });

    it('refuses job ids that a backend could not keep', async () => {
      const queues = await connect();
      await expect(queues.add('operations', operation('x'), { jobId: 'a:b' })).rejects.toThrow(/:/);
      await expect(queues.add('operations', operation('x'), { jobId: '12' })).rejects.toThrow(/integer/);
    });
  });
}
