/** A series whose column is memory in use, as it stands: programs hold what the kernel and its caches do not. */
import type { TraceSeries } from '#contracts';
import { StateHash, fixedPages, type Workload } from '#guest';
import { PAGE_SIZE_BYTES, TICK_MS } from '#units';

export class DirectWorkload implements Workload {
  readonly startsMs: Float64Array;
  readonly anonPages: Int32Array;
  readonly cachePagesPerTick: Float64Array;
  readonly periodMs: number;
  readonly offsetMs = 0;
  readonly releaseRatio = 1;
  readonly isImmediate = true;
  readonly bootCachePages = 0;
  readonly digest: string;
  readonly #usedBytes: readonly number[];

  constructor(series: TraceSeries, assignedBytes: number) {
    const fixed = fixedPages(Math.floor(assignedBytes / PAGE_SIZE_BYTES));
    const startMs = series.timesMs[0] ?? 0;
    const rows = series.timesMs.map((timeMs, at) => ({
      startMs: Math.floor((timeMs - startMs) / TICK_MS) * TICK_MS,
      bytes: Math.min(assignedBytes, series.activeBytes[at] ?? 0),
    }));
    this.startsMs = Float64Array.from(rows, (row) => row.startMs);
    this.#usedBytes = rows.map(({ bytes }) => bytes);
    this.anonPages = Int32Array.from(rows, ({ bytes }) => Math.max(0, Math.floor(bytes / PAGE_SIZE_BYTES) - fixed));
    this.cachePagesPerTick = new Float64Array(rows.length);
    const last = rows.at(-1)?.startMs ?? 0;
    const step = rows.length > 1 ? (rows[1]?.startMs ?? TICK_MS) : TICK_MS;
    this.periodMs = last + Math.max(TICK_MS, step);
    this.digest = new StateHash().addNumbers(this.startsMs).addNumbers(this.anonPages).finish();
  }

  /** The column at a time of the run; after the last row, 0. */
  usedBytesAt(timeMs: number): number {
    if (timeMs >= this.periodMs) return 0;
    let low = 0;
    let high = this.startsMs.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.startsMs[middle] ?? 0) <= timeMs) low = middle;
      else high = middle;
    }
    return this.#usedBytes[low] ?? 0;
  }
}
