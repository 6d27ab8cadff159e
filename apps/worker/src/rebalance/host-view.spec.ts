import { describe, expect, it } from '@jest/globals';
import type { GuestInputs, HostInputs } from '#persistence';
import { GIB } from '#units';
import { toHostView } from './host-view.js';

function aGuest(id: string, more: Partial<GuestInputs> = {}): GuestInputs {
  return {
    id,
    name: `guest ${id}`,
    state: 'RUNNING',
    assignedBytes: 8 * GIB,
    minBytes: 2 * GIB,
    maxBytes: 8 * GIB,
    shares: 1000,
    targetBytes: 0,
    heldUntilMs: null,
    stuckSinceMs: null,
    forgivenAtMs: null,
    lastMovedMs: null,
    sampledMs: 995_000,
    totalBytes: 8 * GIB,
    freeBytes: GIB,
    availableBytes: 2 * GIB,
    usedBytes: 6 * GIB,
    cachedBytes: GIB,
    anonBytes: 5 * GIB,
    swapUsedBytes: 0,
    residentBytes: 6 * GIB,
    balloonActualBytes: 0,
    some10: 0,
    some60: 0,
    full10: 0,
    full60: 0,
    unusableIndex9: 0.25,
    oomKillsTotal: null,
    idleRatio: 0.5,
    zones: [],
    demandBytes: [],
    ...more,
  };
}

function aHost(guests: readonly GuestInputs[], more: Partial<HostInputs> = {}): HostInputs {
  return {
    id: 'host',
    state: 'HIGH',
    capacityBytes: 16 * GIB,
    reservedBytes: GIB,
    swapBytes: 8 * GIB,
    policy: 'none',
    parameters: {},
    timeMs: 1_000_000,
    guests,
    ...more,
  };
}

describe('toHostView', () => {
  it('swaps no more than the swap holds, and spreads it over the guests by what is resident', () => {
    const guests = [aGuest('a', { residentBytes: 24 * GIB }), aGuest('b', { residentBytes: 8 * GIB })];
    const view = toHostView(aHost(guests), []);
    expect(view.host).toMatchObject({ usedBytes: 16 * GIB, freeBytes: 0, swapUsedBytes: 8 * GIB });
    expect(view.guests.map(({ swappedBytes }) => swappedBytes)).toEqual([6 * GIB, 2 * GIB]);
  });

  it('counts what is kept and what is resident as used', () => {
    const { host, guests } = toHostView(aHost([aGuest('a'), aGuest('b')]), []);
    expect(host).toMatchObject({ usedBytes: 13 * GIB, freeBytes: 3 * GIB, availableBytes: 3 * GIB, swapUsedBytes: 0 });
    expect(guests).toMatchObject([
      { id: 'a', name: 'guest a', swappedBytes: 0, stats: { ageMs: 5000, idleRatio: 0.5, unusableIndex9: 0.25 } },
      { id: 'b' },
    ]);
  });

  it('has in swap what does not fit, a part of every guest alike', () => {
    const crowded = [aGuest('a', { residentBytes: 12 * GIB }), aGuest('b', { residentBytes: 6 * GIB })];
    const { host, guests } = toHostView(aHost(crowded), []);
    expect(host).toMatchObject({ usedBytes: 16 * GIB, freeBytes: 0, swapUsedBytes: 3 * GIB });
    expect(guests.map(({ swappedBytes }) => swappedBytes)).toEqual([2 * GIB, GIB]);
  });

  it('knows nothing of a guest without samples', () => {
    const silent = aGuest('a', { sampledMs: null, residentBytes: null, balloonActualBytes: null });
    expect(toHostView(aHost([silent]), []).guests).toMatchObject([{ stats: null, residentBytes: 0, swappedBytes: 0 }]);
  });

  it('forgets that a guest is stuck once it is forgiven, and fills gaps of history', () => {
    const stuck = { stuckSinceMs: 900_000, demandBytes: [null, 5, null, 7] };
    const waiting = aGuest('a', { ...stuck, forgivenAtMs: 1_000_001 });
    const forgiven = aGuest('b', { ...stuck, forgivenAtMs: 1_000_000 });
    const { guests } = toHostView(aHost([waiting, forgiven]), []);
    expect(guests.map(({ stuckSinceMs }) => stuckSinceMs)).toEqual([900_000, null]);
    expect(guests[0]?.demand?.usedBytes).toEqual([0, 5, 5, 7]);
  });

  it('tells each guest its own moves', () => {
    const past = ['a', 'b', 'a'].map((guestId, at) => ({ guestId, timeMs: at, fromBytes: at, toBytes: at + 1 }));
    const { guests } = toHostView(aHost([aGuest('a'), aGuest('b')]), past);
    expect(guests[0]?.recentMoves).toEqual([
      { fromBytes: 0, toBytes: 1 },
      { fromBytes: 2, toBytes: 3 },
    ]);
  });
});
