/**
 * oVirt MOM's balloon rules (oVirt/mom doc/balloon.rules, commit e0f3d3b7) and VDSM's variant of them
 * (static/etc/vdsm/mom.d/02-balloon.policy, commit 3fa92bb3), told in our words: while the host is short of free memory
 * every guest shrinks by at most 5 %, never below its guarantee nor below what it uses and a wanted free share; else every
 * guest grows by at least 5 %, and at once to what it uses and that share. Judged on moving averages of ten samples.
 *
 * All arithmetic is in KiB, as libvirt has it, rounded once at the end.
 */
import { KIB } from '#units';
import { actualSizeBytes, ceilingBytes, floorBytes } from '../model/sizes.js';
import { percent, size } from '../arithmetic/words.js';
import type { JsonValue } from '../model/json.js';
import { numeric, oneOf, toggle, type ValuesOf } from '../model/parameters.js';
import type { Move } from '../model/decision.js';
import { definePolicy } from '../model/policy.js';
import { listOf, mapOf, number, record, withDefault } from '../model/shape.js';
import type { GuestView } from '../model/view.js';

const PARAMETERS = {
  variant: oneOf(
    ['rules', 'vdsm'],
    'rules',
    "rules: MOM's own; vdsm: the wanted free share follows the host's free memory when growing too",
  ),
  pressureThresholdRatio: numeric('ratio', 0.2, 'free share of the host below which guests shrink', {
    min: 0.001,
    max: 1,
    otherNames: ['pressure_threshold'],
  }),
  pressureCriticalRatio: numeric('ratio', 0.05, 'free share at or below which guests are pushed into their swap', {
    max: 1,
    otherNames: ['pressure_critical'],
  }),
  minGuestFreeRatio: numeric('ratio', 0.2, 'free share that an unconstrained guest is to have', {
    max: 1,
    otherNames: ['min_guest_free_percent'],
  }),
  maxBalloonChangeRatio: numeric('ratio', 0.05, 'most that a guest shrinks, least that it grows, of its size', {
    max: 1,
    otherNames: ['max_balloon_change_percent'],
  }),
  minBalloonChangeRatio: numeric('ratio', 0.0025, 'changes of at most this share of the size are left out', {
    max: 1,
    otherNames: ['min_balloon_change_percent'],
  }),
  sampleHistoryLength: numeric('count', 10, 'samples in the moving averages', { min: 1, max: 1000, whole: true }),
  growOnly: toggle(false, 'guests only grow: how VDSM ships it (balloonEnabled 0)'),
} as const;

type Values = ValuesOf<typeof PARAMETERS>;

const samples = withDefault(listOf(number('KiB'), 'newest last'), []);
const memoryShape = record(
  {
    hostFreeKib: samples,
    guests: mapOf(record({ sizeKib: samples, freeKib: samples }, 'one guest'), 'by guest'),
  },
  'the samples behind the moving averages',
);

interface Judged {
  readonly guest: GuestView;
  readonly sizeKib: number;
  /** Average use: average size less average free. */
  readonly usedKib: number;
}

export const mom = definePolicy({
  name: 'mom',
  description: 'Keeps a free share in every guest, scaled by how short the host is; never below the guarantee.',
  origin: 'oVirt MOM doc/balloon.rules, commit e0f3d3b7; VDSM 02-balloon.policy, commit 3fa92bb3',
  parameters: PARAMETERS,
  memory: memoryShape,
  needs: () => ['freeBytes'],
  decide: ({ view, guests, values, memory }) => {
    const hostFreeKib = [...memory.hostFreeKib, view.host.freeBytes / KIB].slice(-values.sampleHistoryLength);
    const capacityKib = view.host.capacityBytes / KIB;
    const freeRatio = capacityKib > 0 ? average(hostFreeKib) / capacityKib : 0;
    const remembered = new Map<string, JsonValue>();
    const moves: Move[] = [];
    for (const guest of guests) {
      const before = memory.guests.get(guest.id);
      const sizeKib = [...(before?.sizeKib ?? []), actualSizeBytes(guest) / KIB].slice(-values.sampleHistoryLength);
      const freeKib = [...(before?.freeKib ?? []), (guest.stats?.freeBytes ?? 0) / KIB].slice(
        -values.sampleHistoryLength,
      );
      remembered.set(guest.id, { sizeKib, freeKib });
      const usedKib = average(sizeKib) - average(freeKib);
      const move = judge({ guest, sizeKib: actualSizeBytes(guest) / KIB, usedKib }, freeRatio, values);
      if (move !== null) moves.push(move);
    }
    const neededBytes = (values.pressureThresholdRatio - freeRatio) * view.host.capacityBytes;
    return { moves, neededBytes, memory: { hostFreeKib, guests: Object.fromEntries(remembered) } };
  },
});

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function judge(judged: Judged, freeRatio: number, values: Values): Move | null {
  const { guest, sizeKib } = judged;
  const guaranteeKib = floorBytes(guest) / KIB;
  if (sizeKib < guaranteeKib) return moveTo(judged, guaranteeKib, 'it is below its guarantee', values);
  const host = `host ${percent(freeRatio)} free`;
  if (freeRatio >= values.pressureThresholdRatio) return grow(judged, freeRatio, host, values);
  return values.growOnly ? null : shrink(judged, freeRatio, host, values);
}

function shrink(judged: Judged, freeRatio: number, host: string, values: Values): Move | null {
  const { guest, sizeKib, usedKib } = judged;
  const shareRatio =
    freeRatio <= values.pressureCriticalRatio
      ? freeRatio - values.pressureCriticalRatio
      : scaledShareRatio(freeRatio, values);
  const floorKib = guaranteedFloorKib(guest, usedKib + shareRatio * sizeKib);
  const wantedKib = Math.max((1 - values.maxBalloonChangeRatio) * sizeKib, floorKib);
  if (wantedKib > sizeKib || isTooSmall(wantedKib, sizeKib, values)) return null;
  return moveTo(judged, wantedKib, `${host}, ${percent(shareRatio)} free wanted in the guest: shrink`, values);
}

function grow(judged: Judged, freeRatio: number, host: string, values: Values): Move | null {
  const { guest, sizeKib, usedKib } = judged;
  const ceilingKib = ceilingBytes(guest) / KIB;
  if (sizeKib >= ceilingKib) return null;
  const shareRatio = values.variant === 'vdsm' ? scaledShareRatio(freeRatio, values) : values.minGuestFreeRatio;
  const floorKib = guaranteedFloorKib(guest, usedKib + shareRatio * sizeKib);
  const wantedKib = Math.min(ceilingKib, Math.max((1 + values.maxBalloonChangeRatio) * sizeKib, floorKib));
  if (isTooSmall(wantedKib, sizeKib, values)) return null;
  return moveTo(judged, wantedKib, `${host}, ${percent(shareRatio)} free wanted in the guest: grow`, values);
}

/** Larger of the two: MOM once had the smaller here (before commit e0f3d3b7) and shrank guests below their guarantee. */
function guaranteedFloorKib(guest: GuestView, neededKib: number): number {
  return Math.max(floorBytes(guest) / KIB, neededKib);
}

function scaledShareRatio(freeRatio: number, { minGuestFreeRatio, pressureThresholdRatio }: Values): number {
  return minGuestFreeRatio * (freeRatio / pressureThresholdRatio);
}

function isTooSmall(wantedKib: number, sizeKib: number, { minBalloonChangeRatio }: Values): boolean {
  return Math.abs(wantedKib - sizeKib) <= minBalloonChangeRatio * sizeKib;
}

function moveTo({ guest, sizeKib, usedKib }: Judged, wantedKib: number, why: string, { variant }: Values): Move | null {
  const sizeBytes = (variant === 'vdsm' ? Math.trunc(wantedKib) : Math.round(wantedKib)) * KIB;
  if (guest.assignedBytes - sizeBytes === guest.balloonTargetBytes) return null;
  return {
    guest,
    rawBalloonTargetBytes: guest.assignedBytes - sizeBytes,
    reason: `${why} from ${size(sizeKib * KIB)} (${size(usedKib * KIB)} used) to ${size(sizeBytes)}`,
  };
}
