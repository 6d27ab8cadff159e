import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#contracts';
import { MIB } from '#units';
import { Fleet } from '../src/fleet/fleet.js';
import { Guests } from '../src/guests/guests.js';
import type { GuestOrder } from '../src/guests/list-guests.js';
import { Hosts } from '../src/hosts/hosts.js';
import { NotificationListener } from '../src/notifications.js';
import { Traces } from '../src/traces/traces.js';
import { aDraft, aGuest, aHost, admitAll, someGuests, storeLatest, values } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
const NOW = new Date('2026-03-01T12:00:00Z');

async function walk(order: GuestOrder, hostId: string, first: number): Promise<string[]> {
  const names: string[] = [];
  let after: string | null = null;
  do {
    const page = await new Guests(database()).list({ hostId }, order, { first, after });
    names.push(...page.edges.map(({ node }) => node.name));
    after = page.hasNextPage ? (page.edges.at(-1)?.cursor ?? null) : null;
  } while (after !== null);
  return names;
}

describe('hosts', () => {
  it('keeps names unique among those that live, and frees the name of a deleted one', async () => {
    const hosts = new Hosts(database());
    const host = await aHost(database(), 'same');
    await expect(aHost(database(), 'same')).rejects.toMatchObject({ code: 'CONFLICT', field: 'input.name' });
    await hosts.delete(host.id, false);
    expect(await hosts.find([host.id])).toEqual([]);
    await expect(hosts.delete(host.id, false)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await aHost(database(), 'same')).id).not.toBe(host.id);
  });

  it('does not delete a host with guests unless they are to be evicted', async () => {
    const hosts = new Hosts(database());
    const host = await aHost(database());
    const guests = await someGuests(database(), host.id, 2);
    await expect(hosts.delete(host.id, false)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await new Guests(database()).find([guests[0]!.id]))[0]?.state).toBe('RUNNING');
    expect((await hosts.delete(host.id, true)).sort()).toEqual(guests.map((guest) => guest.id).sort());
    expect((await new Guests(database()).find([guests[0]!.id]))[0]?.state).toBe('DELETED');
  });

  it('adds up the newest samples of its guests and leaves deleted ones out', async () => {
    const host = await aHost(database());
    const [one, two, gone] = await someGuests(database(), host.id, 3);
    for (const guest of [one!, two!, gone!]) {
      const sample = values({ usedBytes: 100 * MIB, residentBytes: 200 * MIB, balloonActualBytes: 10 * MIB });
      await storeLatest(database(), { guestId: guest.id, sampledAt: NOW, tick: 5, values: sample });
    }
    await new Guests(database()).delete(gone!.id);
    expect((await new Hosts(database()).usage([host.id, 'no-uuid'])).get(host.id)).toEqual({
      assignedBytes: 2048 * MIB,
      usedBytes: 200 * MIB,
      residentBytes: 400 * MIB,
      swapUsedBytes: 0,
    });
    expect(await new Guests(database()).countByHost([host.id])).toEqual(new Map([[host.id, 2]]));
  });
});

describe('guests', () => {
  it('creates all or none, named by the lowest free numbers and spread over the shards', async () => {
    const guests = new Guests(database());
    const host = await aHost(database());
    await guests.create(host.id, [aDraft({ naming: { name: 'guest-2' } })], admitAll);
    const made = await guests.create(host.id, [aDraft(), aDraft(), aDraft()], admitAll);
    expect(made.map((guest) => guest.name)).toEqual(['guest-1', 'guest-3', 'guest-4']);
    await expect(
      guests.create(host.id, [aDraft(), aDraft({ naming: { name: 'guest-1' } })], admitAll),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await guests.countByHost([host.id])).toEqual(new Map([[host.id, 4]]));
    const { rows } = await database().pool.query<{ shards: number }>(
      'SELECT count(DISTINCT shard_id)::int AS shards FROM guest WHERE host_id = $1',
      [host.id],
    );
    expect(rows[0]?.shards).toBe(4);
  });

  it('asks whether they fit one after the other, so that two at once cannot both take the last place', async () => {
    const host = await aHost(database());
    const onlyOne = (_: unknown, existing: readonly unknown[]): void => {
      if (existing.length > 0) throw new DomainError('ADMISSION_REFUSED', 'full');
    };
    const tries = Array.from({ length: 6 }, () => new Guests(database()).create(host.id, [aDraft()], onlyOne));
    const settled = await Promise.allSettled(tries);
    expect(settled.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  });

  it('changes what is named, holds the sizes in order and asks about a higher floor only', async () => {
    const guests = new Guests(database());
    const { id } = await aGuest(database());
    const refuse = (): never => {
      throw new DomainError('ADMISSION_REFUSED', 'no');
    };
    expect(await guests.update(id, { minBytes: 128 * MIB, shares: 5 }, refuse)).toMatchObject({
      minBytes: 128 * MIB,
      maxBytes: 1024 * MIB,
      shares: 5,
    });
    await expect(guests.update(id, { minBytes: 300 * MIB }, refuse)).rejects.toMatchObject({
      code: 'ADMISSION_REFUSED',
    });
    await expect(guests.update(id, { minBytes: 300 * MIB, maxBytes: 200 * MIB }, admitAll)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      field: 'input.minBytes',
    });
    await expect(guests.update(id, { maxBytes: 2048 * MIB }, admitAll)).rejects.toMatchObject({
      field: 'input.maxBytes',
    });
    expect((await guests.find([id]))[0]).toMatchObject({ minBytes: 128 * MIB });
  });

  it('orders by name, use, balloon and pressure, the unsampled last, on pages of any size', async () => {
    const host = await aHost(database());
    const made = await new Guests(database()).create(
      host.id,
      ['b', 'Z', 'a', 'c', 'd'].map((name) => aDraft({ naming: { name } })),
      admitAll,
    );
    const used = [30, 10, 20, 20];
    for (const [at, guest] of made.slice(0, 4).entries()) {
      const sample = values({
        usedBytes: used[at]! * MIB,
        balloonActualBytes: at * MIB,
        pressureSome10Ratio: [0.3, 0.1, 0.7, 0.3][at]!,
      });
      await storeLatest(database(), { guestId: guest.id, sampledAt: NOW, tick: 5, values: sample });
    }
    for (const first of [1, 2, 5]) {
      expect(await walk('CREATED', host.id, first)).toEqual(['b', 'Z', 'a', 'c', 'd']);
      expect(await walk('NAME', host.id, first)).toEqual(['Z', 'a', 'b', 'c', 'd']);
      expect(await walk('USED', host.id, first)).toEqual(['b', 'c', 'a', 'Z', 'd']);
      expect(await walk('BALLOON', host.id, first)).toEqual(['c', 'a', 'Z', 'b', 'd']);
      expect(await walk('PRESSURE', host.id, first)).toEqual(['a', 'c', 'b', 'Z', 'd']);
    }
  });

  it('filters by state and by part of the name, taken as it is written', async () => {
    const guests = new Guests(database());
    const host = await aHost(database());
    const [, web] = await guests.create(
      host.id,
      ['db_1', 'Web%1', 'web-2'].map((name) => aDraft({ naming: { name } })),
      admitAll,
    );
    const named = async (nameContains: string): Promise<string[]> => {
      const page = await guests.list({ hostId: host.id, nameContains }, 'NAME', { first: 10, after: null });
      expect(await page.count()).toBe(page.edges.length);
      return page.edges.map(({ node }) => node.name);
    };
    expect(await named('web')).toEqual(['Web%1', 'web-2']);
    expect(await named('%')).toEqual(['Web%1']);
    await guests.delete(web!.id);
    expect(await named('web')).toEqual(['web-2']);
    const deleted = await guests.list({ hostId: host.id, states: ['DELETED'] }, 'NAME', { first: 10, after: null });
    expect(deleted.edges.map(({ node }) => node.name)).toEqual(['Web%1']);
    expect((await guests.list({ hostId: 'no-uuid' }, 'NAME', { first: 10, after: null })).edges).toEqual([]);
  });

  it('gives the newest samples, by id or since a tick, and their long parts apart', async () => {
    const guests = new Guests(database());
    const { id } = await aGuest(database());
    await storeLatest(database(), { guestId: id, sampledAt: NOW, tick: 1_000_000, values: values({ freeBytes: 5 }) });
    const [latest] = await guests.latest([id, id, 'no-uuid']);
    expect(latest).toMatchObject({ guestId: id, tick: 1_000_000, sampledAt: NOW, values: values({ freeBytes: 5 }) });
    expect(await guests.latestSince(1_000_000)).toEqual([latest]);
    expect(await guests.latestSince(1_000_001)).toEqual([]);
    expect(await guests.latestDetail([id])).toEqual([{ guestId: id, zones: [], vmstat: [['nr_free_pages', 7]] }]);
  });
});

describe('the fleet', () => {
  it('counts what lives and tells the time by the furthest shard', async () => {
    const fleet = new Fleet(database());
    const before = await fleet.totals();
    const { id } = await aGuest(database());
    const sample = values({ usedBytes: 3 * MIB, balloonActualBytes: 2 * MIB });
    await storeLatest(database(), { guestId: id, sampledAt: NOW, tick: 5, values: sample }, 'STALLED');
    const after = await fleet.totals();
    expect(after).toEqual({
      ...before,
      hostCount: before.hostCount + 1,
      guestCount: before.guestCount + 1,
      capacityBytes: before.capacityBytes + 65536 * MIB,
      assignedBytes: before.assignedBytes + 1024 * MIB,
      usedBytes: before.usedBytes + 3 * MIB,
      balloonActualBytes: before.balloonActualBytes + 2 * MIB,
      stalledGuests: before.stalledGuests + 1,
    });
    await database().pool.query('UPDATE shard SET tick = 90 WHERE id = 3');
    const { rows } = await database().pool.query<{ started_at: Date }>('SELECT started_at FROM fleet_clock');
    const clock = await fleet.clock();
    expect(clock).toMatchObject({ tick: 90, speed: 1 });
    expect(clock.simulatedAt.getTime() - rows[0]!.started_at.getTime()).toBe(90_000);
  });

  it('tells everyone of another speed when it is stored', async () => {
    const heard: unknown[] = [];
    const listener = await NotificationListener.open(database().url, (topic, payload) => heard.push([topic, payload]));
    await new Fleet(database()).setSpeed(4.5);
    expect((await new Fleet(database()).clock()).speed).toBe(4.5);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await listener.close();
    expect(heard).toContainEqual(['ballast_clock', { speed: 4.5 }]);
  });
});

describe('traces', () => {
  const series = (vm: string) => ({
    vm,
    assignedBytes: 8 * MIB,
    timesMs: [0, 300_000],
    activeBytes: [1, 2],
    diskReadBytesPerSec: [0.5, 1.5],
    diskWriteBytesPerSec: [0, 0],
    cpuRatio: [0.25, 1],
  });

  it('stores a trace whole or not at all', async () => {
    const traces = new Traces(database());
    const files = [
      { name: 'b.csv', text: 'vm,timeMs,bytes\nb,0,1\n' },
      { name: 'a.csv', text: 'ä€😀' },
    ];
    const trace = await traces.import({ name: 'demo', format: 'BALLAST', series: [series('b'), series('a')], files });
    expect(await traces.filesOf(trace.id)).toEqual(files);
    expect(trace).toMatchObject({ name: 'demo', vmCount: 2, rowCount: 4 });
    expect(await traces.vmNames(trace.id)).toEqual(['a', 'b']);
    await expect(traces.import({ name: 'demo', format: 'BALLAST', series: [], files: [] })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(
      traces.import({ name: 'twice', format: 'BALLAST', series: [series('a'), series('a')], files: [] }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await traces.list({ first: 5, after: null })).edges.map(({ node }) => node.name)).toEqual(['demo']);
    const stored = await database().prisma.traceVm.findFirstOrThrow({ where: { vm: 'a' } });
    expect([stored.timesMs.map(Number), stored.cpuRatio]).toEqual([
      [0, 300_000],
      [0.25, 1],
    ]);
  });
});
