/** Snapshots are mostly runs of alike numbers: the fastest level already takes nine tenths away. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

const FASTEST = 1;

/** The bytes own their buffer, so that it can change threads. */
export function packSnapshot(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(deflateRawSync(bytes, { level: FASTEST }));
}

export function unpackSnapshot(bytes: Uint8Array): Uint8Array {
  return inflateRawSync(bytes);
}
