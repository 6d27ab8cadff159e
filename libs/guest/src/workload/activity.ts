/**
 * How much of what is in memory gets touched: programs use their anonymous memory by their mix of classes and their load
 * (access-model.ts). Daemons and the kernel work a little all the time, and of the page cache the mapped part is in use (guesses).
 */
import type { OwnerKind } from '#memory-core';
import { touchedShare } from './access-model.js';
import { activityAt, type Workload } from './workload.js';

const MINUTE_MS = 60_000;

/** Share of an owner's pages that is touched in a minute at load 1. */
const TOUCHED_PER_MINUTE: Readonly<Record<Exclude<OwnerKind, 'ANON'>, number>> = {
  FILE: 0.1,
  SLAB_RECLAIMABLE: 0.1,
  SLAB_UNRECLAIMABLE: 0.3,
  PAGE_TABLE: 0.3,
  KERNEL: 0.3,
};

/** Share of the pages of such an owner that is touched within `windowMs`, as busy as the guest is `ageMs` after boot. */
export function touchedRatio(workload: Workload, kind: OwnerKind, windowMs: number, ageMs: number): number {
  const { touchedPerMinuteRatio } = workload;
  const isOfPrograms = kind === 'ANON' || kind === 'FILE';
  if (isOfPrograms && touchedPerMinuteRatio !== undefined) return overWindow(touchedPerMinuteRatio, windowMs);
  if (kind !== 'ANON' && kind !== 'FILE') return overWindow(TOUCHED_PER_MINUTE[kind], windowMs);
  const { load, mix } = activityAt(workload, ageMs);
  return kind === 'ANON' ? touchedShare(mix, load, windowMs) : overWindow(TOUCHED_PER_MINUTE.FILE, windowMs * load);
}

function overWindow(inMinute: number, windowMs: number): number {
  return 1 - (1 - inMinute) ** (windowMs / MINUTE_MS);
}
