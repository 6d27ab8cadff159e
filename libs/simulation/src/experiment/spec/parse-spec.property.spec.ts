import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseSpec } from './parse-spec.js';
import { PRESETS } from './presets.js';

const junk = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(NaN, Infinity, -0, undefined, '__proto__', 1e308));

/** Every path of a spec to a value that can be put in its place. */
function places(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  (copy as Record<string | number, unknown>)[key] = replaced(
    (value as Record<string | number, unknown>)[key],
    rest,
    by,
  );
  return copy;
}

describe('a spec that anything was done to', () => {
  it('is read or refused with named fields, and never takes the reader down', () => {
    const [quick] = PRESETS.map(({ spec }) => spec);
    const paths = places(quick);
    fc.assert(
      fc.property(fc.constantFrom(...paths), junk, (path, by) => {
        const read = parseSpec(replaced(quick, path, by));
        if (read.ok) expect(parseSpec(JSON.parse(JSON.stringify(read.value))).ok).toBe(true);
        else for (const { message } of read.problems) expect(message).not.toBe('');
      }),
      { numRuns: 400 },
    );
    fc.assert(fc.property(fc.anything(), (anything) => void parseSpec(anything)));
  });
});
