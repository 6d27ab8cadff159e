/**
 * The samples of a range as SQL: whole cells of the roll-up where a bucket is made of whole cells, single samples for the rest
 * (the ends of the range, and what the roll-up has not reached yet). Both have the same columns, so the answer is the same as
 * from the samples alone.
 */
import { MEMORY_METRICS, type MemoryMetric } from '#contracts';
import { columnOf } from '../sample-columns.js';
import { CELL_MS, type Buckets } from './buckets.js';

export const AGGREGATES = ['MIN', 'MEAN', 'MAX'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

const CELL_ARRAYS: Readonly<Record<Aggregate, string>> = { MIN: 'min_values', MEAN: 'sum_values', MAX: 'max_values' };

/**
 * `SELECT` of guest_id, bucket, n (samples) and v0, v1, … (of each metric the least, the sum or the greatest); `$1` in `guests`, a
 * condition on guest_id. Times are numbers that were checked, so they are written out.
 */
export function samplePartsSql(
  guests: string,
  metrics: readonly MemoryMetric[],
  aggregate: Aggregate,
  buckets: Buckets,
  span: TimeSpan,
  rolledUpUntilMs: number,
): string {
  const cells = wholeCells(buckets, span, rolledUpUntilMs);
  const bucketOf = (column: string): string =>
    `date_bin(interval '${buckets.stepMs} milliseconds', ${column}, ${timestamp(buckets.startMs)}) AS bucket`;
  const values = metrics.map((metric, at) => `${columnOf(metric)}::float8 AS v${at}`).join(', ');
  const cellValues = metrics
    .map((metric, at) => `${CELL_ARRAYS[aggregate]}[${MEMORY_METRICS.indexOf(metric) + 1}] AS v${at}`)
    .join(', ');
  const samples = ({ fromMs, toMs }: TimeSpan): string =>
    `SELECT guest_id, ${bucketOf('sampled_at')}, 1 AS n, ${values} FROM memory_sample
      WHERE ${guests} AND sampled_at >= ${timestamp(fromMs)} AND sampled_at < ${timestamp(toMs)}`;
  if (cells === null) return samples(span);
  const parts = [
    `SELECT guest_id, ${bucketOf('cell_at')}, sample_count AS n, ${cellValues} FROM memory_rollup
      WHERE ${guests} AND cell_at >= ${timestamp(cells.fromMs)} AND cell_at < ${timestamp(cells.toMs)}`,
  ];
  if (span.fromMs < cells.fromMs) parts.push(samples({ fromMs: span.fromMs, toMs: cells.fromMs }));
  if (cells.toMs < span.toMs) parts.push(samples({ fromMs: cells.toMs, toMs: span.toMs }));
  return parts.join('\n UNION ALL ');
}

/** What a bucket makes of its parts. */
export function aggregateSql(aggregate: Aggregate, column: string): string {
  switch (aggregate) {
    case 'MIN':
      return `min(${column})`;
    case 'MAX':
      return `max(${column})`;
    case 'MEAN':
      return `sum(${column}) / sum(n)`;
  }
}

/** The cells that lie wholly in the span and are rolled up; null when there are none or a bucket splits them. */
function wholeCells({ stepMs }: Buckets, { fromMs, toMs }: TimeSpan, rolledUpUntilMs: number): TimeSpan | null {
  if (stepMs % CELL_MS !== 0) return null;
  const first = Math.ceil(fromMs / CELL_MS) * CELL_MS;
  const end = Math.min(Math.floor(toMs / CELL_MS) * CELL_MS, rolledUpUntilMs);
  return first < end ? { fromMs: first, toMs: end } : null;
}

function timestamp(ms: number): string {
  return `timestamptz '${new Date(ms).toISOString()}'`;
}
