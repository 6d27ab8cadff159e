/**
 * Allots the memory there is to the guests, tier by tier: all get their bare need before any gets its guard, all their
 * guards before any gets room for its forecast, and so on. Within a tier all get the same part of what it would take,
 * weighted by shares. Sizes that rise and fall together with what there is do not oscillate.
 */
import { fillByWeight } from '../arithmetic/fill.js';
import { clamp, sumOf } from '../model/sizes.js';
import { TIERS, type Assessment, type Tier } from './ballast-assess.js';

/** The host gains less than what sizes shrink by where memory was never touched: how often the difference is made up for. */
const GAIN_ROUNDS = 4;
const DEFAULT_SHARES = 1000;

export interface Allotment {
  /** New sizes, in the order of the guests. */
  readonly sizes: readonly number[];
  /** The tier that is served in part: all below it are served whole, all above it not at all. */
  readonly tier: Tier;
}

/** Sizes at which the host gains `neededBytes` (negative: gives), as far as the guests' bare needs allow. */
export function allot(guests: readonly Assessment[], neededBytes: number): Allotment {
  const present = sumOf(guests, ({ sizeBytes }) => sizeBytes);
  let shrinkBytes = neededBytes;
  let allotment = allotTotal(guests, present - shrinkBytes);
  for (let round = 0; round < GAIN_ROUNDS && neededBytes > 0; round++) {
    const missing = neededBytes - gainOf(guests, allotment.sizes);
    if (missing < 1) break;
    shrinkBytes += missing;
    allotment = allotTotal(guests, present - shrinkBytes);
  }
  return allotment;
}

function allotTotal(guests: readonly Assessment[], totalBytes: number): Allotment {
  let below: readonly number[] = guests.map(() => 0);
  for (const tier of TIERS) {
    const sizes = guests.map(({ tiers }) => tiers[tier]);
    if (sumOf(sizes, (bytes) => bytes) >= totalBytes || tier === 'all') {
      // Nobody goes below the bare need, even when that is more than there is.
      return tier === 'bare' ? { sizes, tier } : { sizes: between(guests, below, sizes, totalBytes), tier };
    }
    below = sizes;
  }
  return { sizes: below, tier: 'all' };
}

function between(
  guests: readonly Assessment[],
  below: readonly number[],
  above: readonly number[],
  totalBytes: number,
): number[] {
  const claims = guests.map(({ guest }, index) => {
    const gap = Math.max(0, (above[index] ?? 0) - (below[index] ?? 0));
    return { low: 0, high: gap, weight: (gap * guest.shares) / DEFAULT_SHARES };
  });
  const parts = fillByWeight(claims, totalBytes - sumOf(below, (bytes) => bytes));
  return below.map((bytes, index) => bytes + (parts[index] ?? 0));
}

/** What the host gains of new sizes: of free memory only what it backs, of the rest all. */
function gainOf(guests: readonly Assessment[], sizes: readonly number[]): number {
  let gain = 0;
  guests.forEach(({ sizeBytes, free, freeGainRatio }, index) => {
    const shrunk = sizeBytes - (sizes[index] ?? sizeBytes);
    const ofFree = clamp(shrunk, 0, free);
    gain += shrunk - ofFree + ofFree * freeGainRatio;
  });
  return gain;
}
