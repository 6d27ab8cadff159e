/** Text files that are read piece by piece, as often as they are asked for: a set of them, or one, may be larger than memory. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { DomainError } from '#contracts';
import { gunzipPieces } from './gunzip.js';

const PIECE_BYTES = 1 << 20;
const GZIP = /\.gz$/i;
const PACKED = /\.(gz|zip|bz2|xz|zst)$/i;

export interface ReadableText {
  readonly name: string;
  /** Every walk over it reads the file anew. Throws DomainError BAD_INPUT where a packed file is cut off or damaged. */
  readonly chunks: Iterable<string>;
}

/**
 * A file, or the CSV files of a folder in order of name (by code unit, `.gz` left out). What ends in `.gz` is unpacked as it is read. Throws
 * DomainError BAD_INPUT for a file that is packed in another way or lies there unpacked, too (to leave it out of a folder could be half a
 * set), and what Node throws when there is nothing to read.
 */
export function openTextFiles(path: string): ReadableText[] {
  if (!statSync(path).isDirectory()) {
    refusePacked(basename(path));
    return [openText(path)];
  }
  const names = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /\.csv$/i.test(entry.name.replace(PACKED, '')))
    .map(({ name }) => ({ name, unpacked: name.replace(GZIP, '') }))
    .sort((one, other) => (one.unpacked < other.unpacked ? -1 : 1));
  names.forEach(({ name, unpacked }, at) => {
    refusePacked(name);
    if (names[at + 1]?.unpacked !== unpacked) return;
    throw new DomainError('BAD_INPUT', `${unpacked} is there twice, packed and unpacked: leave one of them`);
  });
  return names.map(({ name }) => openText(join(path, name)));
}

function refusePacked(name: string): void {
  if (!PACKED.test(name) || GZIP.test(name)) return;
  throw new DomainError(
    'BAD_INPUT',
    `${name} is packed: unpack it first, or pack it with gzip; .csv and .csv.gz files and folders of them are read`,
  );
}

function openText(path: string): ReadableText {
  return { name: basename(path), chunks: { [Symbol.iterator]: () => textOf(path) } };
}

function* textOf(path: string): Generator<string> {
  const decoder = new StringDecoder('utf8');
  for (const bytes of GZIP.test(path) ? unpacked(path) : pieces(path)) yield decoder.write(bytes);
  const rest = decoder.end();
  if (rest !== '') yield rest;
}

/** Says up to which line the file could be read when it can be no further. */
function* unpacked(path: string): Generator<Buffer> {
  let lines = 0;
  try {
    for (const bytes of gunzipPieces(pieces(path))) {
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
      yield bytes;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error;
    const place = `${basename(path)}:${lines + 1}`;
    throw new DomainError(
      'BAD_INPUT',
      `${place}: the gzip file is cut off or damaged, here or below (${error.message})`,
    );
  }
}

/** The buffer is used again for the next piece. */
function* pieces(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) yield buffer.subarray(0, size);
  } finally {
    closeSync(file);
  }
}
