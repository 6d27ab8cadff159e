/** The files that a path of an importTrace names, and none beyond the folder that is open to it. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import type { TraceFile } from '#simulation';
import { badInput } from '../limits/checks.js';
import { exceeded } from '../limits/query-limits.js';

const IMPORT_FIELD = 'input.path';
const ACCEPTED = 'a file, or a folder of .csv files, below the trace folder of the configuration';
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

/** In the order of their names, numbers by value. Throws DomainError BAD_INPUT or LIMIT_EXCEEDED. */
export async function readTraceFiles(traceDir: string, path: string): Promise<TraceFile[]> {
  const found = await locateTrace(traceDir, path, IMPORT_FIELD);
  const paths = (await stat(found)).isDirectory() ? await csvFilesOf(found) : [found];
  if (paths.length === 0) throw badInput(IMPORT_FIELD, ACCEPTED, path);
  const sizes = await Promise.all(paths.map(async (one) => (await stat(one)).size));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  if (totalBytes > MAX_TOTAL_BYTES) {
    throw exceeded(`${IMPORT_FIELD} must name files of at most ${MAX_TOTAL_BYTES} bytes together, got ${totalBytes}`);
  }
  return Promise.all(paths.map(async (one) => ({ name: basename(one), chunks: [await readFile(one, 'utf8')] })));
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
  throw badInput(field, ACCEPTED, path);
}

async function csvFilesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.csv')).map((entry) => entry.name);
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).map((name) => join(folder, name));
}
