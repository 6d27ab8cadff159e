/** The folder that a fleet lives in: made when missing, and used by one launcher at a time. */
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../launch-error.js';
import { isAlive } from '../process-list.js';

interface Holder {
  readonly pid: number;
  /** When the process began, in the kernel's ticks: a pid alone may be somebody else's by now. */
  readonly began: string;
}

export class Home {
  private constructor(readonly folder: string) {}

  /** Makes the folder and takes it. Throws LaunchError when it cannot be written to or another Ballast runs in it. */
  static take(folder: string): Home {
    try {
      mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 });
      accessSync(folder, constants.W_OK);
    } catch (error) {
      throw new LaunchError(`BALLAST_HOME must be a folder that can be written to, got ${folder}: ${codeOf(error)}`);
    }
    const home = new Home(folder);
    const holder = home.#holder();
    if (holder !== null && holder.pid !== process.pid && isAlive(holder.pid) && beganAt(holder.pid) === holder.began) {
      throw new LaunchError(
        `another Ballast (pid ${holder.pid}) runs in ${folder} already: stop it, or set BALLAST_HOME to another folder`,
      );
    }
    writeFileSync(home.#lock, JSON.stringify({ pid: process.pid, began: beganAt(process.pid) } satisfies Holder));
    return home;
  }

  get postgresFolder(): string {
    return join(this.folder, 'postgres');
  }

  logFile(part: string): string {
    return join(this.folder, 'logs', `${part}.log`);
  }

  /** Whether something that is done once was done. */
  has(mark: string): boolean {
    try {
      readFileSync(join(this.folder, mark));
      return true;
    } catch {
      return false;
    }
  }

  mark(mark: string): void {
    writeFileSync(join(this.folder, mark), `${new Date().toISOString()}\n`);
  }

  leave(): void {
    rmSync(this.#lock, { force: true });
  }

  get #lock(): string {
    return join(this.folder, 'launcher.json');
  }

  #holder(): Holder | null {
    try {
      return JSON.parse(readFileSync(this.#lock, 'utf8')) as Holder;
    } catch {
      // None, or one that was cut off while it was written.
      return null;
    }
  }
}

/** Field 22 of /proc/pid/stat; empty where there is no /proc. */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
