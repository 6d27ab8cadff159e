/** The folder that a fleet lives in: made when missing, and used by one launcher at a time. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from '../launch-error.js';
import { isStillRunning, markOf, type ProcessMark } from '../process-list.js';

/** Who uses the folder: the launcher and what it started. */
interface Tenancy {
  readonly launcher: ProcessMark;
  readonly parts: readonly ProcessMark[];
}

/** What the parts of a launcher that was killed may take to end by themselves: their drain, and the database's. */
const LEFTOVER_LIMIT_MS = 45_000;
const POLL_MS = 50;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

export class Home {
  private constructor(
    readonly folder: string,
    private readonly leftovers: readonly ProcessMark[],
  ) {}

  /** Makes the folder and takes it. Throws LaunchError when it cannot be written to or another Ballast runs in it. */
  static take(folder: string): Home {
    try {
      mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 });
      accessSync(folder, constants.W_OK);
    } catch (error) {
      throw new LaunchError(`BALLAST_HOME must be a folder that can be written to, got ${folder}: ${codeOf(error)}`);
    }
    const last = lastTenancy(folder);
    if (last !== null && last.launcher.pid !== process.pid && isStillRunning(last.launcher)) {
      throw new LaunchError(
        `another Ballast (pid ${last.launcher.pid}) runs in ${folder} already: stop it, or set BALLAST_HOME to another folder`,
      );
    }
    const home = new Home(folder, (last?.parts ?? []).filter(isStillRunning));
    home.#write(home.leftovers);
    return home;
  }

  /**
   * Waits for what a launcher that was killed left behind: its parts are saving what they hold, and they still hold the port and the
   * database. Whatever does not end is ended.
   */
  async untilLeft(say: (line: string) => void): Promise<void> {
    if (this.leftovers.length > 0) say('Waiting for the last run to end …');
    for (let waitedMs = 0; waitedMs < LEFTOVER_LIMIT_MS; waitedMs += POLL_MS) {
      if (!this.leftovers.some(isStillRunning)) return;
      await sleep(POLL_MS);
    }
    for (const mark of this.leftovers.filter(isStillRunning)) process.kill(mark.pid, 'SIGKILL');
  }

  /** Notes the processes that this launcher runs, for the next one to find should it be killed. */
  note(pids: readonly number[]): void {
    this.#write(pids.map(markOf));
  }

  get postgresFolder(): string {
    return join(this.folder, 'postgres');
  }

  /** The log of one part; what grew long is put aside first. */
  logFile(part: string): string {
    const file = join(this.folder, 'logs', `${part}.log`);
    if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
    return file;
  }

  /** Whether something that is done once was done. */
  has(mark: string): boolean {
    return existsSync(join(this.folder, mark));
  }

  mark(mark: string): void {
    writeFileSync(join(this.folder, mark), `${new Date().toISOString()}\n`);
  }

  leave(): void {
    rmSync(tenancyFile(this.folder), { force: true });
  }

  #write(parts: readonly ProcessMark[]): void {
    const tenancy: Tenancy = { launcher: markOf(process.pid), parts };
    // Whole or not at all, whenever this process is killed.
    const draft = `${tenancyFile(this.folder)}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(tenancy));
    renameSync(draft, tenancyFile(this.folder));
  }
}

function tenancyFile(folder: string): string {
  return join(folder, 'launcher.json');
}

function lastTenancy(folder: string): Tenancy | null {
  try {
    return JSON.parse(readFileSync(tenancyFile(folder), 'utf8')) as Tenancy;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
