/**
 * Proxmox VE's auto-ballooning (pvestatd with PVE::AutoBalloon, test/balloontest.pl at commit 138cae89), told in our words:
 * a goal for the whole host, shared out by shares above each guest's minimum, one capped step per guest and decision.
 *
 * Kept with its quirks: the goal looks at the host alone; a call that gives may shrink a guest that has more than its
 * part; when no preferred guest can move, all are taken, guests under pressure included; the step cap bends the shares.
 */
import { MIB } from '#units';
import { ceilingBytes, clamp, floorBytes, targetSizeBytes } from '../model/sizes.js';
import { percent, size } from '../arithmetic/words.js';
import { numeric, unsetNumeric } from '../model/parameters.js';
import type { Move, Stay } from '../model/decision.js';
import { definePolicy } from '../model/policy.js';
import { record } from '../model/shape.js';
import type { GuestView } from '../model/view.js';

/** A guest that has less than this share of its minimum free is under pressure. */
const COMFORT_RATIO = 0.25;
/** The origin loops until nothing moves; this only guards against rounding that never comes to rest. */
const MAX_PASSES = 500;

interface Slot {
  readonly guest: GuestView;
  readonly startBytes: number;
  readonly floor: number;
  readonly ceiling: number;
  plannedBytes: number;
  /** What its shares entitle it to, for the reason. */
  wantedBytes: number;
}

export const proxmox = definePolicy({
  name: 'proxmox',
  description: 'Shares out the distance to a target use of the host, one capped step per guest.',
  origin: 'Proxmox VE pve-manager, PVE::AutoBalloon and pvestatd, commit 138cae89',
  parameters: {
    goalBytes: unsetNumeric(
      'bytes',
      'what the host wants to give (positive) or to gain (negative); unset: targetRatio of its memory less what it uses',
      { min: -Number.MAX_SAFE_INTEGER, otherNames: ['goal'] },
    ),
    targetRatio: numeric('ratio', 0.8, 'share of its memory that the host is to use (node option ballooning-target)', {
      max: 1,
      otherNames: [{ name: 'ballooningTarget', factor: 0.01 }],
    }),
    stepBytes: numeric('bytes', 100 * MIB, 'most that one guest changes in one decision', {
      otherNames: ['maxChangePerStepBytes', 'maxChange'],
    }),
    deadZoneBytes: numeric('bytes', 10 * MIB, 'a goal of at most this size, either way, moves nothing'),
  },
  memory: record({}, 'nothing'),
  needs: () => ['freeBytes'],
  decide: ({ view, guests, values }) => {
    const derived = Math.trunc(view.host.capacityBytes * values.targetRatio - view.host.usedBytes);
    const goal = values.goalBytes ?? derived;
    if (Math.abs(goal) <= values.deadZoneBytes) {
      const reason = `the goal of ${size(goal)} is within the dead zone of ${size(values.deadZoneBytes)}`;
      return { moves: [], stays: stayAll(guests, reason), neededBytes: 0, memory: null };
    }
    const slots = guests.filter((guest) => guest.minBytes > 0).map(slotOf);
    shareGoal(slots, goal, values.stepBytes);
    const source = values.goalBytes === null ? ` (${percent(values.targetRatio)} of the host less what it uses)` : '';
    const moves = slots.filter(hasMoved).map((slot) => moveOf(slot, `goal ${size(goal)}${source}`));
    const fixed = guests.filter((guest) => guest.minBytes <= 0);
    const stays = stayAll(fixed, 'it has no minimum: the origin balloons only guests that have one');
    return { moves, stays, neededBytes: -goal, memory: null };
  },
});

function stayAll(guests: readonly GuestView[], reason: string): Stay[] {
  return guests.map((guest) => ({ guest, cause: 'UNCHANGED', reason }));
}

function slotOf(guest: GuestView): Slot {
  const startBytes = targetSizeBytes(guest);
  const slot = { guest, startBytes, floor: floorBytes(guest), ceiling: ceilingBytes(guest) };
  return { ...slot, plannedBytes: startBytes, wantedBytes: startBytes };
}

function hasMoved({ plannedBytes, startBytes }: Slot): boolean {
  return plannedBytes !== startBytes;
}

/** Giving goes to guests under pressure, taking to comfortable ones; to all when none of those can move. */
function shareGoal(slots: readonly Slot[], goal: number, stepBytes: number): void {
  const isComfortable = ({ guest, startBytes }: Slot): boolean =>
    (guest.stats?.freeBytes ?? 0) > guest.minBytes * COMFORT_RATIO && startBytes >= guest.minBytes;
  const preferred = slots.filter((slot) => isComfortable(slot) === goal < 0);
  if (!spread(preferred, goal, stepBytes)) spread(slots, goal, stepBytes);
}

/**
 * Repeats passes over the slots that still follow, each sharing by shares all memory above the minimums including what
 * is left of the goal, until the goal is spent or nothing moves. True when anything moved.
 */
function spread(slots: readonly Slot[], goal: number, stepBytes: number): boolean {
  let live = [...slots];
  let rest = goal;
  for (let pass = 0; pass < MAX_PASSES && rest !== 0 && live.length > 0; pass++) {
    const change = sharePass(live, rest, goal > 0, stepBytes);
    if (change.moved === 0) break;
    rest -= change.bytes;
    live = live.filter((slot) => !change.done.has(slot));
  }
  return slots.some(hasMoved);
}

interface PassResult {
  readonly bytes: number;
  readonly moved: number;
  readonly done: ReadonlySet<Slot>;
}

function sharePass(live: readonly Slot[], rest: number, giving: boolean, stepBytes: number): PassResult {
  let aboveMinimums = rest;
  let allShares = 0;
  for (const { plannedBytes, floor, guest } of live) {
    aboveMinimums += plannedBytes - floor;
    allShares += guest.shares;
  }
  const done = new Set<Slot>();
  let bytes = 0;
  let moved = 0;
  for (const slot of live) {
    const part = Math.trunc((aboveMinimums * slot.guest.shares) / allShares);
    slot.wantedBytes = clamp(slot.floor + part, slot.floor, slot.ceiling);
    const planned = stepTowards(slot, giving, stepBytes);
    if (planned === null) {
      done.add(slot);
      continue;
    }
    bytes += planned - slot.plannedBytes;
    if (planned !== slot.plannedBytes) moved++;
    slot.plannedBytes = planned;
  }
  return { bytes, moved, done };
}

/** One step from where the guest started towards what it is entitled to; null when this goal has no step for it. */
function stepTowards({ wantedBytes, startBytes }: Slot, giving: boolean, stepBytes: number): number | null {
  if (giving && wantedBytes > startBytes) return Math.min(wantedBytes, startBytes + stepBytes);
  if (wantedBytes < startBytes) return Math.max(wantedBytes, startBytes - stepBytes);
  return null;
}

function moveOf({ guest, plannedBytes, startBytes, wantedBytes }: Slot, goal: string): Move {
  return {
    guest,
    rawBalloonTargetBytes: guest.assignedBytes - plannedBytes,
    reason: `${goal}: ${guest.shares} shares make ${size(wantedBytes)}, one step from ${size(startBytes)} is ${size(plannedBytes)}`,
  };
}
