/**
 * A trace's series as demand for memory.
 *
 * A hypervisor's "active" memory is an estimate of what was touched lately, not of what is in use: it says how much of
 * its memory a guest works on. The footprint is taken from its peaks:
 *
 *   a_s(t)   = median of three neighbouring samples          one sixth of the steps are sampling noise
 *   a_env(t) = largest a_s of the last six hours             a guest keeps its pages when it works less
 *   A(t)     = min(0.9 × RAM − base, a_env(t) / 0.61)        0.61: share of resident anonymous memory touched in a minute
 *   l(t)     = a_s(t) / a_env(t), 0.03 to 1                  how busy it is: an idle guest keeps its pages and uses them seldom
 *
 * Checked by its author against 500 VMs of GWA-T-12: lifetime touched memory has a median of 49 % of RAM, Pond (ASPLOS
 * 2023) reports about 50 %. 0.61 is a calibrated guess. The page cache grows by 0.3 of all disk traffic (default share of
 * I/O that brings new pages; a guess, 0.1 for databases to 0.8 for backups).
 *
 * A guest of another size than the traced VM gets its memory in proportion, and reads and writes as much less or more: otherwise a
 * small guest would have the page cache of a large one.
 *
 * The series is taken as going round: before its first sample comes its last, so that a guest that boots at its beginning
 * has the footprint of one that has been at work for six hours.
 */
import { PAGE_SIZE_BYTES, RandomStream, TICK_MS, invariant } from '#units';
import { StateHash } from '../state-hash.js';
import { fixedPages } from './software.js';
import type { Workload } from './workload.js';

const ENVELOPE_MS = 6 * 3600 * 1000;
const TOUCHED_PER_MINUTE_RATIO = 0.61;
/** Programs never want more than this, the kernel's fixed part included. */
export const MOST_OF_RAM_RATIO = 0.9;
/** Share of memory in use that is anonymous; the rest is mapped files (a guess). */
const ANON_OF_USED_RATIO = 0.85;
const LEAST_LOAD_RATIO = 0.03;
/** Share of disk traffic that is new to the page cache. */
const NEW_PAGES_RATIO = 0.3;
/** Chance that a falling footprint is freed: web servers 0.2, JVMs 0.1, databases 0.05, batch jobs 0.9 (guesses). */
const RELEASE_RATIO = 0.2;
/** Of programs' memory, in huge pages where memory is not broken up: many small processes have little of it (a guess). */
export const HUGE_RATIO = 0.3;
/** Guests boot as if up for a random time, evenly up to this: a page cache takes weeks to fill at usual disk rates. */
const MOST_UPTIME_SEC = 90 * 86_400;
const TICKS_PER_SEC = 1000 / TICK_MS;

/** One VM of a trace as columns of equal length, ascending in time, at least one row. */
export interface ActivitySeries {
  /** RAM of the traced VM. */
  readonly assignedBytes: number;
  readonly timesMs: readonly number[];
  readonly activeBytes: readonly number[];
  /** `activeBytes` is memory in use, not what was touched lately: it is taken as it stands. */
  readonly isInUse?: boolean;
  readonly diskReadBytesPerSec: readonly number[];
  readonly diskWriteBytesPerSec: readonly number[];
}

export class TraceWorkload implements Workload {
  readonly startsMs: Float64Array;
  readonly anonPages: Int32Array;
  readonly cachePagesPerTick: Float64Array;
  readonly loadRatio: Float64Array;
  readonly periodMs: number;
  readonly releaseRatio = RELEASE_RATIO;
  readonly hugeRatio = HUGE_RATIO;
  readonly bootCachePages: number;
  readonly digest: string;

  /** `assignedBytes`: RAM of the guest. `offsetMs`: where in the series it boots. */
  constructor(
    series: ActivitySeries,
    assignedBytes: number,
    seed: number,
    readonly offsetMs: number,
  ) {
    const rows = series.timesMs.length;
    invariant(rows > 0, 'a series has at least one row');
    const startMs = series.timesMs[0] ?? 0;
    this.startsMs = Float64Array.from(series.timesMs, (timeMs) => timeMs - startMs);
    this.periodMs = (this.startsMs[rows - 1] ?? 0) + usualStepMs(this.startsMs);
    const scale = (series.assignedBytes > 0 ? assignedBytes / series.assignedBytes : 1) / PAGE_SIZE_BYTES;
    const ramPages = assignedBytes / PAGE_SIZE_BYTES;
    const mostPages = MOST_OF_RAM_RATIO * ramPages - fixedPages(ramPages);
    const inUse = series.isInUse === true;
    const active = inUse ? Float64Array.from(series.activeBytes) : medianOfThree(series.activeBytes);
    const envelope = inUse ? active : movingMaximum(active, this.startsMs, this.periodMs);
    const shownRatio = inUse ? 1 / ANON_OF_USED_RATIO : TOUCHED_PER_MINUTE_RATIO;
    this.loadRatio = active.map((bytes, row) => Math.max(LEAST_LOAD_RATIO, bytes / Math.max(1, envelope[row] ?? 1)));
    this.anonPages = Int32Array.from(envelope, (bytes) => Math.min(mostPages, (bytes * scale) / shownRatio));
    this.cachePagesPerTick = Float64Array.from(this.startsMs, (_, row) => {
      const bytesPerSec = (series.diskReadBytesPerSec[row] ?? 0) + (series.diskWriteBytesPerSec[row] ?? 0);
      return (bytesPerSec * NEW_PAGES_RATIO * scale) / TICKS_PER_SEC;
    });
    const meanPerTick = this.cachePagesPerTick.reduce((sum, pages) => sum + pages, 0) / rows;
    const uptimeTicks = RandomStream.of(seed, 'uptime').nextFloat() * MOST_UPTIME_SEC * TICKS_PER_SEC;
    this.bootCachePages = Math.floor(meanPerTick * uptimeTicks);
    const hash = new StateHash().addNumbers(this.startsMs).addNumbers(this.anonPages);
    this.digest = hash.addNumbers(this.cachePagesPerTick).addNumber(offsetMs).finish();
  }
}

/** The middle one of each sample and its two neighbours; the ends have one neighbour and stay. */
function medianOfThree(values: readonly number[]): Float64Array {
  return Float64Array.from(values, (value, at) => {
    const before = values[at - 1] ?? value;
    const after = values[at + 1] ?? value;
    return Math.max(Math.min(before, value), Math.min(Math.max(before, value), after));
  });
}

/**
 * Largest value of the six hours up to and including each sample, in one pass over two rounds of the series. `queue` holds the
 * samples that can still become the largest, falling.
 */
function movingMaximum(values: Float64Array, startsMs: Float64Array, periodMs: number): Float64Array {
  const rows = values.length;
  const maximum = new Float64Array(rows);
  const queue = new Int32Array(2 * rows);
  let head = 0;
  let tail = 0;
  const timeOf = (at: number): number => (startsMs[at % rows] ?? 0) + (at < rows ? 0 : periodMs);
  const valueOf = (at: number): number => values[at % rows] ?? 0;
  for (let at = 0; at < 2 * rows; at++) {
    while (tail > head && valueOf(queue[tail - 1] ?? 0) <= valueOf(at)) tail--;
    queue[tail++] = at;
    while (timeOf(queue[head] ?? 0) < timeOf(at) - ENVELOPE_MS) head++;
    if (at >= rows) maximum[at - rows] = valueOf(queue[head] ?? 0);
  }
  return maximum;
}

/** Median distance of neighbouring samples: how long the last one holds. */
function usualStepMs(startsMs: Float64Array): number {
  const steps = startsMs.slice(1).map((startMs, at) => startMs - (startsMs[at] ?? 0));
  return Math.max(TICK_MS, steps.sort()[steps.length >> 1] ?? TICK_MS);
}
