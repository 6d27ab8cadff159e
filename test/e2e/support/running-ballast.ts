/** Ballast as a person runs it: real processes, in a home of their own, seen from outside only. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from './api-client.js';
import { eventually } from './eventually.js';
import { processesOf, type ProcessEntry } from './process-list.js';

/** Environment of a start. Unless they say otherwise: a free port, a home of its own, no demo fleet. */
export type Settings = Readonly<Record<string, string>>;

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

const ROOT = process.cwd();
/** `npm start` without npm in between. */
export const START_SCRIPT: readonly string[] = [process.execPath, join(ROOT, 'scripts', 'ballast.mjs'), 'up'];
/** The command itself, which does not look whether something must be built. */
export const CLI_UP: readonly string[] = [process.execPath, join(ROOT, 'dist', 'apps', 'cli', 'src', 'main.js'), 'up'];

const READY_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 60_000;
const ADDRESS = /https?:\/\/127\.0\.0\.1:\d+\/graphql/;

/** A folder for one fleet; `remove` ends what is left of it. */
export class Home {
  readonly path = mkdtempSync(join(tmpdir(), 'ballast-e2e-'));

  processes(): ProcessEntry[] {
    return processesOf(this.path);
  }

  /** As a power cut would, as far as a process can tell. */
  killEverything(): void {
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ended meanwhile
      }
    }
  }

  /** Waits until none of its processes is left. */
  async untilQuiet(limitMs = STOP_LIMIT_MS): Promise<void> {
    await eventually(
      () => this.processes().map(({ pid, text }) => `${pid} ${text.slice(0, 200)}`),
      (left) => left.length === 0,
      limitMs,
    );
  }

  async remove(): Promise<void> {
    this.killEverything();
    await this.untilQuiet();
    rmSync(this.path, { recursive: true, force: true });
  }
}

export class RunningBallast {
  private constructor(
    private readonly process: ChildProcess,
    private readonly home: Home,
    private readonly ending: Promise<Ending>,
    readonly api: ApiClient,
    /** All that was printed until it was ready. */
    readonly greeting: string,
    readonly readyMs: number,
  ) {}

  /** Returns once the address is printed and answers. */
  static async start(home: Home, settings: Settings = {}, command = CLI_UP): Promise<RunningBallast> {
    const port = String(await freePort());
    const begunMs = Date.now();
    const { process: child, ending, output } = spawnBallast(home, { PORT: port, ...settings }, command);
    let ended: Ending | undefined;
    void ending.then((how) => (ended = how));
    const greeting = await eventually(
      output,
      (text) => {
        if (ended !== undefined) throw new Error(`ended with ${ended.code}: ${ended.output}${ended.errors}`);
        return ADDRESS.test(text);
      },
      READY_LIMIT_MS,
    );
    const readyMs = Date.now() - begunMs;
    const api = new ApiClient(ADDRESS.exec(greeting)?.[0] ?? '');
    return new RunningBallast(child, home, ending, api, greeting, readyMs);
  }

  /** The process that all others were started by. */
  get launcherPid(): number {
    return this.process.pid ?? -1;
  }

  /** Returns once it has ended by itself and nothing of it is left. */
  async untilEnd(): Promise<Ending> {
    const ending = await this.ending;
    await this.home.untilQuiet();
    return ending;
  }

  /** Ctrl-C: the terminal gives SIGINT to the whole process group. */
  async interrupt(): Promise<Ending> {
    await this.api.close();
    process.kill(-this.launcherPid, 'SIGINT');
    return this.untilEnd();
  }

  /** `kill -9` of the process that was started, and of it alone. */
  async killLauncher(): Promise<void> {
    await this.api.close();
    process.kill(this.launcherPid, 'SIGKILL');
    await this.untilEnd();
  }

  /** `kill -9` of every process at once, the database included. */
  async killEverything(): Promise<void> {
    await this.api.close();
    this.home.killEverything();
    await this.untilEnd();
  }
}

/** Runs a start that is expected to end by itself. */
export async function startAndFail(home: Home, settings: Settings): Promise<Ending> {
  const port = String(await freePort());
  const { ending, process: child } = spawnBallast(home, { PORT: port, ...settings }, CLI_UP);
  const cutOff = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  try {
    return await ending;
  } finally {
    clearTimeout(cutOff);
  }
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

interface Spawned {
  readonly process: ChildProcess;
  readonly ending: Promise<Ending>;
  readonly output: () => string;
}

function spawnBallast(home: Home, settings: Settings, [program = '', ...args]: readonly string[]): Spawned {
  let output = '';
  let errors = '';
  const child = spawn(program, args, {
    cwd: ROOT,
    // A process group of its own, as a terminal gives to a command.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited(), BALLAST_HOME: home.path, BALLAST_DEMO: '0', ...settings },
  });
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ending = once(child, 'close').then(([code, signal]): Ending => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    output,
    errors,
  }));
  return { process: child, ending, output: () => output + errors };
}

/** The environment of this run without what Jest and its callers put there. */
function inherited(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'npm_config_cache'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
