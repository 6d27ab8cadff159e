/** Imported traces on the disk of this machine, for threads that read files piece by piece. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '#contracts';
import type { Traces } from './traces.js';

const IMPORTED = 'trace:';

/** The trace that a spec's path `trace:ID` means; null for a path of files. */
export function importedTraceId(path: string): string | null {
  return path.startsWith(IMPORTED) ? path.slice(IMPORTED.length) : null;
}

/** Each trace is fetched once, and lies here until `remove`. */
export class TraceCopies {
  readonly #paths = new Map<string, Promise<string>>();
  #folder: Promise<string> | undefined;

  constructor(private readonly traces: Traces) {}

  /** A file, or a folder of files. Throws DomainError BAD_INPUT when there is nothing to read. */
  async pathOf(traceId: string): Promise<string> {
    let path = this.#paths.get(traceId);
    if (path === undefined) {
      path = this.#copy(traceId);
      this.#paths.set(traceId, path);
      path.catch(() => this.#paths.delete(traceId));
    }
    return path;
  }

  async remove(): Promise<void> {
    await Promise.allSettled(this.#paths.values());
    this.#paths.clear();
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  async #copy(traceId: string): Promise<string> {
    const files = await this.traces.filesOf(traceId);
    const [only] = files;
    if (only === undefined) {
      const message = `guests.source.path: there is no imported trace ${traceId}, or it was imported before files were kept: import it again`;
      throw new DomainError('BAD_INPUT', message, 'guests.source.path');
    }
    this.#folder ??= mkdtemp(join(tmpdir(), 'ballast-traces-'));
    // The id is known to be one: rows have it.
    const folder = join(await this.#folder, traceId);
    await mkdir(folder, { recursive: true });
    for (const { name, text } of files) await writeFile(join(folder, name), text);
    return files.length === 1 ? join(folder, only.name) : folder;
  }
}
