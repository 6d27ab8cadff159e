/**
 * What a workload asks of a guest's memory over time, as a table: from row to row the demand changes, within a row it
 * stands. Tables are functions of configuration and trace alone; where a guest stands in its table is part of its state.
 *
 *   startsMs           Float64Array  when the row begins, ascending, first 0
 *   anonPages          Int32Array    anonymous memory that programs want
 *   cachePagesPerTick  Float64Array  pages that enter the page cache each tick
 */
import { TICK_MS } from '#units';

export interface Workload {
  readonly startsMs: Float64Array;
  readonly anonPages: Int32Array;
  readonly cachePagesPerTick: Float64Array;
  /** The table begins again after this long. */
  readonly periodMs: number;
  /** Where in the table a guest boots. */
  readonly offsetMs: number;
  /** Probability that memory no longer wanted is freed at once; otherwise the allocator of the program keeps it. */
  readonly releaseRatio: number;
  /** Pages in the page cache at boot, beyond what every guest reads while booting. */
  readonly bootCachePages: number;
  /** Share of their memory and page cache that programs touch in a minute. Default: as activity.ts has it for any program. */
  readonly touchedPerMinuteRatio?: number;
  /** Equal for equal tables: a restored guest must stand in the table it stood in. */
  readonly digest: string;
}

/** Position in the table of a guest that booted `ageMs` ago: 0 ≤ ms < periodMs. */
export function positionMs(workload: Workload, ageMs: number): number {
  return (workload.offsetMs + ageMs) % workload.periodMs;
}

/** Row that holds at `positionMs`, searched from `from`; forwards first, as time goes. */
export function rowAt(workload: Workload, positionMs: number, from: number): number {
  const { startsMs } = workload;
  let row = (startsMs[from] ?? 0) <= positionMs ? from : 0;
  while (row + 1 < startsMs.length && (startsMs[row + 1] ?? 0) <= positionMs) row++;
  return row;
}

/** Ticks that a row lasts at least. */
export function rowTicks(workload: Workload, row: number): number {
  const from = workload.startsMs[row] ?? 0;
  const to = workload.startsMs[row + 1] ?? workload.periodMs;
  return Math.max(1, Math.floor((to - from) / 1000));
}

/** A guest whose software stands still. */
export const IDLE_WORKLOAD: Workload = {
  startsMs: Float64Array.of(0),
  anonPages: Int32Array.of(0),
  cachePagesPerTick: Float64Array.of(0),
  periodMs: TICK_MS,
  offsetMs: 0,
  releaseRatio: 1,
  bootCachePages: 0,
  digest: 'idle',
};
