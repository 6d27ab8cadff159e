/** Text files that are read piece by piece, as often as they are asked for: a set of them may be larger than memory. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { DomainError } from '#contracts';

const PIECE_BYTES = 1 << 20;
const PACKED = /\.(gz|zip|bz2|xz|zst)$/i;

export interface ReadableText {
  readonly name: string;
  /** Every walk over it reads the file anew. */
  readonly chunks: Iterable<string>;
}

/**
 * A file, or the CSV files of a folder in order of name (by code unit). Throws DomainError BAD_INPUT for a packed file, also for one beside
 * others in a folder (to leave it out would be half a set), and what Node throws when there is nothing to read.
 */
export function openTextFiles(path: string): ReadableText[] {
  if (!statSync(path).isDirectory()) {
    refusePacked(basename(path));
    return [openText(path)];
  }
  const names = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /\.csv$/i.test(entry.name.replace(PACKED, '')))
    .map(({ name }) => name)
    .sort();
  for (const name of names) refusePacked(name);
  return names.map((name) => openText(join(path, name)));
}

function refusePacked(name: string): void {
  if (!PACKED.test(name)) return;
  throw new DomainError('BAD_INPUT', `${name} is packed: unpack it first; a .csv file or a folder of them is read`);
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
