/**
 * The rules that hold for every plan of every policy, written down a second time, apart from the code that keeps them:
 * a list of what a plan breaks, empty when it is sound.
 */
import type { Plan, PlannedGuest } from '../../src/model/plan.js';
import type { ParameterValues } from '../../src/model/parameters.js';
import type { GuestView, HostView } from '../../src/model/view.js';

const PAGE = 4096;

export function brokenRules(view: HostView, plan: Plan, parameters: ParameterValues = {}): string[] {
  const broken: string[] = [];
  const guests = new Map(view.guests.map((guest) => [guest.id, guest]));
  for (const row of plan.guests) {
    const guest = guests.get(row.id);
    if (guest === undefined) broken.push(`${row.id} is no guest of the view`);
    else broken.push(...brokenByRow(guest, row, view.timeMs, parameters));
  }
  broken.push(...brokenByPhases(plan, guests));
  broken.push(...brokenByAccounts(view, plan));
  broken.push(...brokenByGiving(view, plan));
  broken.push(...brokenByChurn(view, plan, parameters));
  return broken;
}

function brokenByRow(guest: GuestView, row: PlannedGuest, timeMs: number, parameters: ParameterValues): string[] {
  const { balloonTargetBytes: target } = row;
  const broken: string[] = [];
  const say = (condition: boolean, what: string): void => {
    if (condition) broken.push(`${row.id}: ${what}`);
  };
  const highest = guest.assignedBytes - guest.minBytes;
  const lowest = guest.assignedBytes - Math.min(guest.maxBytes, guest.assignedBytes);
  const isMoved = target !== guest.balloonTargetBytes;
  say(!Number.isFinite(target) || !Number.isFinite(row.rawBalloonTargetBytes), 'a target is no number');
  say(target > highest, `floor broken: balloon ${target} above ${highest}`);
  say(
    isMoved && target <= lowest - PAGE && target < guest.balloonTargetBytes,
    `ceiling broken: ${target} below ${lowest}`,
  );
  say(target < 0, 'a balloon below nothing');
  say(isMoved && target % PAGE !== 0, `target ${target} is not whole pages`);
  say(guest.state !== 'RUNNING' || guest.migrating, 'moved though it does not run here');
  say(guest.shares === 0, 'moved though its shares are 0');
  say((guest.heldUntilMs ?? 0) > timeMs, 'moved though it is held');
  const isSilent = guest.stats === null || guest.stats.ageMs > Number(parameters['maxStatsAgeMs'] ?? 60_000);
  say(isSilent && parameters['requireStats'] !== false, 'moved though its statistics are missing or stale');
  say(row.reason === '', 'no reason');

  const { maxStepBytes } = parameters;
  const from = Math.min(guest.balloonTargetBytes, Math.floor(highest / PAGE) * PAGE);
  if (typeof maxStepBytes === 'number' && !isWholeRelease(guest, row)) {
    say(Math.abs(target - from) > maxStepBytes, `step of ${Math.abs(target - from)} above ${maxStepBytes}`);
  }
  return broken;
}

/** Free first, then give: in phase 1 balloons grow, in phase 2 they do not, and phase 1 comes first. */
function brokenByPhases(plan: Plan, guests: ReadonlyMap<string, GuestView>): string[] {
  const broken: string[] = [];
  let last = 1;
  for (const { id, phase, balloonTargetBytes } of plan.guests) {
    const isFreeing = balloonTargetBytes > (guests.get(id)?.balloonTargetBytes ?? 0);
    if ((phase === 1) !== isFreeing)
      broken.push(`${id}: phase ${phase} for a balloon that ${isFreeing ? 'grows' : 'shrinks'}`);
    if (phase < last) broken.push(`${id}: frees after others were given`);
    last = phase;
  }
  return broken;
}

function brokenByAccounts(view: HostView, plan: Plan): string[] {
  const broken: string[] = [];
  const named = [...plan.guests, ...plan.untouched].map(({ id }) => id);
  if (named.length !== view.guests.length || new Set(named).size !== named.length) {
    broken.push(`every guest is named once: ${view.guests.length} guests, ${named.length} names`);
  }
  let moved = 0;
  for (const guest of view.guests) moved += targetOf(plan, guest) - guest.balloonTargetBytes;
  if (moved !== plan.plannedBytes) broken.push(`plannedBytes ${plan.plannedBytes}, moved ${moved}`);
  return broken;
}

/** Never more than the host has, beyond what guests below their floor are guaranteed. */
function brokenByGiving(view: HostView, plan: Plan): string[] {
  let meansBytes = Math.max(0, view.host.availableBytes);
  let givenBytes = 0;
  for (const guest of view.guests) {
    const target = targetOf(plan, guest);
    const before = Math.min(guest.balloonTargetBytes, guest.balloonActualBytes);
    const guaranteed = Math.floor((guest.assignedBytes - guest.minBytes) / PAGE) * PAGE;
    if (target < guest.balloonTargetBytes) givenBytes += Math.max(0, Math.min(before, guaranteed) - target);
    if (target > guest.balloonTargetBytes) {
      const backedBeyond = Math.max(0, guest.residentBytes - (guest.assignedBytes - target));
      meansBytes += Math.min(target - guest.balloonTargetBytes, backedBeyond);
    }
  }
  return givenBytes > meansBytes + 1 ? [`gives ${givenBytes}, the host has ${meansBytes}`] : [];
}

/** Bounded churn, whole releases and returns to a floor apart. */
function brokenByChurn(view: HostView, plan: Plan, { maxChurnBytes }: ParameterValues): string[] {
  if (typeof maxChurnBytes !== 'number') return [];
  let churn = 0;
  for (const row of plan.guests) {
    const guest = view.guests.find(({ id }) => id === row.id);
    if (guest === undefined || isWholeRelease(guest, row)) continue;
    const guaranteed = Math.floor((guest.assignedBytes - guest.minBytes) / PAGE) * PAGE;
    churn += Math.abs(row.balloonTargetBytes - Math.min(guest.balloonTargetBytes, guaranteed));
  }
  return churn > maxChurnBytes + 1 ? [`moves ${churn}, at most ${maxChurnBytes} allowed`] : [];
}

/** All that the guest may have was to be given back; the host may have cut it short. */
function isWholeRelease(guest: GuestView, row: PlannedGuest): boolean {
  const lowest = guest.assignedBytes - Math.min(guest.maxBytes, guest.assignedBytes);
  return row.balloonTargetBytes < guest.balloonTargetBytes && row.rawBalloonTargetBytes <= lowest;
}

function targetOf(plan: Plan, guest: GuestView): number {
  return plan.guests.find(({ id }) => id === guest.id)?.balloonTargetBytes ?? guest.balloonTargetBytes;
}
