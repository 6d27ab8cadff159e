import { describe, expect, it } from '@jest/globals';
import { aGuest, aView, mib } from '../test/support/build.js';
import { dampOscillation } from './damping.js';
import type { Plan } from './model/plan.js';

const guest = aGuest({ id: 'a', assignedBytes: mib(1000), minBytes: mib(200), balloonTargetBytes: mib(400) });
const view = aView({}, [guest]);
const to = (target: number): Plan => ({
  guests: [
    {
      id: 'a',
      balloonTargetBytes: mib(target),
      rawBalloonTargetBytes: mib(target),
      reason: 'wanted',
      phase: target > 400 ? 1 : 2,
    },
  ],
  untouched: [],
  neededBytes: 0,
  plannedBytes: mib(target - 400),
  unreachable: null,
  memory: null,
});
const moves = (...targets: number[]) =>
  targets.slice(1).map((toMib, at) => ({ guestId: 'a', fromBytes: mib(targets[at] ?? 0), toBytes: mib(toMib) }));
const damped = (target: number, past: ReturnType<typeof moves>): number =>
  (dampOscillation(to(target), view, past).guests[0]?.balloonTargetBytes ?? 0) / mib(1);

describe('dampOscillation', () => {
  it('leaves a first turn alone, and moves in one direction', () => {
    expect(damped(600, [])).toBe(600);
    expect(damped(600, moves(100, 200, 400))).toBe(600);
    expect(damped(600, moves(500, 400))).toBe(600);
  });

  it('halves the way with each further turn, down to a sixteenth', () => {
    expect(damped(600, moves(300, 500, 400))).toBe(500);
    expect(damped(600, moves(500, 300, 500, 400))).toBe(450);
    const long = moves(500, 400, 500, 400, 500, 400, 500, 400, 500, 400);
    expect(damped(720, long)).toBe(420);
  });

  it('counts no small moves as turns', () => {
    expect(damped(600, moves(300, 310, 300, 310, 400))).toBe(600);
  });

  it('says so, and what is left of the plan', () => {
    const plan = dampOscillation(to(600), view, moves(300, 500, 400));
    expect(plan.guests[0]?.reason).toBe('wanted; damped: turned 2 times lately: 50 % of the way, to 500 MiB');
    expect(plan.plannedBytes).toBe(mib(100));
  });

  it('does not hold up a guest under pressure, nor one below its floor', () => {
    const stats = { ageMs: 0, pressure: { some10: 0.2, some60: 0, full10: 0, full60: 0 } };
    const pressed = aView({}, [{ ...guest, stats }]);
    expect(dampOscillation(to(100), pressed, moves(300, 200, 400)).guests[0]?.balloonTargetBytes).toBe(mib(100));
    const low = aGuest({ ...guest, balloonTargetBytes: mib(900) });
    const back = dampOscillation(to(800), aView({}, [low]), moves(800, 700, 900));
    expect(back.guests[0]?.balloonTargetBytes).toBe(mib(800));
  });
});
