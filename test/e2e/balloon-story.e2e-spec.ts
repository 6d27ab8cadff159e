import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { TestDatabase } from '../support/test-database.js';
import type { Feed } from './support/api-client.js';
import { backendsFor, onTestDatabase } from './support/backends.js';
import { eventually } from './support/eventually.js';
import {
  GIB,
  MIB,
  PAGE_BYTES,
  balloonAt,
  counter,
  createGuests,
  createHost,
  ended,
  freePages,
  heldPages,
  readGuest,
  request,
} from './support/fleet.js';
import { Home, RunningBallast } from './support/running-ballast.js';

jest.setTimeout(180_000);

interface SampledData {
  readonly memorySampled: {
    readonly guestId: string;
    readonly balloon: { readonly actualBytes: number };
  };
}

interface UpdatedData {
  readonly operationUpdated: { readonly id: string; readonly status: string; readonly outcome: string | null };
}

describe.each(backendsFor('story'))('the story of a balloon, its work queued on $name', (backend) => {
  let home: Home;
  let database: TestDatabase;
  let ballast: RunningBallast;
  let hostId: string;

  beforeAll(async () => {
    home = new Home();
    const prepared = await onTestDatabase(backend);
    database = prepared.database;
    ballast = await RunningBallast.start(home, { BALLAST_SPEED: '5', ...prepared.settings });
    hostId = await createHost(ballast.api, 'story', 64 * GIB);
  });

  afterAll(async () => {
    await ballast.interrupt();
    await home.remove();
    await database.drop();
  });

  it('inflates 512 MiB: the guest loses just those pages, and everyone who listens hears of it', async () => {
    const { api } = ballast;
    const [guestId = ''] = await createGuests(api, hostId, 2 * GIB, { namePrefix: 'inflate' });
    const before = await readGuest(api, guestId);
    const samples = api.listen<SampledData>(
      'subscription ($ids: [ID!]) { memorySampled(guestIds: $ids) { guestId balloon { actualBytes } } }',
      { ids: [guestId] },
    );
    const updates = api.listen<UpdatedData>(
      'subscription ($id: ID) { operationUpdated(guestId: $id) { id status outcome } }',
      { id: guestId },
    );
    await eventually(
      () => samples.events.length,
      (count) => count > 0,
    );

    const acknowledged = await request(api, 'inflate', { guestId, bytes: 512 * MIB });
    expect(acknowledged).toMatchObject({ kind: 'INFLATE', requestedBytes: 512 * MIB });
    const operation = await ended(api, acknowledged.id);
    expect(operation).toMatchObject({
      status: 'SUCCEEDED',
      outcome: 'REACHED',
      achievedBytes: 512 * MIB,
      deficitBytes: 0,
    });

    const after = await balloonAt(api, guestId, 512 * MIB);
    expect(counter(after, 'balloon_inflate') - counter(before, 'balloon_inflate')).toBe(131_072);
    expect(heldPages(after) - heldPages(before)).toBe(131_072);
    // Free pages fall by whole refills of the per-CPU lists, which the guest's next seconds give back bit by bit.
    const fallenPages = freePages(before) - freePages(after);
    expect(Math.abs(fallenPages - 131_072)).toBeLessThan((0.02 * 2 * GIB) / PAGE_BYTES);
    expect(before.memory.freeBytes - after.memory.freeBytes).toBe(fallenPages * PAGE_BYTES);
    expect(after.balloon).toMatchObject({ targetBytes: 512 * MIB, state: 'IDLE' });
    await heardAll(samples, updates, guestId);
  });

  it('keeps the history of an inflation, in columns', async () => {
    const { api } = ballast;
    const [guestId = ''] = await createGuests(api, hostId, 1 * GIB, { namePrefix: 'history' });
    const first = await readGuest(api, guestId);
    await ended(api, (await request(api, 'inflate', { guestId, bytes: 256 * MIB })).id);
    const last = await balloonAt(api, guestId, 256 * MIB);
    const query = `query ($id: ID!, $from: DateTime!, $to: DateTime!) { guest(id: $id) {
      history(from: $from, to: $to, maxPoints: 100, aggregate: MAX, metrics: [BALLOON_ACTUAL_BYTES, FREE_BYTES]) {
        step times series { metric values } } } }`;
    const { guest } = await api.ask<HistoryAnswer>(query, {
      id: guestId,
      from: shifted(first.memory.sampledAt, -1_000),
      to: shifted(last.memory.sampledAt, 1_000),
    });
    const { times, series } = guest.history;
    const [balloon = [], free = []] = series.map((one) => one.values.filter((value) => value !== null));
    expect(series.map((one) => one.metric)).toEqual(['BALLOON_ACTUAL_BYTES', 'FREE_BYTES']);
    expect(series.every((one) => one.values.length === times.length)).toBe(true);
    expect(times.length).toBeLessThanOrEqual(100);
    expect([...times].sort()).toEqual(times);
    expect(balloon.at(0)).toBe(0);
    expect(balloon.at(-1)).toBe(256 * MIB);
    expect(free.at(0)).toBe(first.memory.freeBytes);
    expect(free.at(-1)).toBe(last.memory.freeBytes);
  });

  it('deflates: the guest has its pages back', async () => {
    const { api } = ballast;
    const [guestId = ''] = await createGuests(api, hostId, 1 * GIB, { namePrefix: 'deflate' });
    const before = await readGuest(api, guestId);
    await ended(api, (await request(api, 'setBalloonTarget', { guestId, targetBytes: 256 * MIB })).id);
    const operation = await ended(api, (await request(api, 'deflate', { guestId, bytes: 256 * MIB })).id);
    expect(operation).toMatchObject({ kind: 'DEFLATE', outcome: 'REACHED', achievedBytes: 0, deficitBytes: 0 });
    const after = await balloonAt(api, guestId, 0);
    expect(heldPages(after)).toBe(heldPages(before));
    expect(counter(after, 'balloon_deflate') - counter(before, 'balloon_deflate')).toBe(65_536);
  });

  it('stalls when asked for more than the guest can give, and says by how much', async () => {
    const { api } = ballast;
    const [guestId = ''] = await createGuests(api, hostId, 1 * GIB, { namePrefix: 'greedy' });
    const targetBytes = 1000 * MIB;
    const operation = await ended(api, (await request(api, 'setBalloonTarget', { guestId, targetBytes })).id);
    expect(operation).toMatchObject({ status: 'FAILED', outcome: 'STALLED' });
    expect(operation.deficitBytes).toBeGreaterThan(0);
    expect((operation.achievedBytes ?? 0) + (operation.deficitBytes ?? 0)).toBe(targetBytes);
    expect(operation.reason).toMatch(/MiB/);
    const guest = await eventually(
      () => readGuest(api, guestId),
      ({ balloon }) => balloon.state === 'STALLED',
    );
    expect(guest.state).toBe('RUNNING');
    expect(guest.balloon).toMatchObject({ targetBytes, actualBytes: operation.achievedBytes });
  });

  it('does work once, however often the request is repeated', async () => {
    const { api } = ballast;
    const [guestId = ''] = await createGuests(api, hostId, 1 * GIB, { namePrefix: 'repeat' });
    const input = { guestId, bytes: 64 * MIB, idempotencyKey: 'the-same' };
    const answers = await Promise.all([1, 2, 3, 4].map(() => request(api, 'inflate', input)));
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
    await ended(api, answers[0]!.id);
    expect((await balloonAt(api, guestId, 64 * MIB)).balloon.targetBytes).toBe(64 * MIB);
    await expect(request(api, 'inflate', { ...input, bytes: 65 * MIB })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

interface HistoryAnswer {
  readonly guest: {
    readonly history: {
      readonly step: string;
      readonly times: readonly string[];
      readonly series: readonly { readonly metric: string; readonly values: readonly (number | null)[] }[];
    };
  };
}

function shifted(time: string, byMs: number): string {
  return new Date(Date.parse(time) + byMs).toISOString();
}

async function heardAll(samples: Feed<SampledData>, updates: Feed<UpdatedData>, guestId: string): Promise<void> {
  await eventually(
    () => updates.events.at(-1)?.operationUpdated,
    (update) => update?.outcome === 'REACHED',
  );
  await eventually(
    () => samples.events.at(-1)?.memorySampled.balloon.actualBytes,
    (actualBytes) => actualBytes === 512 * MIB,
  );
  expect(new Set(samples.events.map((event) => event.memorySampled.guestId))).toEqual(new Set([guestId]));
  samples.close();
  updates.close();
}
