/** Samples into the history (COPY) and the newest of each guest into `guest_latest` (one upsert). */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { MEMORY_METRICS } from '#contracts';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { SAMPLE_COLUMNS, sqlTypeOf } from './sample-columns.js';
import { COPY_SAMPLES, copyBytes, type TimedSample } from './sample-copy.js';

/** Appends the samples to the history. Their day's partition must exist (partitions.ts). */
export async function appendSamples(client: PoolClient, samples: readonly TimedSample[]): Promise<void> {
  if (samples.length === 0) return;
  await pipeline(Readable.from(copyBytes(samples)), client.query(copyFrom(COPY_SAMPLES)));
}

const LATEST_COLUMNS = [
  ['guest_id', 'uuid'],
  ['sampled_at', 'timestamptz'],
  ['tick', 'bigint'],
  ...MEMORY_METRICS.map((metric, at) => [SAMPLE_COLUMNS[at] ?? metric, sqlTypeOf(metric)] as const),
  ['balloon_state', 'text'],
  ['isolated_pages', 'int'],
  ['zones', 'jsonb'],
  ['vmstat', 'jsonb'],
  ['state_digest', 'text'],
] as const;

const LATEST_NAMES = LATEST_COLUMNS.map(([name]) => name).join(', ');
const LATEST_UPSERT = `
  INSERT INTO guest_latest (${LATEST_NAMES})
  SELECT ${LATEST_NAMES} FROM unnest(${LATEST_COLUMNS.map(([, type], at) => `$${at + 1}::${type}[]`).join(', ')})
      AS sample(${LATEST_NAMES})
  ON CONFLICT (guest_id) DO UPDATE
     SET (${LATEST_NAMES}) = (${LATEST_COLUMNS.map(([name]) => `excluded.${name}`).join(', ')})
   WHERE excluded.tick >= guest_latest.tick`;

/** Replaces the newest sample of each guest; of several for one guest the last counts. */
export async function replaceLatest(client: PoolClient, samples: readonly TimedSample[]): Promise<void> {
  const newest = [...new Map(samples.map((timed) => [timed.sample.guestId, timed])).values()];
  if (newest.length === 0) return;
  await client.query(LATEST_UPSERT, [
    newest.map(({ sample }) => sample.guestId),
    newest.map(({ sampledAt }) => sampledAt),
    newest.map(({ sample }) => sample.tick),
    ...MEMORY_METRICS.map((metric) => newest.map(({ sample }) => sample.values[metric])),
    newest.map(({ sample }) => sample.balloonState),
    newest.map(({ sample }) => sample.isolatedPages),
    newest.map(({ sample }) => JSON.stringify(sample.zones)),
    newest.map(({ sample }) => JSON.stringify(sample.vmstat)),
    newest.map(({ sample }) => sample.stateDigest),
  ]);
}
