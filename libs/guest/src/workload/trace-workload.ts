/**
 * A VM trace as a workload, in a first form (docs/workload-model.md). A trace's memory column is the hypervisor's estimate of
 * *active* memory, a sampled rate of touching; the memory in use behind it is several times as large:
 *
 *   a_s    active memory without sampling noise: running median of 3
 *   a_env  its largest value over the last 6 h
 *   A      anonymous memory = min(0.9 × RAM, a_env / 0.61), 0.61 being the share of resident anonymous memory that is
 *          touched within a minute
 *   F      the page cache grows by 0.3 of what the disk reads and writes; it starts with up to 90 days of that
 */
import { PAGE_SIZE_BYTES, RandomStream, TICK_MS } from '#units';
import type { Demand, Workload } from './workload.js';

/** One VM of a trace as columns of equal length, ascending in time. */
export interface ActivitySeries {
  /** RAM of the traced VM. */
  readonly assignedBytes: number;
  readonly timesMs: readonly number[];
  readonly activeBytes: readonly number[];
  readonly diskReadBytesPerSec: readonly number[];
  readonly diskWriteBytesPerSec: readonly number[];
}

const ENVELOPE_MS = 6 * 3_600_000;
const TOUCHED_PER_MINUTE_RATIO = 0.61;
const MOST_ANON_RATIO = 0.9;
/** Share of disk traffic that is pages the cache did not hold. A guess. */
const NEW_PAGE_RATIO = 0.3;
const OLDEST_DAYS = 90;
const DAY_SEC = 86_400;
/** Share of a fall in demand that is processes ending. A guess, for servers. */
const RELEASE_RATIO = 0.2;

export class TraceWorkload implements Workload {
  readonly #anonPages: Float64Array;
  readonly #cachePagesPerSec: Float64Array;
  readonly #durationMs: number;
  readonly initialCachePages: number;

  /** `assignedBytes`: RAM of the guest; a guest of another size than the traced VM gets its memory in proportion. */
  constructor(
    private readonly series: ActivitySeries,
    assignedBytes: number,
    seed: number,
    private readonly offsetMs: number,
  ) {
    const scale = (series.assignedBytes > 0 ? assignedBytes / series.assignedBytes : 1) / PAGE_SIZE_BYTES;
    const most = (MOST_ANON_RATIO * assignedBytes) / PAGE_SIZE_BYTES;
    const envelope = envelopeOf(medianOfThree(series.activeBytes), series.timesMs);
    this.#anonPages = envelope.map((active) => Math.min(most, (active * scale) / TOUCHED_PER_MINUTE_RATIO));
    this.#cachePagesPerSec = Float64Array.from(
      series.diskReadBytesPerSec,
      (read, at) => (NEW_PAGE_RATIO * (read + (series.diskWriteBytesPerSec[at] ?? 0))) / PAGE_SIZE_BYTES,
    );
    const { timesMs } = series;
    const lastStepMs = (timesMs.at(-1) ?? 0) - (timesMs.at(-2) ?? 0);
    this.#durationMs = Math.max(TICK_MS, (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0) + lastStepMs);
    const uptimeSec = RandomStream.of(seed, 'uptime').nextFloat() * OLDEST_DAYS * DAY_SEC;
    this.initialCachePages = Math.floor(mean(this.#cachePagesPerSec) * uptimeSec);
  }

  demandAt(ageTicks: number, demand: Demand): void {
    const at = this.#rowAt(ageTicks * TICK_MS + this.offsetMs);
    demand.anonPages = Math.floor(this.#anonPages[at] ?? 0);
    demand.cacheGrowthPages = ((this.#cachePagesPerSec[at] ?? 0) * TICK_MS) / 1000;
    demand.releaseRatio = RELEASE_RATIO;
  }

  /** Row in force at `ms`; the trace starts again at its end. */
  #rowAt(ms: number): number {
    const { timesMs } = this.series;
    const timeMs = (timesMs[0] ?? 0) + (ms % this.#durationMs);
    let low = 0;
    let high = timesMs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((timesMs[middle] ?? 0) <= timeMs) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function medianOfThree(values: readonly number[]): Float64Array {
  return Float64Array.from(values, (value, at) => {
    const before = values[at - 1] ?? value;
    const after = values[at + 1] ?? value;
    return Math.max(Math.min(before, value), Math.min(Math.max(before, value), after));
  });
}

/** Largest value of the last 6 h at each row. A queue of falling candidates: each row enters and leaves it once. */
function envelopeOf(values: Float64Array, timesMs: readonly number[]): Float64Array {
  const candidates: number[] = [];
  let first = 0;
  return values.map((value, at) => {
    const timeMs = timesMs[at] ?? 0;
    while (candidates.length > first && (values[candidates.at(-1) ?? 0] ?? 0) <= value) candidates.pop();
    candidates.push(at);
    while ((timesMs[candidates[first] ?? at] ?? 0) <= timeMs - ENVELOPE_MS) first++;
    return values[candidates[first] ?? at] ?? value;
  });
}

function mean(values: Float64Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
