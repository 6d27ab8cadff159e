import { setTimeout as sleep } from 'node:timers/promises';
import { randomInt } from 'node:crypto';

/** Waits for a random part of `mostMs`, so that schedules with the same times do not act in the same instant. */
export async function jitterOf(mostMs: number): Promise<void> {
  if (mostMs > 0) await sleep(randomInt(mostMs));
}
