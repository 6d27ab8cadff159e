/**
 * Xen's squeezed (xapi-project/xen-api ocaml/squeezed, commit 9d3320db), told in our words: every guest gets the same part of
 * its range between minimum and maximum, such that the host keeps its free target. Two phases: as long as anybody must
 * shrink nobody grows. A guest that does not approach its target within five seconds is inactive: it keeps what it has and
 * the others share the rest; it is forgiven later. A range reservation takes part like a guest with its own range.
 */
import { KIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { actualSizeBytes, ceilingBytes, clamp, floorBytes, sumOf, targetSizeBytes } from '../model/sizes.js';
import { names, percent, size } from '../arithmetic/words.js';
import type { Decision, Move, Stay } from '../model/decision.js';
import type { JsonValue } from '../model/json.js';
import { numeric, toggle, type ValuesOf } from '../model/parameters.js';
import { definePolicy, type CommonValues } from '../model/policy.js';
import { isStuck } from '../model/screen.js';
import { mapOf, nullable, number, record, type ShapeType } from '../model/shape.js';
import type { GuestView, HostView } from '../model/view.js';

const PARAMETERS = {
  hostFreeTargetBytes: numeric(
    'bytes',
    9 * MIB,
    'free memory that the host is to have (default: the slush of the original)',
    { otherNames: ['host_free_target', 'required_mem'] },
  ),
  freeToleranceBytes: numeric('bytes', 32 * KIB, 'a host this close to its free target is left alone'),
  inaccuracyBytes: numeric('bytes', PAGE_SIZE_BYTES, 'how far from its target a guest may come to rest', {
    otherNames: ['inaccuracy'],
  }),
  forgiveAfterMs: numeric('ms', 60_000, 'an inactive guest is tried again after this long'),
  reserveMinBytes: numeric('bytes', 0, 'least that a range reservation takes out of the free memory'),
  reserveMaxBytes: numeric('bytes', 0, 'most that the range reservation takes; at least reserveMinBytes counts'),
  requireStats: toggle(true, 'leave guests alone that give no statistics; the original needs none'),
} as const;

type Values = ValuesOf<typeof PARAMETERS> & CommonValues;

const watchShape = record(
  {
    sizeBytes: number('size when last seen'),
    sinceMs: number('since when it has not come closer to its target'),
    inactiveMs: nullable(number('when it was found inactive')),
  },
  'progress of one guest',
);
type Watch = ShapeType<typeof watchShape>;

interface Domain {
  readonly guest: GuestView;
  readonly actual: number;
  readonly target: number;
  readonly low: number;
  readonly high: number;
  readonly watch: Watch;
}

export const squeezed = definePolicy({
  name: 'squeezed',
  description: 'Gives every guest the same part of its range; frees first, then gives; works around stuck guests.',
  origin: 'Xen squeezed, xapi-project/xen-api ocaml/squeezed, commit 9d3320db',
  parameters: PARAMETERS,
  memory: record({ guests: mapOf(watchShape, 'by guest') }, 'progress of each guest'),
  needs: () => [],
  movesStuckGuests: true,
  movesSilentGuests: ({ requireStats }) => !requireStats,
  decide: ({ view, guests, values, memory }) => {
    const domains = guests.map((guest) => domainOf(guest, memory.guests.get(guest.id), view.timeMs, values));
    const remembered = new Map<string, JsonValue>(domains.map(({ guest, watch }) => [guest.id, watch]));
    const active = domains.filter(({ watch }) => watch.inactiveMs === null);
    const inactive = domains.filter(({ watch }) => watch.inactiveMs !== null);
    const stays: Stay[] = inactive.map(({ guest, target, actual }) => ({
      guest,
      cause: 'STUCK',
      reason: `inactive: it stands at ${size(actual)} and does not approach its ${size(target)}`,
    }));
    const decision = shareOut(view, active, values);
    return {
      ...decision,
      stays: [...stays, ...(decision.stays ?? [])],
      memory: { guests: Object.fromEntries(remembered) },
      unreachable: unreachable(active, inactive, decision.neededBytes, values),
    };
  },
});

function domainOf(guest: GuestView, before: Watch | undefined, timeMs: number, values: Values): Domain {
  const actual = actualSizeBytes(guest);
  const target = targetSizeBytes(guest);
  const low = floorBytes(guest);
  return { guest, actual, target, low, high: ceilingBytes(guest), watch: watched(guest, before, timeMs, values) };
}

/** Follows a guest's progress: towards its target, at its target, or standing still for too long. */
function watched(guest: GuestView, before: Watch | undefined, timeMs: number, values: Values): Watch {
  const sizeBytes = actualSizeBytes(guest);
  const distance = targetSizeBytes(guest) - sizeBytes;
  const fresh: Watch = { sizeBytes, sinceMs: timeMs, inactiveMs: null };
  if (Math.abs(distance) <= values.inaccuracyBytes) return fresh;
  if (before === undefined)
    return isStuck(guest, timeMs, values.stuckAfterMs) ? { ...fresh, inactiveMs: timeMs } : fresh;
  const hasProgressed = Math.sign(distance) * (sizeBytes - before.sizeBytes) > 0;
  if (hasProgressed) return fresh;
  if (before.inactiveMs !== null) {
    return timeMs - before.inactiveMs >= values.forgiveAfterMs ? fresh : { ...before, sizeBytes };
  }
  return timeMs - before.sinceMs >= values.stuckAfterMs
    ? { ...before, sizeBytes, inactiveMs: timeMs }
    : { ...before, sizeBytes };
}

/** The part of every range at which the host keeps its free target; ranges of zero take part with nothing. */
function commonPart(view: HostView, active: readonly Domain[], values: Values): { part: number; reserveBytes: number } {
  const reserveRange = Math.max(0, values.reserveMaxBytes - values.reserveMinBytes);
  const claimable = sumOf(active, ({ actual, low }) => Math.max(0, actual - low - 2 * values.inaccuracyBytes));
  const surplus = view.host.freeBytes + claimable - values.hostFreeTargetBytes - values.reserveMinBytes;
  const range = sumOf(active, ({ low, high }) => high - low) + reserveRange;
  const part = range > 0 ? clamp(Math.max(0, surplus) / range, 0, 1) : 0;
  return { part, reserveBytes: values.reserveMinBytes + part * reserveRange };
}

function shareOut(view: HostView, active: readonly Domain[], values: Values): Omit<Decision, 'memory'> {
  const { part, reserveBytes } = commonPart(view, active, values);
  const wantedFree = values.hostFreeTargetBytes + reserveBytes;
  const neededBytes = wantedFree - view.host.freeBytes;
  const isSettled = active.every(({ actual, target }) => Math.abs(target - actual) <= values.inaccuracyBytes);
  if (Math.abs(neededBytes) <= values.freeToleranceBytes && isSettled) return { moves: [], neededBytes: 0 };

  const wishes = active.map((domain) => ({
    domain,
    wanted: Math.trunc(domain.low + part * (domain.high - domain.low)),
  }));
  const isFreeing = (wish: (typeof wishes)[number]): boolean =>
    wish.wanted < wish.domain.actual - values.inaccuracyBytes;
  const freeing = wishes.filter(isFreeing);
  const chosen = freeing.length > 0 ? freeing : wishes;
  const figures = `every guest gets ${percent(part)} of its range for ${size(wantedFree)} free on the host, ${size(view.host.freeBytes)} now`;
  const moves: Move[] = [];
  for (const { domain, wanted } of chosen) {
    if (Math.abs(wanted - domain.target) < 1) continue;
    const reason = `${figures}: ${size(wanted)} between ${size(domain.low)} and ${size(domain.high)}`;
    moves.push({ guest: domain.guest, rawBalloonTargetBytes: domain.guest.assignedBytes - wanted, reason });
  }
  const waiting = new Set(chosen.map(({ domain }) => domain.guest.id));
  const stays: Stay[] = wishes
    .filter(({ domain }) => !waiting.has(domain.guest.id))
    .map(({ domain: { guest } }) => ({
      guest,
      cause: 'UNCHANGED',
      reason: 'others free memory first, then it may grow',
    }));
  return { moves, stays, neededBytes };
}

/** Null while there is hope; else who is in the way. */
function unreachable(
  active: readonly Domain[],
  inactive: readonly Domain[],
  neededBytes: number,
  { inaccuracyBytes }: Values,
): string | null {
  const reachable = sumOf(active, ({ actual, low }) => Math.max(0, actual - low + inaccuracyBytes));
  if (neededBytes <= reachable) return null;
  const missing = `${size(neededBytes)} needed, ${size(reachable)} left above the dynamic minimums`;
  if (inactive.length === 0) return `impossible within the dynamic minimums: ${missing}`;
  return `${missing}; inactive: ${names(inactive.map(({ guest }) => guest.name ?? guest.id))}`;
}
