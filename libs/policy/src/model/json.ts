/** What survives a round trip through JSON: policy memories and stored plans are made of nothing else. */
export type JsonValue =
  null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** One thing that is wrong with an input: where (`guests[3].minBytes`) and what would be accepted. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** An input that was read, or every problem it has. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/** A value as a problem quotes it: as JSON, cut to a length that fits a message. */
export function shown(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  const text = (JSON.stringify(value) as string | undefined) ?? (value === undefined ? 'nothing' : typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
