/** A seeded swing: a sine around a mean, with its own phase and a slow wobble. */
import { PAGE_SIZE_BYTES, RandomStream, TICK_MS } from '#units';
import type { Demand, Workload } from './workload.js';

export interface SyntheticPattern {
  /** Anonymous memory over RAM, on average. */
  readonly meanRatio: number;
  /** Half the distance between most and least, over RAM. */
  readonly swingRatio: number;
  readonly periodMs: number;
}

const MOST_ANON_RATIO = 0.9;
/** A new draw of the wobble so often, and its size over RAM. */
const WOBBLE_MS = 60_000;
const WOBBLE_RATIO = 0.01;
/** Processes come and go: half of a fall is given back. A guess. */
const RELEASE_RATIO = 0.5;

export class SyntheticWorkload implements Workload {
  readonly initialCachePages = 0;
  readonly #phase: number;
  readonly #ramPages: number;

  constructor(
    private readonly pattern: SyntheticPattern,
    assignedBytes: number,
    private readonly seed: number,
  ) {
    this.#phase = RandomStream.of(seed, 'phase').nextFloat();
    this.#ramPages = assignedBytes / PAGE_SIZE_BYTES;
  }

  demandAt(ageTicks: number, demand: Demand): void {
    const { meanRatio, swingRatio, periodMs } = this.pattern;
    const timeMs = ageTicks * TICK_MS;
    const swing = swingRatio * Math.sin(2 * Math.PI * (timeMs / periodMs + this.#phase));
    const wobble =
      WOBBLE_RATIO * (2 * RandomStream.of(this.seed, `wobble ${Math.floor(timeMs / WOBBLE_MS)}`).nextFloat() - 1);
    const ratio = Math.min(MOST_ANON_RATIO, Math.max(0, meanRatio + swing + wobble));
    demand.anonPages = Math.floor(ratio * this.#ramPages);
    demand.cacheGrowthPages = 0;
    demand.releaseRatio = RELEASE_RATIO;
  }
}
