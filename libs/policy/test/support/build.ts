/** Builders of views: a test says only what it is about. */
import { readFileSync } from 'node:fs';
import { GIB, MIB } from '#units';
import type { Plan } from '../../src/model/plan.js';
import type { GuestStats, GuestView, HostFigures, HostView } from '../../src/model/view.js';

type Overrides<T> = Partial<T>;

export function aGuest(overrides: Overrides<GuestView> = {}): GuestView {
  const assignedBytes = overrides.assignedBytes ?? 4 * GIB;
  const balloonTargetBytes = overrides.balloonTargetBytes ?? overrides.balloonActualBytes ?? 0;
  const balloonActualBytes = overrides.balloonActualBytes ?? balloonTargetBytes;
  return {
    id: 'g1',
    state: 'RUNNING',
    migrating: false,
    assignedBytes,
    minBytes: Math.min(GIB, assignedBytes),
    maxBytes: assignedBytes,
    shares: 1000,
    balloonTargetBytes,
    balloonActualBytes,
    residentBytes: assignedBytes - balloonActualBytes,
    swappedBytes: 0,
    stats: stats(),
    stuckSinceMs: null,
    lastMovedMs: null,
    heldUntilMs: null,
    baselineBytes: null,
    demand: null,
    recentMoves: [],
    ...overrides,
  };
}

export function stats(overrides: Overrides<GuestStats> = {}): GuestStats {
  return {
    ageMs: 0,
    freeBytes: GIB,
    availableBytes: 2 * GIB,
    usedBytes: 2 * GIB,
    cachedBytes: GIB,
    idleRatio: 0.5,
    pressure: { some10: 0, some60: 0, full10: 0, full60: 0 },
    ...overrides,
  };
}

export function aHost(overrides: Overrides<HostFigures> = {}): HostFigures {
  const capacityBytes = overrides.capacityBytes ?? 16 * GIB;
  const availableBytes = overrides.availableBytes ?? overrides.freeBytes ?? capacityBytes / 2;
  const freeBytes = overrides.freeBytes ?? availableBytes;
  return {
    id: 'h1',
    capacityBytes,
    reservedBytes: 0,
    usedBytes: capacityBytes - freeBytes,
    freeBytes,
    availableBytes,
    swapTotalBytes: 0,
    swapUsedBytes: 0,
    pressure: { some10: 0, some60: 0, full10: 0, full60: 0 },
    state: 'HIGH',
    ...overrides,
  };
}

export function aView(host: Overrides<HostFigures>, guests: readonly GuestView[], timeMs = 1_000_000): HostView {
  return { timeMs, host: aHost(host), guests };
}

/** The row of a guest, or undefined when the plan leaves it alone. */
export function rowOf(plan: Plan, id = 'g1'): Plan['guests'][number] | undefined {
  return plan.guests.find((row) => row.id === id);
}

export function causeOf(plan: Plan, id = 'g1'): string | undefined {
  return plan.untouched.find((row) => row.id === id)?.cause;
}

/** Size of a guest that the policy's own arithmetic asks for, or its present one. */
export function rawSize(plan: Plan, guest: GuestView): number {
  return guest.assignedBytes - (rowOf(plan, guest.id)?.rawBalloonTargetBytes ?? guest.balloonTargetBytes);
}

/** A case file of a peer (its origin and terms are in the file). */
export function loadCases(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../cases/${name}.json`, import.meta.url), 'utf8'));
}

export const mib = (count: number): number => count * MIB;
