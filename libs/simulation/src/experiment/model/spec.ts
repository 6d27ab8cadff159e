/**
 * What an experiment asks, checked and complete: every default is filled in, so that the same spec means the same run for
 * ever. Sizes in bytes, times in milliseconds of simulated time.
 */
import type { JsonValue } from '#policy';
import type { Costs } from '../../costs/costs.js';
import type { Objective } from '../../objective/objective.js';
import type { GuestPopulation } from '../../workload/guest-population.js';
import type { ModelFactors } from '../../workload/model-constants.js';

export interface ExperimentSpec {
  readonly name: string;
  readonly hosts: {
    /** Guests of one host, dealt in the order of the source. */
    readonly perHost: number;
    /** Swap of each host; 0: none. */
    readonly swapBytes: number;
  };
  readonly guests: GuestPopulation;
  /** Assigned memory of a host's guests over its capacity; ≥ 1. */
  readonly overcommitRatios: readonly number[];
  /** The first is the baseline of paired differences. */
  readonly policies: readonly PolicyChoice[];
  /** 0 ≤ seed < 2^32; each is an independent fleet. */
  readonly seeds: readonly number[];
  readonly durationMs: number;
  /** A whole number of ticks: how often demand changes and policies may decide. */
  readonly stepMs: number;
  /** From the beginning, when balloons first find their sizes: what a host keeps free and how guests fare is not judged in it. */
  readonly warmUpMs: number;
  /** Guests are dealt to hosts in an order drawn from the seed. */
  readonly shuffle: boolean;
  readonly costs: Costs;
  /** On the workload model's constants. */
  readonly model: ModelFactors;
  readonly slo: Objective;
  readonly faults: readonly Fault[];
}

/** The policy that knows the demand of every step before it comes: the engine's own, for checking the engine. */
export const PERFECT_POLICY = 'perfect';

export interface PolicyChoice {
  readonly name: string;
  /** What the answer calls it; the name unless two choices share it. */
  readonly label: string;
  readonly parameters: Readonly<Record<string, JsonValue>>;
}

/** Something that goes wrong between two times, for a share of the guests (drawn from the seed) or for every host. */
export type Fault =
  | { readonly kind: 'REFUSE'; readonly guestRatio: number; readonly fromMs: number; readonly toMs: number }
  | {
      readonly kind: 'LATE_STATISTICS';
      readonly guestRatio: number;
      readonly fromMs: number;
      readonly toMs: number;
      readonly delayMs: number;
    }
  | { readonly kind: 'HOST_LOSS'; readonly capacityRatio: number; readonly fromMs: number; readonly toMs: number };
