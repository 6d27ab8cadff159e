import { describe, expect, it } from '@jest/globals';
import { maintainPartitions } from '../src/partitions.js';
import { aSample, bornGuests, takeOver, timed } from './support/a-worker.js';
import { withDatabase } from './support/with-database.js';
import { appendSamples } from '../src/sample-writer.js';

const database = withDatabase();
const DAY_MS = 86_400_000;
const MIDNIGHT = Date.UTC(2026, 2, 1);

async function partitions(): Promise<string[]> {
  const { rows } = await database().pool.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'memory_sample'::regclass ORDER BY 1`,
  );
  return rows.map((row) => row.name.replace('memory_sample_', ''));
}

describe('the partitions of the history', () => {
  it('exist from yesterday to two days ahead, also when asked for again', async () => {
    for (let time = 0; time < 2; time++) await maintainPartitions(database(), new Date(MIDNIGHT), 30);
    expect(await partitions()).toEqual(['20260228', '20260301', '20260302', '20260303']);
  });

  it('take samples on both sides of midnight', async () => {
    await maintainPartitions(database(), new Date(), 30);
    const [guest] = await bornGuests(database(), await takeOver(database()), 1);
    await maintainPartitions(database(), new Date(MIDNIGHT), 30);
    const times = [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 2 * DAY_MS];
    await database().transaction((client) =>
      appendSamples(
        client,
        times.map((ms, tick) => timed(aSample(guest!.id, tick), new Date(ms))),
      ),
    );
    const { rows } = await database().pool.query<{ name: string }>(
      `SELECT tableoid::regclass::text AS name FROM memory_sample WHERE sampled_at < $1 ORDER BY sampled_at`,
      [new Date(MIDNIGHT + 3 * DAY_MS)],
    );
    expect(rows.map((row) => row.name.replace('memory_sample_', ''))).toEqual(['20260228', '20260301', '20260303']);
  });

  it('are dropped once every sample in them is older than the retention', async () => {
    await maintainPartitions(database(), new Date(MIDNIGHT + DAY_MS), 2);
    expect(await partitions()).toContain('20260228');
    await maintainPartitions(database(), new Date(MIDNIGHT + 2 * DAY_MS), 2);
    expect(await partitions()).not.toContain('20260228');
    expect(await partitions()).toContain('20260301');
  });

  it('are neither made ahead nor dropped while somebody reads at length, but the next time', async () => {
    const now = new Date(MIDNIGHT + 3 * DAY_MS);
    const reader = await database().pool.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM memory_sample');
    await maintainPartitions(database(), now, 1);
    const meanwhile = await partitions();
    await reader.query('COMMIT');
    reader.release();
    expect(meanwhile).toContain('20260302');
    expect(meanwhile).not.toContain('20260306');
    await maintainPartitions(database(), now, 1);
    expect(await partitions()).not.toContain('20260302');
    expect(await partitions()).toContain('20260306');
  }, 20_000);
});
