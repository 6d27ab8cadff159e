/** Fills the roll-up: samples of five minutes become one row a guest with count, least, greatest and sum of each metric. */
import type { PoolClient } from 'pg';
import type { Database } from '../database.js';
import { SAMPLE_COLUMNS } from '../sample-columns.js';
import { CELL_MS } from './buckets.js';

/** A sample is stored at most so long after its time; cells that ended earlier are whole. */
const SETTLED_AFTER_MS = 60_000;
/** Cells of one transaction, so that catching up never holds anything up for long. */
const CELLS_AT_A_TIME = 12;

const array = (aggregate: string): string =>
  `ARRAY[${SAMPLE_COLUMNS.map((column) => `${aggregate}(${column}::float8)`).join(', ')}]`;

const ROLL_UP = `
  INSERT INTO memory_rollup (guest_id, cell_at, sample_count, min_values, max_values, sum_values)
  SELECT guest_id, date_bin('${CELL_MS} milliseconds', sampled_at, timestamptz 'epoch') AS cell, count(*)::int,
         ${array('min')}, ${array('max')}, ${array('sum')}
    FROM memory_sample WHERE sampled_at >= $1 AND sampled_at < $2
   GROUP BY guest_id, cell
  ON CONFLICT (guest_id, cell_at) DO UPDATE
     SET (sample_count, min_values, max_values, sum_values) =
         (excluded.sample_count, excluded.min_values, excluded.max_values, excluded.sum_values)`;

/**
 * Rolls up every cell that ended before `now` and is not rolled up yet, and forgets those older than `retentionDays`. To be called
 * about once a minute; calls at the same time do the work once.
 */
export async function rollUpHistory(database: Database, now: Date, retentionDays: number): Promise<void> {
  const end = cellOf(now.getTime() - SETTLED_AFTER_MS);
  let until = 0;
  while (until < end) until = await database.transaction((client) => advance(client, end));
  await database.pool.query('DELETE FROM memory_rollup WHERE cell_at < $1', [
    new Date(now.getTime() - retentionDays * 86_400_000),
  ]);
}

/** The time up to which the history is rolled up afterwards. */
async function advance(client: PoolClient, end: number): Promise<number> {
  const progress = await client.query<{ rolled_up_until: Date | null }>(
    'SELECT rolled_up_until FROM memory_rollup_progress WHERE id = 1 FOR UPDATE',
  );
  const from = progress.rows[0]?.rolled_up_until?.getTime() ?? (await oldestCell(client)) ?? end;
  const until = Math.max(from, Math.min(end, from + CELLS_AT_A_TIME * CELL_MS));
  if (until > from) await client.query(ROLL_UP, [new Date(from), new Date(until)]);
  await client.query('UPDATE memory_rollup_progress SET rolled_up_until = $1 WHERE id = 1', [new Date(until)]);
  return until;
}

async function oldestCell(client: PoolClient): Promise<number | null> {
  const { rows } = await client.query<{ oldest: Date | null }>('SELECT min(sampled_at) AS oldest FROM memory_sample');
  const oldest = rows[0]?.oldest;
  return oldest == null ? null : cellOf(oldest.getTime());
}

function cellOf(ms: number): number {
  return Math.floor(ms / CELL_MS) * CELL_MS;
}
