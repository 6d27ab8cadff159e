/**
 * Gzip unpacked piece by piece without an event loop: cells read their traces within one pure call, and Node's own streams only run
 * between calls. minizlib drives Node's zlib for it, at its speed.
 */
import { Gunzip } from 'minizlib';

/** Packed bytes that are given at a time: of what packs a thousandfold, 64 MiB come out. */
const STEP_BYTES = 1 << 16;

/** The bytes that `packed` holds, of all its members. Throws minizlib's ZlibError (code `Z_…`) where it is no gzip, damaged or cut off. */
export function* gunzipPieces(packed: Iterable<Buffer>): Generator<Buffer> {
  let failure: Error | undefined;
  let out: Buffer[] = [];
  const gunzip = new Gunzip({});
  gunzip.on('error', (error) => (failure = error instanceof Error ? error : new Error(String(error))));
  gunzip.on('data', (bytes: Buffer) => out.push(bytes));
  const given = function* (): Generator<Buffer> {
    const ready = out;
    out = [];
    yield* ready;
    if (failure !== undefined) throw failure;
  };
  try {
    for (const piece of packed) {
      for (let from = 0; from < piece.length; from += STEP_BYTES) {
        gunzip.write(piece.subarray(from, from + STEP_BYTES));
        yield* given();
      }
    }
    gunzip.end();
    yield* given();
  } finally {
    gunzip.close();
  }
}
