import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { aGuest, aView, causeOf, loadCases, rawSize, rowOf, stats } from '../../test/support/build.js';
import type { GuestView } from '../model/view.js';
import { proxmox } from './proxmox.js';

interface PeerGuest {
  maxmem: number;
  shares: number;
  balloon: number;
  balloon_min: number;
  freemem: number;
}
type PeerState = Record<string, PeerGuest>;
interface PeerCase {
  id: string;
  mode: 'single_step' | 'iterate_until_stable';
  initial: string;
  goal_bytes: number;
  expect_targets_bytes?: Record<string, number>;
  expect_final_changed_bytes?: Record<string, number>;
  save_final_state_as?: string;
}
const file = loadCases('proxmox-autoballoon') as {
  max_change_per_step_bytes: number;
  states: Record<string, PeerState>;
  cases: PeerCase[];
};

function toGuests(state: PeerState): GuestView[] {
  return Object.entries(state).map(([id, peer]) =>
    aGuest({
      id,
      assignedBytes: peer.maxmem,
      minBytes: peer.balloon_min,
      maxBytes: peer.maxmem,
      shares: peer.shares,
      balloonTargetBytes: peer.maxmem - peer.balloon,
      stats: stats({ freeBytes: peer.freemem }),
    }),
  );
}

/** New sizes of the guests that the plan changes, to the byte. */
function step(state: PeerState, goalBytes: number): Record<string, number> {
  const guests = toGuests(state);
  const plan = proxmox.plan(aView({}, guests), { goalBytes, stepBytes: file.max_change_per_step_bytes });
  return Object.fromEntries(
    guests.filter(({ id }) => rowOf(plan, id)).map((guest) => [guest.id, rawSize(plan, guest)]),
  );
}

function iterate(initial: PeerState, goal: number): { changed: Record<string, number>; state: PeerState } {
  const state = structuredClone(initial);
  const changed: Record<string, number> = {};
  for (let rest = goal, round = 0; round < 1000; round++) {
    const sizes = Object.entries(step(state, rest));
    if (sizes.length === 0) break;
    for (const [id, size] of sizes) {
      const guest = state[id]!;
      rest -= size - guest.balloon;
      guest.freemem = Math.max(0, guest.freemem + size - guest.balloon);
      guest.balloon = size;
      changed[id] = size;
    }
  }
  return { changed, state };
}

const single = file.cases.filter(({ mode }) => mode === 'single_step');
const iterated = file.cases.filter(({ mode }) => mode === 'iterate_until_stable');

describe('proxmox', () => {
  it.each(single)('plans the targets of upstream case $id', ({ initial, goal_bytes, expect_targets_bytes }) => {
    expect(step(file.states[initial]!, goal_bytes)).toEqual(expect_targets_bytes);
  });

  it('comes to rest where the iterated upstream cases do', () => {
    const states = { ...file.states };
    for (const peerCase of iterated) {
      const { changed, state } = iterate(states[peerCase.initial]!, peerCase.goal_bytes);
      expect({ id: peerCase.id, changed }).toEqual({ id: peerCase.id, changed: peerCase.expect_final_changed_bytes });
      if (peerCase.save_final_state_as !== undefined) states[peerCase.save_final_state_as] = state;
    }
  });

  it('reaches more when iterated than in one call, because one call moves one step', () => {
    expect(step(file.states['A']!, 270_000_000)).toEqual({ 100: 1_100_000_000, 101: 1_090_000_000 });
    expect(iterate(file.states['A']!, 270_000_000).changed).toEqual({ 100: 1_180_000_000, 101: 1_090_000_000 });
  });

  it.each([
    [10 * MIB, 0],
    [10 * MIB + 1, 2],
    [-10 * MIB, 0],
  ])('takes a goal of %d bytes for a dead zone of 10 MiB as %d changes', (goal, changes) => {
    expect(Object.keys(step(file.states['A']!, goal))).toHaveLength(changes);
  });

  it('calls a guest comfortable only above a quarter of its minimum', () => {
    const quarter = 250_000_000;
    const state = (free: number): PeerState => ({
      a: { maxmem: 2e9, shares: 1000, balloon: 1.5e9, balloon_min: 1e9, freemem: free },
      b: { maxmem: 2e9, shares: 1000, balloon: 1.5e9, balloon_min: 1e9, freemem: 1e9 },
    });
    expect(Object.keys(step(state(quarter), -50e6))).toEqual(['b']);
    expect(Object.keys(step(state(quarter + 1), -50e6))).toEqual(['a', 'b']);
  });

  it('derives the goal from the target use of the host', () => {
    const guests = [aGuest({ minBytes: 1000 * MIB, stats: stats({ freeBytes: 2000 * MIB }) })];
    const plan = proxmox.plan(aView({ capacityBytes: 10_000 * MIB, usedBytes: 8200 * MIB }, guests));
    expect(plan.neededBytes).toBe(200 * MIB);
    expect(rowOf(plan)?.balloonTargetBytes).toBe(100 * MIB);
  });

  it('leaves guests without a minimum alone, as the original does', () => {
    const plan = proxmox.plan(aView({}, [aGuest({ minBytes: 0 })]), { goalBytes: -500 * MIB });
    expect(plan.guests).toEqual([]);
    expect(causeOf(plan)).toBe('UNCHANGED');
    expect(plan.untouched[0]?.reason).toContain('no minimum');
  });
});
