/** Snapshots are mostly runs of alike numbers: the fastest level already takes nine tenths away. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

const FASTEST = 1;

export function packSnapshot(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes, { level: FASTEST });
}

export function unpackSnapshot(bytes: Uint8Array): Uint8Array {
  return inflateRawSync(bytes);
}
