/**
 * Hyper-V's Dynamic Memory, from the published behaviour (checked only from memory where no figure is given): each guest is
 * to have its demand and a buffer on top; memory is added at once and taken back slowly; when the host is short, what is
 * above the minimums is split by weight.
 */
import { MIB } from '#units';
import { fillByWeight } from '../arithmetic/fill.js';
import {
  ceilingBytes,
  clamp,
  floorBytes,
  inUseBytes,
  settledAvailableBytes,
  sumOf,
  targetSizeBytes,
} from '../model/sizes.js';
import { rounded, size } from '../arithmetic/words.js';
import { numeric, type ValuesOf } from '../model/parameters.js';
import type { Move, Stay } from '../model/decision.js';
import { definePolicy } from '../model/policy.js';
import { record } from '../model/shape.js';
import type { GuestView } from '../model/view.js';

const PARAMETERS = {
  bufferPercent: numeric('percent', 20, 'memory above demand that a guest is to have', { min: 5, max: 2000 }),
  hostReserveRatio: numeric('ratio', 0.05, 'share of the host that is not given to guests (a guess)', { max: 1 }),
  removeRatio: numeric('ratio', 0.05, 'most of its size that is taken from a guest in one decision (a guess)', {
    max: 1,
  }),
  deadZoneBytes: numeric('bytes', 16 * MIB, 'smaller changes are left out (a guess)'),
} as const;

type Values = ValuesOf<typeof PARAMETERS>;

export const hyperv = definePolicy({
  name: 'hyperv',
  description: 'Gives each guest its demand and a buffer; adds fast, removes slowly, splits by weight when short.',
  origin: 'Hyper-V Dynamic Memory, as documented by Microsoft',
  parameters: PARAMETERS,
  memory: record({}, 'nothing'),
  needs: () => ['usedBytes'],
  decide: ({ view, guests, values }) => {
    const reserveBytes = values.hostReserveRatio * view.host.capacityBytes;
    const swappedBytes = sumOf(view.guests, (guest) => guest.swappedBytes);
    const budgetBytes = sumOf(guests, targetSizeBytes) + settledAvailableBytes(view) - reserveBytes - swappedBytes;
    const claims = guests.map((guest) => claimOf(guest, values));
    const wantedBytes = sumOf(claims, ({ high }) => high);
    const sizes = wantedBytes <= budgetBytes ? claims.map(({ high }) => high) : fillByWeight(claims, budgetBytes);
    const isShort = wantedBytes > budgetBytes;

    const moves: Move[] = [];
    const stays: Stay[] = [];
    claims.forEach(({ guest, demandBytes }, index) => {
      const present = targetSizeBytes(guest);
      const sizeBytes = Math.max(sizes[index] ?? present, present * (1 - values.removeRatio));
      const pressure = `demand ${size(demandBytes)} is ${rounded((100 * demandBytes) / Math.max(present, 1))} % of ${size(present)}`;
      if (Math.abs(sizeBytes - present) < values.deadZoneBytes) {
        stays.push({ guest, cause: 'UNCHANGED', reason: `${pressure}; the change is within the dead zone` });
        return;
      }
      const status = statusOf(sizeBytes, demandBytes, values);
      const share = isShort ? ', split by weight because the host is short' : '';
      const reason = `${pressure}: ${size(sizeBytes)} with a buffer of ${values.bufferPercent} %${share} (${status})`;
      moves.push({ guest, rawBalloonTargetBytes: guest.assignedBytes - sizeBytes, reason });
    });
    return { moves, stays, neededBytes: Math.max(0, wantedBytes - budgetBytes), memory: null };
  },
});

interface DemandClaim {
  readonly guest: GuestView;
  readonly demandBytes: number;
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

function claimOf(guest: GuestView, { bufferPercent }: Values): DemandClaim {
  const demandBytes = inUseBytes(guest) ?? 0;
  const low = floorBytes(guest);
  const high = clamp(demandBytes * (1 + bufferPercent / 100), low, ceilingBytes(guest));
  return { guest, demandBytes, low, high, weight: guest.shares };
}

/** The words of the original's MemoryStatus. */
function statusOf(sizeBytes: number, demandBytes: number, { bufferPercent }: Values): string {
  if (sizeBytes < demandBytes) return 'Warning';
  return sizeBytes < demandBytes * (1 + bufferPercent / 100) ? 'Low' : 'OK';
}
