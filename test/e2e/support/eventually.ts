import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/** The first value of `look` for which `holds`; throws with the last one seen once `limitMs` have passed. */
export async function eventually<Value>(
  look: () => Promise<Value> | Value,
  holds: (value: Value) => boolean,
  limitMs = 30_000,
): Promise<Value> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(value)}`);
    await sleep(POLL_MS);
  }
}
