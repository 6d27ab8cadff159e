/**
 * From wishes to a plan, the same way for every policy. In this order: limits of the guest, alignment, damping, step, churn,
 * what the host has. Floors are stronger than all of these: a guest below its guaranteed minimum is brought back to it.
 *
 * The host's means: what it has available, less what shrinking balloons were promised earlier, plus what phase 1 frees for
 * certain (a balloon frees what the host backs beyond the guest's new size; memory that was never touched frees nothing).
 */
import { invariant } from '#units';
import { alignDown, alignUp, ceilingBytes, clamp, floorBytes, sumOf } from './sizes.js';
import { names, percent, size } from '../arithmetic/words.js';
import { dampingOf } from './damping.js';
import type { Decision, Move } from './decision.js';
import type { Plan, PlannedGuest, UntouchedGuest } from './plan.js';
import type { Screened } from './screen.js';
import type { GuestView, HostView } from './view.js';

export interface FinishLimits {
  readonly maxStepBytes: number | null;
  readonly maxChurnBytes: number | null;
}

/** A wish on its way to a row. */
interface Row {
  readonly move: Move;
  readonly currentBytes: number;
  /** Highest balloon target that leaves the guest its floor; a multiple of 4 KiB. */
  readonly highestBytes: number;
  targetBytes: number;
  /** What was cut from the wish, as a clause for the reason. */
  cut: string;
  /** Cut because the host has no more memory to give. */
  starved: boolean;
}

export function finishPlan(view: HostView, screened: Screened, decision: Decision, limits: FinishLimits): Plan {
  const rows = decision.moves.map((move) => withinGuest(move));
  dampSwings(rows);
  if (limits.maxStepBytes !== null) limitStep(rows, limits.maxStepBytes);
  if (limits.maxChurnBytes !== null) limitChurn(rows, limits.maxChurnBytes);
  const shortBytes = limitToHost(rows, view, decision.keptBytes ?? 0);

  const guests = rows.filter(isKept).map(toPlanned);
  guests.sort((left, right) => left.phase - right.phase);
  return {
    guests,
    untouched: untouchedGuests(view, screened, decision, guests),
    neededBytes: plusZero(Math.round(decision.neededBytes)),
    plannedBytes: sumOf(rows, ({ targetBytes, currentBytes }) => targetBytes - currentBytes),
    unreachable: whyUnreachable(view, screened, decision) ?? unreachableGives(shortBytes, view),
    memory: decision.memory,
  };
}

function withinGuest(move: Move): Row {
  const { guest } = move;
  const lowest = guest.assignedBytes - ceilingBytes(guest);
  const highest = guest.assignedBytes - floorBytes(guest);
  const targetBytes = Math.max(0, alignDown(clamp(move.rawBalloonTargetBytes, lowest, highest)));
  invariant(Number.isFinite(targetBytes), `policy asked guest ${guest.id} for ${move.rawBalloonTargetBytes} bytes`);
  return {
    move,
    currentBytes: guest.balloonTargetBytes,
    highestBytes: alignDown(highest),
    targetBytes,
    cut: '',
    starved: false,
  };
}

/** Where a row must at least go: back to the floor when the guest is below it. */
function obligedBytes(row: Row): number {
  return Math.min(row.currentBytes, row.highestBytes);
}

/** True when neither damping, step nor churn may hold the row up. */
function isExempt(row: Row): boolean {
  return row.move.urgent === true && row.targetBytes < row.currentBytes;
}

function dampSwings(rows: readonly Row[]): void {
  for (const row of rows) {
    if (isExempt(row)) continue;
    const { turns, shareRatio } = dampingOf(row.move.guest, row.targetBytes);
    if (shareRatio === 1) continue;
    const from = obligedBytes(row);
    cutTo(
      row,
      from,
      (row.targetBytes - from) * shareRatio,
      `it turned ${turns} times lately, ${percent(shareRatio)} of the way`,
    );
  }
}

function limitStep(rows: readonly Row[], maxStepBytes: number): void {
  for (const row of rows) {
    if (isExempt(row)) continue;
    const from = obligedBytes(row);
    cutTo(row, from, clamp(row.targetBytes - from, -maxStepBytes, maxStepBytes), `the step is ${size(maxStepBytes)}`);
  }
}

function limitChurn(rows: readonly Row[], maxChurnBytes: number): void {
  const bound = rows.filter((row) => !isExempt(row));
  const churn = sumOf(bound, (row) => Math.abs(row.targetBytes - obligedBytes(row)));
  if (churn <= maxChurnBytes) return;
  const factor = maxChurnBytes / churn;
  for (const row of bound) {
    const from = obligedBytes(row);
    cutTo(row, from, (row.targetBytes - from) * factor, `all moves together may make up ${size(maxChurnBytes)}`);
  }
}

/** Moves the row's target to `from` + `change`, aligned so that it never moves further than that. */
function cutTo(row: Row, from: number, change: number, why: string): void {
  const wanted = from + change;
  const targetBytes =
    change < 0 ? Math.min(from, alignUp(wanted)) : Math.max(alignDown(wanted), Math.min(from, wanted));
  if (targetBytes === row.targetBytes) return;
  row.targetBytes = targetBytes;
  row.cut = `; cut short: ${why}`;
}

/** What the guest would gain over what it has now: an inflation that is called off before it happened gives nothing. */
function gainedBytes({ targetBytes, currentBytes, move: { guest } }: Row): number {
  return Math.max(0, Math.min(currentBytes, guest.balloonActualBytes) - targetBytes);
}

/** Cuts what is given to what the host has, guests in trouble first; returns what was wished for in vain, in bytes. */
function limitToHost(rows: readonly Row[], view: HostView, keptBytes: number): number {
  let meansBytes = Math.max(0, view.host.availableBytes) - keptBytes - promisedBytes(view) + sumOf(rows, freedForSure);
  const giving = rows.filter((row) => row.targetBytes < row.currentBytes);
  meansBytes -= sumOf(giving, owedToFloor);
  const urgent = giving.filter(isExempt);
  const others = giving.filter((row) => !isExempt(row));
  let shortBytes = 0;
  for (const group of [urgent, others]) {
    const wantedBytes = sumOf(group, (row) => gainedBytes(row) - owedToFloor(row));
    const grantedBytes = clamp(meansBytes, 0, wantedBytes);
    if (grantedBytes < wantedBytes) shareOut(group, grantedBytes / wantedBytes);
    shortBytes += wantedBytes - grantedBytes;
    meansBytes -= grantedBytes;
  }
  return shortBytes;
}

function promisedBytes(view: HostView): number {
  return sumOf(view.guests, (guest) => Math.max(0, guest.balloonActualBytes - guest.balloonTargetBytes));
}

function freedForSure({ targetBytes, currentBytes, move: { guest } }: Row): number {
  const backedBeyond = guest.residentBytes - (guest.assignedBytes - targetBytes);
  return clamp(backedBeyond, 0, Math.max(0, targetBytes - currentBytes));
}

/** Part of a gain that the guest is guaranteed. */
function owedToFloor(row: Row): number {
  const fromBytes = Math.min(row.currentBytes, row.move.guest.balloonActualBytes);
  return clamp(fromBytes - row.highestBytes, 0, gainedBytes(row));
}

function shareOut(rows: readonly Row[], factor: number): void {
  for (const row of rows) {
    const { guest } = row.move;
    const from = Math.min(row.currentBytes, alignUp(guest.balloonActualBytes), row.highestBytes);
    if (row.targetBytes >= from) continue;
    row.starved = true;
    cutTo(row, from, (row.targetBytes - from) * factor, 'the host has no more to give');
  }
}

/** A change, or a wish that only the host's want of memory left without one. */
function isKept({ targetBytes, currentBytes, starved }: Row): boolean {
  return targetBytes !== currentBytes || starved;
}

/** A plan is stored as JSON, which knows no −0. */
function plusZero(value: number): number {
  return value === 0 ? 0 : value;
}

function toPlanned({ move, targetBytes, currentBytes, cut }: Row): PlannedGuest {
  return {
    id: move.guest.id,
    ...nameOf(move.guest),
    balloonTargetBytes: targetBytes,
    rawBalloonTargetBytes: plusZero(move.rawBalloonTargetBytes),
    reason: `${move.reason}${cut}`,
    phase: targetBytes > currentBytes ? 1 : 2,
  };
}

/** The name as a field, where there is one: absent fields stay absent in JSON. */
function nameOf({ name }: GuestView): { readonly name?: string } {
  return name === undefined ? {} : { name };
}

function untouchedGuests(
  view: HostView,
  screened: Screened,
  { stays = [] }: Decision,
  planned: readonly PlannedGuest[],
): UntouchedGuest[] {
  const rows = new Map<string, UntouchedGuest>(screened.untouched.map((row) => [row.id, row]));
  for (const { guest, cause, reason } of stays) rows.set(guest.id, { id: guest.id, cause, reason });
  const moved = new Set(planned.map(({ id }) => id));
  const untouched: UntouchedGuest[] = [];
  for (const guest of view.guests) {
    const { id } = guest;
    if (moved.has(id)) continue;
    const row = rows.get(id) ?? { id, cause: 'UNCHANGED', reason: 'it is where the policy wants it' };
    untouched.push({ ...row, ...nameOf(guest) });
  }
  return untouched;
}

function whyUnreachable(view: HostView, screened: Screened, decision: Decision): string | null {
  return decision.unreachable === undefined ? unreachableNeed(view, screened, decision) : decision.unreachable;
}

/** A need above what all movable guests could give down to their floors, in words. */
function unreachableNeed(
  view: HostView,
  screened: Screened,
  { neededBytes, policyFloorBytes, stays = [] }: Decision,
): string | null {
  if (neededBytes <= 0) return null;
  const blocked = new Set(stays.filter(({ cause }) => cause !== 'UNCHANGED').map(({ guest }) => guest.id));
  const able = screened.movable.filter(({ id }) => !blocked.has(id));
  const reachableBytes = sumOf(able, (guest) => reserveAboveFloor(guest, policyFloorBytes));
  if (neededBytes <= reachableBytes) return null;
  const labels = new Map(view.guests.map(({ id, name }) => [id, name ?? id]));
  const ids = screened.untouched.map(({ id, cause }) => `${labels.get(id) ?? id}: ${cause}`);
  for (const { guest, cause } of stays) if (blocked.has(guest.id)) ids.push(`${guest.name ?? guest.id}: ${cause}`);
  const floors = `${able.length} guests can give ${size(reachableBytes)} down to their floors`;
  const others = ids.length === 0 ? '' : `, ${ids.length} cannot be moved (${names(ids)})`;
  return `${size(neededBytes - reachableBytes)} of the ${size(neededBytes)} needed cannot be gained: ${floors}${others}`;
}

/** What the guest can still give, with what it has been asked for and has not given yet. */
function reserveAboveFloor(guest: GuestView, policyFloorBytes?: (guest: GuestView) => number): number {
  const floor = Math.max(floorBytes(guest), policyFloorBytes?.(guest) ?? 0);
  const underWay = Math.max(0, guest.balloonTargetBytes - guest.balloonActualBytes);
  return Math.max(0, guest.assignedBytes - floor - guest.balloonTargetBytes) + underWay;
}

function unreachableGives(shortBytes: number, view: HostView): string | null {
  if (shortBytes < 1) return null;
  return `guests were to get ${size(shortBytes)} more than the host has (${size(view.host.availableBytes)} available)`;
}
