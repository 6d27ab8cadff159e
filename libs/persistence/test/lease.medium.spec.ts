import { beforeAll, describe, expect, it } from '@jest/globals';
import { admitOperations } from '../src/admission.js';
import { fence, releaseLease, renewLease, takeLease, type Lease } from '../src/lease.js';
import { commitBirths, endWorkOfDeleted } from '../src/members.js';
import { maintainPartitions } from '../src/partitions.js';
import { saveSnapshots } from '../src/snapshots.js';
import { commitStep } from '../src/step-commit.js';
import { commitRevived, commitStopped } from '../src/stopped-guests.js';
import { aSample, aStep, asked, bornGuests, takeOver, timed } from './support/a-worker.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
const keepState = (state: 'HIGH' | 'SOFT' | 'HARD' | 'LOW'): typeof state => state;
const nobodyIsGone = (): boolean => false;

beforeAll(() => maintainPartitions(database(), new Date(), 30));

async function allRows(): Promise<unknown> {
  const tables = ['guest', 'guest_latest', 'guest_snapshot', 'memory_sample', 'operation', 'shard', 'host'];
  const dumps = tables.map((table) => database().pool.query(`SELECT * FROM ${table} ORDER BY 1, 2`));
  return (await Promise.all(dumps)).map(({ rows }) => rows as unknown);
}

describe('a lease on the shards', () => {
  it('is refused while a live owner has it, and names the owner', async () => {
    await takeOver(database(), 'one');
    expect(await takeLease(database(), 'two', 1_000, nobodyIsGone)).toEqual({ kind: 'HELD', owner: 'one' });
  });

  it('passes on with the next epoch when it runs out, is given up, or its owner is gone', async () => {
    const first = await takeOver(database(), 'one');
    await database().pool.query(`UPDATE shard SET lease_expires_at = now() - interval '1 ms'`);
    const second = await takeLease(database(), 'two', 60_000, nobodyIsGone);
    expect(second).toMatchObject({
      kind: 'TAKEN',
      lease: { epochs: first.epochs.map((epoch) => `${Number(epoch) + 1}`) },
    });
    if (second.kind === 'TAKEN') await releaseLease(database(), second.lease);
    const third = await takeLease(database(), 'three', 60_000, nobodyIsGone);
    expect(third.kind).toBe('TAKEN');
    expect((await takeLease(database(), 'four', 60_000, (owner) => owner === 'three')).kind).toBe('TAKEN');
  });

  it('goes to one of many that ask at once', async () => {
    await database().pool.query('UPDATE shard SET owner = NULL, lease_expires_at = NULL');
    const owners = ['a', 'b', 'c', 'd', 'e', 'f'];
    const attempts = await Promise.all(owners.map((owner) => takeLease(database(), owner, 60_000, nobodyIsGone)));
    expect(attempts.filter((attempt) => attempt.kind === 'TAKEN')).toHaveLength(1);
  });

  it('waits with a takeover until the transaction under the old epoch has ended', async () => {
    const lease = await takeOver(database());
    const order: string[] = [];
    let taken: Promise<unknown> = Promise.resolve();
    await database().transaction(async (client) => {
      await fence(client, lease);
      taken = takeOver(database(), 'next').then(() => order.push('taken'));
      await new Promise((resolve) => setTimeout(resolve, 100));
      order.push('committed');
    });
    await taken;
    expect(order).toEqual(['committed', 'taken']);
  });
});

it('does not hold its owner up: a step and a renewal go on while a snapshot is being stored', async () => {
  const lease = await takeOver(database());
  await database().transaction(async (client) => {
    await fence(client, lease);
    await commitStep(database(), lease, aStep(1), keepState);
    await renewLease(database(), lease, 60_000);
  });
});

describe('whoever lost the shards', () => {
  let lost: Lease;
  let guestId: string;
  let operationId: string;

  beforeAll(async () => {
    lost = await takeOver(database(), 'old');
    const [guest] = await bornGuests(database(), lost, 1);
    guestId = guest!.id;
    operationId = await asked(database(), guestId);
    await admitOperations(database(), lost, [guestId], 1);
    await asked(database(), guestId);
    await takeOver(database(), 'new');
  });

  const result = { tick: 1, outcome: 'REACHED', achievedBytes: 0, deficitBytes: 0, reason: '', result: null } as const;

  it.each<[string, () => Promise<unknown>]>([
    ['admit', () => admitOperations(database(), lost, [guestId], 2)],
    ['boot', () => commitBirths(database(), lost, 1, [timed(aSample(guestId, 1))])],
    [
      'commit a step',
      () =>
        commitStep(
          database(),
          lost,
          aStep(5, { samples: [timed(aSample(guestId, 5))], results: [{ ...result, guestId, operationId }] }),
          keepState,
        ),
    ],
    ['freeze', () => saveSnapshots(database(), lost, [{ guestId, tick: 1, digest: 'd', bytes: new Uint8Array(9) }])],
    ['stop a guest', () => commitStopped(database(), lost, [{ guestId, reason: 'r' }], 1)],
    ['revive a guest', () => commitRevived(database(), lost, [guestId])],
    ['end the work of a guest', () => endWorkOfDeleted(database(), lost, [guestId])],
    ['renew', () => renewLease(database(), lost, 60_000)],
    ['release', () => releaseLease(database(), lost)],
  ])('can no longer %s, and writes nothing', async (_, write) => {
    const before = await allRows();
    await expect(write()).rejects.toMatchObject({ name: 'LeaseLostError' });
    expect(await allRows()).toEqual(before);
  });
});

it('lets steps, admissions, snapshots and renewals of one owner run beside each other', async () => {
  const lease = await takeOver(database());
  const guests = await bornGuests(database(), lease, 8);
  const guestIds = guests.map((guest) => guest.id);
  const rounds = Array.from({ length: 40 }, (_, at) => at + 1);
  const steps = async (): Promise<void> => {
    for (const tick of rounds) {
      const samples = guestIds.map((id) => timed(aSample(id, tick)));
      await commitStep(database(), lease, aStep(tick, { samples }), keepState);
    }
  };
  const snapshots = async (): Promise<void> => {
    const bytes = new Uint8Array(100_000);
    for (const tick of rounds) {
      await saveSnapshots(
        database(),
        lease,
        guestIds.map((guestId) => ({ guestId, tick, digest: '', bytes })),
      );
    }
  };
  const renewals = async (): Promise<void> => {
    for (const round of rounds) await renewLease(database(), lease, 60_000 + round);
  };
  const work = async (): Promise<void> => {
    for (const tick of rounds) {
      await Promise.all(guestIds.map((id) => asked(database(), id, tick)));
      await admitOperations(database(), lease, guestIds, tick);
    }
  };
  await Promise.all([steps(), snapshots(), renewals(), work()]);
  const { rows } = await database().pool.query('SELECT DISTINCT tick::int FROM shard');
  expect(rows).toEqual([{ tick: 40 }]);
}, 60_000);
