/**
 * A guest as bytes and back. Layout, words little-endian:
 *
 *   word 0        magic 'BGST'
 *   word 1        format version
 *   word 2        bytes of the whole snapshot
 *   word 3        bytes of the options text
 *   word 4        bytes of the state text
 *   word 5, 6     tick, low and high half
 *   word 7        zero
 *   options and state (ASCII JSON, each padded to 16 bytes), then the memory's own snapshot, with its digest inside
 */
import { GuestSnapshotError } from './guest-snapshot-error.js';

const MAGIC = 0x54534742;
const FORMAT_VERSION = 3;
const HEADER_BYTES = 32;
const HALF = 2 ** 32;

export interface GuestParts {
  readonly tick: number;
  /** What the guest was built with. */
  readonly options: string;
  /** What changes in it besides its memory. */
  readonly state: string;
  readonly memory: Uint8Array;
}

export function packGuest({ tick, options, state, memory }: GuestParts): Uint8Array {
  const stateAt = HEADER_BYTES + padded(options.length);
  const memoryAt = stateAt + padded(state.length);
  const bytes = new Uint8Array(memoryAt + memory.length);
  const words = [
    MAGIC,
    FORMAT_VERSION,
    bytes.length,
    options.length,
    state.length,
    tick % HALF,
    Math.floor(tick / HALF),
  ];
  const header = new DataView(bytes.buffer);
  words.forEach((word, at) => header.setUint32(at * 4, word, true));
  writeAscii(bytes, HEADER_BYTES, options);
  writeAscii(bytes, stateAt, state);
  bytes.set(memory, memoryAt);
  return bytes;
}

/** Inverse of packGuest. Throws GuestSnapshotError on a header that cannot be; the texts and the memory are judged later. */
export function unpackGuest(snapshot: Uint8Array): GuestParts {
  if (snapshot.length < HEADER_BYTES) {
    throw new GuestSnapshotError(`a length of ${snapshot.length} bytes cannot be right`);
  }
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  const word = (at: number): number => view.getUint32(at * 4, true);
  if (word(0) !== MAGIC) throw new GuestSnapshotError('it does not start with the magic BGST');
  if (word(1) !== FORMAT_VERSION) {
    throw new GuestSnapshotError(`version ${word(1)}, but only ${FORMAT_VERSION} can be read`);
  }
  if (word(2) !== snapshot.length) {
    throw new GuestSnapshotError(`it says it is ${word(2)} bytes long, it is ${snapshot.length}`);
  }
  const stateAt = HEADER_BYTES + padded(word(3));
  const memoryAt = stateAt + padded(word(4));
  if (memoryAt > snapshot.length) throw new GuestSnapshotError('its texts are longer than it is');
  return {
    tick: word(5) + word(6) * HALF,
    options: readAscii(snapshot, HEADER_BYTES, word(3)),
    state: readAscii(snapshot, stateAt, word(4)),
    // A copy, aligned as the memory wants it (a Node buffer would give a view where an array gives a copy).
    memory: new Uint8Array(snapshot.subarray(memoryAt)),
  };
}

function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
}

function readAscii(bytes: Uint8Array, from: number, length: number): string {
  let text = '';
  for (const code of bytes.subarray(from, from + length)) text += String.fromCharCode(code);
  return text;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
