/** A worker as it runs in earnest: its own process, from `dist`, with threads and queue. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const ENTRY = join(process.cwd(), 'dist', 'apps', 'worker', 'src', 'main.js');

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ending>;
  #output = '';

  constructor(databaseUrl: string, settings: Readonly<Record<string, string>> = {}) {
    const { PATH = '' } = process.env;
    this.#child = spawn(process.execPath, [ENTRY], {
      env: { PATH, DATABASE_URL: databaseUrl, BALLAST_THREADS: '1', ...settings },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.stdout?.on('data', (text: Buffer) => (this.#output += text.toString()));
    this.#child.stderr?.on('data', (text: Buffer) => (this.#output += text.toString()));
    // Not `close`, which does not come after a disconnect: the last of the output may be later than this.
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** All that it printed. */
  get output(): string {
    return this.#output;
  }

  get ended(): Promise<Ending> {
    return this.#ended;
  }

  /** Resolves when it reports that the fleet runs. */
  async ready(): Promise<this> {
    const ended = this.#ended.then(() => {
      throw new Error(`the worker ended before it was ready:\n${this.#output}`);
    });
    await Promise.race([once(this.#child, 'message'), ended]);
    return this;
  }

  /** As a machine that loses power, for the process. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  stop(): Promise<Ending> {
    this.#child.kill('SIGTERM');
    return this.#ended;
  }

  /** What happens to it when its parent is killed. */
  orphan(): Promise<Ending> {
    this.#child.disconnect();
    return this.#ended;
  }
}
