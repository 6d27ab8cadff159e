import { beforeAll, describe, expect, it } from '@jest/globals';
import type { HostState, OperationOutcome, OperationResult } from '#contracts';
import { MIB } from '#units';
import { admitOperations } from '../src/admission.js';
import { Guests } from '../src/guests/guests.js';
import { Hosts } from '../src/hosts/hosts.js';
import { readControllerCounts } from '../src/rebalance/controller-counts.js';
import type { Lease } from '../src/lease.js';
import { recoverableGuests } from '../src/members.js';
import { NotificationListener } from '../src/notifications.js';
import { Operations } from '../src/operations/operations.js';
import { maintainPartitions } from '../src/partitions.js';
import { saveSnapshots } from '../src/snapshots.js';
import { commitStep } from '../src/step-commit.js';
import { commitRevived } from '../src/stopped-guests.js';
import { aSample, aStep, asked, bornGuests, takeOver, timed, until } from './support/a-worker.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
const keepState = (state: HostState): HostState => state;
let lease: Lease;

beforeAll(async () => {
  await maintainPartitions(database(), new Date(), 30);
  lease = await takeOver(database());
});

async function aRunningOperation(): Promise<{ guestId: string; operationId: string }> {
  const [guest] = await bornGuests(database(), lease, 1);
  const operationId = await asked(database(), guest!.id, 64);
  await admitOperations(database(), lease, [guest!.id], 1);
  return { guestId: guest!.id, operationId };
}

function ended(of: { guestId: string; operationId: string }, outcome: OperationOutcome, mib: number): OperationResult {
  const achievedBytes = mib * MIB;
  return {
    ...of,
    tick: 3,
    outcome,
    achievedBytes,
    deficitBytes: 64 * MIB - achievedBytes,
    reason: `stands at ${mib}`,
    result: null,
  };
}

const find = async (id: string): Promise<unknown> => (await new Operations(database()).find([id]))[0];
const samplesOf = async (guestId: string): Promise<number[]> => {
  const { rows } = await database().pool.query<{ tick: number }>(
    'SELECT tick::int FROM memory_sample WHERE guest_id = $1 ORDER BY tick',
    [guestId],
  );
  return rows.map((row) => row.tick);
};

describe('the commit of a step', () => {
  it('stores samples, the newest of each guest, results and the tick, and tells', async () => {
    const running = await aRunningOperation();
    const heard: string[] = [];
    const listener = await NotificationListener.open(database().url, (topic) => void heard.push(topic));
    const samples = [3, 5].map((tick) => timed(aSample(running.guestId, tick, { usedBytes: tick * MIB })));
    await commitStep(database(), lease, aStep(6, { samples, results: [ended(running, 'REACHED', 64)] }), keepState);
    await until(() => heard.length === 2);
    await listener.close();
    expect(await samplesOf(running.guestId)).toEqual([0, 3, 5]);
    const latest = await database().prisma.guestLatest.findUniqueOrThrow({ where: { guestId: running.guestId } });
    expect(latest).toMatchObject({ tick: 5n, usedBytes: BigInt(5 * MIB), stateDigest: 'digest-5' });
    expect(await find(running.operationId)).toMatchObject({
      status: 'SUCCEEDED',
      outcome: 'REACHED',
      achievedBytes: 64 * MIB,
      deficitBytes: 0,
      finishedTick: 3,
    });
    expect(await database().prisma.shard.count({ where: { tick: 6 } })).toBe(16);
    expect(heard.sort()).toEqual(['ballast_operation', 'ballast_sampled']);
  });

  it('tells of the first samples of guests that are born', async () => {
    const ticks: unknown[] = [];
    const listener = await NotificationListener.open(database().url, (topic, payload) => {
      if (topic === 'ballast_sampled') ticks.push(payload);
    });
    await bornGuests(database(), lease, 2);
    await until(() => ticks.length > 0);
    await listener.close();
    expect(ticks).toEqual([{ tick: 0 }]);
  });

  it('stores every number as it is', async () => {
    const [guest] = await bornGuests(database(), lease, 1);
    const guestId = guest!.id;
    const some = {
      totalBytes: Number.MAX_SAFE_INTEGER,
      freeBytes: 2 ** 32 - 1,
      usedBytes: 2 ** 32,
      cachedBytes: 3 * 2 ** 31 + 4095,
      pressureSome10Ratio: 0.375,
    };
    const sampledAt = new Date(Math.floor(Date.now() / 1000) * 1000 + 789);
    await commitStep(
      database(),
      lease,
      aStep(7, { samples: [timed(aSample(guestId, 7, some), sampledAt)] }),
      keepState,
    );
    const { rows } = await database().pool.query(
      `SELECT sampled_at AS "sampledAt", total_bytes::float8 AS "totalBytes", free_bytes::float8 AS "freeBytes",
              used_bytes::float8 AS "usedBytes", cached_bytes::float8 AS "cachedBytes",
              pressure_some10_ratio AS "pressureSome10Ratio"
         FROM memory_sample WHERE guest_id = $1 AND tick = 7`,
      [guestId],
    );
    expect(rows).toEqual([{ sampledAt, ...some }]);
  });

  it('is whole or not at all', async () => {
    const running = await aRunningOperation();
    const unplaced = timed(aSample(running.guestId, 9), new Date('2020-01-01T00:00:00Z'));
    const step = aStep(9, { samples: [unplaced], results: [ended(running, 'REACHED', 64)] });
    await expect(commitStep(database(), lease, step, keepState)).rejects.toThrow(/partition/);
    expect(await find(running.operationId)).toMatchObject({ status: 'RUNNING' });
    expect(await database().prisma.shard.count({ where: { tick: 9 } })).toBe(0);
  });

  it('ends an operation once', async () => {
    const running = await aRunningOperation();
    await commitStep(database(), lease, aStep(10, { results: [ended(running, 'STALLED', 16)] }), keepState);
    await commitStep(database(), lease, aStep(11, { results: [ended(running, 'REACHED', 64)] }), keepState);
    expect(await find(running.operationId)).toMatchObject({
      status: 'FAILED',
      outcome: 'STALLED',
      achievedBytes: 16 * MIB,
    });
  });

  it('leaves the target of a cancelled operation where the balloon stopped, unless a newer one has its own', async () => {
    const targetOf = async (guestId: string): Promise<number | undefined> =>
      (await new Guests(database()).find([guestId]))[0]?.targetBytes;
    const [last, overtaken] = [await aRunningOperation(), await aRunningOperation()];
    await asked(database(), overtaken.guestId, 128);
    const results = [ended(last, 'CANCELLED', 20), ended(overtaken, 'CANCELLED', 20)];
    await commitStep(database(), lease, aStep(12, { results }), keepState);
    expect(await targetOf(last.guestId)).toBe(20 * MIB);
    expect(await targetOf(overtaken.guestId)).toBe(128 * MIB);
  });

  it('stores what other work came to, and hands it to a replay with its tick', async () => {
    const [guest] = await bornGuests(database(), lease, 1);
    const guestId = guest!.id;
    const work = { kind: 'OFFLINE_MEMORY_BLOCK', block: 3 } as const;
    const frame = { guestId, timeoutMs: 9000, requestedBy: 'test', idempotencyKey: null };
    const { operationId } = await new Operations(database()).acknowledge({ ...frame, kind: work.kind, work });
    const command = { kind: 'PERFORM', guestId, tick: 4, operationId, timeoutMs: 9000, work };
    expect(await admitOperations(database(), lease, [guestId], 4)).toEqual([command]);
    const result = { migratedPages: 12 };
    const told = { guestId, operationId, tick: 5, outcome: 'DONE', reason: 'done', result } as const;
    const results = [{ ...told, achievedBytes: null, deficitBytes: null }];
    await commitStep(database(), lease, aStep(5, { results }), keepState);
    expect(await find(operationId)).toMatchObject({
      status: 'SUCCEEDED',
      result,
      achievedBytes: null,
      finishedTick: 5,
    });
    for await (const { member, commands } of recoverableGuests(database(), lease)) {
      if (member.guestId === guestId) expect(commands).toEqual([command]);
    }
  });

  it('tells why a guest stopped, and that one runs again without a reason', async () => {
    const [broken, resting] = await bornGuests(database(), lease, 2);
    const reason = 'kernel BUG: the page was freed twice';
    const stateChanges = [
      { guestId: broken!.id, state: 'KERNEL_BUG', reason },
      { guestId: resting!.id, state: 'PAUSED', reason: null },
    ] as const;
    await commitStep(database(), lease, aStep(14, { stateChanges }), keepState);
    const states = async (): Promise<unknown[]> =>
      (await new Guests(database()).find([broken!.id, resting!.id]))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map(({ state, stateReason }) => [state, stateReason]);
    expect(await states()).toEqual([
      ['KERNEL_BUG', reason],
      ['PAUSED', null],
    ]);
    // Somebody paused it: its work waits for its guest, which is asked, instead of being refused here.
    await asked(database(), resting!.id, 128);
    expect(await admitOperations(database(), lease, [resting!.id], 15)).toHaveLength(1);
    await commitRevived(database(), lease, [resting!.id]);
    expect(await states()).toEqual([
      ['KERNEL_BUG', reason],
      ['PAUSED', null],
    ]);
    const back = [{ guestId: resting!.id, state: 'RUNNING', reason: null }] as const;
    await commitStep(database(), lease, aStep(15, { stateChanges: back }), keepState);
    expect((await states())[1]).toEqual(['RUNNING', null]);
  });

  it('stops a guest that failed, with its operations, and not one that was deleted meanwhile', async () => {
    const [failed, deleted] = [await aRunningOperation(), await aRunningOperation()];
    await new Guests(database()).delete(deleted.guestId);
    const stopped = [failed, deleted].map(({ guestId }) => ({ guestId, reason: 'it failed' }));
    await commitStep(database(), lease, aStep(13, { stopped }), keepState);
    const states = await database().prisma.guest.findMany({ where: { id: { in: stopped.map((one) => one.guestId) } } });
    expect(states.map((guest) => guest.state).sort()).toEqual(['DELETED', 'PAUSED']);
    expect(await find(failed.operationId)).toMatchObject({ outcome: 'REFUSED', finishedTick: 13 });
  });

  it('asks the rule about each living host with the share that its guests leave free, and counts what changes', async () => {
    const [guest] = await bornGuests(database(), lease, 1);
    const host = await database().prisma.host.findUniqueOrThrow({ where: { id: guest!.hostId } });
    const asked: [HostState, number][] = [];
    const rule = (state: HostState, freeRatio: number): HostState => {
      if (freeRatio > 0.24 && freeRatio < 0.26) asked.push([state, freeRatio]);
      return freeRatio < 0.5 ? 'SOFT' : state;
    };
    const residentBytes = Number(host.capacityBytes) * 0.75;
    for (const tick of [15, 20]) {
      await commitStep(
        database(),
        lease,
        aStep(tick, { samples: [timed(aSample(guest!.id, tick, { residentBytes }))] }),
        rule,
      );
    }
    expect(asked).toEqual([
      ['HIGH', 0.25],
      ['SOFT', 0.25],
    ]);
    const transition = { name: 'STATE_TRANSITION', labels: { from: 'HIGH', to: 'SOFT' }, value: 1 };
    expect(await readControllerCounts(database())).toEqual([transition]);
    await new Hosts(database()).delete(host.id, true);
    asked.length = 0;
    const [other] = await bornGuests(database(), lease, 1);
    await commitStep(database(), lease, aStep(25, { samples: [timed(aSample(other!.id, 25))] }), rule);
    expect(asked).toEqual([]);
  });
});

describe('snapshots', () => {
  it('are kept two to a guest, the newest', async () => {
    const guests = await bornGuests(database(), lease, 2);
    for (const tick of [10, 20, 30]) {
      await saveSnapshots(
        database(),
        lease,
        guests.map((guest) => ({ guestId: guest.id, tick, digest: `d${tick}`, bytes: Uint8Array.of(tick) })),
      );
    }
    const kept = await database().prisma.guestSnapshot.findMany({
      where: { guestId: guests[0]!.id },
      orderBy: { tick: 'asc' },
    });
    expect(kept.map(({ tick, digest, bytes }) => [Number(tick), digest, [...bytes]])).toEqual([
      [20, 'd20', [20]],
      [30, 'd30', [30]],
    ]);
  });
});
