import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ApiError, type ApiClient } from './support/api-client.js';
import { backendsFor } from './support/backends.js';
import { eventually } from './support/eventually.js';
import { MIB, setClockSpeed } from './support/fleet.js';
import { Home, RunningBallast } from './support/running-ballast.js';

jest.setTimeout(240_000);

interface Run {
  readonly id: string;
  readonly scheduleId: string | null;
  readonly dryRun: boolean;
  readonly reason: string | null;
  readonly inputs: readonly { readonly hostId: string; readonly view: object }[];
  readonly hosts: readonly {
    readonly status: string;
    readonly note: string | null;
    readonly policy: string;
    readonly plannedBytes: number;
    readonly appliedBytes: number | null;
    readonly untouched: readonly { readonly id: string; readonly cause: string; readonly reason: string }[];
  }[];
  readonly plan: readonly {
    readonly guest: { readonly id: string };
    readonly fromBytes: number;
    readonly toBytes: number;
    readonly phase: number;
    readonly reason: string;
    readonly outcome: string | null;
    readonly notApplied: string | null;
  }[];
  readonly operations: readonly { readonly id: string; readonly requestedBy: string }[];
}

const RUN = `id scheduleId dryRun reason inputs
  hosts { status note policy plannedBytes appliedBytes untouched { id cause reason } }
  plan { guest { id } fromBytes toBytes phase reason outcome notApplied }
  operations { id requestedBy }`;
const OVER = ['PLANNED', 'DONE', 'SKIPPED', 'FAILED'];
const SPEED = 5;

async function rebalance(api: ApiClient, input: object): Promise<Run> {
  const data = await api.ask<{ rebalance: { rebalanceRun: Run } }>(
    `mutation ($input: RebalanceInput!) { rebalance(input: $input) { rebalanceRun { ${RUN} } } }`,
    { input },
  );
  return data.rebalance.rebalanceRun;
}

async function readRun(api: ApiClient, id: string): Promise<Run> {
  return (await api.ask<{ rebalanceRun: Run }>(`query ($id: ID!) { rebalanceRun(id: $id) { ${RUN} } }`, { id }))
    .rebalanceRun;
}

async function listRuns(api: ApiClient, scheduleId: string | null = null): Promise<Run[]> {
  const data = await api.ask<{ rebalanceRuns: { edges: { node: Run }[] } }>(
    `query ($scheduleId: ID) { rebalanceRuns(first: 20, scheduleId: $scheduleId) { edges { node { ${RUN} } } } }`,
    { scheduleId },
  );
  return data.rebalanceRuns.edges.map(({ node }) => node);
}

const isOver = (run: Run): boolean => run.hosts.every(({ status }) => OVER.includes(status));

async function targets(api: ApiClient): Promise<Map<string, number>> {
  const data = await api.ask<{ guests: { edges: { node: { id: string; balloon: { targetBytes: number } } }[] } }>(
    '{ guests(first: 100) { edges { node { id balloon { targetBytes } } } } }',
  );
  return new Map(data.guests.edges.map(({ node }) => [node.id, node.balloon.targetBytes]));
}

/** Reads one value of the controller's metrics; NaN when there is none. */
async function metricsOf(api: ApiClient): Promise<(name: string, labels?: Record<string, string>) => number> {
  const text = await (await fetch(new URL('/metrics', api.url))).text();
  return (name, labels = {}) => {
    const line = text.split('\n').find((one) => {
      const rest = one.replace(`ballast_guestmemory_${name}`, '');
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return rest !== one && /^[{ ]/.test(rest) && wanted.every((part) => rest.includes(part));
    });
    return Number(line?.split(' ').at(-1) ?? NaN);
  };
}

function errorOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'no error',
    (error: unknown) => (error instanceof ApiError ? error.message : String(error)),
  );
}

describe.each(backendsFor('rebalance'))('rebalancing the demo fleet, its work queued on $name', (backend) => {
  let home: Home;
  let ballast: RunningBallast;
  let hostId: string;
  let hostName: string;
  let guestCount: number;

  beforeAll(async () => {
    home = new Home();
    ballast = await RunningBallast.start(home, { BALLAST_DEMO: '1', ...backend.settings });
    await setClockSpeed(ballast.api, SPEED);
    const { hosts } = await ballast.api.ask<{
      hosts: { edges: { node: { id: string; name: string; guests: { totalCount: number } } }[] };
    }>('{ hosts(first: 1) { edges { node { id name guests(first: 1) { totalCount } } } } }');
    hostId = hosts.edges[0]?.node.id ?? '';
    hostName = hosts.edges[0]?.node.name ?? '';
    guestCount = hosts.edges[0]?.node.guests.totalCount ?? NaN;
  });

  afterAll(async () => {
    await ballast.interrupt();
    await home.remove();
  });

  it('plans without moving anything when it is a dry run, with a reason for each guest', async () => {
    const before = await targets(ballast.api);
    const run = await rebalance(ballast.api, { dryRun: true, policy: 'mom', hostId, reason: 'what if' });
    expect(run).toMatchObject({ dryRun: true, reason: 'what if', hosts: [{ status: 'PLANNED', policy: 'mom' }] });
    expect(run.plan.length + (run.hosts[0]?.untouched.length ?? 0)).toBe(guestCount);
    for (const { reason } of run.plan) expect(reason).toMatch(/\d/);
    expect(run.operations).toEqual([]);
    expect(await targets(ballast.api)).toEqual(before);
  });

  it('moves memory through the queue, freeing first and giving second', async () => {
    const input = { policy: 'mom', parameters: { maxStepBytes: 128 * MIB }, hostId, holdForMs: 60_000 };
    const started = await rebalance(ballast.api, input);
    expect(started.plan.length).toBeGreaterThan(0);
    const run = await eventually(() => readRun(ballast.api, started.id), isOver, 60_000);
    expect(run.hosts).toMatchObject([{ status: 'DONE' }]);
    const now = await targets(ballast.api);
    const applied = run.plan.filter(({ notApplied }) => notApplied === null);
    expect(run.operations.length).toBe(applied.length);
    expect(applied.length).toBeGreaterThan(0);
    for (const { guest, fromBytes, toBytes, phase, outcome } of applied) {
      const target = now.get(guest.id) ?? NaN;
      expect([outcome, Math.sign(target - fromBytes)]).toEqual(['REACHED', phase === 1 ? 1 : -1]);
      expect(Math.abs(target - fromBytes)).toBeLessThanOrEqual(Math.min(128 * MIB, Math.abs(toBytes - fromBytes)));
    }
    const moved = applied.reduce((sum, { guest, fromBytes }) => sum + (now.get(guest.id) ?? NaN) - fromBytes, 0);
    expect(run.hosts[0]?.appliedBytes).toBe(moved);
    const phases = run.plan.map(({ phase }) => phase);
    expect(phases).toEqual(phases.toSorted());
  });

  it('leaves guests alone that are held', async () => {
    const run = await rebalance(ballast.api, { dryRun: true, policy: 'mom', hostId });
    const held = run.hosts[0]?.untouched.filter(({ cause }) => cause === 'HELD') ?? [];
    expect(held.length).toBeGreaterThan(0);
    const { guest } = await ballast.api.ask<{ guest: { heldUntilTick: number; lastMove: { outcome: string } } }>(
      `query ($id: ID!) { guest(id: $id) { heldUntilTick stuckSinceTick forgivenAtTick lastMove { outcome reason } } }`,
      { id: held[0]?.id },
    );
    expect(guest).toMatchObject({ stuckSinceTick: null, forgivenAtTick: null });
    expect(guest).toMatchObject({ lastMove: { outcome: 'REACHED', reason: expect.stringMatching(/\d/) } });
    expect(guest.heldUntilTick).toBeGreaterThan(60);
    const stuck = await ballast.api.ask('{ guests(filter: { stuck: true }) { totalCount } }');
    expect(stuck).toEqual({ guests: { totalCount: 0 } });
  });

  it('counts what the controller did, for Prometheus', async () => {
    const value = await metricsOf(ballast.api);
    expect(value('reconcile_total', { trigger: 'manual', status: 'planned' })).toBe(2);
    expect(value('reconcile_total', { trigger: 'manual', status: 'done' })).toBe(1);
    const run = (await listRuns(ballast.api)).find(({ dryRun }) => !dryRun);
    const reached = run?.plan.filter(({ outcome }) => outcome === 'REACHED').length;
    expect(value('reclaim_actions_total', { trigger: 'manual', status: 'reached' })).toBe(reached);
    expect(value('reclaim_actions_total', { trigger: 'manual', status: 'planned' })).toBeGreaterThan(0);
    expect(value('reconcile_duration_seconds_count')).toBe(3);
    expect(value('reconcile_duration_seconds_sum')).toBeGreaterThan(0);
    const host = { host: hostName };
    expect(value('reclaim_bytes', host)).toBe(run?.hosts[0]?.plannedBytes);
    expect(value('applied_reclaim_bytes', host)).toBe(run?.hosts[0]?.appliedBytes);
    expect(value('target_reclaim_bytes', host)).not.toBeNaN();
    expect(value('manual_hold_active', host)).toBe(reached);
    expect(value('stuck_vms', host)).toBe(0);
    expect(value('eligible_vms', host)).toBe(guestCount - (reached ?? NaN));
  });

  it('explains every metric in docs/metrics.md, and no other', async () => {
    const text = await (await fetch(new URL('/metrics', ballast.api.url))).text();
    const types = [...text.matchAll(/^# TYPE ((?:ballast|libvirt|bullmq)_\w+) (\w+)$/gm)];
    const shown = types.map(([, name, type]) => `${name}${type === 'counter' ? '_total' : ''} ${type}`);
    const page = readFileSync('docs/metrics.md', 'utf8');
    const explained = [...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(shown.toSorted()).toEqual(explained.toSorted());
  });

  it('decides the same again from what a run stored, and what another policy would have done', async () => {
    const run = await rebalance(ballast.api, { dryRun: true, policy: 'ballast' });
    const replay = (...more: string[]): { hostId: string; policy: string; plan: { guests: unknown[] } }[] =>
      JSON.parse(
        execFileSync(
          process.execPath,
          ['dist/apps/cli/src/main.js', 'policy', 'replay', run.id, '--url', ballast.api.url, ...more],
          { encoding: 'utf8' },
        ),
      ) as never;
    const again = replay();
    expect(again.map(({ policy }) => policy)).toEqual(['ballast', 'ballast']);
    const moved = again.flatMap(({ plan }) => plan.guests as { id: string; balloonTargetBytes: number }[]);
    const told = new Map(moved.map(({ id, balloonTargetBytes }) => [id, balloonTargetBytes]));
    for (const move of run.plan) expect(told.get(move.guest.id)).toBe(move.toBytes);
    expect(replay('--policy', 'none').flatMap(({ plan }) => plan.guests)).toEqual([]);
    const small = replay('--policy', 'mom', '--set', 'maxStepBytes=4096').flatMap(({ plan }) => plan.guests);
    expect(small).toMatchObject(small.map(() => ({ name: expect.any(String) })));
  });

  it('says what is wrong with a request, and does nothing', async () => {
    const before = await listRuns(ballast.api);
    const { api } = ballast;
    expect(await errorOf(rebalance(api, { policy: 'best' }))).toContain('BAD_INPUT: input.policy');
    expect(await errorOf(rebalance(api, { policy: 'mom', parameters: { colour: 1 } }))).toContain('colour');
    expect(await errorOf(rebalance(api, { policy: 'mom', parameters: [1] }))).toContain(
      'input.parameters must be an obj',
    );
    expect(await errorOf(rebalance(api, { parameters: {} }))).toContain('input.parameters');
    const nobody = '00000000-0000-7000-8000-000000000000';
    expect(await errorOf(rebalance(api, { hostId: nobody }))).toContain('NOT_FOUND: input.hostId');
    const schedule = (input: object): Promise<string> =>
      errorOf(
        api.ask('mutation ($input: ScheduleRebalanceInput!) { scheduleRebalance(input: $input) { schedule { id } } }', {
          input,
        }),
      );
    expect(await schedule({})).toContain('either every or cron');
    expect(await schedule({ every: '1ms' })).toContain('input.every must be from 1s to 366d, got "PT0.001S"');
    expect(await schedule({ cron: 'soon' })).toContain('input.cron');
    expect(await schedule({ cron: '* * * * *', timeZone: 'Mars' })).toContain('input.timeZone');
    expect(await listRuns(api)).toEqual(before);
  });

  it('goes on by schedule, also after kill -9 of everything', async () => {
    const { scheduleRebalance } = await ballast.api.ask<{ scheduleRebalance: { schedule: { id: string } } }>(
      `mutation ($input: ScheduleRebalanceInput!) { scheduleRebalance(input: $input) { schedule { id everyMs cron } } }`,
      { input: { every: '2s', policy: 'proxmox', reason: 'by the clock' } },
    );
    const scheduleId = scheduleRebalance.schedule.id;
    const ofSchedule = (): Promise<Run[]> => listRuns(ballast.api, scheduleId);
    await eventually(ofSchedule, (runs) => runs.length >= 2);
    await ballast.killEverything();
    ballast = await RunningBallast.start(home, backend.settings);
    const known = new Set((await ofSchedule()).map(({ id }) => id));
    const runs = await eventually(ofSchedule, (all) => all.some((run) => !known.has(run.id) && isOver(run)), 60_000);
    for (const run of runs) expect(run).toMatchObject({ scheduleId, reason: 'by the clock' });
    const moves = runs.flatMap((run) => run.plan).filter(({ outcome }) => outcome !== null);
    expect(moves.length).toBeGreaterThan(0);
    for (const { reason } of moves) expect(reason).toMatch(/\d/);
    // What was going on when everything died is brought to its end as well.
    await eventually(ofSchedule, (all) => all.filter((run) => known.has(run.id)).every(isOver), 60_000);
    await ballast.api.ask(
      'mutation ($input: UnscheduleRebalanceInput!) { unscheduleRebalance(input: $input) { deletedId } }',
      {
        input: { id: scheduleId },
      },
    );
    expect(await ballast.api.ask('{ rebalanceSchedules { id } }')).toEqual({ rebalanceSchedules: [] });
  });
});
