/** Every kind of bad input over the wire: the code, the field, what would be accepted, and that nothing changes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { Client } from 'pg';
import { aControlPlane, type RunningControlPlane } from './support/a-control-plane.js';
import { ask, post, told, type Answer } from './support/ask.js';

const MIB = 2 ** 20;
const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';

let plane: RunningControlPlane;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  plane = await aControlPlane();
  const host = await told<{ createHost: { host: { id: string } } }>(
    plane.url,
    'mutation ($input: CreateHostInput!) { createHost(input: $input) { host { id } } }',
    { input: { name: 'host', capacityBytes: 4096 * MIB } },
  );
  hostId = host.createHost.host.id;
  guestId = await insertGuest();
});

afterAll(() => plane.stop());

/** A guest without waiting for a worker that is not there. */
async function insertGuest(): Promise<string> {
  const client = new Client({ connectionString: plane.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO guest (id, host_id, shard_id, name, assigned_bytes, min_bytes, max_bytes, features, workload, seed)
     VALUES (gen_random_uuid(), $1, 0, 'guest', $2, 0, $2, '{"deflateOnOom":false}', '{"kind":"IDLE"}', 1) RETURNING id`,
    [hostId, 1024 * MIB],
  );
  await client.end();
  return rows[0]!.id;
}

/** All that a mutation could have changed. */
async function everything(): Promise<unknown> {
  const client = new Client({ connectionString: plane.databaseUrl });
  await client.connect();
  const tables = ['fleet_clock', 'host', 'guest', 'operation', 'trace', 'trace_vm'];
  const contents: unknown[] = [];
  for (const table of tables) contents.push((await client.query(`SELECT * FROM ${table} ORDER BY 1`)).rows);
  await client.end();
  return contents;
}

interface Row {
  readonly what: string;
  readonly query: string;
  readonly variables?: () => Record<string, unknown>;
  readonly code: string;
  /** Parts that the message must have: the field, and what is accepted. */
  readonly says: readonly string[];
}

const SET_TARGET = 'mutation ($input: SetBalloonTargetInput!) { setBalloonTarget(input: $input) { operation { id } } }';
const BYTES_RANGE = 'a whole number from 0 to 9007199254740991';
const target = (targetBytes: unknown) => () => ({ input: { guestId, targetBytes } });
const literalTarget = (targetBytes: string): string =>
  `mutation { setBalloonTarget(input: { guestId: "${UNKNOWN_ID}", targetBytes: ${targetBytes} }) { operation { id } } }`;
const HISTORY =
  'query ($id: ID!, $from: DateTime!, $to: DateTime!, $step: Duration, $maxPoints: Int) { guest(id: $id) { history(from: $from, to: $to, step: $step, maxPoints: $maxPoints) { times } } }';
const history =
  (from: string, to: string, more: object = {}) =>
  () => ({ id: guestId, from, to, ...more });
const CREATE_HOST = 'mutation ($input: CreateHostInput!) { createHost(input: $input) { host { id } } }';
const CREATE_GUESTS = 'mutation ($input: CreateGuestsInput!) { createGuests(input: $input) { guests { id } } }';
const guests = (more: object) => () => ({ input: { hostId, count: 1, assignedBytes: 256 * MIB, ...more } });
const work = (name: string): string =>
  `mutation ($input: ${name}Input!) { ${name[0]?.toLowerCase()}${name.slice(1)}(input: $input) { operation { id } } }`;
const ofGuest = (more: object) => () => ({ input: { guestId, ...more } });
const IMPORT = 'mutation ($input: ImportTraceInput!) { importTrace(input: $input) { trace { id } } }';
const trace = (more: object) => () => ({ input: { name: 'trace', format: 'BALLAST', ...more } });
const GWA_HEADER =
  'Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]';

const ROWS: readonly Row[] = [
  {
    what: "a target above the guest's RAM",
    query: SET_TARGET,
    variables: target(1024 * MIB + 1),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', 'from 0 to 1073741824'],
  },
  {
    what: 'a target below zero',
    query: SET_TARGET,
    variables: target(-1),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', BYTES_RANGE],
  },
  {
    what: 'a fractional target',
    query: SET_TARGET,
    variables: target(1.5),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', BYTES_RANGE],
  },
  {
    what: 'a target of 2^53',
    query: SET_TARGET,
    variables: target(2 ** 53),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', BYTES_RANGE],
  },
  {
    what: 'a target in quotes',
    query: SET_TARGET,
    variables: target('4096'),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', BYTES_RANGE],
  },
  {
    what: 'a literal target below zero',
    query: literalTarget('-1'),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', BYTES_RANGE],
  },
  {
    what: 'a literal fractional target',
    query: literalTarget('1.5'),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', BYTES_RANGE],
  },
  {
    what: 'a literal target of 2^53',
    query: literalTarget('9007199254740992'),
    code: 'BAD_INPUT',
    says: ['input.targetBytes', BYTES_RANGE],
  },
  {
    what: 'no target',
    query: SET_TARGET,
    variables: () => ({ input: { guestId } }),
    code: 'BAD_INPUT',
    says: ['targetBytes'],
  },
  {
    what: 'work on an unknown guest',
    query: SET_TARGET,
    variables: () => ({ input: { guestId: UNKNOWN_ID, targetBytes: 0 } }),
    code: 'NOT_FOUND',
    says: ['input.guestId'],
  },
  {
    what: 'a time limit of nothing',
    query: SET_TARGET,
    variables: () => ({ input: { guestId, targetBytes: 0, timeoutMs: 0 } }),
    code: 'BAD_INPUT',
    says: ['input.timeoutMs', 'from 1 to 2147483647'],
  },
  {
    what: 'an empty idempotency key',
    query: SET_TARGET,
    variables: () => ({ input: { guestId, targetBytes: 0, idempotencyKey: '' } }),
    code: 'BAD_INPUT',
    says: ['input.idempotencyKey', '1 to 200 characters'],
  },
  {
    what: 'an inflation by nothing',
    query: 'mutation ($input: InflateInput!) { inflate(input: $input) { operation { id } } }',
    variables: () => ({ input: { guestId, bytes: 0 } }),
    code: 'BAD_INPUT',
    says: ['input.bytes', 'from 4096 to 1073741824'],
  },
  {
    what: 'a deflation of an empty balloon',
    query: 'mutation ($input: DeflateInput!) { deflate(input: $input) { operation { id } } }',
    variables: () => ({ input: { guestId, bytes: 4096 } }),
    code: 'BAD_INPUT',
    says: ['input.bytes', 'nothing at present'],
  },
  {
    what: 'the cancellation of an unknown operation',
    query: 'mutation { cancelOperation(input: { id: "x" }) { operation { id } } }',
    code: 'NOT_FOUND',
    says: ['input.id'],
  },
  {
    what: 'an unknown guest',
    query: `{ guest(id: "${UNKNOWN_ID}") { id } }`,
    code: 'NOT_FOUND',
    says: ['id', UNKNOWN_ID],
  },
  {
    what: 'an id that is none',
    query: '{ guest(id: "../etc/passwd") { id } }',
    code: 'NOT_FOUND',
    says: ['id must be the id of a guest'],
  },
  {
    what: 'an unknown host',
    query: `{ host(id: "${UNKNOWN_ID}") { id } }`,
    code: 'NOT_FOUND',
    says: ['id must be the id of a host'],
  },
  {
    what: 'an unknown operation',
    query: '{ operation(id: "1") { id } }',
    code: 'NOT_FOUND',
    says: ['id must be the id of an operation'],
  },
  {
    what: 'a reversed time range',
    query: HISTORY,
    variables: history('2026-03-02T00:00:00Z', '2026-03-01T00:00:00Z'),
    code: 'BAD_INPUT',
    says: ['to must be after from'],
  },
  {
    what: 'an empty time range',
    query: HISTORY,
    variables: history('2026-03-02T00:00:00Z', '2026-03-02T00:00:00Z'),
    code: 'BAD_INPUT',
    says: ['to must be after from'],
  },
  {
    what: 'an endless time range',
    query: HISTORY,
    variables: history('0001-01-01T00:00:00Z', '9999-12-31T00:00:00Z'),
    code: 'BAD_INPUT',
    says: ['to must be at most 400 days after from'],
  },
  {
    what: 'a step that makes too many points',
    query: HISTORY,
    variables: history('2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z', { step: '1s' }),
    code: 'BAD_INPUT',
    says: ['step must be at least 600 s', '5000 points'],
  },
  {
    what: 'too many points',
    query: HISTORY,
    variables: history('2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', { maxPoints: 5001 }),
    code: 'BAD_INPUT',
    says: ['maxPoints must be from 1 to 5000'],
  },
  {
    what: 'a step that is no duration',
    query: HISTORY,
    variables: history('2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', { step: 'often' }),
    code: 'BAD_INPUT',
    says: ['$step', '"5m"'],
  },
  {
    what: 'a time that is none',
    query: HISTORY,
    variables: history('yesterday', '2026-03-02T00:00:00Z'),
    code: 'BAD_INPUT',
    says: ['$from', 'ISO 8601'],
  },
  {
    what: 'a first of 0',
    query: '{ guests(first: 0) { totalCount } }',
    code: 'BAD_INPUT',
    says: ['first must be a whole number from 1 to 500'],
  },
  {
    what: 'a negative first',
    query: '{ hosts(first: -1) { totalCount } }',
    code: 'BAD_INPUT',
    says: ['first must be a whole number from 1 to 500'],
  },
  {
    what: 'a first of 501',
    query: '{ operations(first: 501) { totalCount } }',
    code: 'BAD_INPUT',
    says: ['first must be a whole number from 1 to 500'],
  },
  {
    what: 'a fractional first',
    query: '{ guests(first: 1.5) { totalCount } }',
    code: 'BAD_INPUT',
    says: ['first', 'Int'],
  },
  {
    what: 'a first that is a word',
    query: '{ traces(first: "ten") { totalCount } }',
    code: 'BAD_INPUT',
    says: ['first', 'Int'],
  },
  {
    what: 'a nested wrong first',
    query: '{ hosts { edges { node { guests(first: 9999) { totalCount } } } } }',
    code: 'BAD_INPUT',
    says: ['first must be a whole number from 1 to 500'],
  },
  {
    what: 'a cursor that is none',
    query: '{ guests(after: "rubbish") { totalCount } }',
    code: 'BAD_INPUT',
    says: ['after must be a cursor'],
  },
  {
    what: 'an unknown policy',
    query: CREATE_HOST,
    variables: () => ({ input: { name: 'other', capacityBytes: 4096 * MIB, policy: 'magic' } }),
    code: 'BAD_INPUT',
    says: ['input.policy', 'none, proxmox, mom'],
  },
  {
    what: 'an unknown parameter of a policy',
    query: CREATE_HOST,
    variables: () => ({ input: { name: 'other', capacityBytes: 4096 * MIB, policy: 'mom', parameters: { magic: 1 } } }),
    code: 'BAD_INPUT',
    says: ['input.parameters.magic', 'accepted:'],
  },
  {
    what: 'parameters that are a list',
    query: CREATE_HOST,
    variables: () => ({ input: { name: 'other', capacityBytes: 4096 * MIB, parameters: [1] } }),
    code: 'BAD_INPUT',
    says: ['input.parameters'],
  },
  {
    what: 'a name with a blank',
    query: CREATE_HOST,
    variables: () => ({ input: { name: 'my host', capacityBytes: 4096 * MIB } }),
    code: 'BAD_INPUT',
    says: ['input.name', '1 to 63 letters'],
  },
  {
    what: 'a name that is taken',
    query: CREATE_HOST,
    variables: () => ({ input: { name: 'host', capacityBytes: 4096 * MIB } }),
    code: 'CONFLICT',
    says: ['input.name', 'taken'],
  },
  {
    what: 'a host without capacity',
    query: CREATE_HOST,
    variables: () => ({ input: { name: 'other', capacityBytes: 0 } }),
    code: 'BAD_INPUT',
    says: ['input.capacityBytes', 'from 67108864'],
  },
  {
    what: 'a host that keeps more than it has',
    query: CREATE_HOST,
    variables: () => ({ input: { name: 'other', capacityBytes: 100 * MIB, reservedBytes: 101 * MIB } }),
    code: 'BAD_INPUT',
    says: ['input.reservedBytes', 'at most capacityBytes'],
  },
  {
    what: 'the deletion of a host with guests',
    query: 'mutation ($input: DeleteHostInput!) { deleteHost(input: $input) { deletedId } }',
    variables: () => ({ input: { id: hostId } }),
    code: 'CONFLICT',
    says: ['input.evict'],
  },
  {
    what: 'guests on an unknown host',
    query: CREATE_GUESTS,
    variables: guests({ hostId: UNKNOWN_ID }),
    code: 'NOT_FOUND',
    says: ['input.hostId'],
  },
  {
    what: 'no guests',
    query: CREATE_GUESTS,
    variables: guests({ count: 0 }),
    code: 'BAD_INPUT',
    says: ['input.count', 'from 1 to 500'],
  },
  {
    what: 'a guest of a few bytes',
    query: CREATE_GUESTS,
    variables: guests({ assignedBytes: 4096 }),
    code: 'BAD_INPUT',
    says: ['input.assignedBytes', 'from 67108864'],
  },
  {
    what: 'a guest with half a page',
    query: CREATE_GUESTS,
    variables: guests({ assignedBytes: 256 * MIB + 2048 }),
    code: 'BAD_INPUT',
    says: ['input.assignedBytes', 'multiple of 4096'],
  },
  {
    what: 'a floor above the ceiling',
    query: CREATE_GUESTS,
    variables: guests({ minBytes: 200 * MIB, maxBytes: 100 * MIB }),
    code: 'BAD_INPUT',
    says: ['input.minBytes', 'from 0 to 104857600'],
  },
  {
    what: 'more floors than the host has',
    query: CREATE_GUESTS,
    variables: guests({ count: 5, assignedBytes: 1024 * MIB, minBytes: 1024 * MIB }),
    code: 'ADMISSION_REFUSED',
    says: ['input.minBytes', 'floors do not fit', '4 of the 5 would fit'],
  },
  {
    what: 'more nodes than the memory is for',
    query: CREATE_GUESTS,
    variables: guests({ numaNodes: 5 }),
    code: 'BAD_INPUT',
    says: ['input.numaNodes', 'from 1 to 4'],
  },
  {
    what: 'no nodes',
    query: CREATE_GUESTS,
    variables: guests({ numaNodes: 0 }),
    code: 'BAD_INPUT',
    says: ['input.numaNodes', 'from 1 to 4'],
  },
  {
    what: 'compaction of an unknown guest',
    query: work('Compact'),
    variables: () => ({ input: { guestId: UNKNOWN_ID } }),
    code: 'NOT_FOUND',
    says: ['input.guestId'],
  },
  {
    what: 'compaction of a zone that Linux does not have',
    query: work('Compact'),
    variables: ofGuest({ zone: 'HighMem' }),
    code: 'BAD_INPUT',
    says: ['input.zone', 'DMA, DMA32, Normal, Movable'],
  },
  {
    what: 'compaction of a node that cannot be',
    query: work('Compact'),
    variables: ofGuest({ node: -1 }),
    code: 'BAD_INPUT',
    says: ['input.node', 'from 0 to 7'],
  },
  {
    what: 'compaction for blocks that are larger than the largest',
    query: work('Compact'),
    variables: ofGuest({ order: 11 }),
    code: 'BAD_INPUT',
    says: ['input.order', 'from 1 to 10'],
  },
  {
    what: 'compaction in an unknown mode',
    query: work('Compact'),
    variables: ofGuest({ mode: 'HARD' }),
    code: 'BAD_INPUT',
    says: ['mode', 'CompactMode'],
  },
  {
    what: 'compaction without patience',
    query: work('Compact'),
    variables: ofGuest({ timeoutMs: 0 }),
    code: 'BAD_INPUT',
    says: ['input.timeoutMs', 'from 1 to'],
  },
  {
    what: 'a memory block below the first',
    query: work('OfflineMemoryBlock'),
    variables: ofGuest({ block: -1 }),
    code: 'BAD_INPUT',
    says: ['input.block', 'from 0 to'],
  },
  {
    what: 'no memory block',
    query: work('OnlineMemoryBlock'),
    variables: ofGuest({}),
    code: 'BAD_INPUT',
    says: ['block'],
  },
  {
    what: 'a pause of nobody',
    query: work('PauseGuest'),
    variables: () => ({ input: { id: UNKNOWN_ID } }),
    code: 'NOT_FOUND',
    says: ['input.id'],
  },
  {
    what: 'a resumption of what is no guest',
    query: work('ResumeGuest'),
    variables: () => ({ input: { id: 'x' } }),
    code: 'NOT_FOUND',
    says: ['input.id'],
  },
  {
    what: 'a page map without cells',
    query: 'query ($id: ID!) { guest(id: $id) { pageMap(columns: 0) { cells } } }',
    variables: () => ({ id: guestId }),
    code: 'BAD_INPUT',
    says: ['columns must be from 1 to 4096'],
  },
  {
    what: 'a file that /proc does not have',
    query: 'query ($id: ID!) { guest(id: $id) { procfs(file: KMSG) } }',
    variables: () => ({ id: guestId }),
    code: 'BAD_INPUT',
    says: ['KMSG', 'ProcFile'],
  },
  {
    what: 'an unknown kernel',
    query: CREATE_GUESTS,
    variables: guests({ kernelProfile: '2.4' }),
    code: 'BAD_INPUT',
    says: ['input.kernelProfile', '5.15, 6.1, 6.12, 7.0'],
  },
  {
    what: 'an unknown kind of workload',
    query: CREATE_GUESTS,
    variables: guests({ workload: { kind: 'BUSY' } }),
    code: 'BAD_INPUT',
    says: ['input.workload.kind', 'WorkloadKind'],
  },
  {
    what: 'a replay without a trace',
    query: CREATE_GUESTS,
    variables: guests({ workload: { kind: 'TRACE' } }),
    code: 'BAD_INPUT',
    says: ['input.workload.traceId'],
  },
  {
    what: 'a replay of an unknown trace',
    query: CREATE_GUESTS,
    variables: guests({ workload: { kind: 'TRACE', traceId: 'x' } }),
    code: 'NOT_FOUND',
    says: ['input.workload.traceId'],
  },
  {
    what: 'a workload with the options of another kind',
    query: CREATE_GUESTS,
    variables: guests({ workload: { kind: 'IDLE', meanRatio: 0.5 } }),
    code: 'BAD_INPUT',
    says: ['input.workload.meanRatio', 'IDLE'],
  },
  {
    what: 'a workload beyond all RAM',
    query: CREATE_GUESTS,
    variables: guests({ workload: { kind: 'SYNTHETIC', meanRatio: 1.5 } }),
    code: 'BAD_INPUT',
    says: ['input.workload.meanRatio', 'from 0 to 1'],
  },
  {
    what: 'a floor above the RAM of a guest',
    query: 'mutation ($input: UpdateGuestInput!) { updateGuest(input: $input) { guest { id } } }',
    variables: () => ({ input: { id: guestId, minBytes: 2048 * MIB } }),
    code: 'BAD_INPUT',
    says: ['input.minBytes', 'at most maxBytes, 1073741824'],
  },
  {
    what: 'the deletion of an unknown guest',
    query: 'mutation { deleteGuest(input: { id: "x" }) { deletedId } }',
    code: 'NOT_FOUND',
    says: ['input.id'],
  },
  {
    what: 'a trace with a broken row',
    query: IMPORT,
    variables: trace({
      format: 'GWA_T_12',
      upload: [
        {
          name: '7.csv',
          text: `${GWA_HEADER}\n1372629804;\t2;\t5852;\t87;\t1.5;\t8218624;\t5000;\t0;\t1;\t0;\t1\nrubbish\n`,
        },
      ],
    }),
    code: 'BAD_INPUT',
    says: ['7.csv line 3'],
  },
  {
    what: 'a trace that is not in its format',
    query: IMPORT,
    variables: trace({ format: 'AZURE_V2', upload: [{ name: 'a', text: 'b' }] }),
    code: 'BAD_INPUT',
    says: ['a line 1', 'a vmtable of 11 columns'],
  },
  {
    what: 'a trace from nowhere',
    query: IMPORT,
    variables: trace({}),
    code: 'BAD_INPUT',
    says: ['either upload or path'],
  },
  {
    what: 'a trace from outside the folder',
    query: IMPORT,
    variables: trace({ path: '../../package.json' }),
    code: 'BAD_INPUT',
    says: ['input.path', 'below the trace folder'],
  },
  {
    what: 'a trace from an absolute path',
    query: IMPORT,
    variables: trace({ path: '/etc/passwd' }),
    code: 'BAD_INPUT',
    says: ['input.path', 'below the trace folder'],
  },
  {
    what: 'a clock that runs backwards',
    query: 'mutation { setClockSpeed(input: { speed: -1 }) { clock { speed } } }',
    code: 'BAD_INPUT',
    says: ['input.speed', 'from 0 to 10000'],
  },
  {
    what: 'a clock beyond measure',
    query: 'mutation { setClockSpeed(input: { speed: 1e9 }) { clock { speed } } }',
    code: 'BAD_INPUT',
    says: ['input.speed', 'from 0 to 10000'],
  },
  {
    what: 'a question to a guest that no worker answers',
    query: 'query ($id: ID!) { guest(id: $id) { procfs(file: BUDDYINFO) } }',
    variables: () => ({ id: guestId }),
    code: 'UNAVAILABLE',
    says: ['no worker answered'],
  },
  {
    what: 'an unknown file',
    query: 'query ($id: ID!) { guest(id: $id) { procfs(file: SLABINFO) } }',
    variables: () => ({ id: guestId }),
    code: 'BAD_INPUT',
    says: ['file', 'ProcFile'],
  },
  { what: 'an unknown field', query: '{ fleet { colour } }', code: 'BAD_INPUT', says: ['colour'] },
  { what: 'a broken query', query: '{ fleet { ', code: 'BAD_INPUT', says: ['Syntax Error'] },
  {
    what: 'a query that is JSON',
    query: '123',
    code: 'BAD_INPUT',
    says: ['query must be the text of a GraphQL query'],
  },
  {
    what: 'a subscription over HTTP',
    query: 'subscription { hostStateChanged { name } }',
    code: 'BAD_INPUT',
    says: ['query must be a query or a mutation', 'WebSocket'],
  },
  { what: 'no query', query: '', code: 'BAD_INPUT', says: ['query'] },
  {
    what: 'a query 40 levels deep',
    query: `{ hosts { ${'edges { node { guests { edges { node { host { '.repeat(7)} id ${'} } } } } } '.repeat(7)} } }`,
    code: 'LIMIT_EXCEEDED',
    says: ['query must nest at most 15 fields deep, got 44'],
  },
  {
    what: 'a query of nonsense 40 levels deep',
    query: '{ a '.repeat(40) + '}'.repeat(40),
    code: 'LIMIT_EXCEEDED',
    says: ['at most 15 fields deep, got 40'],
  },
  {
    what: 'a query ten thousand levels deep',
    query: '{ a '.repeat(10_000) + '}'.repeat(10_000),
    code: 'LIMIT_EXCEEDED',
    says: ['at most 15 fields deep'],
  },
  {
    what: 'a query that asks for too much',
    query: '{ hosts(first: 500) { edges { node { guests(first: 500) { edges { node { id } } } } } } }',
    code: 'LIMIT_EXCEEDED',
    says: ['at most 50000 values'],
  },
  {
    what: 'a query of too many words',
    query: `{ ${'fleet { hostCount } '.repeat(3000)} }`,
    code: 'LIMIT_EXCEEDED',
    says: ['8000 tokens'],
  },
  {
    what: 'a query that is too long',
    query: `{ fleet { hostCount } } #${'x'.repeat(100_000)}`,
    code: 'LIMIT_EXCEEDED',
    says: ['query must be at most 65536 characters'],
  },
];

describe('bad input', () => {
  it.each(ROWS)(
    '$what gets $code, with the field and what it accepts, and changes nothing',
    async (row) => {
      const before = await everything();
      // The third time it runs compiled.
      const answers: Answer[] = [];
      for (let time = 0; time < (row.code === 'UNAVAILABLE' ? 1 : 3); time++) {
        answers.push(await ask(plane.url, row.query, row.variables?.() ?? {}));
      }
      for (const answer of answers) {
        expect(answer.errors).toMatchObject([{ extensions: { code: row.code } }]);
        for (const part of row.says) expect(answer.errors[0]?.message).toContain(part);
        const [told = ''] = row.says;
        if (/^input(\.\w+)+$/.test(told)) {
          expect(answer.errors[0]?.extensions.field).toMatch(/^input\./);
          expect(told).toContain(answer.errors[0]?.extensions.field);
        }
        expect(answer.text).not.toMatch(/\.js:|\.ts:|node_modules|SELECT|prisma|\/work|\/root|stack/i);
      }
      expect(await everything()).toEqual(before);
    },
    20_000,
  );

  it('a spec that cannot be gets every problem by its path', async () => {
    const spec = { guests: { source: { kind: 'synthetic', mix: {} } }, seeds: [], overcommitRatios: [0.5] };
    const { errors } = await ask(
      plane.url,
      'mutation ($input: StartExperimentInput!) { startExperiment(input: $input) { experiment { id } } }',
      { input: { spec } },
    );
    const { code, field, problems = [] } = errors[0]!.extensions;
    expect([code, field]).toEqual(['BAD_INPUT', 'input.spec']);
    const paths = problems.map(({ path }) => path);
    expect(paths.toSorted()).toEqual([
      'input.spec.guests.source.mix',
      'input.spec.overcommitRatios[0]',
      'input.spec.seeds',
    ]);
    for (const { path, message } of problems) expect(errors[0]?.message).toContain(`${path}: ${message}`);
  });

  it.each([
    [{}, 'input', 'input must be given either a spec or a preset, got "neither"'],
    [{ preset: 'quick', spec: {} }, 'input', 'input must be given either a spec or a preset, got "both"'],
    [{ preset: 'slow' }, 'input.preset', 'input.preset must be one of quick, how-far, '],
  ])('an experiment of %j is refused', async (input, field, says) => {
    const { errors } = await ask(
      plane.url,
      'mutation ($input: StartExperimentInput!) { startExperiment(input: $input) { experiment { id } } }',
      { input },
    );
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field });
    expect(errors[0]?.message).toContain(says);
  });

  it('a request of 10 MB gets LIMIT_EXCEEDED', async () => {
    const answer = await ask(plane.url, `{ fleet { hostCount } } #${'x'.repeat(10 * MIB)}`);
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([413, 'LIMIT_EXCEEDED']);
    expect(answer.errors[0]?.message).toContain('body must be at most 1048576 bytes');
  });

  it.each([
    ['no JSON', 'application/json', '{ "query": '],
    ['a list', 'application/json', '[{ "query": "{ fleet { hostCount } }" }]'],
    ['a query that is a number', 'application/json', '{ "query": {} }'],
    ['another kind of text', 'text/csv', 'a,b'],
  ])('a body that is %s gets BAD_INPUT', async (_, contentType, body) => {
    const answer = await post(plane.url, body, contentType);
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([400, 'BAD_INPUT']);
  });

  it('of several operations the one that is to run must not be a subscription', async () => {
    const query = 'query Count { fleet { hostCount } } subscription Changes { hostStateChanged { name } }';
    const run = (operationName: string): Promise<Answer> => post(plane.url, JSON.stringify({ query, operationName }));
    expect((await run('Count')).data).toEqual({ fleet: { hostCount: 1 } });
    expect((await run('Changes')).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT', field: 'query' } }]);
  });

  it('a mutation by GET gets BAD_INPUT', async () => {
    const query = 'mutation { setClockSpeed(input: { speed: 5 }) { clock { speed } } }';
    const response = await fetch(`${plane.url}?query=${encodeURIComponent(query)}`);
    const { errors } = (await response.json()) as { errors: Answer['errors'] };
    expect(errors[0]?.extensions.code).toBe('BAD_INPUT');
  });

  it('lets the introspection of clients through', async () => {
    const data = await told<{ __schema: { types: unknown[] } }>(plane.url, getIntrospectionQuery());
    expect(data.__schema.types.length).toBeGreaterThan(50);
  });
});
