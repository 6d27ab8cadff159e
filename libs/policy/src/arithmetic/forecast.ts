/**
 * Forecasting memory in use from a recent history: how far a guest may rise within a horizon, from how far it rose before
 * (a high quantile) and from what it reached at this time on earlier days. No model, no fit: both are read off the history.
 */
const DAY_MS = 86_400_000;
/** Longer histories are folded into this many buckets, each the highest of its figures. */
const MAX_BUCKETS = 600;
/** Rises looked at for the quantile, spread evenly over the history. */
const MAX_RISES = 128;

export interface ForecastRules {
  readonly horizonMs: number;
  /** Which quantile of earlier rises counts as what may happen, 0 to 1. */
  readonly riskQuantile: number;
}

/** Highest value expected within the horizon; never below the newest value. `series` newest last, at least one value. */
export function forecastPeak(series: readonly number[], stepMs: number, rules: ForecastRules): number {
  const { values, bucketMs } = folded(series, stepMs);
  const window = Math.max(1, Math.ceil(rules.horizonMs / bucketMs));
  const ahead = windowMaxima(values, window);
  const now = series.at(-1) ?? 0;
  const byRise = now + riseQuantile(values, ahead, window, rules.riskQuantile);
  return Math.max(now, byRise, timeOfDayPeak(ahead, bucketMs));
}

/** Sum of several histories of one step, joined at their newest value, as long as the shortest. */
export function summedSeries(all: readonly (readonly number[])[]): number[] {
  const length = all.reduce((shortest, series) => Math.min(shortest, series.length), Infinity);
  if (!Number.isFinite(length)) return [];
  const sum = new Array<number>(length).fill(0);
  for (const series of all) {
    const offset = series.length - length;
    for (let at = 0; at < length; at++) sum[at] = (sum[at] ?? 0) + (series[offset + at] ?? 0);
  }
  return sum;
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

/** For each index the highest of the `window` values after it (fewer at the end; 0 after the last). */
function windowMaxima(values: readonly number[], window: number): Float64Array {
  const ahead = new Float64Array(values.length);
  const queue = new Int32Array(values.length); // indexes of falling values, a ring is not needed: it only moves on
  let head = 0;
  let tail = 0;
  for (let at = values.length - 1; at >= 0; at--) {
    while (head < tail && (queue[head] ?? 0) > at + window) head++;
    ahead[at] = head < tail ? (values[queue[head] ?? 0] ?? 0) : 0;
    while (head < tail && (values[queue[tail - 1] ?? 0] ?? 0) <= (values[at] ?? 0)) tail--;
    queue[tail++] = at;
  }
  return ahead;
}

/** The quantile of how far the history rose within the window after each point; falls count as no rise. */
function riseQuantile(values: readonly number[], ahead: Float64Array, window: number, quantile: number): number {
  const points = values.length - Math.min(window, values.length - 1);
  if (points <= 0 || values.length < 2) return 0;
  const stride = Math.max(1, Math.ceil(points / MAX_RISES));
  const rises = new Float64Array(Math.ceil(points / stride));
  for (let rise = 0; rise < rises.length; rise++) {
    const at = rise * stride;
    rises[rise] = Math.max(0, (ahead[at] ?? 0) - (values[at] ?? 0));
  }
  rises.sort();
  return rises[Math.min(rises.length - 1, Math.floor(quantile * rises.length))] ?? 0;
}

/** The highest value that earlier days reached in the window after this time of day. */
function timeOfDayPeak(ahead: Float64Array, bucketMs: number): number {
  const bucketsPerDay = DAY_MS / bucketMs;
  let peak = 0;
  for (let day = 1; ; day++) {
    const at = ahead.length - 1 - Math.round(day * bucketsPerDay);
    if (at < 0) return peak;
    peak = Math.max(peak, ahead[at] ?? 0);
  }
}
