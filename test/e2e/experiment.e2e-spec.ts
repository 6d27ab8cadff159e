import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openTextFiles } from '#platform';
import { readTrace } from '#simulation';
import { ApiError, type ApiClient } from './support/api-client.js';
import { backendsFor } from './support/backends.js';
import { eventually } from './support/eventually.js';
import { MIB, createGuests, createHost, pause, setClockSpeed } from './support/fleet.js';
import { Home, RunningBallast } from './support/running-ballast.js';

jest.setTimeout(240_000);

const LIMIT_MS = 120_000;
const CLI = join(process.cwd(), 'dist', 'apps', 'cli', 'src', 'main.js');

const SPEC = {
  name: 'a small question',
  hosts: { perHost: 2, swapBytes: 512 * MIB },
  guests: {
    source: { kind: 'traces', format: 'GWA_T_12', path: 'gwa-t-12-rnd-2013-7' },
    count: 4,
    assignedBytes: 512 * MIB,
  },
  overcommitRatios: [1, 2],
  policies: [{ name: 'none' }, { name: 'proxmox' }],
  seeds: [1, 2],
  durationMs: 14_400_000,
};

interface Experiment {
  readonly id: string;
  readonly status: string;
  readonly progress: number;
  readonly digest: string | null;
  readonly cells: readonly { readonly status: string; readonly attempts: number; readonly metrics: object | null }[];
  readonly frontier: readonly { readonly policy: string }[];
  readonly csv: string | null;
  readonly isPartial: boolean;
  readonly summary: readonly { readonly metric: string }[];
  readonly judgement: readonly {
    readonly policy: string;
    readonly ratio: number;
    readonly broken: readonly { readonly part: string; readonly text: string; readonly remedy: string }[];
  }[];
  readonly downloads: { readonly report: string; readonly csv: string; readonly json: string } | null;
}

const FIELDS = `id status progress digest cells { status attempts metrics } frontier { policy } csv isPartial summary { metric }
  judgement { policy ratio broken { part text remedy } } downloads { report csv json }`;

async function start(api: ApiClient, spec: object, idempotencyKey: string | null = null): Promise<Experiment> {
  const data = await api.ask<{ startExperiment: { experiment: Experiment } }>(
    `mutation ($input: StartExperimentInput!) { startExperiment(input: $input) { experiment { ${FIELDS} } } }`,
    { input: { spec, idempotencyKey } },
  );
  return data.startExperiment.experiment;
}

async function read(api: ApiClient, id: string): Promise<Experiment> {
  const query = `query ($id: ID!) { experiment(id: $id) { ${FIELDS} } }`;
  return (await api.ask<{ experiment: Experiment }>(query, { id })).experiment;
}

async function callOff(api: ApiClient, id: string): Promise<void> {
  await api.ask('mutation ($id: ID!) { cancelExperiment(input: { id: $id }) { experiment { status } } }', { id });
}

async function forget(api: ApiClient, kind: 'Experiment' | 'Trace', id: string): Promise<void> {
  await api.ask(`mutation ($id: ID!) { delete${kind}(input: { id: $id }) { deletedId } }`, { id });
}

/** A file of the API, as a browser would get it. */
function download(api: ApiClient, path: string): Promise<Response> {
  return fetch(new URL(path, api.url));
}

/** By workers: the same for every backend. */
const filesAlone = new Map<number, FilesAlone>();

interface FilesAlone {
  readonly json: string;
  readonly report: string;
  readonly csv: string;
}

/** What the command line writes, without any server. */
async function alone(workers: number): Promise<FilesAlone> {
  const known = filesAlone.get(workers);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'ballast-alone-'));
  const [report, csv] = [join(folder, 'report.html'), join(folder, 'cells.csv')];
  const json = await runAlone(SPEC, workers, ['--out', report, '--csv', csv]);
  const files = { json, report: readFileSync(report, 'utf8'), csv: readFileSync(csv, 'utf8') };
  rmSync(folder, { recursive: true });
  filesAlone.set(workers, files);
  return files;
}

async function digestAlone(workers: number): Promise<string> {
  return (JSON.parse((await alone(workers)).json) as { digest: string }).digest;
}

async function runAlone(spec: object, workers: number, more: readonly string[] = []): Promise<string> {
  const asked = ['experiment', 'run', '-', '--json', '--workers', String(workers), ...more];
  return shell(asked, { cwd: join(process.cwd(), 'data', 'traces'), input: JSON.stringify(spec) });
}

/** Never waits with everything standing still: connections to the service would be closed behind this process's back. */
async function shell(args: readonly string[], { cwd = process.cwd(), input = '' } = {}): Promise<string> {
  const running = promisify(execFile)(process.execPath, [CLI, ...args], { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

describe.each(backendsFor('experiment'))('an experiment whose cells are queued on $name', (backend) => {
  let home: Home;
  let ballast: RunningBallast;
  const settings = { BALLAST_DEMO: '0', ...backend.settings };

  beforeAll(async () => {
    home = new Home();
    ballast = await RunningBallast.start(home, settings);
  });

  afterAll(async () => {
    await ballast.interrupt();
    await home.remove();
  });

  it('comes to the same bytes as on the command line, also when everything is killed meanwhile', async () => {
    const { id, cells } = await start(ballast.api, SPEC, 'once');
    expect(cells).toHaveLength(8);
    expect((await start(ballast.api, SPEC, 'once')).id).toBe(id);
    await eventually(
      () => read(ballast.api, id),
      (seen) => seen.cells.some(({ status }) => status === 'DONE'),
      LIMIT_MS,
    );
    await ballast.killEverything();
    ballast = await RunningBallast.start(home, settings);
    const before = await read(ballast.api, id);
    const done = before.cells.map(({ status, attempts }) => (status === 'DONE' ? attempts : null));
    const feed = ballast.api.listen<{ experimentProgressed: Experiment }>(
      'subscription ($id: ID!) { experimentProgressed(id: $id) { id status } }',
      { id },
    );
    const ended = await eventually(
      () => read(ballast.api, id),
      ({ status }) => status === 'DONE',
      LIMIT_MS,
    );
    expect(ended.cells.every(({ status, metrics }) => status === 'DONE' && metrics !== null)).toBe(true);
    // What had ended was not run again.
    done.forEach((attempts, place) => {
      if (attempts !== null) expect(ended.cells[place]!.attempts).toBe(attempts);
    });
    expect(ended.progress).toBe(1);
    expect(ended.frontier.map(({ policy }) => policy)).toEqual(['none', 'proxmox']);
    expect(ended.csv).toContain('cell,none,1,1,violatedWindowsRatio');
    for (const workers of [1, 2, 4]) expect(await digestAlone(workers)).toBe(ended.digest);
    await eventually(
      () => feed.events.at(-1)?.experimentProgressed.status,
      (status) => status === 'DONE',
    );
    feed.close();
  });

  it('gives its report, table and answer as files, byte for byte what the command line writes', async () => {
    const { id, downloads, isPartial, judgement } = await start(ballast.api, SPEC, 'once');
    if (downloads === null) throw new Error('an answered experiment has downloads');
    expect(isPartial).toBe(false);
    expect(judgement).toHaveLength(4);
    for (const { broken } of judgement) {
      for (const test of broken) expect([test.part, test.text, test.remedy].every((text) => text !== '')).toBe(true);
    }
    const { json, report, csv } = await alone(2);
    const page = await download(ballast.api, downloads.report);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await page.text()) === report).toBe(true);
    expect((await (await download(ballast.api, downloads.csv)).text()) === csv).toBe(true);
    expect((await (await download(ballast.api, downloads.json)).text()) === json).toBe(true);
    const nobody = await download(ballast.api, downloads.report.replace(id, '0199aaaa-0000-7000-8000-000000000000'));
    expect([nobody.status, nobody.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
    expect(await nobody.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND', field: 'id' } }] });
  });

  it('is answered from the cells that were done when it is called off', async () => {
    const seeds = Array.from({ length: 40 }, (_, at) => at + 1);
    const { id, downloads } = await start(ballast.api, { ...SPEC, name: 'half', seeds });
    expect(downloads).toBeNull();
    const early = await download(ballast.api, `/experiments/${id}/cells.csv`);
    expect([early.status, early.headers.get('content-disposition')]).toEqual([409, null]);
    expect(await early.json()).toMatchObject({ errors: [{ extensions: { code: 'CONFLICT' } }] });
    await eventually(
      () => read(ballast.api, id),
      (seen) => seen.cells.some(({ status }) => status === 'DONE'),
      LIMIT_MS,
    );
    await callOff(ballast.api, id);
    const ended = await eventually(
      () => read(ballast.api, id),
      ({ digest }) => digest !== null,
      LIMIT_MS,
    );
    expect([ended.status, ended.isPartial]).toEqual(['CANCELLED', true]);
    expect(ended.cells.map(({ metrics }) => metrics !== null)).toEqual(
      ended.cells.map(({ status }) => status === 'DONE'),
    );
    const done = ended.cells.filter(({ status }) => status === 'DONE');
    expect(done.length).toBeLessThan(ended.cells.length);
    expect(ended.summary.length).toBeGreaterThan(0);
    expect(ended.csv).toContain(',CANCELLED');
    const answer = (await (await download(ballast.api, `/experiments/${id}/answer.json`)).json()) as typeof ended;
    expect(answer.cells.map(({ status }) => status)).toEqual(ended.cells.map(({ status }) => status));
    const report = await (await download(ballast.api, `/experiments/${id}/report.html`)).text();
    expect(report).toContain(`${done.length} of 160 cells done`);
  });

  it('is refused with everything that is wrong with it', async () => {
    const bad = { ...SPEC, overcommitRatios: [0.5], policies: [{ name: 'best' }], seeds: [] };
    const refusal = await start(ballast.api, bad).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiError);
    expect(refusal).toMatchObject({ code: 'BAD_INPUT' });
    for (const field of ['overcommitRatios', 'policies', 'seeds'])
      expect(String(refusal)).toContain(`input.spec.${field}`);
    const outside = { ...SPEC, guests: { ...SPEC.guests, source: { ...SPEC.guests.source, path: '../..' } } };
    await expect(start(ballast.api, outside)).rejects.toThrow(/input\.spec\.guests\.source\.path/);
    const misread = { ...SPEC, guests: { ...SPEC.guests, source: { ...SPEC.guests.source, format: 'BALLAST' } } };
    await expect(start(ballast.api, misread)).rejects.toThrow(
      /BAD_INPUT: the trace is not accepted\n.*csv:1: expected/,
    );
  });

  it('runs an imported trace by its id, to the same figures as its files', async () => {
    const folder = join(process.cwd(), 'data', 'traces', 'gwa-t-12-rnd-2013-7');
    const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
    const upload = names
      .toSorted()
      .slice(0, 4)
      .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8').split('\n').slice(0, 300).join('\n') }));
    const { importTrace } = await ballast.api.ask<{ importTrace: { trace: { id: string } } }>(
      'mutation ($input: ImportTraceInput!) { importTrace(input: $input) { trace { id } } }',
      { input: { name: 'lent', format: 'GWA_T_12', upload } },
    );
    const of = (source: object): object => ({ ...SPEC, guests: { ...SPEC.guests, source }, seeds: [1] });
    const path = `trace:${importTrace.trace.id}`;
    const { id } = await start(ballast.api, of({ kind: 'traces', format: 'GWA_T_12', path }));
    const copies = join(home.path, 'lent');
    mkdirSync(copies);
    for (const { name, text } of upload) writeFileSync(join(copies, name), text);
    const source = of({ kind: 'traces', format: 'GWA_T_12', path: copies });
    const atTheShell = JSON.parse(await runAlone(source, 1)) as Experiment;
    const ended = await eventually(
      () => read(ballast.api, id),
      ({ status }) => status === 'DONE',
      LIMIT_MS,
    );
    expect(ended.cells.map(({ metrics }) => metrics)).toEqual(atTheShell.cells.map(({ metrics }) => metrics));
    expect(ended.cells.every(({ metrics }) => metrics !== null)).toBe(true);
    const report = await download(ballast.api, `/experiments/${id}/report.html`);
    expect([report.status, (await report.text()).includes(`<td>${upload[0]!.name.replace('.csv', '')}<td>`)]).toEqual([
      200,
      true,
    ]);
    for (const [source, says] of [
      [{ kind: 'traces', format: 'BALLAST', path }, /lent is GWA_T_12/],
      [{ kind: 'traces', format: 'GWA_T_12', path: 'trace:none' }, /NOT_FOUND/],
    ] as const) {
      await expect(start(ballast.api, of(source))).rejects.toThrow(says);
    }
    await expect(forget(ballast.api, 'Trace', importTrace.trace.id)).rejects.toThrow(/CONFLICT.*1 experiments show it/);
    await forget(ballast.api, 'Experiment', id);
    await forget(ballast.api, 'Trace', importTrace.trace.id);
    expect((await download(ballast.api, `/experiments/${id}/report.html`)).status).toBe(404);
    await expect(start(ballast.api, of({ kind: 'traces', format: 'GWA_T_12', path }))).rejects.toThrow(/NOT_FOUND/);
    const climbing = {
      name: 'out',
      format: 'BALLAST',
      upload: [{ name: '../out.csv', text: 'vm,timeMs,bytes\na,0,1\n' }],
    };
    await expect(
      ballast.api.ask('mutation ($input: ImportTraceInput!) { importTrace(input: $input) { trace { id } } }', {
        input: climbing,
      }),
    ).rejects.toThrow(/plain name/);
  });

  it('runs again what live guests lived through, without a server', async () => {
    const hostId = await createHost(ballast.api, 'lived', 4096 * MIB);
    const workload = { kind: 'SYNTHETIC', meanRatio: 0.4, swingRatio: 0.2, period: '10m' };
    const ids = await createGuests(ballast.api, hostId, 512 * MIB, { count: 2, workload });
    await setClockSpeed(ballast.api, 200);
    const metrics = '{ guests(first: 2) { edges { node { id trace(first: 20000) { rowCount } } } } }';
    type Counts = { guests: { edges: { node: { trace: { rowCount: number } } }[] } };
    const rowCounts = ({ guests }: Counts): number[] => guests.edges.map(({ node }) => node.trace.rowCount);
    await eventually(
      () => ballast.api.ask<Counts>(metrics),
      (seen) => rowCounts(seen).every((count) => count >= 120),
      LIMIT_MS,
    );
    await pause(ballast.api);
    const file = join(home.path, 'lived.csv');
    const url = ballast.api.url;
    const guests = ids.flatMap((id) => ['--guest', id]);
    await shell(['trace', 'export', ...guests, '--out', file, '--url', url]);
    const reading = readTrace('BALLAST', openTextFiles(file));
    if (reading.outcome !== 'READ') throw new Error(JSON.stringify(reading.problems));
    expect(reading.series.map(({ timesMs }) => timesMs.length)).toEqual(rowCounts(await ballast.api.ask(metrics)));
    for (const { assignedBytes, timesMs, activeBytes } of reading.series) {
      expect([assignedBytes, timesMs[2]! - timesMs[1]!]).toEqual([512 * MIB, 5000]);
      expect(Math.max(...activeBytes) - Math.min(...activeBytes)).toBeGreaterThan(32 * MIB);
    }
    const source = { kind: 'traces', format: 'BALLAST', path: file };
    const once = { overcommitRatios: [1.5], policies: [{ name: 'none' }], seeds: [1], durationMs: 300_000 };
    const spec = { ...SPEC, ...once, guests: { source, count: 2 } };
    const answer = JSON.parse(await runAlone(spec, 1)) as { cells: { status: string }[] };
    expect(answer.cells.map(({ status }) => status)).toEqual(['DONE']);
  });

  it('can be each of the classic questions, by its name', async () => {
    const { experimentPresets } = await ballast.api.ask<{ experimentPresets: { name: string; spec: object }[] }>(
      '{ experimentPresets { name question spec } }',
    );
    expect(experimentPresets.map(({ name }) => name)).toContain('hosts-of-48');
    const begin = `mutation ($preset: String!) {
      startExperiment(input: { preset: $preset }) { experiment { id spec } } }`;
    for (const { name, spec } of experimentPresets) {
      const { startExperiment } = await ballast.api.ask<{
        startExperiment: { experiment: { id: string; spec: object } };
      }>(begin, { preset: name });
      const { id, spec: complete } = startExperiment.experiment;
      expect(complete).toMatchObject({ ...spec, guests: expect.anything(), policies: expect.anything() });
      await callOff(ballast.api, id);
      await forget(ballast.api, 'Experiment', id);
    }
  });

  it('ends when it is called off', async () => {
    const { id } = await start(ballast.api, { ...SPEC, name: 'too long', durationMs: 40 * 86_400_000 });
    await eventually(
      () => read(ballast.api, id),
      ({ status }) => status === 'RUNNING',
      LIMIT_MS,
    );
    await callOff(ballast.api, id);
    expect((await read(ballast.api, id)).cells.every(({ status }) => status === 'CANCELLED')).toBe(true);
    await expect(callOff(ballast.api, id)).rejects.toThrow(/ended already/);
    // The worker's threads are free for the next.
    const next = await start(ballast.api, { ...SPEC, name: 'the next', durationMs: 600_000 });
    await eventually(
      () => read(ballast.api, next.id),
      ({ status }) => status === 'DONE',
      LIMIT_MS,
    );
  });
});
