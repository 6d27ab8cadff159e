import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { controllerStandings, decisionTimes, readControllerCounts } from '../src/rebalance/controller-counts.js';
import { Rebalances } from '../src/rebalance/rebalances.js';
import { endUnplanned, storeDecision, type HostDecision } from '../src/rebalance/decision-steps.js';
import { finishHost, forgetRuns, noteMove } from '../src/rebalance/run-steps.js';
import type { GuestRecord } from '../src/guests/guest.mapper.js';
import { MIB } from '#units';
import { aHost, someGuests } from './support/a-fleet.js';
import { withDatabase } from './support/with-database.js';

const database = withDatabase();
const FORGIVENESS = { firstMs: 60_000, longestMs: 200_000 };

async function aRun(hostId: string, dryRun = false): Promise<string> {
  const request = { scheduleId: null, hostId, dryRun, policy: 'mom', parameters: null, reason: null };
  return (await new Rebalances(database()).create({ ...request, holdForMs: 0, requestedBy: 'nobody' })).id;
}

function aDecision(runId: string, guest: GuestRecord, more: Partial<HostDecision> = {}): HostDecision {
  const plan = { memory: null, neededBytes: 80 * MIB, plannedBytes: 64 * MIB, untouched: [{ cause: 'NO_STATS' }] };
  const move = { guestId: guest.id, phase: 1, fromBytes: 0, toBytes: 64 * MIB, reason: 'why', notApplied: null };
  const decided = { policy: 'mom', parameters: {}, view: {}, memory: null, plan, decisionMs: 2, moves: [move] };
  return { runId, hostId: guest.hostId, dryRun: false, ...decided, ...more };
}

/** Carries the run's only move out, with `outcome`. */
async function carryOut(runId: string, guest: GuestRecord, outcome: string, achievedBytes: number): Promise<void> {
  const operationId = randomUUID();
  await database().pool.query(
    `INSERT INTO operation (id, guest_id, sequence, kind, status, outcome, requested_bytes, target_bytes, achieved_bytes)
     SELECT $1, $2, coalesce(max(sequence), 0) + 1, 'SET_BALLOON_TARGET', 'FAILED', $3, $4, $4, $5 FROM operation WHERE guest_id = $2`,
    [operationId, guest.id, outcome, 64 * MIB, achievedBytes],
  );
  await noteMove(database(), { runId, guestId: guest.id }, { operationId });
  const host = { runId, hostId: guest.hostId, status: 'GIVING', requestedBy: 'nobody', policy: 'mom' } as const;
  await finishHost(database(), host, FORGIVENESS);
  await finishHost(database(), host, FORGIVENESS);
}

async function aLonelyGuest(): Promise<GuestRecord> {
  const { id } = await aHost(database());
  const [guest] = await someGuests(database(), id, 1);
  if (guest === undefined) throw new Error('no guest was made');
  return guest;
}

/** Counts by name and labels, as `NAME label=value …`. */
async function counts(): Promise<Record<string, number>> {
  const rows = await readControllerCounts(database());
  return Object.fromEntries(
    rows.map(({ name, labels, value }) => [[name, ...Object.values(labels).toSorted()].join(' '), value]),
  );
}

describe("the controller's counts", () => {
  it('hold what runs did, each step once, and outlive the runs', async () => {
    const guest = await aLonelyGuest();
    const applied = await aRun(guest.hostId);
    await storeDecision(database(), aDecision(applied, guest));
    await storeDecision(database(), aDecision(applied, guest));
    await carryOut(applied, guest, 'REACHED', 64 * MIB);
    const dry = await aRun(guest.hostId, true);
    await storeDecision(database(), aDecision(dry, guest, { dryRun: true }));
    const skipped = await aRun(guest.hostId);
    await endUnplanned(database(), { runId: skipped, hostId: guest.hostId }, 'SKIPPED', 'busy');
    await endUnplanned(database(), { runId: skipped, hostId: guest.hostId }, 'SKIPPED', 'busy');
    const expected = {
      'RECONCILE done manual': 1,
      'RECONCILE manual planned': 1,
      'RECONCILE manual skipped': 1,
      'ACTION manual reached': 1,
      'ACTION manual planned': 1,
      'SAMPLER_ERROR no_stats': 2,
    };
    expect(await counts()).toEqual(expected);
    await forgetRuns(database(), new Date(Date.now() + 60_000));
    expect(await new Rebalances(database()).find([applied, dry, skipped])).toEqual([]);
    expect(await counts()).toEqual(expected);
  });

  it('tell how a host stands by its newest decision that was no dry run', async () => {
    const guest = await aLonelyGuest();
    const before = new Date(Date.now() - 60_000);
    const run = await aRun(guest.hostId);
    await storeDecision(database(), aDecision(run, guest, { decisionMs: 7 }));
    const standing = async (): Promise<unknown> => {
      const [host] = await database().prisma.host.findMany({ where: { id: guest.hostId } });
      return (await controllerStandings(database())).find((one) => one.host === host?.name);
    };
    const moving = { needed: 80 * MIB, planned: 64 * MIB, stuckGuests: 0, heldGuests: 0, eligibleGuests: 1 };
    expect(await standing()).toMatchObject({ ...moving, applied: null });
    await carryOut(run, guest, 'STALLED', 16 * MIB);
    await storeDecision(database(), aDecision(await aRun(guest.hostId, true), guest, { dryRun: true }));
    expect(await standing()).toMatchObject({ ...moving, applied: 16 * MIB, stuckGuests: 1, eligibleGuests: 0 });
    const times = await decisionTimes(database(), before);
    expect(times.map(({ decisionMs }) => decisionMs)).toContain(7);
    expect(await decisionTimes(database(), new Date(Date.now() + 60_000))).toEqual([]);
  });
});

describe('a guest that does not do what rebalancing asks', () => {
  it('is forgiven after twice as long each time, up to a limit, and clean once it does', async () => {
    const guest = await aLonelyGuest();
    const forgiven: (number | null)[] = [];
    for (const outcome of ['STALLED', 'TIMED_OUT', 'REFUSED', 'REACHED']) {
      const run = await aRun(guest.hostId);
      await storeDecision(database(), aDecision(run, guest));
      await carryOut(run, guest, outcome, 0);
      const { forgivenAtMs } = await database().prisma.guest.findUniqueOrThrow({ where: { id: guest.id } });
      forgiven.push(forgivenAtMs === null ? null : Number(forgivenAtMs));
    }
    expect(forgiven).toEqual([60_000, 120_000, 200_000, null]);
  });
});
