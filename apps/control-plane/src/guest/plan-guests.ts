/** From the input of createGuests to the guests that are to be, every field checked. */
import { randomInt } from 'node:crypto';
import {
  DEFAULT_GUEST_FEATURES,
  DEFAULT_KERNEL_PROFILE,
  DomainError,
  KERNEL_PROFILES,
  type GuestFeatures,
  type WorkloadSpec,
} from '#contracts';
import type { Admit, GuestDraft, Place } from '#persistence';
import { admit, placeGuests, type PlacementStrategy } from '#policy';
import { GIB, MIB, PAGE_SIZE_BYTES, alignDownToPage } from '#units';
import { badInput, checkName, checkOneOf, checkRange, checkText } from '../limits/checks.js';
import type { CreateGuestsInput, GuestFeaturesInput } from './guest.inputs.js';

const MAX_COUNT = 500;
const MIN_RAM_BYTES = 64 * MIB;
const MAX_RAM_BYTES = 1024 * GIB;
const MAX_NODES = 8;
const DEFAULT_SHARES = 1_000;
const MAX_SHARES = 1_000_000;
const DEFAULT_PREFIX = 'guest';
const SEEDS = 2 ** 32;
/** A prefix leaves room for its number. */
const MAX_PREFIX_LENGTH = 55;

/** Throws DomainError BAD_INPUT. */
export function checkCount(input: CreateGuestsInput): number {
  return checkRange('input.count', input.count, 1, MAX_COUNT);
}

/** One draft for each workload. Throws DomainError BAD_INPUT. */
export function planGuests(input: CreateGuestsInput, workloads: readonly WorkloadSpec[]): GuestDraft[] {
  const firstSeed = input.seed == null ? randomInt(SEEDS) : checkRange('input.seed', input.seed, 0, SEEDS - 1);
  const shape = {
    ...planSizes(input),
    shares: checkShares(input.shares ?? DEFAULT_SHARES),
    kernelProfile: checkOneOf('input.kernelProfile', input.kernelProfile ?? DEFAULT_KERNEL_PROFILE, KERNEL_PROFILES),
    numaNodes: planNodes(input),
    features: planFeatures(input.features ?? {}),
    naming: planNaming(input),
  };
  return workloads.map((workload, at) => ({ ...shape, workload, seed: (firstSeed + at) % SEEDS }));
}

export function checkShares(shares: number): number {
  return checkRange('input.shares', shares, 0, MAX_SHARES);
}

/** The rule of admission: floors must fit. Throws DomainError ADMISSION_REFUSED with the figures. */
export const admitByFloors: Admit = (host, existing, wanted) => {
  const admission = admit({ ...host, id: host.name, swapTotalBytes: host.swapBytes }, existing, wanted);
  if (admission.outcome === 'ADMITTED') return;
  const fitting = wanted.length > 1 ? `; ${admission.fittingCount} of the ${wanted.length} would fit` : '';
  throw new DomainError('ADMISSION_REFUSED', `input.minBytes: ${admission.reason}${fitting}`, 'input.minBytes');
};

/** Places by the rule of admission. Throws DomainError ADMISSION_REFUSED that says which host comes closest. */
export function placeBy(strategy: PlacementStrategy): Place {
  return (choices, wanted) => {
    const hosts = choices.map(({ name, swapBytes, residentBytes, pressureSome10Ratio, guests, ...host }) => ({
      host: {
        ...host,
        id: name,
        swapTotalBytes: swapBytes,
        availableBytes: Math.max(0, host.capacityBytes - host.reservedBytes - residentBytes),
        pressure: { some10: pressureSome10Ratio, some60: 0, full10: 0, full60: 0 },
      },
      guests,
    }));
    const placed = placeGuests(hosts, wanted, strategy);
    if (placed.outcome === 'REFUSED') {
      throw new DomainError('ADMISSION_REFUSED', `input.placement: ${placed.reason}`, 'input.placement');
    }
    const ids = new Map(choices.map(({ id, name }) => [name, id]));
    return placed.places.map(({ hostId, reason }) => ({ hostId: ids.get(hostId) ?? '', reason }));
  };
}

function planSizes(input: CreateGuestsInput): Pick<GuestDraft, 'assignedBytes' | 'minBytes' | 'maxBytes'> {
  const assignedBytes = checkRange('input.assignedBytes', input.assignedBytes, MIN_RAM_BYTES, MAX_RAM_BYTES);
  if (assignedBytes % PAGE_SIZE_BYTES !== 0) {
    throw badInput('input.assignedBytes', `a multiple of ${PAGE_SIZE_BYTES} (whole pages)`, assignedBytes);
  }
  const maxBytes = checkRange('input.maxBytes', input.maxBytes ?? assignedBytes, 0, assignedBytes);
  const floor = Math.min(alignDownToPage(Math.floor(assignedBytes / 4)), maxBytes);
  return { assignedBytes, maxBytes, minBytes: checkRange('input.minBytes', input.minBytes ?? floor, 0, maxBytes) };
}

/** Memory is dealt out in whole pageblocks, and a node needs room for what boot takes. */
function planNodes({ numaNodes, assignedBytes }: CreateGuestsInput): number {
  const most = Math.min(MAX_NODES, Math.floor(assignedBytes / MIN_RAM_BYTES));
  return checkRange('input.numaNodes', numaNodes ?? 1, 1, most);
}

function planFeatures(given: GuestFeaturesInput): GuestFeatures {
  const set = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  return { ...DEFAULT_GUEST_FEATURES, ...(Object.fromEntries(set) as Partial<GuestFeatures>) };
}

function planNaming({ name, namePrefix, count }: CreateGuestsInput): GuestDraft['naming'] {
  if (name == null) {
    const prefix = namePrefix ?? DEFAULT_PREFIX;
    checkText('input.namePrefix', prefix, MAX_PREFIX_LENGTH);
    return { prefix: checkName('input.namePrefix', prefix) };
  }
  if (count !== 1) throw badInput('input.name', 'left out unless count is 1; namePrefix names several', name);
  return { name: checkName('input.name', name) };
}
