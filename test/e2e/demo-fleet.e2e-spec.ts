import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import WebSocket from 'ws';
import { eventually } from './support/eventually.js';
import { readTick } from './support/fleet.js';
import { Home, RunningBallast, START_SCRIPT, type Settings } from './support/running-ballast.js';

jest.setTimeout(240_000);

const SETTINGS: Settings = { BALLAST_DEMO: '1' };
const FIRST_START_LIMIT_MS = 60_000;
const NEXT_START_LIMIT_MS = 15_000;

interface DemoFleet {
  readonly fleet: { readonly hostCount: number; readonly guestCount: number; readonly balloonActualBytes: number };
  readonly guests: {
    readonly totalCount: number;
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly name: string;
        readonly state: string;
        readonly workload: { readonly kind: string };
        readonly memory: { readonly usedBytes: number; readonly totalBytes: number } | null;
      };
    }[];
  };
  readonly traces: { readonly totalCount: number };
}

const DEMO_FLEET = `{
  fleet { hostCount guestCount balloonActualBytes }
  guests(first: 100) { totalCount edges { node { id name state workload { kind } memory { usedBytes totalBytes } } } }
  traces(first: 10) { totalCount }
}`;

function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${url}?query={__typename}`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

/** Of a WebSocket that is not let in. */
function socketStatusFor(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { headers });
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.on('open', () => {
      socket.terminate();
      reject(new Error('the socket is open'));
    });
    socket.on('error', () => undefined);
  });
}

describe('npm start', () => {
  let home: Home;
  let ballast: RunningBallast;
  const read = (): Promise<DemoFleet> => ballast.api.ask<DemoFleet>(DEMO_FLEET);

  beforeAll(() => {
    home = new Home();
  });

  afterAll(async () => {
    await home.remove();
  });

  it('brings up a fleet that replays real VMs, within a minute', async () => {
    ballast = await RunningBallast.start(home, SETTINGS, START_SCRIPT);
    expect(ballast.readyMs).toBeLessThan(FIRST_START_LIMIT_MS);
    const { fleet, guests, traces } = await read();
    expect(fleet).toMatchObject({ hostCount: 2, guestCount: 24 });
    expect(traces.totalCount).toBe(1);
    expect(guests.totalCount).toBe(24);
    for (const { node } of guests.edges) {
      expect(node).toMatchObject({ state: 'RUNNING', workload: { kind: 'TRACE' } });
      expect(node.memory?.usedBytes).toBeGreaterThan(0);
      expect(node.memory?.usedBytes).toBeLessThanOrEqual(node.memory?.totalBytes ?? 0);
    }
  });

  it('has balloons at work in it, and its clock runs', async () => {
    const tick = await readTick(ballast.api);
    await eventually(read, ({ fleet }) => fleet.balloonActualBytes > 0);
    await eventually(
      () => readTick(ballast.api),
      (now) => now > tick,
    );
  });

  it('prints a query to paste, and that query has an answer', async () => {
    const pasted = /(?:query\s+\w*\s*)?\{[\s\S]*\}/.exec(ballast.greeting)?.[0];
    expect(pasted).toBeDefined();
    await expect(ballast.api.ask(pasted ?? '')).resolves.toBeDefined();
  });

  it('answers no page that comes by another name, over HTTP or WebSocket', async () => {
    const { url } = ballast.api;
    expect(await statusFor(url, 'localhost')).toBe(200);
    expect(await statusFor(url, 'evil.example:3000')).toBe(421);
    expect(await statusFor(url.replace('/graphql', '/metrics'), 'evil.example:3000')).toBe(421);
    const origin = 'http://evil.example:3000';
    expect(await socketStatusFor(url, { host: 'evil.example:3000', origin })).toBe(421);
    expect(await socketStatusFor(url, { origin })).toBe(403);
  });

  it('starts a second time with the same fleet, within seconds, after Ctrl-C', async () => {
    const before = await read();
    const tick = await readTick(ballast.api);
    expect(await ballast.interrupt()).toMatchObject({ signal: null });

    ballast = await RunningBallast.start(home, SETTINGS, START_SCRIPT);
    expect(ballast.readyMs).toBeLessThan(NEXT_START_LIMIT_MS);
    const after = await read();
    expect(await readTick(ballast.api)).toBeGreaterThanOrEqual(tick);
    expect(after.guests.edges.map(({ node }) => node.id)).toEqual(before.guests.edges.map(({ node }) => node.id));
    expect(after.guests.edges.every(({ node }) => node.state === 'RUNNING')).toBe(true);
    expect(after.traces).toEqual(before.traces);
  });

  it('takes everything down with it when it is killed', async () => {
    await ballast.killLauncher();
    expect(home.processes()).toEqual([]);
  });
});
