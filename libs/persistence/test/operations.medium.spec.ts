import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { Guests } from '../src/guests/guests.js';
import type { BalloonRequest, OperationRequest, WorkRequest } from '../src/operations/acknowledge.js';
import type { OperationRecord } from '../src/operations/operation.mapper.js';
import { Operations } from '../src/operations/operations.js';
import { aGuest } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();

function request(guestId: string, changes: Partial<BalloonRequest> = {}): BalloonRequest {
  return {
    guestId,
    kind: 'SET_BALLOON_TARGET',
    bytes: 100 * MIB,
    timeoutMs: null,
    requestedBy: 'test',
    idempotencyKey: null,
    ...changes,
  };
}

async function acknowledged(changed: OperationRequest): Promise<OperationRecord> {
  const operations = new Operations(database());
  const { operationId } = await operations.acknowledge(changed);
  return (await operations.find([operationId]))[0]!;
}

async function targetOf(guestId: string): Promise<number> {
  return (await new Guests(database()).find([guestId]))[0]!.targetBytes;
}

async function set(id: string, columns: string): Promise<void> {
  await database().pool.query(`UPDATE operation SET ${columns} WHERE id = $1`, [id]);
}

describe('acknowledging an operation', () => {
  it('resolves targets one upon the other and numbers them in the order of the guest', async () => {
    const { id } = await aGuest(database());
    const first = await acknowledged(request(id));
    const second = await acknowledged(request(id, { kind: 'INFLATE', bytes: 50 * MIB }));
    const third = await acknowledged(request(id, { kind: 'DEFLATE', bytes: 30 * MIB }));
    expect([first, second, third].map((one) => [one.sequence, one.status, (one.targetBytes ?? 0) / MIB])).toEqual([
      [1, 'QUEUED', 100],
      [2, 'QUEUED', 150],
      [3, 'QUEUED', 120],
    ]);
    expect(await targetOf(id)).toBe(120 * MIB);
  });

  it('rounds the target down to whole pages and keeps what was asked for', async () => {
    const { id } = await aGuest(database());
    const operation = await acknowledged(request(id, { bytes: 4096 * 3 + 17 }));
    expect([operation.requestedBytes, operation.targetBytes]).toEqual([4096 * 3 + 17, 4096 * 3]);
  });

  it.each([
    ['SET_BALLOON_TARGET', 1024 * MIB + 1, 'input.targetBytes must be from 0 to 1073741824'],
    ['INFLATE', 0, 'input.bytes must be from 4096 to 1073741824'],
    ['INFLATE', 1025 * MIB, 'input.bytes must be from 4096 to 1073741824'],
    ['DEFLATE', 4096, 'input.bytes must be nothing at present'],
  ] as const)('refuses %s of %d bytes and changes nothing', async (kind, bytes, message) => {
    const { id } = await aGuest(database());
    await expect(new Operations(database()).acknowledge(request(id, { kind, bytes }))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringContaining(message),
    });
    expect(await new Operations(database()).list({ guestId: id }, { first: 1, after: null })).toMatchObject({
      edges: [],
    });
    expect(await targetOf(id)).toBe(0);
  });

  it.each(['no-uuid', '00000000-0000-7000-8000-000000000000'])('does not find guest %s', async (id) => {
    await expect(new Operations(database()).acknowledge(request(id))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('gives every one of many at once its own place, and their sum as the target', async () => {
    const { id } = await aGuest(database());
    await Promise.all(Array.from({ length: 20 }, () => acknowledged(request(id, { kind: 'INFLATE', bytes: MIB }))));
    const { edges } = await new Operations(database()).list({ guestId: id }, { first: 50, after: null });
    const bySequence = edges.map(({ node }) => node).sort((a, b) => a.sequence - b.sequence);
    expect(bySequence.map((one) => one.sequence)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(bySequence.map((one) => (one.targetBytes ?? 0) / MIB)).toEqual(
      Array.from({ length: 20 }, (_, at) => at + 1),
    );
    expect(await targetOf(id)).toBe(20 * MIB);
  });

  it('makes one operation of the same request and key, however many come at once', async () => {
    const { id } = await aGuest(database());
    const same = request(id, { kind: 'INFLATE', bytes: MIB, idempotencyKey: 'once' });
    const answers = await Promise.all(Array.from({ length: 12 }, () => new Operations(database()).acknowledge(same)));
    expect(new Set(answers.map((answer) => answer.operationId)).size).toBe(1);
    expect(answers.filter((answer) => answer.isNew)).toHaveLength(1);
    expect(await targetOf(id)).toBe(MIB);
  });

  it('refuses the key with another request, and takes it for another guest', async () => {
    const [one, other] = [await aGuest(database()), await aGuest(database())];
    await acknowledged(request(one.id, { idempotencyKey: 'key' }));
    await expect(acknowledged(request(one.id, { idempotencyKey: 'key', bytes: MIB }))).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'input.idempotencyKey',
    });
    await expect(acknowledged(request(one.id, { idempotencyKey: 'key', timeoutMs: 5 }))).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await acknowledged(request(other.id, { idempotencyKey: 'key' }))).toMatchObject({ guestId: other.id });
  });

  it('refuses work on a deleted guest', async () => {
    const { id } = await aGuest(database());
    await new Guests(database()).delete(id);
    await expect(acknowledged(request(id))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('work other than the balloon’s', () => {
  const COMPACT = { kind: 'COMPACT', node: null, zone: 'DMA32', order: 9, mode: 'SYNC' } as const;
  function work(guestId: string, changes: Partial<WorkRequest> = {}): WorkRequest {
    const frame = { guestId, timeoutMs: null, requestedBy: 'test', idempotencyKey: null };
    return { ...frame, kind: 'COMPACT', work: COMPACT, ...changes };
  }

  it('takes its place in the guest’s order, has no sizes, and leaves the target alone', async () => {
    const { id } = await aGuest(database());
    await acknowledged(request(id));
    expect(await acknowledged(work(id))).toMatchObject({
      sequence: 2,
      kind: 'COMPACT',
      work: COMPACT,
      requestedBytes: null,
      targetBytes: null,
    });
    expect(await targetOf(id)).toBe(100 * MIB);
  });

  it('is the same with the same key, and in conflict with any other work', async () => {
    const { id } = await aGuest(database());
    const one = await acknowledged(work(id, { idempotencyKey: 'key' }));
    expect(await acknowledged(work(id, { idempotencyKey: 'key' }))).toMatchObject({ id: one.id });
    const others = [
      work(id, { idempotencyKey: 'key', work: { ...COMPACT, order: 8 } }),
      work(id, { idempotencyKey: 'key', kind: 'PAUSE', work: { kind: 'PAUSE' } }),
      request(id, { idempotencyKey: 'key' }),
    ];
    for (const other of others) await expect(acknowledged(other)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('does not move the target when it is cancelled, nor hide the one that is asked for behind it', async () => {
    const { id } = await aGuest(database());
    const balloon = await acknowledged(request(id));
    const pause = await acknowledged(work(id, { kind: 'PAUSE', work: { kind: 'PAUSE' } }));
    await new Operations(database()).cancel(pause.id);
    expect(await targetOf(id)).toBe(100 * MIB);
    await acknowledged(work(id));
    await new Operations(database()).cancel(balloon.id);
    expect(await targetOf(id)).toBe(0);
  });
});

describe('cancelling an operation', () => {
  it('ends one that waits and gives the guest its earlier target back', async () => {
    const { id } = await aGuest(database());
    await acknowledged(request(id));
    const second = await acknowledged(request(id, { bytes: 300 * MIB }));
    expect(await new Operations(database()).cancel(second.id)).toEqual({ kind: 'DONE' });
    const [ended] = await new Operations(database()).find([second.id]);
    expect(ended).toMatchObject({ status: 'CANCELLED', outcome: 'CANCELLED', finishedAt: expect.any(Date) });
    expect(await targetOf(id)).toBe(100 * MIB);
    expect(await new Operations(database()).cancel(second.id)).toEqual({ kind: 'DONE' });
  });

  it('leaves the target of a newer operation alone, and then finds the way back past both', async () => {
    const { id } = await aGuest(database());
    const first = await acknowledged(request(id));
    const second = await acknowledged(request(id, { bytes: 300 * MIB }));
    await new Operations(database()).cancel(first.id);
    expect(await targetOf(id)).toBe(300 * MIB);
    await new Operations(database()).cancel(second.id);
    expect(await targetOf(id)).toBe(0);
  });

  it('goes back to where the balloon stopped when the one before was cancelled on its way', async () => {
    const { id } = await aGuest(database());
    const first = await acknowledged(request(id));
    await set(
      first.id,
      `status = 'CANCELLED', outcome = 'CANCELLED', applied_tick = 3, achieved_bytes = ${40 * MIB}, finished_at = now()`,
    );
    const second = await acknowledged(request(id, { bytes: 300 * MIB }));
    await new Operations(database()).cancel(second.id);
    expect(await targetOf(id)).toBe(40 * MIB);
  });

  it('asks the guest of one that runs, once', async () => {
    const { id } = await aGuest(database());
    const operation = await acknowledged(request(id));
    await set(operation.id, `status = 'RUNNING', applied_tick = 3`);
    expect(await new Operations(database()).cancel(operation.id)).toEqual({ kind: 'ASKED', guestId: id });
    const [asked] = await new Operations(database()).find([operation.id]);
    await new Operations(database()).cancel(operation.id);
    const [again] = await new Operations(database()).find([operation.id]);
    expect(asked).toMatchObject({ status: 'RUNNING', cancelAskedAt: expect.any(Date) });
    expect(again?.cancelAskedAt).toEqual(asked?.cancelAskedAt);
  });

  it('refuses one that has ended otherwise, or does not exist', async () => {
    const { id } = await aGuest(database());
    const operation = await acknowledged(request(id));
    await set(operation.id, `status = 'SUCCEEDED', outcome = 'REACHED', applied_tick = 3`);
    await expect(new Operations(database()).cancel(operation.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(new Operations(database()).cancel(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(new Operations(database()).cancel('x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('listing operations', () => {
  it('walks the pages newest first, without gaps while new ones arrive', async () => {
    const { id } = await aGuest(database());
    for (let made = 0; made < 7; made++) await acknowledged(request(id));
    const operations = new Operations(database());
    const seen: number[] = [];
    let after: string | null = null;
    do {
      const page = await operations.list({ guestId: id }, { first: 3, after });
      seen.push(...page.edges.map(({ node }) => node.sequence));
      after = page.hasNextPage ? (page.edges.at(-1)?.cursor ?? null) : null;
      await acknowledged(request(id));
    } while (after !== null);
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  it('filters by status and counts the whole list', async () => {
    const { id } = await aGuest(database());
    const [done] = [await acknowledged(request(id)), await acknowledged(request(id)), await acknowledged(request(id))];
    await set(done.id, `status = 'SUCCEEDED', outcome = 'REACHED', applied_tick = 3`);
    const operations = new Operations(database());
    const queued = await operations.list({ guestId: id, statuses: ['QUEUED'] }, { first: 1, after: null });
    expect([queued.edges.length, queued.hasNextPage, await queued.count()]).toEqual([1, true, 2]);
  });

  it.each(['rubbish', Buffer.from('["hosts","x"]').toString('base64url'), ''])(
    'refuses the cursor %j',
    async (after) => {
      await expect(new Operations(database()).list({}, { first: 1, after })).rejects.toMatchObject({
        code: 'BAD_INPUT',
        field: 'after',
      });
    },
  );
});
