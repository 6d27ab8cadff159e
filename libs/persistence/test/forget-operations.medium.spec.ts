import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { MIB } from '#units';
import { forgetOperations } from '../src/operations/forget-operations.js';
import { aGuest } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
const OLD = '2020-01-01T00:00:00Z';
const BEFORE = new Date('2021-01-01T00:00:00Z');

interface Row {
  readonly appliedTick: number | null;
  readonly isMove?: boolean;
  readonly finishedAt?: string | null;
}

/** Operations of one guest, in order; their sequence numbers begin at 1. */
async function operations(guestId: string, rows: readonly Row[]): Promise<void> {
  for (const [at, { appliedTick, isMove = true, finishedAt = OLD }] of rows.entries()) {
    await database().pool.query(
      `INSERT INTO operation (id, guest_id, sequence, kind, status, outcome, target_bytes, applied_tick, finished_at, work)
       VALUES ($1, $2, $3, $4, $8, $9, $5, $6, $7, $10)`,
      [
        randomUUID(),
        guestId,
        at + 1,
        isMove ? 'SET_BALLOON_TARGET' : 'COMPACT',
        isMove ? MIB : null,
        appliedTick,
        finishedAt,
        finishedAt === null ? 'RUNNING' : 'SUCCEEDED',
        finishedAt === null ? null : 'DONE',
        isMove ? null : { kind: 'COMPACT' },
      ],
    );
  }
}

async function snapshotAt(guestId: string, tick: number): Promise<void> {
  await database().pool.query(
    `INSERT INTO guest_snapshot (guest_id, tick, digest, epoch, bytes) VALUES ($1, $2, '', 0, '')`,
    [guestId, tick],
  );
}

async function kept(guestId: string): Promise<number[]> {
  const { rows } = await database().pool.query<{ sequence: number }>(
    'SELECT sequence FROM operation WHERE guest_id = $1 ORDER BY sequence',
    [guestId],
  );
  return rows.map(({ sequence }) => sequence);
}

describe('forgetting operations', () => {
  it('takes what ended long ago, in batches, and neither what recovery may replay nor the newest move', async () => {
    const { id } = await aGuest(database());
    await operations(id, [
      { appliedTick: 10 },
      { appliedTick: 20, isMove: false },
      { appliedTick: null },
      { appliedTick: 30 }, // the newest move
      { appliedTick: 40, isMove: false },
      { appliedTick: 110, isMove: false }, // may be replayed
      { appliedTick: 50, isMove: false, finishedAt: new Date().toISOString() },
      { appliedTick: 60, isMove: false, finishedAt: null }, // still runs
    ]);
    await snapshotAt(id, 200);
    await snapshotAt(id, 100);
    expect(await forgetOperations(database(), BEFORE, 2)).toBe(4);
    expect(await kept(id)).toEqual([4, 6, 7, 8]);
    expect(await forgetOperations(database(), BEFORE)).toBe(0);
  });

  it('leaves a guest of which there is no snapshot alone, and a deleted one nothing', async () => {
    const [young, gone] = [await aGuest(database()), await aGuest(database())];
    for (const { id } of [young, gone]) await operations(id, [{ appliedTick: 1 }, { appliedTick: 2 }]);
    await database().pool.query(`UPDATE guest SET state = 'DELETED', deleted_at = now() WHERE id = $1`, [gone.id]);
    await forgetOperations(database(), BEFORE);
    expect([await kept(young.id), await kept(gone.id)]).toEqual([[1, 2], []]);
  });
});
