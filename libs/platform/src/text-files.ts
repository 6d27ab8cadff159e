/** Text files that are read piece by piece, as often as they are asked for: a set of them may be larger than memory. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

const PIECE_BYTES = 1 << 20;

export interface ReadableText {
  readonly name: string;
  /** Every walk over it reads the file anew. */
  readonly chunks: Iterable<string>;
}

/** A file, or the CSV files of a folder in order of name (by code unit). Throws what Node throws when it cannot be read. */
export function openTextFiles(path: string): ReadableText[] {
  if (!statSync(path).isDirectory()) return [openText(path)];
  const names = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name.toLowerCase().endsWith('.csv'))
    .map(({ name }) => name)
    .sort();
  return names.map((name) => openText(join(path, name)));
}

function openText(path: string): ReadableText {
  return { name: basename(path), chunks: { [Symbol.iterator]: () => pieces(path) } };
}

function* pieces(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    const decoder = new StringDecoder('utf8');
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
      yield decoder.write(buffer.subarray(0, size));
    }
    const rest = decoder.end();
    if (rest !== '') yield rest;
  } finally {
    closeSync(file);
  }
}
