import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { aGuest, aView, mib } from '../../test/support/build.js';
import type { Decision, Move } from './decision.js';
import { finishPlan } from './finish.js';
import type { Plan } from './plan.js';
import type { GuestView, HostFigures } from './view.js';

const FREE = { maxStepBytes: null, maxChurnBytes: null };

function wish(guest: GuestView, rawBalloonTargetBytes: number, urgent = false): Move {
  return { guest, rawBalloonTargetBytes, reason: 'a wish', urgent };
}

function plan(
  moves: readonly Move[],
  host: Partial<HostFigures> = {},
  limits: Parameters<typeof finishPlan>[3] = FREE,
  decision: Partial<Decision> = {},
): Plan {
  const guests = moves.map(({ guest }) => guest);
  const screened = { movable: guests, untouched: [] };
  return finishPlan(aView(host, guests), screened, { moves, neededBytes: 0, memory: null, ...decision }, limits);
}

const targets = ({ guests }: Plan): Record<string, number> =>
  Object.fromEntries(guests.map(({ id, balloonTargetBytes }) => [id, balloonTargetBytes / MIB]));

/** A guest of 1000 MiB, floor 200, with a balloon of `balloon` MiB. */
const guest = (id: string, balloon = 0, overrides: Partial<GuestView> = {}): GuestView =>
  aGuest({ id, assignedBytes: mib(1000), minBytes: mib(200), balloonTargetBytes: mib(balloon), ...overrides });

describe('finishPlan', () => {
  it('calls guests by their names where the view has them', () => {
    const named = guest('a', 0, { name: 'web-1' });
    expect(plan([wish(named, mib(100))]).guests).toMatchObject([{ id: 'a', name: 'web-1' }]);
    expect(plan([wish(named, 0)]).untouched).toMatchObject([{ id: 'a', name: 'web-1' }]);
    expect(plan([wish(guest('b'), mib(100))]).guests[0]).not.toHaveProperty('name');
    const stuck = { stays: [{ guest: named, cause: 'STUCK', reason: '' }] } as const;
    expect(plan([wish(named, 0)], {}, FREE, { neededBytes: mib(5000), ...stuck }).unreachable).toContain(
      'web-1: STUCK',
    );
  });

  it('keeps a target within floor and ceiling, and the raw one beside it', () => {
    const low = plan([wish(guest('a'), mib(900))]);
    expect(low.guests).toMatchObject([{ balloonTargetBytes: mib(800), rawBalloonTargetBytes: mib(900), phase: 1 }]);
    const high = plan([wish(guest('a', 500, { maxBytes: mib(900) }), -5)]);
    expect(high.guests).toMatchObject([{ balloonTargetBytes: mib(100), phase: 2 }]);
  });

  it('aligns down to 4 KiB', () => {
    expect(plan([wish(guest('a'), 8191.5)]).guests[0]?.balloonTargetBytes).toBe(4096);
    expect(plan([wish(guest('a'), 4095)]).guests).toEqual([]);
  });

  it('brings a guest below its floor back to it, though step, churn and host forbid it', () => {
    const below = guest('a', 900);
    const limits = { maxStepBytes: 0, maxChurnBytes: 0 };
    expect(targets(plan([wish(below, mib(850))], { availableBytes: 0 }, limits))).toEqual({ a: 800 });
  });

  it('puts those that free before those that are given', () => {
    const moves = [wish(guest('gets', 500), 0), wish(guest('frees'), mib(300))];
    expect(plan(moves).guests.map(({ id, phase }) => [id, phase])).toEqual([
      ['frees', 1],
      ['gets', 2],
    ]);
  });

  it('gives what the host has and what phase 1 frees for certain, in equal parts of the wishes', () => {
    const moves = [wish(guest('a', 400), 0), wish(guest('b', 200), 0), wish(guest('c'), mib(100))];
    const result = plan(moves, { availableBytes: mib(200) });
    expect(targets(result)).toEqual({ c: 100, a: 200, b: 100 });
    expect(result.unreachable).toContain('300 MiB more than the host has');
    expect(result.guests.find(({ id }) => id === 'a')?.reason).toContain('cut short');
    expect(result.plannedBytes).toBe(mib(100 - 200 - 100));
  });

  it('does not count on memory that was never touched', () => {
    const untouched = guest('c', 0, { residentBytes: mib(950) });
    expect(targets(plan([wish(guest('a', 400), 0), wish(untouched, mib(100))], { availableBytes: 0 }))).toEqual({
      c: 100,
      a: 350,
    });
  });

  it('does not promise again what shrinking balloons were promised', () => {
    const promised = guest('b', 100, { balloonActualBytes: mib(250) });
    const moves = [wish(guest('a', 400), 0), wish(promised, mib(100))];
    expect(targets(plan(moves, { availableBytes: mib(200) }))).toEqual({ a: 350 });
  });

  it('gives for nothing what only calls an inflation off', () => {
    const inflating = guest('a', 500, { balloonActualBytes: mib(100) });
    expect(targets(plan([wish(inflating, mib(100))], { availableBytes: 0 }))).toEqual({ a: 100 });
  });

  it('serves guests in trouble first and whole', () => {
    const moves = [wish(guest('a', 400), 0), wish(guest('b', 400), 0, true)];
    const limits = { maxStepBytes: mib(50), maxChurnBytes: mib(50) };
    expect(targets(plan(moves, { availableBytes: mib(420) }, limits))).toEqual({ b: 0, a: 380 });
  });

  it('shows a wish that the host has nothing for, without a change', () => {
    const result = plan([wish(guest('a', 400), 0)], { availableBytes: 0 });
    expect(result.guests).toMatchObject([{ balloonTargetBytes: mib(400), rawBalloonTargetBytes: 0, phase: 2 }]);
    expect(result.plannedBytes).toBe(0);
  });

  it('limits the step of each guest and the churn of all', () => {
    const moves = [wish(guest('a'), mib(300)), wish(guest('b', 300), 0)];
    expect(targets(plan(moves, {}, { ...FREE, maxStepBytes: mib(100) }))).toEqual({ a: 100, b: 200 });
    expect(targets(plan(moves, {}, { ...FREE, maxChurnBytes: mib(60) }))).toEqual({ a: 30, b: 270 });
  });

  it('goes half the way of a balloon that swings, unless its guest is in trouble', () => {
    const recentMoves = [
      { fromBytes: mib(300), toBytes: mib(500) },
      { fromBytes: mib(500), toBytes: mib(400) },
    ];
    const swinging = guest('a', 400, { recentMoves });
    const damped = plan([wish(swinging, mib(600))]);
    expect(damped.guests).toMatchObject([
      { balloonTargetBytes: mib(500), reason: 'a wish; cut short: it turned 2 times lately, 50 % of the way' },
    ]);
    const turned = [...recentMoves, { fromBytes: mib(400), toBytes: mib(500) }];
    expect(targets(plan([wish(guest('a', 500, { recentMoves: turned }), 0, true)]))).toEqual({ a: 0 });
  });

  it('names every guest once', () => {
    const moves = [wish(guest('a'), mib(300)), wish(guest('b'), 0)];
    const result = plan(moves, {}, FREE, { stays: [{ guest: guest('b'), cause: 'HELD', reason: 'because' }] });
    expect(result.guests.map(({ id }) => id)).toEqual(['a']);
    expect(result.untouched).toEqual([{ id: 'b', cause: 'HELD', reason: 'because' }]);
  });

  it('says how much of a need cannot be met, and what bound it', () => {
    const moves = [wish(guest('a'), mib(800))];
    expect(plan(moves, {}, FREE, { neededBytes: mib(800) }).unreachable).toBeNull();
    expect(plan(moves, {}, FREE, { neededBytes: mib(900) }).unreachable).toBe(
      '100 MiB of the 900 MiB needed cannot be gained: 1 guests can give 800 MiB down to their floors',
    );
  });
});
