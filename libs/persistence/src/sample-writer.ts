/** Samples into the history (COPY) and the newest of each guest into `guest_latest` (one upsert). */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { MEMORY_METRICS, type GuestSample } from '#contracts';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { SAMPLE_COLUMNS, sqlTypeOf } from './sample-columns.js';

/** A sample and the wall-clock time it stands for. */
export interface TimedSample {
  readonly sample: GuestSample;
  readonly sampledAt: Date;
}

const COPY_COMMAND = `COPY memory_sample (guest_id, sampled_at, tick, ${SAMPLE_COLUMNS.join(', ')}) FROM STDIN`;
/** Rows that are handed to the socket in one piece. */
const ROWS_PER_CHUNK = 500;

/** Appends the samples to the history. Their day's partition must exist (partitions.ts). */
export async function appendSamples(client: PoolClient, samples: readonly TimedSample[]): Promise<void> {
  if (samples.length === 0) return;
  await pipeline(Readable.from(copyChunks(samples)), client.query(copyFrom(COPY_COMMAND)));
}

function* copyChunks(samples: readonly TimedSample[]): Generator<string> {
  for (let at = 0; at < samples.length; at += ROWS_PER_CHUNK) {
    yield samples
      .slice(at, at + ROWS_PER_CHUNK)
      .map(copyLine)
      .join('');
  }
}

function copyLine({ sample, sampledAt }: TimedSample): string {
  let line = `${sample.guestId}\t${sampledAt.toISOString()}\t${sample.tick}`;
  for (const metric of MEMORY_METRICS) line += `\t${sample.values[metric]}`;
  return `${line}\n`;
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
