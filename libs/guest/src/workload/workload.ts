/**
 * What a workload asks of a guest's memory over time, as a table: from row to row the demand changes, within a row it
 * stands. Tables are functions of configuration and trace alone; where a guest stands in its table is part of its state.
 *
 *   startsMs           Float64Array  when the row begins, ascending, first 0
 *   anonPages          Int32Array    anonymous memory that programs want
 *   cachePagesPerTick  Float64Array  pages that enter the page cache each tick
 */
import { TICK_MS } from '#units';
import { DEFAULT_MIX, type AccessMix } from './access-model.js';

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
  /** How busy programs are in each row: every rate at which they use pages is multiplied by it. Default: 1. */
  readonly loadRatio?: Float64Array;
  /** How often the programs' memory is used. Default: DEFAULT_MIX. */
  readonly mix?: AccessMix;
  /** Processors that fill memory at full load: each some 0.06 GiB/s. Default: one for every 4 GiB of RAM. */
  readonly processors?: number;
  /** Share of the programs' pages whose class is drawn anew each hour. Default: REDRAWN_PER_HOUR. */
  readonly redrawnPerHour?: number;
  /** Demand follows the table at once, at the beginning of each row. Default: in a ramp from a drawn moment of the row. */
  readonly isImmediate?: boolean;
  /** Share of their memory and page cache that programs touch in a minute. Default: as mix and load say. */
  readonly touchedPerMinuteRatio?: number;
  /** Share of dropped page cache, but for what programs map, that is read again. Default: READ_AGAIN_RATIO. */
  readonly readAgainRatio?: number;
  /** Share of the programs' memory that they would have in huge pages; the rest is in regions too small for them. Default: 0. */
  readonly hugeRatio?: number;
  /** How fast khugepaged is, as a multiple of Linux's default; 0: it is off. Default: 1. */
  readonly collapseRatio?: number;
  /**
   * Programs that end as each row begins, on average: all that they hold is free at once, they start again, and what the row wants is asked
   * for anew. Growth goes to the smallest program, as new tasks do. Default: programs live until they are killed.
   */
  readonly exits?: Float64Array;
  /** Of `anonPages`, what short jobs hold: as they end, it is freed at once whatever `releaseRatio` says. Default: nothing. */
  readonly jobPages?: Int32Array;
  /** Equal for equal tables: a restored guest must stand in the table it stood in. */
  readonly digest: string;
}

/** Position in the table of a guest that booted `ageMs` ago: 0 ≤ ms < periodMs. */
export function positionMs(workload: Workload, ageMs: number): number {
  return (workload.offsetMs + ageMs) % workload.periodMs;
}

/** How busy the programs are and how often their memory is used, `ageMs` after boot. */
export function activityAt(workload: Workload, ageMs: number): { readonly load: number; readonly mix: AccessMix } {
  const { loadRatio, mix = DEFAULT_MIX } = workload;
  if (loadRatio === undefined) return { load: 1, mix };
  return { load: loadRatio[findRow(workload.startsMs, positionMs(workload, ageMs))] ?? 1, mix };
}

/** Row that holds at `positionMs`, by halving. */
function findRow(startsMs: Float64Array, positionMs: number): number {
  let from = 0;
  let to = startsMs.length;
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if ((startsMs[middle] ?? 0) <= positionMs) from = middle;
    else to = middle;
  }
  return from;
}

/** Row that holds at `positionMs`, searched from `from`; forwards first, as time goes. */
export function rowAt(workload: Workload, positionMs: number, from: number): number {
  const { startsMs } = workload;
  let row = (startsMs[from] ?? 0) <= positionMs ? from : 0;
  while (row + 1 < startsMs.length && (startsMs[row + 1] ?? 0) <= positionMs) row++;
  return row;
}

/**
 * Ticks from `positionMs`, where `row` holds, until another row may hold: at least 1; Infinity for a table of one row.
 */
export function ticksToNextRow(workload: Workload, positionMs: number, row: number): number {
  const { startsMs, periodMs } = workload;
  if (startsMs.length === 1) return Infinity;
  return Math.max(1, Math.floor(((startsMs[row + 1] ?? periodMs) - positionMs) / TICK_MS));
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
