/** One part of Ballast as a child process: started, waited for, started again when it falls, stopped. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from '../launch-error.js';
import { lastWordsOf } from './last-words.js';

export interface PartOptions {
  readonly name: string;
  /** Compiled entry file. */
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Called when another process runs the part, the first one included. */
  readonly onProcess: () => void;
  /** Called when it fell and will be started again, with what ended it. */
  readonly onFall: (cause: string) => void;
}

const READY_LIMIT_MS = 60_000;
/** A part that falls so often within the window is not started again. */
const MOST_FALLS = 5;
const FALL_WINDOW_MS = 60_000;
const FIRST_PAUSE_MS = 250;

export class Part {
  #process: ChildProcess | undefined;
  #isStopping = false;
  readonly #falls: number[] = [];
  /** Bytes of the log that earlier processes wrote. */
  #logBegin = 0;

  constructor(private readonly options: PartOptions) {}

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Returns once the part does its work. Throws LaunchError with the last thing it said when it ends instead. */
  async start(): Promise<void> {
    const child = this.#spawn();
    const limit = new AbortController();
    const ready = new Promise<'ready'>((resolve) => {
      child.on('message', (message: { kind?: string }) => {
        if (message.kind === 'ready') resolve('ready');
      });
    });
    const outcome = await Promise.race([
      ready,
      once(child, 'exit').then(() => 'ended' as const),
      sleep(READY_LIMIT_MS, 'late' as const, { signal: limit.signal, ref: false }).catch(() => 'late' as const),
    ]);
    limit.abort();
    if (outcome === 'ready') return;
    this.#isStopping = true;
    child.kill('SIGKILL');
    const why = outcome === 'late' ? `was not ready within ${READY_LIMIT_MS / 1000} s` : this.lastWords();
    throw new LaunchError(`the ${this.options.name} did not start: ${why}`);
  }

  /** Starts it again whenever it falls; rejects when it falls too often. Never resolves. */
  async watch(): Promise<never> {
    for (;;) {
      const child = this.#process;
      if (child?.exitCode === null && child.signalCode === null) await once(child, 'exit');
      if (this.#isStopping) await new Promise<never>(() => undefined);
      const nowMs = Date.now();
      this.#falls.push(nowMs);
      const recent = this.#falls.filter((fallMs) => nowMs - fallMs < FALL_WINDOW_MS).length;
      if (recent > MOST_FALLS)
        throw new LaunchError(`the ${this.options.name} fell ${recent} times within a minute: ${this.lastWords()}`);
      this.options.onFall(child?.signalCode ?? `exit code ${child?.exitCode ?? 'unknown'}`);
      await sleep(FIRST_PAUSE_MS * 2 ** (recent - 1));
      if (!this.#isStopping) this.#spawn();
    }
  }

  /** Asks it to end and waits; its own drain limit bounds how long. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  /** Falls are expected from here on: Ctrl-C reaches the whole process group. */
  expectEnd(): void {
    this.#isStopping = true;
  }

  /** What its log says since it was started last. */
  lastWords(): string {
    const log = readFileSync(this.options.logFile).subarray(this.#logBegin).toString('utf8');
    return lastWordsOf(log) ?? `it said nothing, see ${this.options.logFile}`;
  }

  #spawn(): ChildProcess {
    const log = openSync(this.options.logFile, 'a', 0o600);
    this.#logBegin = fstatSync(log).size;
    const child = fork(this.options.entry, [], { env: this.options.environment, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.#process = child;
    this.options.onProcess();
    return child;
  }
}
