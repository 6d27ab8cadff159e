/**
 * Pressure stall information: how much time the guest's tasks lose waiting for memory. "some": at least one task waited;
 * "full": nobody got anything done meanwhile. Totals are microseconds; the averages over 10, 60 and 300 s decay
 * exponentially and are brought up to date every two seconds, in the kernel's fixed point (kernel/sched/psi.c).
 */
import { PSI_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';

/** Between two updates of the averages. */
export const PSI_PERIOD_US = 2_000_000;

const SOME = 0;
const FULL = 5;
/** Words of a kind: total now, total at the last update, three averages. */
const TOTAL = 0;
const SEEN = 1;
const AVERAGES = 2;
const UPDATED = 10;

const FIXED_ONE = 2048;
/** exp(−2 s / 10 s), exp(−2 s / 60 s), exp(−2 s / 300 s), of 2048. */
const DECAYS = [1677, 1981, 2034] as const;
const PERCENT = 100;

/** Waiting time in percent, rounded down to hundredths, and in all. */
export interface Pressure {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly totalUs: number;
}

/** A task waited for memory for `someUs`, of which `fullUs` nobody else did anything useful. */
export function addStall(memory: Memory, someUs: number, fullUs: number): void {
  memory.psi[SOME + TOTAL] += someUs;
  memory.psi[FULL + TOTAL] += fullUs;
}

/** True when every wait has been counted into the averages: until the next one, they only decay. */
export function isPsiSettled({ psi }: Memory): boolean {
  return psi[SOME + SEEN] === psi[SOME + TOTAL] && psi[FULL + SEEN] === psi[FULL + TOTAL];
}

/** Time has come to `nowUs` since boot: brings the averages up to date. */
export function advancePsi(memory: Memory, nowUs: number): void {
  const { psi } = memory;
  const periods = Math.floor((nowUs - psi[UPDATED]) / PSI_PERIOD_US);
  if (periods <= 0) return;
  psi[UPDATED] += periods * PSI_PERIOD_US;
  for (const kind of [SOME, FULL]) {
    // What was waited counts for the last period; periods that went by unseen only let the averages decay.
    const waited = Math.min(psi[kind + TOTAL] - psi[kind + SEEN], PSI_PERIOD_US);
    psi[kind + SEEN] = psi[kind + TOTAL];
    const share = Math.floor((waited * PERCENT * FIXED_ONE) / PSI_PERIOD_US);
    DECAYS.forEach((decay, index) => {
      let average = psi[kind + AVERAGES + index];
      for (let missed = 1; missed < periods && average > 0; missed++) average = decayed(average, decay, 0);
      psi[kind + AVERAGES + index] = decayed(average, decay, share);
    });
  }
}

function decayed(average: number, decay: number, share: number): number {
  const next = average * decay + share * (FIXED_ONE - decay);
  return Math.floor((share >= average ? next + FIXED_ONE - 1 : next) / FIXED_ONE);
}

/** The two lines of /proc/pressure/memory as numbers. */
export function memoryPressure(memory: Memory): { readonly some: Pressure; readonly full: Pressure } {
  return { some: pressureOf(memory, SOME), full: pressureOf(memory, FULL) };
}

function pressureOf(memory: Memory, kind: number): Pressure {
  const average = (index: number): number => {
    const fixed = memory.psi[kind + AVERAGES + index];
    return Math.floor((fixed * PERCENT) / FIXED_ONE) / PERCENT;
  };
  return { avg10: average(0), avg60: average(1), avg300: average(2), totalUs: memory.psi[kind + TOTAL] };
}

/** Zero pressure, as after boot; for tests and replays that begin in the middle. */
export function resetPsi(memory: Memory, nowUs: number): void {
  memory.psi.fill(0, 0, PSI_FIELDS);
  memory.psi[UPDATED] = nowUs;
}
