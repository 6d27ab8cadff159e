import { describe, expect, it } from '@jest/globals';
import { GIB } from '#units';
import { loadHostInputs } from '../src/rebalance/host-inputs.js';
import { aHost, someGuests, storeLatest, values } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();

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

  it('is null for a host that is gone', async () => {
    expect(await loadHostInputs(database(), '00000000-0000-4000-8000-000000000000')).toBeNull();
  });
});
