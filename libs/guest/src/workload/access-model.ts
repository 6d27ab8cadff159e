/**
 * How often pages are used again. Memory is a mixture of four classes with exponential gaps between two uses of a page:
 *
 *   hot     5 s     code and heaps at work
 *   warm    75 s
 *   cool    30 min  sessions, caches
 *   frozen  24 h    what only starting needed, leaks
 *
 * At load l every gap is 1/l as long. A page not used for a time T is exp(−T·l/gap) likely, so that nothing has to be kept for each
 * page: who looks, draws. The default shares are set to two published figures of fleets (32 % untouched for 120 s; about 15 % of
 * that touched in the next minute; far memory, ASPLOS 2019) and foretell a third (18 % can be kept elsewhere at 0.2 % promotions a
 * minute; published 20 %). Four shares and four gaps are not identified by two figures: all of them are guesses within that.
 */
import type { RandomStream } from '#units';

/** Shares of memory by class; they sum to 1. */
export interface AccessMix {
  readonly hot: number;
  readonly warm: number;
  readonly cool: number;
  readonly frozen: number;
}

/** Mean time between two uses of a page at load 1. */
export const GAP_SEC: Readonly<Record<keyof AccessMix, number>> = { hot: 5, warm: 75, cool: 1800, frozen: 86_400 };

export const ACCESS_CLASSES = ['hot', 'warm', 'cool', 'frozen'] as const;

export const DEFAULT_MIX: AccessMix = { hot: 0.47, warm: 0.25, cool: 0.13, frozen: 0.15 };

/** Pages whose class is drawn together: 64 KiB. */
const RUN_SHIFT = 4;
const CERTAIN = 0.999_999;
/** Above this many expected touches a Poisson draw becomes a normal one. */
const FEW = 30;

/** Chance that a page of the class is used within `windowMs` at `load`. */
export function chanceOfUse(name: keyof AccessMix, load: number, windowMs: number): number {
  return 1 - Math.exp((-windowMs / 1000 / GAP_SEC[name]) * load);
}

/** Share of memory that is used within `windowMs`: the working set. */
export function touchedShare(mix: AccessMix, load: number, windowMs: number): number {
  return ACCESS_CLASSES.reduce((sum, name) => sum + mix[name] * chanceOfUse(name, load, windowMs), 0);
}

/** Share of memory that was not used for `idleMs`. */
export function coldShare(mix: AccessMix, load: number, idleMs: number): number {
  return 1 - touchedShare(mix, load, idleMs);
}

/** Share of memory that is used in one second after it was not for `idleMs`: what is lost by keeping cold memory elsewhere. */
export function missesPerSec(mix: AccessMix, load: number, idleMs: number): number {
  return ACCESS_CLASSES.reduce((sum, name) => {
    const perSec = load / GAP_SEC[name];
    return sum + mix[name] * perSec * Math.exp((-idleMs / 1000) * perSec);
  }, 0);
}

/** Class of the 64 KiB that `pfn` lies in, the same every time for a guest's seed. */
export function classOfPage(mix: AccessMix, seed: number, pfn: number): keyof AccessMix {
  let draw = mix32((pfn >>> RUN_SHIFT) ^ Math.imul(seed, 0x9e3779b1)) / 2 ** 32;
  for (const name of ACCESS_CLASSES) {
    draw -= mix[name];
    if (draw < 0) return name;
  }
  return 'frozen';
}

/** How many of `pages` are used when each is with `chance`: a binomial draw, as a Poisson or a normal one where those are close. */
export function drawTouches(random: RandomStream, pages: number, chance: number): number {
  if (pages <= 0 || chance <= 0) return 0;
  if (chance >= CERTAIN) return pages;
  if (chance > 0.5) return pages - drawTouches(random, pages, 1 - chance);
  const mean = pages * chance;
  if (mean >= FEW) {
    const drawn = Math.round(mean + Math.sqrt(mean * (1 - chance)) * random.nextNormal());
    return Math.max(0, Math.min(pages, drawn));
  }
  let touches = 0;
  // Gaps between touched pages are geometric: one draw for each touch.
  for (let at = gapTo(random, chance); at < pages; at += 1 + gapTo(random, chance)) touches++;
  return touches;
}

function gapTo(random: RandomStream, chance: number): number {
  return Math.floor(Math.log(1 - random.nextFloat()) / Math.log(1 - chance));
}

/** A murmur finish: neighbours get unlike numbers. */
function mix32(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
