/**
 * Simulated time. The fleet's clock advances in ticks of one simulated second; inside a tick a guest runs its own
 * events in microseconds, as numbers (exact for 285 years).
 */
export const TICK_MS = 1000;
export const US_PER_MS = 1000;
export const US_PER_SEC = 1_000_000;
export const TICK_US = TICK_MS * US_PER_MS;

/** Simulated milliseconds since the fleet's start at the end of `tick`. */
export function tickToMs(tick: number): number {
  return tick * TICK_MS;
}

/** First tick whose end is not before `ms` of simulated time. */
export function msToTick(ms: number): number {
  return Math.ceil(ms / TICK_MS);
}
