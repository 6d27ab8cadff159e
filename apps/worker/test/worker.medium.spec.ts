import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Guests, NotificationListener, Operations } from '#persistence';
import { MIB } from '#units';
import { AFleet } from './support/a-fleet.js';
import type { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(120_000);

let fleet: AFleet;
let worker: WorkerProcess;

beforeAll(async () => {
  fleet = await AFleet.open();
  worker = await fleet.startWorker().ready();
});

afterAll(() => fleet.drop());

describe('a worker', () => {
  it('does a job that is delivered twice once', async () => {
    const [guestId = ''] = await fleet.createBornGuests(1);
    const operationId = await fleet.ask(guestId, 32);
    await fleet.tell(guestId, operationId);
    expect(await fleet.ended(operationId)).toMatchObject({ outcome: 'REACHED', attempts: 1 });
    await fleet.tell(guestId, operationId);
    await fleet.ticksPass(2);
    expect(await fleet.operation(operationId)).toMatchObject({ outcome: 'REACHED', attempts: 1 });
  });

  it('takes the operations of a guest in their order, however fast they come', async () => {
    const [guestId = ''] = await fleet.createBornGuests(1);
    const ids: string[] = [];
    for (let at = 1; at <= 30; at++) ids.push(await fleet.ask(guestId, at, false));
    await Promise.all(ids.toReversed().map((id) => fleet.tell(guestId, id)));
    const operations = await Promise.all(ids.map((id) => fleet.ended(id)));
    expect(operations.at(-1)).toMatchObject({ outcome: 'REACHED', achievedBytes: 30 * MIB });
    const ticks = operations.map((operation) => operation.appliedTick ?? NaN);
    expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
  });

  it('admits and calls off while the clock is paused, and ends it when the clock goes on', async () => {
    const [guestId = ''] = await fleet.createBornGuests(1);
    await fleet.setSpeed(0);
    const operationId = await fleet.ask(guestId, 400);
    await fleet.until('it runs', async () => (await fleet.operation(operationId)).status === 'RUNNING');
    await new Operations(fleet.database).cancel(operationId);
    await fleet.tell(guestId, operationId);
    await fleet.setSpeed(5);
    expect(await fleet.ended(operationId)).toMatchObject({ status: 'CANCELLED', outcome: 'CANCELLED' });
  });

  it('pauses a guest, keeps its work waiting over a restart of the guest’s owner, and resumes it', async () => {
    const [guestId = ''] = await fleet.createBornGuests(1);
    const state = async () => (await new Guests(fleet.database).find([guestId]))[0]?.state;
    expect(await fleet.ended(await fleet.perform(guestId, { kind: 'PAUSE' }))).toMatchObject({
      status: 'SUCCEEDED',
      outcome: 'DONE',
      achievedBytes: null,
    });
    await fleet.until('it is paused', async () => (await state()) === 'PAUSED');
    const inflation = await fleet.ask(guestId, 64);
    await fleet.ticksPass(10);
    await worker.stop();
    worker = await fleet.startWorker().ready();
    await fleet.ticksPass(10);
    expect(await fleet.operation(inflation)).toMatchObject({ status: 'RUNNING' });
    expect((await fleet.latest([guestId]))[0]?.balloonBytes).toBe(0);
    expect(await state()).toBe('PAUSED');
    await fleet.ended(await fleet.perform(guestId, { kind: 'RESUME' }));
    expect(await fleet.ended(inflation)).toMatchObject({ outcome: 'REACHED', achievedBytes: 64 * MIB });
    expect(await state()).toBe('RUNNING');
  });

  it('boots at once while the clock is paused, with a first sample', async () => {
    await fleet.setSpeed(0);
    const [guestId = ''] = await fleet.createBornGuests(1);
    expect((await fleet.latest([guestId]))[0]?.tick).toBe(await fleet.tick());
    await fleet.setSpeed(5);
  });

  it('ends the work of a guest that is deleted, and forgets it', async () => {
    const [guestId = ''] = await fleet.createBornGuests(1);
    const operationId = await fleet.ask(guestId, 400);
    await new Guests(fleet.database).delete(guestId);
    await fleet.queues.add('guests', { version: 1, guestId });
    expect(await fleet.ended(operationId)).toMatchObject({ status: expect.stringMatching(/CANCELLED|SUCCEEDED/) });
    const question = { kind: 'PROCFS', file: 'BUDDYINFO' } as const;
    const answer = await fleet.queues.addAndWait('inspections', { version: 1, guestId, question }, 10_000);
    expect(answer).toMatchObject({ kind: 'FAILED', code: 'NOT_FOUND' });
  });

  it('answers questions about a living guest from its thread', async () => {
    const [guestId = ''] = await fleet.createBornGuests(1);
    const question = { kind: 'PROCFS', file: 'BUDDYINFO' } as const;
    const answer = await fleet.queues.addAndWait('inspections', { version: 1, guestId, question }, 10_000);
    expect(answer).toMatchObject({ kind: 'DONE', value: { text: expect.stringMatching(/^Node 0, zone/) } });
    const map = { kind: 'PAGE_MAP', columns: 16 } as const;
    const mapped = await fleet.queues.addAndWait('inspections', { version: 1, guestId, question: map }, 10_000);
    expect(mapped).toMatchObject({ kind: 'DONE', value: { pagesPerCell: 8192, cells: { length: 16 } } });
  });

  it('fails a job about nothing that could be a guest, and ends one about a guest that is gone', async () => {
    const wrong = await fleet.queues.addAndWait(
      'operations',
      { version: 1, operationId: 'x', guestId: 'nobody' },
      10_000,
    );
    expect(wrong).toMatchObject({
      kind: 'FAILED',
      code: 'BAD_INPUT',
      reason: expect.stringMatching(/guestId must be a UUID/),
    });
    const gone = '01a20684-006e-7000-8fec-b21f59d2a236';
    const quiet = await fleet.queues.addAndWait('operations', { version: 1, operationId: gone, guestId: gone }, 10_000);
    expect(quiet.kind).toBe('DONE');
  });

  it('tells of samples as they are stored', async () => {
    await fleet.createBornGuests(1);
    const ticks: number[] = [];
    const listener = await NotificationListener.open(fleet.url, (topic, payload) => {
      if (topic === 'ballast_sampled' && 'tick' in payload) ticks.push(payload.tick);
    });
    await fleet.until('samples came', () => Promise.resolve(ticks.length >= 2));
    await listener.close();
  });

  it('stands by while another owns the fleet, in one line, and takes over when that one stops', async () => {
    const [guestId = ''] = await fleet.createBornGuests(1);
    const second = fleet.startWorker();
    await fleet.until('it stands by', () => Promise.resolve(second.output.includes('standing by')));
    expect(second.output.match(/standing by/g)).toHaveLength(1);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    await second.ready();
    expect(await fleet.ended(await fleet.ask(guestId, 16))).toMatchObject({ outcome: 'REACHED' });
    worker = second;
  });

  it('ends at once, writing nothing more, when somebody takes its shards', async () => {
    await fleet.database.pool.query(
      `UPDATE shard SET owner = 'elsewhere/1/x', epoch = epoch + 1, lease_expires_at = now() + interval '1 hour'`,
    );
    const tick = await fleet.tick();
    expect(await worker.ended).toMatchObject({ code: 1 });
    await fleet.until('it said why', () => Promise.resolve(worker.output.includes('another worker has taken over')));
    expect(await fleet.tick()).toBe(tick);
    await fleet.database.pool.query('UPDATE shard SET owner = NULL, lease_expires_at = NULL');
  });

  it('hands the fleet over when its parent is gone', async () => {
    worker = await fleet.startWorker().ready();
    expect(await worker.orphan()).toEqual({ code: 0, signal: null });
    expect(await fleet.database.prisma.shard.count({ where: { owner: null } })).toBe(16);
  });
});
