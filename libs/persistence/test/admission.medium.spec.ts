import { beforeAll, describe, expect, it } from '@jest/globals';
import type { GuestCommand } from '#contracts';
import { MIB } from '#units';
import { admitOperations, findWaitingWork } from '../src/admission.js';
import { Guests } from '../src/guests/guests.js';
import type { Lease } from '../src/lease.js';
import { endWorkOfDeleted } from '../src/members.js';
import { NotificationListener } from '../src/notifications.js';
import type { OperationRecord } from '../src/operations/operation.mapper.js';
import { Operations } from '../src/operations/operations.js';
import { maintainPartitions } from '../src/partitions.js';
import { commitRevived, commitStopped } from '../src/stopped-guests.js';
import { aGuest } from './support/a-fleet.js';
import { asked, bornGuests, takeOver, until } from './support/a-worker.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
let lease: Lease;

beforeAll(async () => {
  await maintainPartitions(database(), new Date(), 30);
  lease = await takeOver(database());
});

async function aBornGuest(): Promise<string> {
  const [guest] = await bornGuests(database(), lease, 1);
  return guest!.id;
}

async function read(id: string): Promise<OperationRecord> {
  const [operation] = await new Operations(database()).find([id]);
  return operation!;
}

const idsOf = (commands: readonly GuestCommand[]): string[] => commands.map((command) => command.operationId);

describe('admission', () => {
  it('gives what waits the tick, in the order of the guest, and says so', async () => {
    const guestId = await aBornGuest();
    const heard: string[] = [];
    const listener = await NotificationListener.open(database().url, (topic, payload) => {
      if (topic === 'ballast_operation' && 'operationId' in payload) heard.push(payload.operationId);
    });
    const ids = [await asked(database(), guestId, 16), await asked(database(), guestId, 32)];
    const commands = await admitOperations(database(), lease, [guestId], 7);
    expect(commands).toEqual(
      ids.map((operationId, at) => ({
        kind: 'SET_BALLOON_TARGET',
        guestId,
        tick: 7,
        operationId,
        targetBytes: (at + 1) * 16 * MIB,
        timeoutMs: null,
      })),
    );
    expect(await read(ids[0]!)).toMatchObject({
      status: 'RUNNING',
      appliedTick: 7,
      attempts: 1,
      startedAt: expect.any(Date),
    });
    await until(() => heard.length === 4);
    await listener.close();
    expect(heard).toEqual([...ids, ...ids]);
  });

  it('does nothing for a delivery that came before', async () => {
    const guestId = await aBornGuest();
    const id = await asked(database(), guestId);
    await admitOperations(database(), lease, [guestId], 3);
    expect(await admitOperations(database(), lease, [guestId], 4)).toEqual([]);
    expect(await read(id)).toMatchObject({ appliedTick: 3, attempts: 1 });
  });

  it('never admits a later operation before an earlier one, however they arrive', async () => {
    const guestId = await aBornGuest();
    const admitted: string[] = [];
    let tick = 1;
    for (let burst = 0; burst < 4; burst++) {
      const asking = Promise.all(Array.from({ length: 15 }, () => asked(database(), guestId)));
      let isAsking = true;
      void asking.then(() => (isAsking = false));
      while (isAsking) admitted.push(...idsOf(await admitOperations(database(), lease, [guestId], tick++)));
    }
    admitted.push(...idsOf(await admitOperations(database(), lease, [guestId], tick++)));
    const operations = await Promise.all(admitted.map(read));
    expect(operations.map((operation) => operation.sequence)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
    expect(tick).toBeGreaterThan(3);
    const ticks = operations.map((operation) => operation.appliedTick!);
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
  });

  it('never admits what was cancelled while it waited, and calls a running one off once', async () => {
    const guestId = await aBornGuest();
    const operations = new Operations(database());
    const [first, second] = [await asked(database(), guestId), await asked(database(), guestId)];
    await operations.cancel(second);
    expect(idsOf(await admitOperations(database(), lease, [guestId], 5))).toEqual([first]);
    await operations.cancel(first);
    expect(await admitOperations(database(), lease, [guestId], 6)).toEqual([
      { kind: 'CANCEL', guestId, tick: 6, operationId: first },
    ]);
    expect(await admitOperations(database(), lease, [guestId], 7)).toEqual([]);
  });

  it('leaves the operations of an unborn guest waiting', async () => {
    const guest = await aGuest(database());
    const id = await asked(database(), guest.id);
    expect(await admitOperations(database(), lease, [guest.id], 5)).toEqual([]);
    expect((await read(id)).status).toBe('QUEUED');
  });

  it('refuses for a guest that does not run, with its reason, and admits again once it does', async () => {
    const guestId = await aBornGuest();
    const running = await asked(database(), guestId);
    await admitOperations(database(), lease, [guestId], 5);
    await commitStopped(database(), lease, [{ guestId, reason: 'its page 7 is gone' }], 6);
    const [stored] = await new Guests(database()).find([guestId]);
    expect(stored).toMatchObject({ state: 'PAUSED', stateReason: 'its page 7 is gone' });
    const later = await asked(database(), guestId, 16);
    expect(await admitOperations(database(), lease, [guestId], 7)).toEqual([]);
    for (const id of [running, later]) {
      expect(await read(id)).toMatchObject({
        status: 'FAILED',
        outcome: 'REFUSED',
        reason: 'the guest does not run: its page 7 is gone',
        achievedBytes: 0,
      });
    }
    expect((await read(later)).deficitBytes).toBe(16 * MIB);
    await commitRevived(database(), lease, [guestId]);
    expect((await new Guests(database()).find([guestId]))[0]).toMatchObject({ state: 'RUNNING', stateReason: null });
    const id = await asked(database(), guestId);
    expect(idsOf(await admitOperations(database(), lease, [guestId], 8))).toEqual([id]);
  });
});

describe('the sweep', () => {
  it('finds what no job brings: queued and cancelled operations, unborn guests, deleted ones that still run', async () => {
    const [queued, cancelled, deleted, quiet] = (await bornGuests(database(), lease, 4)).map((guest) => guest.id);
    const unborn = await aGuest(database());
    await asked(database(), queued!);
    await admitOperations(database(), lease, [cancelled!], 1);
    const id = await asked(database(), cancelled!);
    await admitOperations(database(), lease, [cancelled!], 2);
    await new Operations(database()).cancel(id);
    await new Guests(database()).delete(deleted!);
    const found = await findWaitingWork(database(), lease, [deleted!]);
    expect(found.withOperations).toEqual(expect.arrayContaining([queued, cancelled]));
    expect(found.toSync).toEqual(expect.arrayContaining([unborn.id, deleted]));
    expect([...found.withOperations, ...found.toSync]).not.toContain(quiet);
    expect((await findWaitingWork(database(), lease, [])).toSync).not.toContain(deleted);
  });

  it('finds work of deleted guests until it is ended', async () => {
    const guestId = await aBornGuest();
    const id = await asked(database(), guestId);
    await new Guests(database()).delete(guestId);
    expect((await findWaitingWork(database(), lease, [])).toSync).toContain(guestId);
    await endWorkOfDeleted(database(), lease, [guestId]);
    expect(await read(id)).toMatchObject({ status: 'CANCELLED', reason: 'the guest was deleted' });
    expect((await findWaitingWork(database(), lease, [])).toSync).not.toContain(guestId);
  });
});
