/** Ids of rows: UUID version 7 (RFC 9562), so that the order of ids is the order of creation. */
import { randomBytes } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** The 12 bits after the version count within a millisecond, the first method of RFC 9562, section 6.2. */
const COUNTER_END = 0x1000;

let lastMs = 0;
let counter = 0;

/** Later calls of one process give greater ids, also within a millisecond. */
export function newId(): string {
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = 0;
  } else if (++counter === COUNTER_END) {
    lastMs++;
    counter = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const tail = randomBytes(8);
  tail.writeUInt8((tail.readUInt8(0) & 0x3f) | 0x80, 0);
  const rest = tail.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${rest.slice(0, 4)}-${rest.slice(4)}`;
}

/** Whether PostgreSQL would take the text for a uuid column: what is none names no row. */
export function isId(text: string): boolean {
  return UUID.test(text);
}

/** The ids that may name a row, each once. */
export function distinctIds(ids: readonly string[]): string[] {
  return [...new Set(ids)].filter(isId);
}
