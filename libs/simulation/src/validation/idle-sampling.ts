/**
 * E19: what a hypervisor's page sampling says of guests whose use of memory is known. The guests' programs touch a set share of all
 * their memory in a period; a reading is 100 pages of one period, a trace's sample the mean of the 15 periods of five minutes.
 */
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import {
  Guest,
  IDLE_WORKLOAD,
  PERIOD_TICKS,
  SAMPLED_PAGES,
  touchedNow,
  type GuestOptions,
  type Workload,
} from '#guest';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import { near, within, type Target } from './target.js';

const PERIODS = 3000;
const PERIODS_OF_SAMPLE = 15;
/** Shares of a guest's memory that are touched in a period. */
const SHARES = [0.05, 0.15, 0.5];
const ASSIGNED_BYTES = 256 * MIB;
const TICKS_PER_MINUTE = 60;
/** For finding the share that programs must touch: the whole follows it in a straight line. */
const MOST_TOUCHED = 0.9;
const ROUNDING = 1e-9;

const OPTIONS: Omit<GuestOptions, 'workload'> = {
  assignedBytes: ASSIGNED_BYTES,
  numaNodes: 1,
  kernelProfile: '6.12',
  ...DEFAULT_GUEST_FEATURES,
  seed: 1,
};

export const IDLE_SAMPLING: Target = {
  id: 'E19',
  title: 'The hypervisor\u2019s estimate of active memory',
  origin:
    'Waldspurger (OSDI 2002) for the sampler; Bitbrains traces (Shen et al., CCGrid 2015) for its traces in the data: steps of capacity / 1500, and a deviation of 0.56 points of a five-minute mean at 5 % active',
  setup:
    'Guests of whose pages a known share is touched in each period, sampled 3,000 times; distributions against the binomial one of 100 pages by the Kolmogorov-Smirnov distance. Periods are 30 s here and 20 s in the traces, so that fifteen of them make five minutes there.',
  missed: '',
  run: () => {
    const runs = SHARES.map((share) => ({ share, readings: readingsOf(share) }));
    const [low] = runs;
    const samples = low === undefined ? [] : meansOf(low.readings);
    return [
      within('smallest step of a sample (capacity / …)', 1500, 1e-9, 1 / smallestStep(samples)),
      within('deviation of a sample at 5 % active (points)', 0.56, 0.1, 100 * deviationOf(samples)),
      ...runs.map(({ share, readings }) =>
        near(`distance from the binomial distribution at ${100 * share} % active`, 0, 0.1, distance(readings, share)),
      ),
    ];
  },
};

/** Active shares as sampled, one a period, of a guest of whose pages `share` is touched in each. */
function readingsOf(share: number): number[] {
  const guest = knownGuest(share);
  return Array.from({ length: PERIODS }, (_, period) => {
    guest.advanceTo((period + 1) * PERIOD_TICKS);
    return 1 - guest.vitals().idleRatio;
  });
}

/** The kernel touches a little by itself; programs the rest. */
function knownGuest(share: number): Guest {
  const [least, most] = [shareOf(0), shareOf(MOST_TOUCHED)];
  const inPeriod = (MOST_TOUCHED * (share - least)) / (most - least);
  return bootWith(inPeriod);
}

function shareOf(inPeriod: number): number {
  return touchedNow(bootWith(inPeriod).memory, workloadOf(inPeriod), PERIOD_TICKS);
}

function bootWith(inPeriod: number): Guest {
  return Guest.boot({ ...OPTIONS, workload: workloadOf(inPeriod) }, 0);
}

/** Programs that hold most of the guest's memory and touch `inPeriod` of it in each period. */
function workloadOf(inPeriod: number): Workload {
  const anonPages = Int32Array.of(Math.floor((0.7 * ASSIGNED_BYTES) / PAGE_SIZE_BYTES));
  return {
    ...IDLE_WORKLOAD,
    anonPages,
    touchedPerMinuteRatio: 1 - (1 - inPeriod) ** (TICKS_PER_MINUTE / PERIOD_TICKS),
  };
}

function meansOf(readings: readonly number[]): number[] {
  return Array.from({ length: Math.floor(readings.length / PERIODS_OF_SAMPLE) }, (_, sample) => {
    const from = sample * PERIODS_OF_SAMPLE;
    return readings.slice(from, from + PERIODS_OF_SAMPLE).reduce((sum, one) => sum + one, 0) / PERIODS_OF_SAMPLE;
  });
}

/** Smallest difference of two samples that are not the same. */
function smallestStep(samples: readonly number[]): number {
  const ordered = [...samples].sort((one, other) => one - other);
  const steps = ordered.map((one, at) => one - (ordered[at - 1] ?? Number.NEGATIVE_INFINITY));
  return Math.min(...steps.filter((step) => step > ROUNDING));
}

function deviationOf(samples: readonly number[]): number {
  const mean = samples.reduce((sum, one) => sum + one, 0) / samples.length;
  return Math.sqrt(samples.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (samples.length - 1));
}

/** Largest difference between the readings' distribution and the binomial one of SAMPLED_PAGES draws. */
function distance(readings: readonly number[], share: number): number {
  let expected = 0;
  let furthest = 0;
  let chance = (1 - share) ** SAMPLED_PAGES;
  for (let touched = 0; touched <= SAMPLED_PAGES; touched++) {
    expected += chance;
    chance *= ((SAMPLED_PAGES - touched) / (touched + 1)) * (share / (1 - share));
    const upTo = (touched + 0.5) / SAMPLED_PAGES;
    const seen = readings.filter((one) => one < upTo).length / readings.length;
    furthest = Math.max(furthest, Math.abs(seen - expected));
  }
  return furthest;
}
