import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MIB } from '#units';
import { AFleet } from './support/a-fleet.js';
import type { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(120_000);

let fleet: AFleet;

beforeEach(async () => {
  fleet = await AFleet.open();
});

afterEach(() => fleet.drop());

/** Runs `work` while the worker cannot write `table`. */
async function whileLocked(table: string, work: () => Promise<void>): Promise<void> {
  await fleet.database.transaction(async (client) => {
    await client.query(`LOCK TABLE ${table} IN EXCLUSIVE MODE`);
    await work();
  });
}

/** Resolves once a connection waits for a lock: the worker has come to the locked table. */
async function somebodyWaits(): Promise<void> {
  await fleet.until('the worker waits for the lock', async () => {
    const { rows } = await fleet.database.pool.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  });
}

async function startAgain(): Promise<WorkerProcess> {
  const worker = await fleet.startWorker().ready();
  expect(worker.output).not.toMatch(/does not run/);
  return worker;
}

const DONE_ONCE = { attempts: 1, outcome: 'REACHED', deficitBytes: 0 };

describe('a worker that is killed', () => {
  it('between acknowledgement and admission: the operation is found and done, without its job', async () => {
    const first = await fleet.startWorker().ready();
    const [guestId = ''] = await fleet.createBornGuests(1);
    await first.kill();
    const operationId = await fleet.ask(guestId, 64, false);
    await startAgain();
    expect(await fleet.ended(operationId)).toMatchObject({ ...DONE_ONCE, achievedBytes: 64 * MIB });
  });

  it('within the transaction of admission: nothing of it is left, and it is admitted anew', async () => {
    const first = await fleet.startWorker().ready();
    const [guestId = ''] = await fleet.createBornGuests(1);
    await fleet.setSpeed(0);
    const operationId = await fleet.ask(guestId, 64, false);
    await whileLocked('operation', async () => {
      await fleet.tell(guestId, operationId);
      await somebodyWaits();
      await first.kill();
    });
    expect(await fleet.operation(operationId)).toMatchObject({ status: 'QUEUED', attempts: 0 });
    await startAgain();
    await fleet.setSpeed(5);
    expect(await fleet.ended(operationId)).toMatchObject(DONE_ONCE);
  });

  it('between admission and the step: the command is given at its recorded tick, once', async () => {
    const first = await fleet.startWorker().ready();
    const [guestId = ''] = await fleet.createBornGuests(1);
    await fleet.setSpeed(0);
    const operationId = await fleet.ask(guestId, 64);
    await fleet.until('it is admitted', async () => (await fleet.operation(operationId)).status === 'RUNNING');
    const tick = await fleet.tick();
    await first.kill();
    await startAgain();
    expect(await fleet.operation(operationId)).toMatchObject({ status: 'RUNNING', appliedTick: tick + 1, attempts: 1 });
    await fleet.setSpeed(5);
    expect(await fleet.ended(operationId)).toMatchObject({ ...DONE_ONCE, appliedTick: tick + 1 });
    const inflated = await fleet.database.prisma.guestLatest.findUniqueOrThrow({ where: { guestId } });
    expect(Number(inflated.inflatedPagesTotal)).toBe((64 * MIB) / 4096);
  });

  it('between the step and its commit: the step counts for nothing and is done again', async () => {
    const first = await fleet.startWorker().ready();
    const [guestId = ''] = await fleet.createBornGuests(1);
    const operationId = await fleet.ask(guestId, 64, false);
    let tick = 0;
    await whileLocked('memory_sample', async () => {
      await somebodyWaits();
      tick = await fleet.tick();
      await fleet.tell(guestId, operationId);
      await first.kill();
    });
    expect(await fleet.tick()).toBe(tick);
    await startAgain();
    expect(await fleet.ended(operationId)).toMatchObject(DONE_ONCE);
    const { rows } = await fleet.database.pool.query<{ tick: number; count: number }>(
      'SELECT tick::int, count(*)::int FROM memory_sample WHERE guest_id = $1 GROUP BY tick ORDER BY tick',
      [guestId],
    );
    expect(rows.every((row) => row.count === 1)).toBe(true);
  });

  it('comes back with every guest in the state it had, from birth or from a snapshot', async () => {
    const first = await fleet.startWorker().ready();
    const guestIds = await fleet.createBornGuests(3);
    await Promise.all(guestIds.map(async (guestId) => fleet.ended(await fleet.ask(guestId, 48))));
    await fleet.ticksPass(6);
    await fleet.setSpeed(0);
    await fleet.ticksPass(0);
    await first.kill();
    const before = await fleet.latest(guestIds);

    const second = await startAgain();
    expect(second.output).toMatch(/3 guests back at tick \d+, 0 are not: [1-9]\d* guest ticks replayed/);
    expect(await fleet.latest(guestIds)).toEqual(before);
    await second.stop();
    expect(await fleet.database.prisma.guestSnapshot.count()).toBe(3);
    const third = await startAgain();
    expect(third.output).toMatch(/3 guests back at tick \d+, 0 are not: 0 guest ticks replayed/);
    await fleet.setSpeed(5);
    await fleet.ticksPass(10);
    expect((await fleet.latest(guestIds)).map((latest) => latest.balloonBytes)).toEqual(
      [48, 48, 48].map((n) => n * MIB),
    );
  });
});

describe('a guest that is not what was stored', () => {
  it('does not run and says why, refuses its work, and the others go on', async () => {
    const first = await fleet.startWorker().ready();
    const [broken = '', sound = ''] = await fleet.createBornGuests(2);
    await fleet.ticksPass(6);
    await first.kill();
    await fleet.database.pool.query(`UPDATE guest_latest SET state_digest = 'other' WHERE guest_id = $1`, [broken]);
    const second = await fleet.startWorker().ready();
    expect(second.output).toMatch(
      new RegExp(`guest ${broken} does not run: its replay to tick \\d+ has digest .*, stored was other`),
    );
    expect(await fleet.database.prisma.guest.findUniqueOrThrow({ where: { id: broken } })).toMatchObject({
      state: 'PAUSED',
      stateReason: expect.stringMatching(/^its replay to tick/),
    });
    expect(await fleet.ended(await fleet.ask(broken, 32))).toMatchObject({ outcome: 'REFUSED' });
    expect(await fleet.ended(await fleet.ask(sound, 32))).toMatchObject({ outcome: 'REACHED' });
  });

  it('cannot boot: it is marked, and does not bring the worker down', async () => {
    const worker = await fleet.startWorker().ready();
    const [guestId = ''] = await fleet.createGuests(1, {
      kind: 'TRACE',
      traceId: '01a20684-006e-7000-8fec-b21f59d2a236',
      vm: '1',
      offsetMs: 0,
    });
    const operationId = await fleet.ask(guestId, 32);
    expect(await fleet.ended(operationId)).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringMatching(/could not boot/),
    });
    await fleet.createBornGuests(1);
    expect((await worker.stop()).code).toBe(0);
  });
});
