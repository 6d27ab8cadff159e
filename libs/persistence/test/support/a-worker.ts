/** What a worker does to the database, without the worker. */
import type { GuestSample, MemoryMetric } from '#contracts';
import { MIB } from '#units';
import type { Database } from '../../src/database.js';
import type { GuestRecord } from '../../src/guests/guest.mapper.js';
import { takeLease, type Lease } from '../../src/lease.js';
import { commitBirths } from '../../src/members.js';
import { Operations } from '../../src/operations/operations.js';
import type { TimedSample } from '../../src/sample-copy.js';
import type { StepOutcome } from '../../src/step-commit.js';
import { aHost, someGuests, values } from './a-fleet.js';

const LEASE_MS = 60_000;

/** Takes the shards from whoever has them. */
export async function takeOver(database: Database, owner = 'test'): Promise<Lease> {
  const attempt = await takeLease(database, owner, LEASE_MS, () => true);
  if (attempt.kind === 'HELD') throw new Error(`${attempt.owner} has the shards`);
  return attempt.lease;
}

export function aSample(guestId: string, tick: number, some: Partial<Record<MemoryMetric, number>> = {}): GuestSample {
  return {
    guestId,
    tick,
    state: 'RUNNING',
    stateReason: null,
    balloonState: 'IDLE',
    isolatedPages: 0,
    values: values(some),
    zones: [],
    vmstat: [],
    stateDigest: `digest-${tick}`,
  };
}

export function timed(sample: GuestSample, sampledAt = new Date()): TimedSample {
  return { sample, sampledAt };
}

export function aStep(tick: number, some: Partial<StepOutcome> = {}): StepOutcome {
  return { tick, samples: [], results: [], stateChanges: [], stopped: [], ...some };
}

/** Guests that were born at tick 0. */
export async function bornGuests(database: Database, lease: Lease, count: number): Promise<GuestRecord[]> {
  const host = await aHost(database);
  const guests = await someGuests(database, host.id, count);
  await commitBirths(
    database,
    lease,
    0,
    guests.map((guest) => timed(aSample(guest.id, 0))),
  );
  return guests;
}

/** The id of an acknowledged operation. */
export async function asked(database: Database, guestId: string, targetMib = 64): Promise<string> {
  const { operationId } = await new Operations(database).acknowledge({
    guestId,
    kind: 'SET_BALLOON_TARGET',
    bytes: targetMib * MIB,
    timeoutMs: null,
    requestedBy: 'test',
    idempotencyKey: null,
  });
  return operationId;
}

/** Waits for what others do in their own time, but not for long. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !isSo(); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
}
