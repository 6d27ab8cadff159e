import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.js';
import { LaunchError } from '../launch-error.js';
import { CLUSTER_DATABASE, CLUSTER_USER } from './cluster.js';
import type { GuardMessage, GuardTask } from './guard-protocol.js';

export interface EmbeddedPostgresOptions {
  /** Holds the data directory, the password (mode 0600) and the log; made when missing. */
  readonly folder: string;
  /** false gives up safety from power cuts for speed: for tests. */
  readonly isDurable: boolean;
}

/** A PostgreSQL on 127.0.0.1 that ends with the process that started it, however that ends. */
export class EmbeddedPostgres {
  private constructor(
    private readonly guard: ChildProcess,
    readonly url: string,
  ) {}

  /** Returns once the server takes connections; makes the cluster first when there is none. Throws LaunchError. */
  static async start({ folder, isDurable }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const port = await freePort('127.0.0.1');
    const task: GuardTask = { folder, port, isDurable };
    const guard = fork(join(import.meta.dirname, 'guard.js'), [JSON.stringify(task)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const answer = await Promise.race([
      once(guard, 'message').then(([message]) => message as GuardMessage),
      once(guard, 'exit').then(([code]): GuardMessage => ({
        kind: 'failed',
        reason: `the guard of PostgreSQL ended with code ${String(code)}`,
      })),
    ]);
    if (answer.kind === 'failed') throw new LaunchError(answer.reason);
    const password = readFileSync(join(folder, 'password'), 'utf8').trim();
    return new EmbeddedPostgres(
      guard,
      `postgresql://${CLUSTER_USER}:${password}@127.0.0.1:${port}/${CLUSTER_DATABASE}`,
    );
  }

  get pid(): number | undefined {
    return this.guard.pid;
  }

  /** Calls back when the server ends without having been asked to. */
  onEnd(callback: (reason: string) => void): void {
    let reason = 'PostgreSQL was stopped from outside';
    this.guard.on('message', (message: GuardMessage) => {
      if (message.kind === 'failed') reason = message.reason;
    });
    this.guard.once('exit', () => callback(reason));
  }

  /** Should this process die, the server waits for these processes to end. */
  outlive(pids: readonly number[]): void {
    if (this.guard.connected) this.guard.send({ kind: 'watch', pids });
  }

  async stop(): Promise<void> {
    this.guard.removeAllListeners('exit');
    if (this.guard.exitCode !== null || this.guard.signalCode !== null) return;
    const ended = once(this.guard, 'exit');
    this.guard.kill('SIGTERM');
    await ended;
  }
}
