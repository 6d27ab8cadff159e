/** Shapes that only specs need: closed records, variants by `kind`, words in place of a record. */
import { record, type JsonSchema, type Shape } from '#policy';

type Fields = Readonly<Record<string, Shape<unknown>>>;

/** A record (a whole document may name its $schema) in which a misspelt name is a problem: an ignored field would run another experiment than the one asked for. */
export function closed<F extends Fields>(fields: F, description: string): ReturnType<typeof record<F>> {
  const open = record(fields, description);
  const names = Object.keys(fields);
  return {
    read: (value, path, problems) => {
      for (const key of isRecord(value) ? Object.keys(value) : []) {
        if (names.includes(key) || (path === '' && key === '$schema')) continue;
        problems.push({ path: join(path, key), message: `is not a field; accepted: ${names.join(', ')}` });
      }
      return open.read(value, path, problems);
    },
    schema: { ...open.schema, additionalProperties: false },
    optional: false,
  };
}

/** A record that may be left out when all of its fields may. */
export function orEmpty<T>(shape: Shape<T>): Shape<T> {
  return {
    read: (value, path, problems) => shape.read(value ?? {}, path, problems),
    schema: { ...shape.schema, default: {} },
    optional: true,
  };
}

/** One of several records, told apart by their field `kind`. */
export function variants<T extends { readonly kind: string }>(
  shapes: { readonly [Kind in T['kind']]: Shape<Omit<Extract<T, { kind: Kind }>, 'kind'>> },
  description: string,
): Shape<T> {
  const entries = Object.entries(shapes) as [T['kind'], Shape<object>][];
  const kinds = entries.map(([kind]) => kind);
  return {
    read: (value, path, problems) => {
      const { kind, ...fields } = isRecord(value) ? value : {};
      const found = entries.find(([name]) => name === kind);
      if (found !== undefined) return { kind: found[0], ...found[1].read(fields, path, problems) } as unknown as T;
      const got = JSON.stringify(kind) as string | undefined;
      problems.push({
        path: join(path, 'kind'),
        message: `must be one of ${kinds.join(', ')}, got ${got ?? 'nothing'}`,
      });
      return {} as T;
    },
    schema: { description, oneOf: entries.map(([kind, { schema }]) => withKind(kind, schema)) },
    optional: false,
  };
}

/** Words that stand for a whole record, or single fields by name on top of the first word's record. */
export function wordsOr<T extends object>(
  words: Readonly<Record<string, T>>,
  fields: { readonly [Key in keyof T]: Shape<T[Key]> },
  description: string,
): Shape<T> {
  const names = Object.keys(words);
  const single = closed(fields as Fields, description);
  return {
    read: (value, path, problems) => {
      const word = value ?? names[0];
      if (typeof word !== 'string') return single.read(word, path, problems) as T;
      const found = Object.hasOwn(words, word) ? words[word] : undefined;
      if (found !== undefined) return found;
      problems.push({ path, message: `must be ${names.join(', ')} or an object of single values, got "${word}"` });
      return {} as T;
    },
    schema: { description, anyOf: [{ enum: names }, single.schema], default: names[0] },
    optional: true,
  };
}

function withKind(kind: string, schema: JsonSchema): JsonSchema {
  const properties = { kind: { const: kind }, ...(schema['properties'] as JsonSchema) };
  return { ...schema, properties, required: ['kind', ...(schema['required'] as string[])] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
