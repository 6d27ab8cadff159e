/**
 * How often pages are used again. Memory is a mixture of four classes with exponential gaps between two uses of a page:
 *
 *   hot     5 s     code and heaps at work
 *   warm    75 s
 *   cool    30 min  sessions, caches
 *   frozen  24 h    what only starting needed, leaks
 *
 * At load l every gap is 1/l as long. A page not used for a time T is exp(−T·l/gap) likely, so that nothing has to be kept for each
 * page. The default shares are set to two published figures of fleets (32 % untouched for 120 s; about 15 % of
 * that touched in the next minute; far memory, ASPLOS 2019) and foretell a third (18 % can be kept elsewhere at 0.2 % promotions a
 * minute; published 20 %). Four shares and four gaps are not identified by two figures: all of them are guesses within that.
 */
/** Shares of memory by class; they sum to 1. */
export interface AccessMix {
  readonly hot: number;
  readonly warm: number;
  readonly cool: number;
  readonly frozen: number;
}

/** Mean time between two uses of a page at load 1. */
export const GAP_SEC: Readonly<Record<keyof AccessMix, number>> = { hot: 5, warm: 75, cool: 1800, frozen: 86_400 };

/**
 * Phases: each hour this share of pages, on average, gets a class drawn anew, as programs turn to other work: 5 % every six hours (a guess).
 */
export const REDRAWN_PER_HOUR = 0.05 / 6;

export const ACCESS_CLASSES = ['hot', 'warm', 'cool', 'frozen'] as const;

export const DEFAULT_MIX: AccessMix = { hot: 0.47, warm: 0.25, cool: 0.13, frozen: 0.15 };

/** Chance that a page of the class is used within `windowMs` at `load`. */
export function chanceOfUse(name: keyof AccessMix, load: number, windowMs: number): number {
  return 1 - Math.exp((-windowMs / 1000 / GAP_SEC[name]) * load);
}

/** Share of memory that has not been used for `idleMs`: what is cold. */
export function idleShare(mix: AccessMix, load: number, idleMs: number): number {
  return 1 - touchedShare(mix, load, idleMs);
}

/** Share of memory that is used within `windowMs`: the working set. */
export function touchedShare(mix: AccessMix, load: number, windowMs: number): number {
  return ACCESS_CLASSES.reduce((sum, name) => sum + mix[name] * chanceOfUse(name, load, windowMs), 0);
}
