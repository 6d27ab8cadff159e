/**
 * Forecasting memory in use from a recent history: how far a guest may rise within a horizon, from how far it rose before
 * (a high quantile) and from what it reached at this time on earlier days. No model, no fit: both are read off the history.
 */
const DAY_MS = 86_400_000;
/** Longer histories are folded into this many buckets, each the highest of its figures. */
const MAX_BUCKETS = 600;
/** Rises to look at for the quantile, spread evenly over the history, where the horizon is long enough for it. */
const MAX_RISES = 96;

export interface ForecastRules {
  readonly horizonMs: number;
  /** Which quantile of earlier rises counts as what may happen, 0 to 1. */
  readonly riskQuantile: number;
}

/** Highest value expected within the horizon; never below the newest value. `series` newest last, at least one value. */
export function forecastPeak(series: readonly number[], stepMs: number, rules: ForecastRules): number {
  const { values, bucketMs } = folded(series, stepMs);
  const window = Math.max(1, Math.ceil(rules.horizonMs / bucketMs));
  const now = series.at(-1) ?? 0;
  const byRise = now + riseQuantile(values, window, rules.riskQuantile);
  return Math.max(now, byRise, timeOfDayPeak(values, window, bucketMs));
}

/** Sum of several histories of one step, joined at their newest value, as long as the shortest. */
export function summedSeries(all: readonly (readonly number[])[]): number[] {
  const length = all.reduce((shortest, series) => Math.min(shortest, series.length), Infinity);
  if (!Number.isFinite(length)) return [];
  const sum = new Float64Array(length);
  for (const series of all) {
    const offset = series.length - length;
    for (let at = 0; at < length; at++) sum[at] = (sum[at] ?? 0) + (series[offset + at] ?? 0);
  }
  return Array.from(sum);
}

interface Folded {
  readonly values: readonly number[];
  readonly bucketMs: number;
}

function folded(series: readonly number[], stepMs: number): Folded {
  const perBucket = Math.ceil(series.length / MAX_BUCKETS);
  if (perBucket <= 1) return { values: series, bucketMs: stepMs };
  const values: number[] = [];
  // Buckets are cut from the newest end, so that the last one is whole and ends now.
  for (let end = series.length; end > 0; end -= perBucket) {
    values.push(series.slice(Math.max(0, end - perBucket), end).reduce((high, value) => Math.max(high, value), 0));
  }
  return { values: values.reverse(), bucketMs: stepMs * perBucket };
}

/** The highest of the `window` values after index `at` (fewer at the end; 0 after the last). */
function highestAfter(values: readonly number[], at: number, window: number): number {
  const end = Math.min(values.length - 1, at + window);
  let high = 0;
  for (let next = at + 1; next <= end; next++) high = Math.max(high, values[next] ?? 0);
  return high;
}

/**
 * The quantile of how far the history rose within the window after a point; falls count as no rise. Looks at points a
 * quarter of the window apart at least, so that the cost is linear in the history whatever the window.
 */
function riseQuantile(values: readonly number[], window: number, quantile: number): number {
  const points = values.length - Math.min(window, values.length - 1);
  if (values.length < 2) return 0;
  // At most a window apart, so that no peak falls between two points.
  const stride = Math.max(Math.ceil(window / 4), Math.min(Math.ceil(points / MAX_RISES), window));
  const count = Math.ceil(points / stride);
  // The quantile is the k-th largest, and k is small for the high quantiles that are asked for.
  const k = Math.max(1, count - Math.floor(quantile * count));
  const largest = new Float64Array(k);
  for (let index = 0; index < count; index++) {
    const at = index * stride;
    const rise = highestAfter(values, at, window) - (values[at] ?? 0);
    if (rise > (largest[0] ?? 0)) insert(largest, rise);
  }
  return largest[0] ?? 0;
}

/** Puts `value` into a rising row of the largest values and drops the smallest. */
function insert(largest: Float64Array, value: number): void {
  let at = 0;
  while (at + 1 < largest.length && (largest[at + 1] ?? 0) < value) {
    largest[at] = largest[at + 1] ?? 0;
    at++;
  }
  largest[at] = value;
}

/** The highest value that earlier days reached in the window after this time of day. */
function timeOfDayPeak(values: readonly number[], window: number, bucketMs: number): number {
  const bucketsPerDay = DAY_MS / bucketMs;
  let peak = 0;
  for (let day = 1; ; day++) {
    const at = values.length - 1 - Math.round(day * bucketsPerDay);
    if (at < 0) return peak;
    peak = Math.max(peak, highestAfter(values, at, window));
  }
}
