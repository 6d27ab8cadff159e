/**
 * May these guests be created on this host? Their guaranteed floors, and an overhead each, must fit beside the floors that
 * are promised already (ESX: sum of min and overhead within RAM); on request their configured memory must also stay within
 * an overcommit ratio (Nova: used + asked ≤ (total − reserved) × ratio), and what is above the floors within swap (ESX).
 */
import { names, rounded, size } from './arithmetic/words.js';
import { sumOf } from './model/sizes.js';
import type { GuestView, HostFigures } from './model/view.js';

/** A guest to be created: the same three sizes as a guest that exists, in bytes. */
export type GuestRequest = Pick<GuestView, 'id' | 'assignedBytes' | 'minBytes' | 'maxBytes'>;
export type AdmissionHost = Pick<HostFigures, 'id' | 'capacityBytes' | 'reservedBytes' | 'swapTotalBytes'>;

export interface AdmissionRules {
  /** What a guest costs the host besides its own memory. */
  readonly overheadBytes?: number;
  /** Largest configured memory / memory for guests; null: no limit. */
  readonly maxOvercommitRatio?: number | null;
  /** What guests may use above their floors must fit into swap. */
  readonly needsSwap?: boolean;
}

export interface AdmissionFigures {
  /** Capacity less what the host keeps. */
  readonly forGuestsBytes: number;
  /** Floors and overheads promised already. */
  readonly promisedBytes: number;
  /** Floors and overheads of the new guests. */
  readonly askedBytes: number;
  /** Left over after them; negative: missing. */
  readonly spareBytes: number;
  /** Configured memory of all guests, the new ones included, over the memory for guests. */
  readonly overcommitRatio: number;
}

export type Admission =
  | { readonly outcome: 'ADMITTED'; readonly figures: AdmissionFigures; readonly reason: string }
  | {
      readonly outcome: 'REFUSED';
      readonly figures: AdmissionFigures;
      /** Every rule that is broken, with its numbers. */
      readonly reason: string;
      /** How many of the new guests, in their order, would be admitted. */
      readonly fittingCount: number;
    };

export function admit(
  host: AdmissionHost,
  existing: readonly GuestRequest[],
  wanted: readonly GuestRequest[],
  rules: AdmissionRules = {},
): Admission {
  const figures = figuresOf(host, existing, wanted, rules);
  const broken = brokenRules(host, [...existing, ...wanted], figures, rules);
  if (broken.length === 0) return { outcome: 'ADMITTED', figures, reason: summary(figures) };
  const fittingCount = countFitting(host, existing, wanted, rules);
  return { outcome: 'REFUSED', figures, reason: broken.join('; '), fittingCount };
}

function figuresOf(
  host: AdmissionHost,
  existing: readonly GuestRequest[],
  wanted: readonly GuestRequest[],
  { overheadBytes = 0 }: AdmissionRules,
): AdmissionFigures {
  const floor = ({ minBytes }: GuestRequest): number => minBytes + overheadBytes;
  const forGuestsBytes = Math.max(0, host.capacityBytes - host.reservedBytes);
  const promisedBytes = sumOf(existing, floor);
  const askedBytes = sumOf(wanted, floor);
  const assignedBytes = sumOf([...existing, ...wanted], (guest) => guest.assignedBytes);
  return {
    forGuestsBytes,
    promisedBytes,
    askedBytes,
    spareBytes: forGuestsBytes - promisedBytes - askedBytes,
    overcommitRatio: forGuestsBytes > 0 ? assignedBytes / forGuestsBytes : assignedBytes > 0 ? Infinity : 0,
  };
}

function brokenRules(
  host: AdmissionHost,
  all: readonly GuestRequest[],
  figures: AdmissionFigures,
  { maxOvercommitRatio = null, needsSwap = false }: AdmissionRules,
): string[] {
  const broken: string[] = [];
  const impossible = all.filter((guest) => guest.minBytes > Math.min(guest.maxBytes, guest.assignedBytes));
  if (impossible.length > 0)
    broken.push(`the floor is above what may be had: ${names(impossible.map(({ id }) => id))}`);
  if (figures.spareBytes < 0) {
    broken.push(
      `floors do not fit: ${size(figures.askedBytes)} asked beside ${size(figures.promisedBytes)} promised, ` +
        `${size(figures.forGuestsBytes)} for guests on host ${host.id}: ${size(-figures.spareBytes)} too much`,
    );
  }
  if (maxOvercommitRatio !== null && figures.overcommitRatio > maxOvercommitRatio) {
    broken.push(
      `overcommit ratio would be ${rounded(figures.overcommitRatio)}, at most ${maxOvercommitRatio} is allowed`,
    );
  }
  const aboveFloors = sumOf(all, (guest) => Math.min(guest.maxBytes, guest.assignedBytes) - guest.minBytes);
  if (needsSwap && aboveFloors > host.swapTotalBytes) {
    broken.push(`${size(aboveFloors)} above the floors do not fit into ${size(host.swapTotalBytes)} of swap`);
  }
  return broken;
}

/** The longest prefix of the wanted guests that breaks no rule: more guests never break fewer. */
function countFitting(
  host: AdmissionHost,
  existing: readonly GuestRequest[],
  wanted: readonly GuestRequest[],
  rules: AdmissionRules,
): number {
  let fits = 0;
  let tooMany = wanted.length;
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    const some = wanted.slice(0, middle);
    const broken = brokenRules(host, [...existing, ...some], figuresOf(host, existing, some, rules), rules);
    if (broken.length === 0) fits = middle;
    else tooMany = middle;
  }
  return fits;
}

function summary({ askedBytes, promisedBytes, forGuestsBytes, spareBytes, overcommitRatio }: AdmissionFigures): string {
  return (
    `${size(askedBytes)} of floors beside ${size(promisedBytes)} promised fit into ${size(forGuestsBytes)}: ` +
    `${size(spareBytes)} to spare, overcommit ratio ${rounded(overcommitRatio)}`
  );
}
