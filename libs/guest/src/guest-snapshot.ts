/**
 * A guest as bytes: a header of three 32-bit little-endian words (magic, version, length of the state), the state as JSON in
 * ASCII, the snapshot of the memory.
 */
import type { GuestState } from './guest-state.js';

const MAGIC = 0x54534742; // "BGST"
const VERSION = 1;
const HEADER_BYTES = 12;

export function packGuest(state: GuestState, memory: Uint8Array): Uint8Array {
  const json = JSON.stringify(state);
  const bytes = new Uint8Array(HEADER_BYTES + json.length + memory.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, json.length, true);
  for (let at = 0; at < json.length; at++) bytes[HEADER_BYTES + at] = json.charCodeAt(at);
  bytes.set(memory, HEADER_BYTES + json.length);
  return bytes;
}

/** Throws RangeError when the header is not one that packGuest writes. The memory's own header is its core's to judge. */
export function unpackGuest(bytes: Uint8Array): { state: GuestState; memory: Uint8Array } {
  if (bytes.length < HEADER_BYTES)
    throw new RangeError(`a guest snapshot has at least ${HEADER_BYTES} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('these bytes are no guest snapshot');
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new RangeError(`a guest snapshot must have version ${VERSION}, got ${version}`);
  const end = HEADER_BYTES + view.getUint32(8, true);
  if (end > bytes.length) throw new RangeError('the guest snapshot is cut off');
  let json = '';
  for (let at = HEADER_BYTES; at < end; at++) json += String.fromCharCode(bytes[at] ?? 0);
  // A copy, aligned as the memory wants it (a Node buffer would give a view where an array gives a copy).
  return { state: JSON.parse(json) as GuestState, memory: new Uint8Array(bytes.subarray(end)) };
}
