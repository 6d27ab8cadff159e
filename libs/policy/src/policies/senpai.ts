/**
 * senpai (facebookincubator/senpai, senpai.py, commit c51e8e21) for whole guests, told in our words: squeeze a little while
 * stalls stay below a target, back off hard as soon as they pass it. The limit of the original's cgroup is the size of the
 * guest here. Stall time comes from the guest's PSI: its counter where it is given, else the 10 s average times the time
 * passed. The `tmo` variant is the production form of the TMO paper (ASPLOS 2022), from second-hand notes.
 */
import { GIB, MIB, PAGE_SIZE_BYTES, US_PER_MS } from '#units';
import { actualSizeBytes, alignDown, ceilingBytes, clamp, floorBytes, targetSizeBytes } from '../model/sizes.js';
import { percent, rounded, seconds, size } from '../arithmetic/words.js';
import type { JsonValue } from '../model/json.js';
import { numeric, oneOf, type ValuesOf } from '../model/parameters.js';
import type { Move, Stay } from '../model/decision.js';
import { definePolicy } from '../model/policy.js';
import { mapOf, nullable, number, record, type ShapeType } from '../model/shape.js';
import type { GuestView } from '../model/view.js';

const PARAMETERS = {
  variant: oneOf(['senpai', 'tmo'], 'senpai', 'senpai: the open-source loop; tmo: the form of the TMO paper'),
  intervalMs: numeric('ms', 6000, 'quiet time before the next squeeze', {
    min: 1,
    otherNames: [{ name: 'interval_s', factor: 1000 }],
  }),
  pressureUs: numeric('us', 10_000, 'stall time within an interval that is aimed at', { min: 1 }),
  maxProbeRatio: numeric('ratio', 0.01, 'most that one squeeze takes', { max: 1, otherNames: ['max_probe'] }),
  maxBackoffRatio: numeric('ratio', 1, 'most that one back-off gives', { otherNames: ['max_backoff'] }),
  coeffProbe: numeric('none', 10, 'how sharply squeezing slows down towards the aim', { min: 0.001 }),
  coeffBackoff: numeric('none', 20, 'how many times the aim calls for the full back-off', { min: 0.001 }),
  minSizeBytes: numeric('bytes', 100 * MIB, 'smallest size', { otherNames: ['min_size'] }),
  maxSizeBytes: numeric('bytes', 100 * GIB, 'largest size', { otherNames: ['max_size'] }),
  tmoReclaimRatio: numeric('ratio', 0.0005, 'tmo: taken per interval without any pressure', { max: 1 }),
  tmoPressureRatio: numeric('ratio', 0.001, 'tmo: pressure at which nothing is taken', { min: 1e-9, max: 1 }),
} as const;

type Values = ValuesOf<typeof PARAMETERS>;

const watchShape = record(
  {
    fromBytes: number('size before this policy last set one'),
    sizeBytes: number('size that this policy set'),
    integralUs: number('stall time since the last action'),
    sinceMs: number('when the last action was'),
    seenMs: number('when the guest was last seen'),
    totalUs: nullable(number('stall counter when last seen')),
  },
  'what is known of one guest',
);
type Watch = ShapeType<typeof watchShape>;

export const senpai = definePolicy({
  name: 'senpai',
  description: 'Squeezes each guest until it stalls a little, backs off when it stalls more.',
  origin: 'facebookincubator/senpai, senpai.py, commit c51e8e21; TMO, ASPLOS 2022',
  parameters: PARAMETERS,
  memory: record({ guests: mapOf(watchShape, 'by guest') }, 'what is known of each guest'),
  needs: () => ['pressure', 'freeBytes'],
  decide: ({ view, guests, values, memory }) => {
    const remembered = new Map<string, JsonValue>();
    const moves: Move[] = [];
    const stays: Stay[] = [];
    for (const guest of guests) {
      const seen = observe(guest, view.timeMs, memory.guests.get(guest.id), values);
      const change = seen === null ? restart(guest, view.timeMs) : nextChange(guest, seen, view.timeMs, values);
      remembered.set(guest.id, change.watch);
      const { sizeBytes } = change.watch;
      if (change.isMove)
        moves.push({ guest, rawBalloonTargetBytes: guest.assignedBytes - sizeBytes, reason: change.reason });
      else stays.push({ guest, cause: 'COOLING_DOWN', reason: change.reason });
    }
    return { moves, stays, neededBytes: 0, memory: { guests: Object.fromEntries(remembered) } };
  },
});

/**
 * Change of the limit as a ratio of it, or null while it is too early to squeeze. `integralUs` is the stall time since the
 * last action, `elapsedMs` the time since it.
 */
export function senpaiFactor(integralUs: number, elapsedMs: number, values: Values): number | null {
  if (integralUs > values.pressureUs) {
    const excess = integralUs / values.pressureUs / values.coeffBackoff;
    return Math.min(excess * excess, values.maxBackoffRatio);
  }
  if (elapsedMs < values.intervalMs) return null;
  const quiet = values.pressureUs / Math.max(integralUs, 1) / values.coeffProbe;
  return -Math.min(values.maxProbeRatio * quiet * quiet, values.maxProbeRatio);
}

/** The TMO paper's form: a fixed small share of the size, less the nearer pressure comes to its limit; never gives. */
export function tmoFactor(pressureRatio: number, elapsedMs: number, values: Values): number | null {
  if (elapsedMs < values.intervalMs) return null;
  const calm = Math.max(0, 1 - pressureRatio / values.tmoPressureRatio);
  return -Math.min(values.tmoReclaimRatio * calm, values.maxProbeRatio);
}

interface Change {
  readonly watch: Watch;
  readonly isMove: boolean;
  readonly reason: string;
}

function nextChange(guest: GuestView, seen: Watch, timeMs: number, values: Values): Change {
  const stalled = `stalled ${rounded(seen.integralUs / US_PER_MS)} ms`;
  const elapsedMs = timeMs - seen.sinceMs;
  const some10 = guest.stats?.pressure?.some10 ?? 0;
  const factor =
    values.variant === 'senpai'
      ? senpaiFactor(seen.integralUs, elapsedMs, values)
      : tmoFactor(some10, elapsedMs, values);
  if (factor === null) {
    return { watch: seen, isMove: false, reason: `${stalled}, ${seconds(elapsedMs)} since the last action` };
  }
  const present = targetSizeBytes(guest);
  const wanted = clamp(present * (1 + factor), values.minSizeBytes, values.maxSizeBytes);
  const sizeBytes = withinGuest(guest, alignDown(wanted));
  const verb = factor < 0 ? 'squeeze' : 'back off';
  return {
    watch: { ...seen, fromBytes: present, sizeBytes, integralUs: 0, sinceMs: timeMs },
    isMove: true,
    reason: `${stalled}: ${verb} by ${percent(factor)} from ${size(present)} to ${size(sizeBytes)}`,
  };
}

/** Somebody else changed the size: start afresh from what the guest uses now. */
function restart(guest: GuestView, timeMs: number): Change {
  const present = targetSizeBytes(guest);
  const sizeBytes = withinGuest(guest, actualSizeBytes(guest) - (guest.stats?.freeBytes ?? 0));
  const totalUs = stallCounter(guest);
  return {
    watch: { fromBytes: present, sizeBytes, integralUs: 0, sinceMs: timeMs, seenMs: timeMs, totalUs },
    isMove: true,
    reason: `its size was changed to ${size(present)} by another hand: start afresh from the ${size(sizeBytes)} it uses`,
  };
}

/**
 * Adds the stall time since the guest was last seen; null when its size is not between what this policy found and what it
 * set (a plan may be cut short). A guest seen for the first time is judged on its 10 s average, as if an interval had just
 * passed.
 */
function observe(guest: GuestView, timeMs: number, before: Watch | undefined, { intervalMs }: Values): Watch | null {
  const some10 = guest.stats?.pressure?.some10 ?? 0;
  const totalUs = stallCounter(guest);
  const present = targetSizeBytes(guest);
  if (before === undefined) {
    const integralUs = some10 * intervalMs * US_PER_MS;
    const sinceMs = timeMs - intervalMs;
    return { fromBytes: present, sizeBytes: present, integralUs, sinceMs, seenMs: timeMs, totalUs };
  }
  const low = Math.min(before.fromBytes, before.sizeBytes) - PAGE_SIZE_BYTES;
  const high = Math.max(before.fromBytes, before.sizeBytes) + PAGE_SIZE_BYTES;
  if (present < low || present > high) return null;
  const counted = (totalUs ?? NaN) - (before.totalUs ?? NaN);
  const stalledUs = counted >= 0 ? counted : some10 * Math.max(0, timeMs - before.seenMs) * US_PER_MS;
  const integralUs = scaled(before.integralUs + stalledUs, timeMs - before.sinceMs, intervalMs);
  return { ...before, integralUs, seenMs: timeMs, totalUs };
}

function stallCounter(guest: GuestView): number | null {
  return guest.stats?.pressure?.someTotalUs ?? null;
}

/** The constants are meant for one interval: stall time gathered over a longer one counts for its share. */
function scaled(integralUs: number, elapsedMs: number, intervalMs: number): number {
  return elapsedMs > intervalMs ? (integralUs * intervalMs) / elapsedMs : integralUs;
}

function withinGuest(guest: GuestView, sizeBytes: number): number {
  return clamp(sizeBytes, floorBytes(guest), ceilingBytes(guest));
}
