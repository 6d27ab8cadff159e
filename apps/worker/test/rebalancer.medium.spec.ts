/** What a worker finds of a run that another one left in the middle. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Database, Operations, Rebalances, beginGiving, goingHosts, storeDecision } from '#persistence';
import { MIB } from '#units';
import { openQueues, type OpenQueues } from '../../../libs/jobs/test/support/open-queues.js';
import { aGuest } from '../../../libs/persistence/test/support/a-fleet.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { Rebalancer } from '../src/rebalance/rebalancer.js';

let made: TestDatabase;
let database: Database;
let open: OpenQueues;

beforeAll(async () => {
  made = await createTestDatabase();
  database = await Database.connect({ url: made.url, maxConnections: 4 });
  open = await openQueues({ redisUrl: undefined, databaseUrl: made.url });
});

afterAll(async () => {
  await open.close();
  await database.close();
  await made.drop();
});

/** A run that is to give the guest 512 MiB. */
async function aGivingRun(guestId: string, hostId: string): Promise<string> {
  const request = { scheduleId: null, hostId, dryRun: false, policy: 'mom', parameters: null, reason: null };
  const { id: runId } = await new Rebalances(database).create({ ...request, holdForMs: 0, requestedBy: 'test' });
  const move = { guestId, phase: 2, fromBytes: 512 * MIB, toBytes: 0, reason: 'why', notApplied: null };
  const plan = { memory: null, untouched: [] };
  const decision = { policy: 'mom', parameters: {}, view: {}, memory: null, plan, decisionMs: 1, moves: [move] };
  await storeDecision(database, { runId, hostId, dryRun: false, ...decision });
  for (const host of await goingHosts(database)) await beginGiving(database, host);
  return runId;
}

describe('a run that gives memory', () => {
  it('goes on with an operation that was acknowledged and not noted, whatever the host could give by now', async () => {
    const guest = await aGuest(database);
    const runId = await aGivingRun(guest.id, guest.hostId);
    const { operationId } = await new Operations(database).acknowledge({
      guestId: guest.id,
      kind: 'SET_BALLOON_TARGET',
      bytes: 384 * MIB,
      timeoutMs: 120_000,
      requestedBy: 'test',
      idempotencyKey: `rebalance-${runId}`,
    });
    const rebalancer = new Rebalancer(database, open.queues, new Logger('test'));
    await rebalancer.advance();
    await rebalancer.advance();
    const moves = await new Rebalances(database).movesOf([runId]);
    expect(moves).toMatchObject([{ operationId, notApplied: null, status: 'QUEUED' }]);
  });
});

describe('schedules', () => {
  it('of which one cannot be read are followed all the same, and that one is told once', async () => {
    const { rows } = await database.pool.query<{ id: string; cron: string }>(
      `INSERT INTO rebalance_schedule (id, cron, requested_by) VALUES
         (uuidv7(), '99 * * * *', 'test'), (uuidv7(), '0 0 30 2 *', 'test'), (uuidv7(), '*/5 * * * *', 'test')
       RETURNING id, cron`,
    );
    const told: string[] = [];
    const log = Object.assign(new Logger('test'), { warn: (text: string) => told.push(text) });
    const rebalancer = new Rebalancer(database, open.queues, log);
    await rebalancer.followSchedules();
    await rebalancer.followSchedules();
    const [, , good] = rows;
    expect([...(await open.queues.scheduled('rebalances')).keys()]).toEqual([good?.id]);
    expect(told).toEqual(rows.slice(0, 2).map(({ id, cron }) => `schedule ${id} never comes: ${cron} in UTC`));
  });
});
