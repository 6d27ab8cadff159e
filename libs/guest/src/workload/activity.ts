/**
 * How much of what is in memory gets touched. Programs touch 61 % of their anonymous memory in a minute (the share that
 * trace-workload.ts takes footprints from); daemons and the kernel work a little all the time, and of the page cache the
 * mapped part is in use (guesses).
 */
import type { OwnerKind } from '#memory-core';
import type { Workload } from './workload.js';

const MINUTE_MS = 60_000;

/** Share of an owner's pages that is touched in a minute. */
const TOUCHED_PER_MINUTE: Readonly<Record<OwnerKind, number>> = {
  ANON: 0.61,
  FILE: 0.1,
  SLAB_RECLAIMABLE: 0.1,
  SLAB_UNRECLAIMABLE: 0.3,
  PAGE_TABLE: 0.3,
  KERNEL: 0.3,
};

/** Share of the pages of such an owner that was touched in the last `windowMs`, each minute being like the one before. */
export function touchedRatio({ touchedPerMinuteRatio }: Workload, kind: OwnerKind, windowMs: number): number {
  const isOfPrograms = kind === 'ANON' || kind === 'FILE';
  const inMinute = (isOfPrograms ? touchedPerMinuteRatio : undefined) ?? TOUCHED_PER_MINUTE[kind];
  return 1 - (1 - inMinute) ** (windowMs / MINUTE_MS);
}
