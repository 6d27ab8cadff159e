/**
 * Shapes: one declaration of a record that both reads untrusted JSON (collecting every problem with its path) and
 * prints the JSON schema of what it reads. Unknown keys are ignored, `null` counts as absent where a field is optional:
 * contracts may grow without breaking older readers.
 */
import { shown, type JsonValue, type Parsed, type Problem } from './json.js';

export type JsonSchema = { readonly [key: string]: JsonValue | undefined };

export interface Shape<T> {
  /** Reads `value`; on a problem records it and returns a stand-in that the caller must throw away. */
  readonly read: (value: unknown, path: string, problems: Problem[]) => T;
  readonly schema: JsonSchema;
  readonly optional: boolean;
}

export type ShapeType<S> = S extends Shape<infer T> ? T : never;

/** Reads a whole document: its value, or everything that is wrong with it. */
export function readShape<T>(shape: Shape<T>, value: unknown, root = ''): Parsed<T> {
  const problems: Problem[] = [];
  const read = shape.read(value, root, problems);
  return problems.length === 0 ? { ok: true, value: read } : { ok: false, problems };
}

export interface NumberRange {
  /** Inclusive. */
  readonly min?: number;
  /** Inclusive. */
  readonly max?: number;
  readonly whole?: boolean;
}

/** A finite number within a range; `description` says its unit. */
export function number(description: string, range: NumberRange = {}): Shape<number> {
  const { min = -Number.MAX_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, whole = false } = range;
  const accepted = `a ${whole ? 'whole ' : ''}number from ${min} to ${max}`;
  return {
    read: (value, path, problems) => {
      const fits = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value));
      if (fits) return value;
      problems.push(mismatch(path, accepted, value));
      return 0;
    },
    schema: { type: whole ? 'integer' : 'number', minimum: min, maximum: max, description },
    optional: false,
  };
}

/** A size in bytes, 0 to 2^53 − 1. */
export const bytes = (description: string): Shape<number> => number(`${description}, bytes`, { min: 0 });

/** A share of a whole, 0 to 1. */
export const ratio = (description: string): Shape<number> => number(`${description}, 0 to 1`, { min: 0, max: 1 });

/** A text that is not empty. */
export function text(description: string): Shape<string> {
  return {
    read: (value, path, problems) => {
      if (typeof value === 'string' && value !== '') return value;
      problems.push(mismatch(path, 'a non-empty text', value));
      return '';
    },
    schema: { type: 'string', minLength: 1, description },
    optional: false,
  };
}

export function flag(description: string): Shape<boolean> {
  return {
    read: (value, path, problems) => {
      if (typeof value === 'boolean') return value;
      problems.push(mismatch(path, 'true or false', value));
      return false;
    },
    schema: { type: 'boolean', description },
    optional: false,
  };
}

/** One of a closed list of names; upper and lower case are not told apart. */
export function choice<const Name extends string>(names: readonly [Name, ...Name[]], description: string): Shape<Name> {
  return {
    read: (value, path, problems) => {
      const wanted = typeof value === 'string' ? value.toUpperCase() : undefined;
      const found = names.find((name) => name.toUpperCase() === wanted);
      if (found === undefined) problems.push(mismatch(path, `one of ${names.join(', ')}`, value));
      return found ?? names[0];
    },
    schema: { type: 'string', enum: names, description },
    optional: false,
  };
}

/** The field may be left out. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    read: (value, path, problems) => (isAbsent(value) ? undefined : shape.read(value, path, problems)),
    schema: shape.schema,
    optional: true,
  };
}

/** The field may be left out, and then reads as `fallback`. */
export function withDefault<T extends JsonValue>(shape: Shape<T>, fallback: T): Shape<T> {
  return {
    read: (value, path, problems) => (isAbsent(value) ? fallback : shape.read(value, path, problems)),
    schema: { ...shape.schema, default: fallback },
    optional: true,
  };
}

/** The field may be null or left out, which both read as null. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    read: (value, path, problems) => (isAbsent(value) ? null : shape.read(value, path, problems)),
    schema: { anyOf: [shape.schema, { type: 'null' }], default: null },
    optional: true,
  };
}

export function listOf<T>(shape: Shape<T>, description: string): Shape<readonly T[]> {
  return {
    read: (value, path, problems) => {
      if (Array.isArray(value)) {
        return value.map((item: unknown, index) => shape.read(item, `${path}[${index}]`, problems));
      }
      problems.push(mismatch(path, 'a list', value));
      return [];
    },
    schema: { type: 'array', items: shape.schema, description },
    optional: false,
  };
}

/** A record with free keys (guest ids) and values of one shape; absent reads as empty. */
export function mapOf<T>(shape: Shape<T>, description: string): Shape<ReadonlyMap<string, T>> {
  return {
    read: (value, path, problems) => {
      if (isAbsent(value)) return new Map();
      const entries = Object.entries(asRecord(value, path, problems));
      return new Map(entries.map(([key, item]) => [key, shape.read(item, `${path}.${key}`, problems)]));
    },
    schema: { type: 'object', additionalProperties: shape.schema, description },
    optional: true,
  };
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type RecordOf<F extends Fields> = { readonly [Key in keyof F]: ShapeType<F[Key]> };

/** A record of named fields. */
export function record<F extends Fields>(fields: F, description: string): Shape<RecordOf<F>> {
  const entries = Object.entries(fields);
  return {
    read: (value, path, problems) => {
      const source = asRecord(value, path, problems);
      const result: Record<string, unknown> = {};
      for (const [key, shape] of entries) {
        const read = shape.read(source[key], path === '' ? key : `${path}.${key}`, problems);
        if (read !== undefined) result[key] = read;
      }
      return result as RecordOf<F>;
    },
    schema: {
      type: 'object',
      description,
      properties: Object.fromEntries(entries.map(([key, shape]) => [key, shape.schema])),
      required: entries.filter(([, shape]) => !shape.optional).map(([key]) => key),
    },
    optional: false,
  };
}

function asRecord(value: unknown, path: string, problems: Problem[]): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  problems.push(mismatch(path, 'an object', value));
  return {};
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function mismatch(path: string, accepted: string, value: unknown): Problem {
  const got = shown(value);
  return { path, message: `must be ${accepted}, got ${got}` };
}
