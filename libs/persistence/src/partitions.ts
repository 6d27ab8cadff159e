/** Daily partitions of the history: made ahead of time, dropped when they age out. */
import type { Database } from './database.js';

const DAY_MS = 86_400_000;
/** Days that must exist beyond today, so that a clock that runs on never meets a missing one. */
const DAYS_AHEAD = 2;
/** Both kinds of work wait for whoever reads, and hold up the writer behind them: what need not be now gets no longer than this. */
const WAIT = '1s';
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Makes the partitions from yesterday to two days ahead that are missing, and drops those of which every sample is older than
 * `retentionDays`. Only those up to today are sure to be there afterwards: the rest may be left for the next time.
 */
export async function maintainPartitions(database: Database, now: Date, retentionDays: number): Promise<void> {
  const today = Math.floor(now.getTime() / DAY_MS);
  for (let day = today - 1; day <= today; day++) await database.pool.query(creationOf(day));
  for (let day = today + 1; day <= today + DAYS_AHEAD; day++) await tryTo(database, creationOf(day));
  const oldest = partitionOf(today - retentionDays);
  for (const name of await partitions(database)) {
    if (name < oldest) await tryTo(database, `DROP TABLE IF EXISTS ${name}`);
  }
}

function creationOf(day: number): string {
  return `CREATE TABLE IF NOT EXISTS ${partitionOf(day)} PARTITION OF memory_sample
            FOR VALUES FROM ('${dateOf(day)}') TO ('${dateOf(day + 1)}')`;
}

async function tryTo(database: Database, statement: string): Promise<void> {
  try {
    await database.transaction(async (client) => {
      await client.query(`SET LOCAL lock_timeout = '${WAIT}'`);
      await client.query(statement);
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
  }
}

async function partitions(database: Database): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT child.relname AS name FROM pg_inherits
       JOIN pg_class child ON child.oid = inhrelid
      WHERE inhparent = 'memory_sample'::regclass AND child.relname ~ '^memory_sample_[0-9]{8}$' ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString();
}

/** Sorts by age as text. */
function partitionOf(day: number): string {
  return `memory_sample_${dateOf(day).slice(0, 10).replaceAll('-', '')}`;
}
