/** The files that a path of an importTrace names, and none beyond the folder that is open to it. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { DomainError } from '#contracts';
import { openTextFiles } from '#platform';
import type { TraceFile } from '#simulation';
import { badInput } from '../limits/checks.js';
import { exceeded } from '../limits/query-limits.js';

const IMPORT_FIELD = 'input.path';
const ACCEPTED = 'a file, or a folder of .csv and .csv.gz files, below the trace folder of the configuration';
/** So many names of what there is are told to whom asks for what there is not. */
const MAX_NAMES = 20;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

/** In the order of their names, numbers by value; what is packed is unpacked and loses its `.gz`. Throws DomainError BAD_INPUT or LIMIT_EXCEEDED. */
export async function readTraceFiles(traceDir: string, path: string): Promise<TraceFile[]> {
  const found = await locateTrace(traceDir, path, IMPORT_FIELD);
  const isFolder = (await stat(found)).isDirectory();
  const texts = namingField(() => openTextFiles(found));
  if (texts.length === 0) throw badInput(IMPORT_FIELD, ACCEPTED, path);
  if (isFolder) for (const { name } of texts) await locateTrace(traceDir, join(found, name), IMPORT_FIELD);
  texts.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  let totalBytes = 0;
  const bounded = function* (chunks: Iterable<string>): Generator<string> {
    for (const chunk of chunks) {
      totalBytes += Buffer.byteLength(chunk);
      // Of what is packed nobody knows the size before.
      if (totalBytes > MAX_TOTAL_BYTES) {
        throw exceeded(`${IMPORT_FIELD} must name files of at most ${MAX_TOTAL_BYTES} bytes together, unpacked`);
      }
      yield chunk;
    }
  };
  return namingField(() =>
    texts.map(({ name, chunks }) => ({ name: name.replace(/\.gz$/i, ''), chunks: [...bounded(chunks)] })),
  );
}

function namingField<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DomainError) || error.field !== undefined) throw error;
    throw new DomainError(error.code, `${IMPORT_FIELD}: ${error.message}`, IMPORT_FIELD);
  }
}

/** The real path; links may not lead out of the folder. Throws DomainError BAD_INPUT naming `field`. */
export async function locateTrace(traceDir: string, path: string, field: string): Promise<string> {
  try {
    const root = await realpath(traceDir);
    const found = await realpath(resolve(root, path));
    const inside = relative(root, found);
    if (inside !== '..' && !inside.startsWith(`..${sep}`) && resolve(root, inside) === found) return found;
  } catch {
    // It does not exist, or may not be read: the same answer, so that nobody learns what lies elsewhere.
  }
  throw badInput(field, `${ACCEPTED} (${await contentsOf(traceDir)})`, path);
}

async function contentsOf(traceDir: string): Promise<string> {
  const entries = await readdir(traceDir, { withFileTypes: true }).catch(() => null);
  if (entries === null) return 'which cannot be read';
  const names = entries
    .filter((entry) => entry.isDirectory() || /\.csv(\.gz)?$/i.test(entry.name))
    .map(({ name }) => JSON.stringify(name))
    .sort();
  if (names.length === 0) return 'which has none';
  const others = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return `which has ${names.slice(0, MAX_NAMES).join(', ')}${others}`;
}
