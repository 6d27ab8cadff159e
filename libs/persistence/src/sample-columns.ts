import { MEMORY_METRICS, type MemoryMetric } from '#contracts';

/** Column of `memory_sample` and `guest_latest` that holds a metric: snake case of its name. */
export function columnOf(metric: MemoryMetric): string {
  return metric.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** SQL type of the column: shares are `real`, everything else counts. */
export function sqlTypeOf(metric: MemoryMetric): 'real' | 'bigint' {
  return metric.endsWith('Ratio') ? 'real' : 'bigint';
}

/** The metric columns in the order of MEMORY_METRICS, which is the order of the tables. */
export const SAMPLE_COLUMNS: readonly string[] = MEMORY_METRICS.map(columnOf);
