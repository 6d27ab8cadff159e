import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { GIB } from '#units';
import { loadHostInputs } from '../src/rebalance/host-inputs.js';
import { aHost, someGuests, storeLatest, values } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();

/** The guest has taken an operation; without a target it is other work. */
async function applied(
  guestId = '',
  { tick, targetBytes }: { tick: number; targetBytes: number | null },
): Promise<void> {
  await database().pool.query(
    `INSERT INTO operation (id, guest_id, sequence, kind, status, applied_tick, target_bytes, requested_bytes, work)
     VALUES ($1, $2, $3::bigint, $5, 'RUNNING', $3, $4, $4, $6)`,
    [
      randomUUID(),
      guestId,
      tick,
      targetBytes,
      ...(targetBytes === null ? ['PAUSE', '{}'] : ['SET_BALLOON_TARGET', null]),
    ],
  );
}

describe('what a decision about a host is made from', () => {
  it('holds the newest sample of each guest, its OOM kills among it; null where nothing is known', async () => {
    const { id } = await aHost(database());
    const [seen, unseen] = await someGuests(database(), id, 2);
    if (seen === undefined || unseen === undefined) throw new Error('no guests were made');
    const sample = { guestId: seen.id, sampledAt: new Date(), tick: 7, values: values({ availableBytes: GIB }) };
    await storeLatest(database(), sample, 'IDLE', [
      ['nr_free_pages', 7],
      ['oom_kill', 3],
    ]);
    const inputs = await loadHostInputs(database(), id);
    const of = (guestId: string): unknown => inputs?.guests.find((guest) => guest.id === guestId);
    expect(of(seen.id)).toMatchObject({ sampledMs: 7000, availableBytes: GIB, oomKillsTotal: 3 });
    expect(of(unseen.id)).toMatchObject({ sampledMs: null, availableBytes: null, oomKillsTotal: null });
  });

  it("knows when a guest's target was last changed; other work is no move", async () => {
    const { id } = await aHost(database());
    const [moved, compacted] = await someGuests(database(), id, 2);
    await applied(moved?.id, { tick: 5, targetBytes: GIB });
    await applied(moved?.id, { tick: 9, targetBytes: null });
    await applied(compacted?.id, { tick: 9, targetBytes: null });
    const inputs = await loadHostInputs(database(), id);
    expect(inputs?.guests.map(({ lastMovedMs }) => lastMovedMs)).toEqual([5000, null]);
  });

  it('is null for a host that is gone', async () => {
    expect(await loadHostInputs(database(), '00000000-0000-4000-8000-000000000000')).toBeNull();
  });
});
