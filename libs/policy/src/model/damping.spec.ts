import { describe, expect, it } from '@jest/globals';
import { aGuest, mib } from '../../test/support/build.js';
import { dampingOf } from './damping.js';

/** A guest of 1000 MiB whose balloon went to these sizes in turn, and stands at 400 MiB. */
const after = (...targets: number[]) =>
  aGuest({
    assignedBytes: mib(1000),
    balloonTargetBytes: mib(400),
    recentMoves: targets.slice(1).map((to, at) => ({ fromBytes: mib(targets[at] ?? 0), toBytes: mib(to) })),
  });
const share = (target: number, ...targets: number[]): number => dampingOf(after(...targets), mib(target)).shareRatio;

describe('damping', () => {
  it('leaves a first turn alone, and moves in one direction', () => {
    expect(share(600)).toBe(1);
    expect(share(600, 100, 200, 400)).toBe(1);
    expect(share(600, 500, 400)).toBe(1);
  });

  it('halves the way with each further turn, down to a sixteenth', () => {
    expect(share(600, 300, 500, 400)).toBe(1 / 2);
    expect(share(600, 500, 300, 500, 400)).toBe(1 / 4);
    expect(share(720, 500, 400, 500, 400, 500, 400, 500, 400, 500, 400)).toBe(1 / 16);
  });

  it('counts no small moves as turns, neither past ones nor this', () => {
    expect(share(600, 300, 310, 300, 310, 400)).toBe(1);
    expect(share(401, 300, 500, 400)).toBe(1);
  });
});
