/**
 * 95 % intervals of a mean, each where it is sound: Student's t for a handful of runs, the bias-corrected and accelerated
 * bootstrap (BCa; Efron 1987) for more, Wilson's (1927) for shares of rare events, Garwood's (1936) for counts.
 */
import { RandomStream } from '#units';
import type { Interval } from '../model/answer.js';

/** Two-sided 5 %. */
const Z = 1.959963984540054;
/** 97.5th percentiles of Student's t with 1 to 30 degrees of freedom. */
const STUDENT = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788, 2.1604, 2.1448, 2.1314,
  2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
] as const;
/** With fewer runs than these a bootstrap of their mean is too narrow. */
const LEAST_FOR_BOOTSTRAP = 10;
const REPLICATES = 2000;

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of runs that are independent of each other. One run has no spread: its interval is a point. */
export function meanInterval(values: readonly number[], seed: string): Interval {
  return values.length < LEAST_FOR_BOOTSTRAP ? studentInterval(values) : bcaInterval(values, seed);
}

export function studentInterval(values: readonly number[]): Interval {
  const center = mean(values);
  const freedom = values.length - 1;
  if (freedom < 1) return { mean: center, low: center, high: center };
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / freedom;
  const half = (STUDENT[freedom - 1] ?? Z) * Math.sqrt(variance / values.length);
  return { mean: center, low: center - half, high: center + half };
}

export function bcaInterval(values: readonly number[], seed: string, replicates: number = REPLICATES): Interval {
  const center = mean(values);
  const count = values.length;
  const random = RandomStream.of(seed, 'bca');
  const means = Array.from({ length: replicates }, () => {
    let sum = 0;
    for (let at = 0; at < count; at++) sum += values[random.nextBelow(count)] ?? 0;
    return sum / count;
  }).sort((one, other) => one - other);
  const below = means.filter((value) => value < center).length + means.filter((value) => value === center).length / 2;
  const bias = normalQuantile(Math.min(Math.max(below / replicates, 1 / replicates), 1 - 1 / replicates));
  let cubes = 0;
  let squares = 0;
  for (const value of values) {
    // What leaving this one out does to the mean, up to a factor that cancels.
    const influence = value - center;
    cubes += influence ** 3;
    squares += influence ** 2;
  }
  const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
  const at = (z: number): number => normalShare(bias + (bias + z) / (1 - acceleration * (bias + z)));
  return { mean: center, low: percentile(means, at(-Z)), high: percentile(means, at(Z)) };
}

/** Of a share of `trials` that are not independent: one in `designEffect` of them counts. */
export function wilsonInterval(events: number, trials: number, designEffect = 1): Interval {
  if (trials === 0) return { mean: 0, low: 0, high: 1 };
  const share = events / trials;
  const n = trials / Math.max(1, designEffect);
  const center = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2))) / (1 + Z ** 2 / n);
  return { mean: share, low: events === 0 ? 0 : Math.max(0, center - half), high: Math.min(1, center + half) };
}

/** Of the rate behind `events` seen in `runs`. */
export function countInterval(events: number, runs: number): Interval {
  const low = events === 0 ? 0 : bisect((rate) => 1 - poissonShare(events - 1, rate) < 0.025, events);
  const high = bisect((rate) => poissonShare(events, rate) > 0.025, 10 + 4 * events);
  return { mean: events / runs, low: low / runs, high: high / runs };
}

/**
 * How many times more trials clusters need than independent ones: 1 + (m − 1) × ICC, with the analysis-of-variance estimate of the
 * intraclass correlation. `clusters`: events and trials of each.
 */
export function designEffect(clusters: readonly { readonly events: number; readonly trials: number }[]): number {
  const filled = clusters.filter(({ trials }) => trials > 0);
  const groups = filled.length;
  const total = filled.reduce((sum, { trials }) => sum + trials, 0);
  const share = filled.reduce((sum, { events }) => sum + events, 0) / total;
  if (groups < 2 || total <= groups) return 1;
  let between = 0;
  let within = 0;
  for (const { events, trials } of filled) {
    const own = events / trials;
    between += trials * (own - share) ** 2;
    within += trials * own * (1 - own);
  }
  const size = total / groups;
  const betweenMean = between / (groups - 1);
  const withinMean = within / (total - groups);
  const spread = betweenMean + (size - 1) * withinMean;
  const correlation = spread === 0 ? 0 : (betweenMean - withinMean) / spread;
  return 1 + (size - 1) * Math.min(1, Math.max(0, correlation));
}

/** The 2.5th and 97.5th percentiles of replicates around a mean that was measured. */
export function percentileInterval(center: number, replicates: readonly number[]): Interval {
  const sorted = [...replicates].sort((one, other) => one - other);
  if (sorted.length === 0) return { mean: center, low: center, high: center };
  const low = Math.min(center, percentile(sorted, 0.025));
  return { mean: center, low, high: Math.max(center, percentile(sorted, 0.975)) };
}

/** Of ascending values, linear between neighbours; below the first finite one there is nothing to interpolate. */
export function percentile(sorted: readonly number[], share: number): number {
  const place = Math.min(Math.max(share, 0), 1) * (sorted.length - 1);
  const from = sorted[Math.floor(place)] ?? 0;
  const to = sorted[Math.ceil(place)] ?? from;
  return from === to || from === -Infinity ? from : from + (to - from) * (place - Math.floor(place));
}

/** Share of the standard normal distribution below `z` (Abramowitz & Stegun 26.2.17; error below 7.5e-8). */
export function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z < 0 ? tail : 1 - tail;
}

/** The inverse, by halving. */
export function normalQuantile(share: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Chance of at most `events` at a Poisson `rate`. */
function poissonShare(events: number, rate: number): number {
  let term = Math.exp(-rate);
  let sum = term;
  for (let k = 1; k <= events; k++) sum += term *= rate / k;
  return sum;
}

/** Where `holds` turns false, between 0 and `most`. */
function bisect(holds: (value: number) => boolean, most: number): number {
  let low = 0;
  let high = most;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
