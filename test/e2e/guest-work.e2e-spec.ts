import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { TestDatabase } from '../support/test-database.js';
import type { ApiClient } from './support/api-client.js';
import { onTestDatabase } from './support/backends.js';
import { eventually } from './support/eventually.js';
import {
  GIB,
  MIB,
  balloonAt,
  createGuests,
  createHost,
  ended,
  readGuest,
  readTick,
  request,
  type Operation,
} from './support/fleet.js';
import { Home, RunningBallast } from './support/running-ballast.js';

jest.setTimeout(180_000);

describe('the story of a guest that is worked on', () => {
  let home: Home;
  let database: TestDatabase;
  let ballast: RunningBallast;
  let hostId: string;

  beforeAll(async () => {
    home = new Home();
    const prepared = await onTestDatabase({ name: 'PostgreSQL', settings: {} });
    database = prepared.database;
    ballast = await RunningBallast.start(home, { BALLAST_SPEED: '5', ...prepared.settings });
    hostId = await createHost(ballast.api, 'work', 64 * GIB);
  });

  afterAll(async () => {
    await ballast.interrupt();
    await home.remove();
    await database.drop();
  });

  it('compacts: the result counts what was scanned and moved, and shows the free blocks before and after', async () => {
    const [guestId = ''] = await createGuests(ballast.api, hostId, 1 * GIB, {
      namePrefix: 'compact',
      workload: { kind: 'SYNTHETIC', meanRatio: 0.5, swingRatio: 0.3, period: '20s' },
    });
    await ended(ballast.api, (await request(ballast.api, 'inflate', { guestId, bytes: 128 * MIB })).id);
    const asked = await work(ballast.api, 'compact', { guestId });
    expect(asked).toMatchObject({ kind: 'COMPACT', requestedBytes: null });
    const operation = await ended(ballast.api, asked.id);
    expect(operation).toMatchObject({ status: 'SUCCEEDED', outcome: 'DONE', achievedBytes: null });
    const result = (await resultOf(ballast.api, asked.id)) as Record<string, number> & {
      freeBlocksBefore: number[];
      freeBlocksAfter: number[];
    };
    expect(result['scannedPages']).toBeGreaterThan(0);
    expect(result['isolatedPages']).toBeGreaterThanOrEqual(result['migratedPages'] ?? Infinity);
    expect([result['failedPages'], result.freeBlocksBefore.length, result.freeBlocksAfter.length]).toEqual([
      expect.any(Number),
      11,
      11,
    ]);
    const refused = await ended(ballast.api, (await work(ballast.api, 'compact', { guestId, node: 5 })).id);
    expect(refused).toMatchObject({ status: 'FAILED', outcome: 'REFUSED', reason: expect.stringMatching(/no zone/) });
  });

  it('pauses: the guest stands still, its work waits, and goes on when it is resumed', async () => {
    const { api } = ballast;
    const [id = ''] = await createGuests(api, hostId, 1 * GIB, { namePrefix: 'pause' });
    expect(await switched(api, 'pauseGuest', id)).toMatchObject({ guest: { state: 'PAUSED', stateReason: null } });
    const waiting = await request(api, 'inflate', { guestId: id, bytes: 64 * MIB });
    const tick = await readTick(api);
    await eventually(
      () => readTick(api),
      (now) => now >= tick + 10,
    );
    expect(await readGuest(api, id)).toMatchObject({ state: 'PAUSED', balloon: { actualBytes: 0 } });
    expect(await switched(api, 'resumeGuest', id)).toMatchObject({ guest: { state: 'RUNNING' } });
    expect(await ended(api, waiting.id)).toMatchObject({ outcome: 'REACHED' });
    await balloonAt(api, id, 64 * MIB);
  });

  it('gives a memory block away and takes it back; what is in the way is named', async () => {
    const { api } = ballast;
    const [guestId = ''] = await createGuests(api, hostId, 2 * GIB, { namePrefix: 'blocks' });
    await ended(api, (await request(api, 'inflate', { guestId, bytes: 512 * MIB })).id);
    const before = await readGuest(api, guestId);
    const offline = await ended(api, (await work(api, 'offlineMemoryBlock', { guestId, block: 13 })).id);
    expect(offline).toMatchObject({ status: 'SUCCEEDED', outcome: 'DONE' });
    const less = await eventually(
      () => readGuest(api, guestId),
      ({ zones }) => managedPages(zones) < managedPages(before.zones),
    );
    expect(managedPages(before.zones) - managedPages(less.zones)).toBe(32_768);
    expect(less.balloon).toMatchObject({ actualBytes: 512 * MIB });
    const map = await api.ask<{ guest: { pageMap: PageMapData } }>(
      'query ($id: ID!) { guest(id: $id) { pageMap(columns: 16) { pagesPerCell cells } } }',
      { id: guestId },
    );
    expect(map.guest.pageMap.cells[13]).toEqual([0, 0, 0, 0, 0, 1]);
    await ended(api, (await work(api, 'onlineMemoryBlock', { guestId, block: 13 })).id);
    const whole = await eventually(
      () => readGuest(api, guestId),
      ({ zones }) => managedPages(zones) === managedPages(before.zones),
    );
    expect(whole.state).toBe('RUNNING');
    const refused = await ended(api, (await work(api, 'offlineMemoryBlock', { guestId, block: 0 })).id);
    expect(refused).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringMatching(/^EINVAL: memory block 0 is not/),
    });
    expect(await resultOf(api, refused.id)).toEqual({ errno: 'EINVAL' });
  });

  it('shows its memory as Linux does, and as a map that adds up', async () => {
    const { api } = ballast;
    const [id = ''] = await createGuests(api, hostId, 1 * GIB, { namePrefix: 'look' });
    await ended(api, (await request(api, 'inflate', { guestId: id, bytes: 256 * MIB })).id);
    const { guest } = await api.ask<{ guest: Record<string, string> & { pageMap: PageMapData } }>(
      `query ($id: ID!) { guest(id: $id) {
         buddyinfo: procfs(file: BUDDYINFO) pagetypeinfo: procfs(file: PAGETYPEINFO) zoneinfo: procfs(file: ZONEINFO)
         extfrag: procfs(file: EXTFRAG_INDEX) unusable: procfs(file: UNUSABLE_INDEX) pressure: procfs(file: PRESSURE_MEMORY)
         pageMap(columns: 128) { pagesPerCell cells } } }`,
      { id },
    );
    expect(guest['buddyinfo']).toMatch(/^Node 0, zone {6}DMA( +\d+){11} \n/);
    expect(guest['pagetypeinfo']).toMatch(
      /^Page block order: 9\nPages per block: {2}512\n\nFree pages count per migrate/,
    );
    expect(guest['zoneinfo']).toMatch(/\n {2}pages free {5}\d+\n {8}boost {4}\d+\n {8}min {6}\d+\n/);
    expect(guest['extfrag']).toMatch(/^Node 0, zone {6}DMA ([ -]\d\.\S{3,4} ){11}\n/);
    expect(guest['unusable']).toMatch(/^Node 0, zone {6}DMA (\d\.\d{3} ){11}\n/);
    expect(guest['pressure']).toMatch(/^some avg10=\d+\.\d\d avg60=\d+\.\d\d avg300=\d+\.\d\d total=\d+\nfull /);
    const { pagesPerCell, cells } = guest.pageMap;
    const pagesOf = (kind: number): number =>
      Math.round(cells.reduce((sum, cell) => sum + (cell[kind] ?? 0), 0) * pagesPerCell);
    expect([cells.length, pagesPerCell, pagesOf(1)]).toEqual([128, 2048, 65_536]);
  });
});

function managedPages(zones: readonly { readonly managedPages: number }[]): number {
  return zones.reduce((sum, zone) => sum + zone.managedPages, 0);
}

interface PageMapData {
  readonly pagesPerCell: number;
  readonly cells: readonly (readonly number[])[];
}

type WorkMutation = 'compact' | 'offlineMemoryBlock' | 'onlineMemoryBlock';

async function work(api: ApiClient, mutation: WorkMutation, input: Record<string, unknown>): Promise<Operation> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
  const data = await api.ask<Record<string, { operation: Operation }>>(
    `mutation ($input: ${type}) { ${mutation}(input: $input) { operation { id kind status outcome requestedBytes } } }`,
    { input },
  );
  return data[mutation]!.operation;
}

async function switched(api: ApiClient, mutation: 'pauseGuest' | 'resumeGuest', id: string): Promise<unknown> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
  const data = await api.ask<Record<string, unknown>>(
    `mutation ($input: ${type}) { ${mutation}(input: $input) { guest { state stateReason } operation { outcome } } }`,
    { input: { id } },
  );
  return data[mutation];
}

async function resultOf(api: ApiClient, id: string): Promise<unknown> {
  const query = 'query ($id: ID!) { operation(id: $id) { result } }';
  return (await api.ask<{ operation: { result: unknown } }>(query, { id })).operation.result;
}
