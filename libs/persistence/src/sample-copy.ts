/**
 * Samples in PostgreSQL's binary COPY format: https://www.postgresql.org/docs/18/sql-copy.html, "Binary Format". Numbers go
 * as they are: writing them as decimal text and reading that again would cost most of the time.
 *
 * A row: 16-bit count of fields, then each field as a 32-bit length and its bytes, all big-endian.
 */
import { MEMORY_METRICS, type GuestSample } from '#contracts';
import { SAMPLE_COLUMNS, sqlTypeOf } from './sample-columns.js';

/** A sample and the wall-clock time it stands for. */
export interface TimedSample {
  readonly sample: GuestSample;
  readonly sampledAt: Date;
}

export const COPY_SAMPLES = `COPY memory_sample (guest_id, sampled_at, tick, ${SAMPLE_COLUMNS.join(', ')}) FROM STDIN (FORMAT binary)`;

/** Rows that are handed to the socket in one piece. */
const ROWS_PER_CHUNK = 1_000;
/** The signature, no flags, no extension. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

const METRICS = MEMORY_METRICS.map((name) => ({ name, isReal: sqlTypeOf(name) === 'real' }));
const FIELDS = METRICS.length + 3;
const LENGTH_BYTES = 4;
const UUID_BYTES = 16;
const BIGINT_BYTES = 8;
const REAL_BYTES = 4;
const REALS = METRICS.filter(({ isReal }) => isReal).length;
const ROW_BYTES = 2 + FIELDS * LENGTH_BYTES + UUID_BYTES + (FIELDS - 1 - REALS) * BIGINT_BYTES + REALS * REAL_BYTES;

/** PostgreSQL counts microseconds from the year 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const HALF = 2 ** 32;
const { floor } = Math;

/** All that COPY_SAMPLES is to be sent. */
export function* copyBytes(samples: readonly TimedSample[]): Generator<Buffer> {
  yield HEADER;
  for (let at = 0; at < samples.length; at += ROWS_PER_CHUNK) yield rows(samples.slice(at, at + ROWS_PER_CHUNK));
  yield TRAILER;
}

function rows(samples: readonly TimedSample[]): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length * ROW_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  samples.forEach((timed, row) => writeRow(bytes, view, row * ROW_BYTES, timed));
  return bytes;
}

function writeRow(bytes: Buffer, view: DataView, start: number, { sample, sampledAt }: TimedSample): void {
  const { values } = sample;
  view.setInt16(start, FIELDS);
  view.setInt32(start + 2, UUID_BYTES);
  let at = start + 2 + LENGTH_BYTES;
  at += bytes.write(sample.guestId.replaceAll('-', ''), at, 'hex');
  at = writeBigint(view, at, (sampledAt.getTime() - EPOCH_MS) * 1000);
  at = writeBigint(view, at, sample.tick);
  for (const { name, isReal } of METRICS) {
    at = isReal ? writeReal(view, at, values[name]) : writeBigint(view, at, values[name]);
  }
}

function writeBigint(view: DataView, at: number, value: number): number {
  view.setInt32(at, BIGINT_BYTES);
  const high = floor(value / HALF);
  view.setInt32(at + LENGTH_BYTES, high);
  view.setUint32(at + LENGTH_BYTES + 4, value - high * HALF);
  return at + LENGTH_BYTES + BIGINT_BYTES;
}

function writeReal(view: DataView, at: number, value: number): number {
  view.setInt32(at, REAL_BYTES);
  view.setFloat32(at + LENGTH_BYTES, value);
  return at + LENGTH_BYTES + REAL_BYTES;
}
