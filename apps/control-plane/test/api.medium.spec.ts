/** The API over the wire, with a stand-in for the worker. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createClient } from 'graphql-ws';
import { Client } from 'pg';
import WebSocket from 'ws';
import { aControlPlane, type RunningControlPlane } from './support/a-control-plane.js';
import { aStandInWorker, sample } from './support/a-stand-in-worker.js';
import { ask, told } from './support/ask.js';

const MIB = 2 ** 20;

let plane: RunningControlPlane;
let worker: { stop(): Promise<void> };
let client: Client;
let hostId: string;
let guestIds: string[];

beforeAll(async () => {
  plane = await aControlPlane();
  worker = await aStandInWorker(plane.databaseUrl);
  client = new Client({ connectionString: plane.databaseUrl });
  await client.connect();
  const host = await told<{ createHost: { host: { id: string } } }>(
    plane.url,
    'mutation ($input: CreateHostInput!) { createHost(input: $input) { host { id } } }',
    { input: { name: 'host', capacityBytes: 4096 * MIB, policy: 'mom' } },
  );
  hostId = host.createHost.host.id;
}, 30_000);

afterAll(async () => {
  await client.end();
  await worker.stop();
  await plane.stop();
});

/** What arrives on a subscription until `count` events are there. */
async function heard(query: string, variables: Record<string, unknown>, count: number, act: () => Promise<unknown>) {
  const socket = createClient({ url: plane.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  const events = socket.iterate({ query, variables });
  const seen: unknown[] = [];
  const acting = setTimeout(() => void act(), 300);
  for await (const event of events) {
    seen.push(event);
    if (seen.length === count) break;
  }
  clearTimeout(acting);
  await socket.dispose();
  return seen;
}

describe('the API', () => {
  it('creates guests and answers with their first samples', async () => {
    const { createGuests } = await told<{ createGuests: { guests: { id: string }[] } }>(
      plane.url,
      `mutation ($input: CreateGuestsInput!) { createGuests(input: $input) { guests {
         id name state minBytes maxBytes shares workload { kind description } memory { assignedBytes freeBytes }
         zones { name fragmentationIndex(order: 0) unusableIndex(order: 9) pageblocks { count } } vmstat { name value } } } }`,
      { input: { hostId, count: 2, assignedBytes: 256 * MIB } },
    );
    expect(createGuests.guests).toMatchObject(
      ['guest-1', 'guest-2'].map((name) => ({
        name,
        state: 'RUNNING',
        minBytes: 64 * MIB,
        maxBytes: 256 * MIB,
        shares: 1000,
        workload: { kind: 'IDLE', description: 'idle' },
        memory: { assignedBytes: 256 * MIB, freeBytes: 1 },
        zones: [{ name: 'Normal', fragmentationIndex: -1, unusableIndex: 1, pageblocks: [{ count: 2 }] }],
        vmstat: [{ name: 'balloon_inflate', value: 7 }],
      })),
    );
    guestIds = createGuests.guests.map((guest) => guest.id);
  });

  it('answers the same when a query is compiled as before, defaults included', async () => {
    const query = `{ hosts { totalCount pageInfo { hasNextPage endCursor } edges { node { name overcommitRatio policy { name parameters }
      guests(first: 5) { totalCount edges { node { name operations(first: 5) { totalCount edges { node { id } } } } } } } } }
      guests(orderBy: NAME, filter: { name: "GUEST" }) { edges { node { host { name } balloon { state } } } } fleet { guestCount overcommitRatio } }`;
    const answers = [];
    for (let time = 0; time < 4; time++) answers.push((await ask(plane.url, query)).text);
    expect(new Set(answers).size).toBe(1);
    expect(JSON.parse(answers[0]!)).toMatchObject({
      data: {
        hosts: { totalCount: 1, edges: [{ node: { overcommitRatio: 0.125, guests: { totalCount: 2 } } }] },
        fleet: { guestCount: 2, overcommitRatio: 0.125 },
      },
    });
  });

  it('hands a question to the owner of a guest', async () => {
    const { guest } = await told<{ guest: { procfs: string } }>(
      plane.url,
      'query ($id: ID!) { guest(id: $id) { procfs(file: BUDDYINFO) } }',
      { id: guestIds[0] },
    );
    expect(guest.procfs).toBe('BUDDYINFO of the guest');
  });

  it('asks the owner of a guest for a map of its pages, 256 cells unless told otherwise', async () => {
    const { guest } = await told<{ guest: Record<string, { pagesPerCell: number; cells: number[][]; tick: number }> }>(
      plane.url,
      'query ($id: ID!) { guest(id: $id) { all: pageMap { pagesPerCell cells tick } few: pageMap(columns: 3) { cells } } }',
      { id: guestIds[0] },
    );
    expect(guest['all']).toMatchObject({ pagesPerCell: 512, cells: { length: 256 }, tick: 1 });
    expect(guest['few']?.cells).toEqual([1, 2, 3].map(() => [1, 0, 0, 0, 0, 0]));
  });

  it('acknowledges work other than the balloon’s, with what it is to do', async () => {
    const fields = 'operation { kind status outcome requestedBytes targetBytes work timeoutMs }';
    const data = await told<Record<string, { operation: object }>>(
      plane.url,
      `mutation ($a: CompactInput!, $b: OfflineMemoryBlockInput!, $c: OnlineMemoryBlockInput!) {
         compact(input: $a) { ${fields} } offlineMemoryBlock(input: $b) { ${fields} } onlineMemoryBlock(input: $c) { ${fields} } }`,
      {
        a: { guestId: guestIds[1], zone: 'DMA32', order: 9, mode: 'SYNC_LIGHT' },
        b: { guestId: guestIds[1], block: 1 },
        c: { guestId: guestIds[1], block: 1, timeoutMs: 5000 },
      },
    );
    const queued = { status: 'QUEUED', outcome: null, requestedBytes: null, targetBytes: null };
    expect(data['compact']?.operation).toEqual({
      ...queued,
      kind: 'COMPACT',
      work: { kind: 'COMPACT', node: null, zone: 'DMA32', order: 9, mode: 'SYNC_LIGHT' },
      timeoutMs: null,
    });
    expect(data['offlineMemoryBlock']?.operation).toEqual({
      ...queued,
      kind: 'OFFLINE_MEMORY_BLOCK',
      work: { kind: 'OFFLINE_MEMORY_BLOCK', block: 1 },
      timeoutMs: 60_000,
    });
    expect(data['onlineMemoryBlock']?.operation).toMatchObject({ ...queued, timeoutMs: 5000 });
  });

  it('answers a pause with the guest as it is once the operation has ended', async () => {
    const query =
      'mutation ($input: PauseGuestInput!) { pauseGuest(input: $input) { guest { state stateReason } operation { kind status } } }';
    const asked = told<{ pauseGuest: object }>(plane.url, query, { input: { id: guestIds[0] } });
    let paused = 0;
    while (paused === 0) {
      // In the worker's place.
      const done = await client.query(
        `WITH done AS (UPDATE operation SET status = 'SUCCEEDED', outcome = 'DONE', finished_at = now()
                        WHERE guest_id = $1 AND kind = 'PAUSE' RETURNING guest_id)
         UPDATE guest SET state = 'PAUSED' FROM done WHERE id = guest_id`,
        [guestIds[0]],
      );
      paused = done.rowCount ?? 0;
    }
    expect((await asked).pauseGuest).toEqual({
      guest: { state: 'PAUSED', stateReason: null },
      operation: { kind: 'PAUSE', status: 'SUCCEEDED' },
    });
    await client.query(`UPDATE guest SET state = 'RUNNING' WHERE id = $1`, [guestIds[0]]);
  });

  it('creates guests with the features, kernel and nodes they are asked for', async () => {
    const { createGuests } = await told<{ createGuests: { guests: { id: string }[] } }>(
      plane.url,
      `mutation ($input: CreateGuestsInput!) { createGuests(input: $input) { guests { id kernelProfile numaNodes
         features { deflateOnOom freePageReporting freePageHinting memoryBallooning balloonCompaction }
         balloon { deflateOnOom freePageReporting } } } }`,
      {
        input: {
          hostId,
          count: 1,
          assignedBytes: 256 * MIB,
          namePrefix: 'special',
          kernelProfile: '6.1',
          numaNodes: 2,
          features: { deflateOnOom: true, freePageReporting: true, freePageHinting: true, balloonCompaction: false },
        },
      },
    );
    expect(createGuests.guests).toEqual([
      {
        id: expect.any(String),
        kernelProfile: '6.1',
        numaNodes: 2,
        features: {
          deflateOnOom: true,
          freePageReporting: true,
          freePageHinting: true,
          memoryBallooning: true,
          balloonCompaction: false,
        },
        balloon: { deflateOnOom: true, freePageReporting: true },
      },
    ]);
    await told(plane.url, 'mutation ($input: DeleteGuestInput!) { deleteGuest(input: $input) { deletedId } }', {
      input: { id: createGuests.guests[0]?.id },
    });
  });

  it('tells a subscriber of the samples of its guests alone', async () => {
    const query =
      'subscription ($ids: [ID!]) { memorySampled(guestIds: $ids) { guestId tick memory { totalBytes } guest { name } } }';
    const events = await heard(query, { ids: [guestIds[1]] }, 2, async () => {
      for (const tick of [11, 12]) {
        await client.query('BEGIN');
        for (const id of guestIds) await sample(client, id, tick);
        await client.query('COMMIT');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    });
    expect(events).toEqual(
      [11, 12].map((tick) => ({
        data: { memorySampled: { guestId: guestIds[1], tick, memory: { totalBytes: 0 }, guest: { name: 'guest-2' } } },
      })),
    );
  });

  it('tells a subscriber of a guest that is born at a tick whose samples were told already, and of no sample twice', async () => {
    const query = 'subscription ($host: ID) { memorySampled(hostId: $host) { guestId tick } }';
    const events = await heard(query, { host: hostId }, 3, async () => {
      for (const [id = '', tick] of [
        [guestIds[0], 20],
        [guestIds[1], 20],
        [guestIds[0], 25],
      ] as const) {
        await sample(client, id, tick);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    });
    expect(events.map((event) => (event as { data: { memorySampled: object } }).data.memorySampled)).toEqual([
      { guestId: guestIds[0], tick: 20 },
      { guestId: guestIds[1], tick: 20 },
      { guestId: guestIds[0], tick: 25 },
    ]);
  });

  it('tells a subscriber of operations as they are acknowledged', async () => {
    const query = 'subscription ($id: ID!) { operationUpdated(guestId: $id) { kind status targetBytes } }';
    const inflate = 'mutation ($input: InflateInput!) { inflate(input: $input) { operation { id status } } }';
    const events = await heard(query, { id: guestIds[0] }, 1, async () => {
      await ask(plane.url, inflate, { input: { guestId: guestIds[1], bytes: MIB } });
      await ask(plane.url, inflate, { input: { guestId: guestIds[0], bytes: MIB } });
    });
    expect(events).toEqual([{ data: { operationUpdated: { kind: 'INFLATE', status: 'QUEUED', targetBytes: MIB } } }]);
  });

  it.each([
    ['subscription { memorySampled(guestIds: ["x"]) { tick } }', 'NOT_FOUND'],
    ['subscription { memorySampled { colour } }', 'BAD_INPUT'],
    ['{ a '.repeat(40) + '}'.repeat(40), 'LIMIT_EXCEEDED'],
  ])('answers %s over a socket with %s', async (query, code) => {
    const failure = await heard(query, {}, 1, () => Promise.resolve()).then(
      (events) => events[0],
      (error: unknown) => error,
    );
    expect(JSON.stringify(failure)).toContain(`"code":"${code}"`);
  });

  it('serves a hundred subscriptions over one socket, and says no to one more', async () => {
    const socket = createClient({ url: plane.url.replace('http', 'ws'), webSocketImpl: WebSocket, lazy: false });
    const errors: (string | null)[] = Array<null>(101).fill(null);
    const refused = new Promise<void>((resolve) => {
      errors.forEach((_, at) => {
        const error = (reason: unknown): void => {
          errors[at] = JSON.stringify(reason);
          resolve();
        };
        const query = 'subscription { memorySampled { tick } }';
        socket.subscribe({ query }, { next: () => undefined, complete: () => undefined, error });
      });
    });
    await refused;
    expect(errors.slice(0, 100)).toEqual(Array(100).fill(null));
    expect(errors[100]).toContain('"code":"LIMIT_EXCEEDED"');
    expect(errors[100]).toContain('subscriptions of a connection must be at most 100');
    await socket.dispose();
  });

  it('opens no socket to a page of another origin, which any browser would let have one', async () => {
    const connect = (origin: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = new WebSocket(plane.url.replace('http', 'ws'), 'graphql-transport-ws', { origin });
        socket.on('open', () => resolve('open')).on('open', () => socket.close());
        socket.on('error', (error) => resolve(error.message));
      });
    expect(await connect('http://elsewhere.example')).toContain('403');
    expect(await connect(new URL(plane.url).origin)).toBe('open');
  });

  it('says whether it lives and is ready, and shows metrics that end as OpenMetrics does', async () => {
    const at = async (path: string): Promise<string> => (await fetch(new URL(path, plane.url))).text();
    expect(await at('/health/live')).toBe('{"status":"ok"}');
    expect(JSON.parse(await at('/health/ready'))).toEqual({ status: 'ok', checks: { database: 'ok', queue: 'ok' } });
    const metrics = await at('/metrics');
    expect(metrics).toMatch(/# EOF\n$/);
    expect(metrics).toContain('libvirt_domain_info_maximum_memory_bytes{domain="guest-1",host="host"} 268435456');
    expect(metrics).toContain('ballast_fleet_guests 2');
    expect(metrics).toMatch(/bullmq_job_count\{queue="operations",state="completed"\} \d/);
  });

  it.each(['/', '/graphql', '/explorer'])('shows a page to try queries on to a browser at %s', async (path) => {
    const page = await fetch(new URL(path, plane.url), { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await page.text();
    const scripts = [...html.matchAll(/<(?:script|link)[^>]+?(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(scripts.length).toBeGreaterThan(3);
    for (const address of scripts) {
      const file = new URL(address ?? '', page.url);
      expect([address, file.origin, (await fetch(file)).status]).toEqual([address, new URL(plane.url).origin, 200]);
    }
  });

  it('tells who asks what is wrong with the question, and leaves it out of the log of errors', async () => {
    const errors: unknown[] = [];
    Logger.overrideLogger({ log: () => undefined, warn: () => undefined, error: (...words) => errors.push(words) });
    const { text } = await ask(plane.url, '{ guests(first: 0) { totalCount } }');
    Logger.overrideLogger(false);
    expect(text).toContain('first must be a whole number from 1 to 500, got 0');
    expect(errors).toEqual([]);
  });

  it.each(['* *', ' * * * *', '* * * * * * *', '99 * * * *', '0 0 30 2 *'])(
    'does not take the cron expression "%s"',
    async (cron) => {
      const schedule = 'mutation ($cron: String!) { scheduleRebalance(input: { cron: $cron }) { schedule { id } } }';
      const { text } = await ask(plane.url, schedule, { cron });
      expect(JSON.parse(text)).toMatchObject({
        errors: [{ message: expect.stringContaining('five or six fields'), extensions: { field: 'input.cron' } }],
      });
    },
  );

  it.each(['*/5 * * * *', '30 */5 * * * *'])('rebalances at the times of "%s"', async (cron) => {
    const schedule = 'mutation ($cron: String!) { scheduleRebalance(input: { cron: $cron }) { schedule { id cron } } }';
    const { scheduleRebalance } = await told<{ scheduleRebalance: { schedule: { id: string; cron: string } } }>(
      plane.url,
      schedule,
      { cron },
    );
    expect(scheduleRebalance.schedule.cron).toBe(cron);
    const { id } = scheduleRebalance.schedule;
    await told(plane.url, 'mutation ($id: ID!) { unscheduleRebalance(input: { id: $id }) { deletedId } }', { id });
  });

  it('places guests where there is room, says why, and refuses with the figures of the host that comes closest', async () => {
    const create = 'mutation ($input: CreateHostInput!) { createHost(input: $input) { host { id } } }';
    const created = await told<{ createHost: { host: { id: string } } }>(plane.url, create, {
      input: { name: 'roomy', capacityBytes: 8192 * MIB },
    });
    const placing =
      'mutation ($input: CreateGuestsInput!) { createGuests(input: $input) { placements { guest { name host { name } } reason } } }';
    const input = { count: 2, assignedBytes: 256 * MIB, namePrefix: 'placed' };
    const { createGuests } = await told<{ createGuests: { placements: { guest: object; reason: string }[] } }>(
      plane.url,
      placing,
      { input: { ...input, placement: 'SPREAD' } },
    );
    expect(createGuests.placements.map(({ guest }) => guest)).toEqual([
      { name: 'placed-1', host: { name: 'roomy' } },
      { name: 'placed-2', host: { name: 'roomy' } },
    ]);
    expect(createGuests.placements[0]?.reason).toMatch(
      /^SPREAD of 2 hosts: host roomy will be promised least, .* 8192 MiB/,
    );
    const huge = { ...input, placement: 'PACK', assignedBytes: 65_536 * MIB };
    const refused = await ask(plane.url, placing, { input: huge });
    expect(refused.text).toMatch(/ADMISSION_REFUSED/);
    expect(refused.text).toMatch(/input.placement: none of 2 hosts admits .*; closest: .*host roomy: \d+ MiB too much/);
    const both = await ask(plane.url, placing, { input: { ...input, placement: 'PACK', hostId } });
    expect(both.text).toMatch(/input must be given either hostId or placement, got/);
    await told(plane.url, 'mutation ($input: DeleteHostInput!) { deleteHost(input: $input) { deletedId } }', {
      input: { id: created.createHost.host.id, evict: true },
    });
  });

  it('deletes guests with their host when told to, and forgets neither their names nor their past', async () => {
    await told(plane.url, 'mutation ($input: DeleteHostInput!) { deleteHost(input: $input) { deletedId } }', {
      input: { id: hostId, evict: true },
    });
    const { guest } = await told<{ guest: object }>(
      plane.url,
      'query ($id: ID!) { guest(id: $id) { name state host { id } } }',
      { id: guestIds[0] },
    );
    expect(guest).toEqual({ name: 'guest-1', state: 'DELETED', host: null });
  });
});
