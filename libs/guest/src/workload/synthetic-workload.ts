/**
 * A seeded pattern: memory in use swings round a mean with a period, with noise, and the page cache grows as a web
 * server's does. It uses only exact arithmetic, so that it is the same on every machine.
 */
import { PAGE_SIZE_BYTES, RandomStream, TICK_MS } from '#units';
import { StateHash } from '../state-hash.js';
import { fixedPages } from './software.js';
import type { Workload } from './workload.js';

export interface SyntheticPattern {
  /** Memory in use over RAM, on average, without the page cache. */
  readonly meanRatio: number;
  /** Half the distance between most and least, over RAM. */
  readonly swingRatio: number;
  readonly periodMs: number;
}

const ROWS_PER_PERIOD = 48;
/** Rounds with noise of their own before the table repeats. */
const PERIODS = 8;
/** Noise: first-order autoregressive with 0.9, standard deviation 0.13 of the swing (archetype "web" has 0.1; a guess). */
const NOISE_MEMORY = 0.9;
const MOST_OF_RAM_RATIO = 0.9;
/** The page cache fills half of RAM in two days (web servers fill theirs in one to three; a guess). */
const CACHE_RAM_PER_SEC = 0.5 / (2 * 86_400);
/** Page cache at boot, share of RAM: evenly between these. */
const LEAST_BOOT_CACHE_RATIO = 0.05;
const MOST_BOOT_CACHE_RATIO = 0.3;

export class SyntheticWorkload implements Workload {
  readonly startsMs: Float64Array;
  readonly anonPages: Int32Array;
  readonly cachePagesPerTick: Float64Array;
  readonly periodMs: number;
  readonly offsetMs = 0;
  readonly releaseRatio = 1;
  readonly bootCachePages: number;
  readonly digest: string;

  /** What is in use whatever programs do counts too: their anonymous memory makes up the rest of the pattern. */
  constructor(pattern: SyntheticPattern, assignedBytes: number, seed: number) {
    const ramPages = Math.floor(assignedBytes / PAGE_SIZE_BYTES);
    const fixed = fixedPages(ramPages);
    const random = RandomStream.of(seed, 'synthetic workload');
    const rows = ROWS_PER_PERIOD * PERIODS;
    const phase = random.nextFloat();
    this.startsMs = Float64Array.from({ length: rows }, (_, row) => (row * pattern.periodMs) / ROWS_PER_PERIOD);
    let noise = 0;
    this.anonPages = Int32Array.from(this.startsMs, (_, row) => {
      noise = NOISE_MEMORY * noise + (1 - NOISE_MEMORY) * (2 * random.nextFloat() - 1);
      const ratio = pattern.meanRatio + pattern.swingRatio * (wave(phase + row / ROWS_PER_PERIOD) + noise);
      return Math.max(0, Math.min(MOST_OF_RAM_RATIO, ratio) * ramPages - fixed);
    });
    this.cachePagesPerTick = new Float64Array(rows).fill((CACHE_RAM_PER_SEC * ramPages * TICK_MS) / 1000);
    this.periodMs = pattern.periodMs * PERIODS;
    const span = MOST_BOOT_CACHE_RATIO - LEAST_BOOT_CACHE_RATIO;
    this.bootCachePages = Math.floor((LEAST_BOOT_CACHE_RATIO + span * random.nextFloat()) * ramPages);
    const hash = new StateHash().addNumbers(this.startsMs).addNumbers(this.anonPages);
    this.digest = hash.addNumbers(this.cachePagesPerTick).finish();
  }
}

/** Close to a sine (two parabolas), from −1 to 1 with period 1 and mean 0. */
function wave(turns: number): number {
  const at = turns - Math.floor(turns);
  return at < 0.5 ? 16 * at * (0.5 - at) : -16 * (at - 0.5) * (1 - at);
}
