/** The life of a worker: waits for the shards, runs the fleet, hands it over at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Queues } from '#jobs';
import { takeLease, type Database, type Lease } from '#persistence';
import type { Configuration } from '#platform';
import { FleetSession, LEASE_MS } from './fleet/fleet-session.js';
import { ExperimentRunner } from './experiments/experiment-runner.js';
import { isOwnerGone, ownerName, placeName } from './owner.js';

/** How often a worker that stands by looks whether the shards are free. */
const STAND_BY_MS = 3_000;
/** How often experiments are looked at whose jobs may be lost. */
const EXPERIMENT_SWEEP_MS = 10_000;

@Injectable()
export class WorkerService {
  readonly #log = new Logger('worker');
  readonly #place = placeName();
  readonly #owner = ownerName(this.#place, process.pid);
  #isStopping = false;
  #session: FleetSession | undefined;
  readonly #experiments: ExperimentRunner;
  #sweep: NodeJS.Timeout | undefined;

  constructor(
    private readonly configuration: Configuration,
    private readonly database: Database,
    private readonly queues: Queues,
  ) {
    const { experimentThreads: threads, traceDir } = configuration;
    this.#experiments = new ExperimentRunner(database, queues, this.#log, { threads, traceDir });
  }

  /**
   * Takes the shards and runs the fleet; `onReady` is called once it runs. Only ever rejects, or resolves when it was stopped
   * before it had the shards: when the lease is lost or anything fails that must not be run past. The process then ends, and
   * whoever starts next recovers.
   */
  async run(onReady: () => void): Promise<void> {
    this.#runExperiments();
    const taken = await this.#takeShards();
    if (taken === undefined) return;
    let fail: (error: Error) => void = () => undefined;
    const failure = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    // Whoever awaits it below may come later than the failure.
    failure.catch(() => undefined);
    const { threads, auditEveryTicks, retentionDays } = this.configuration;
    const { database, queues } = this;
    const settings = { threads, auditEveryTicks, retentionDays };
    const session = { database, queues, log: this.#log, ...settings, ...taken, onFailure: fail };
    this.#session = new FleetSession(session);
    await Promise.race([this.#session.open(), failure]);
    if (!this.#isStopping) onReady();
    await failure;
  }

  /** Hands everything over: jobs in hand are finished, the step too, every guest is frozen, the shards are free. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#sweep);
    await this.#experiments.stop();
    await this.#session?.close();
  }

  /** Whether it has the fleet or stands by. */
  #runExperiments(): void {
    const sweep = (): void => {
      this.#experiments.sweep().catch((error: unknown) => this.#log.warn(`no look at experiments: ${String(error)}`));
    };
    this.#experiments.start();
    sweep();
    this.#sweep = setInterval(sweep, EXPERIMENT_SWEEP_MS);
  }

  /** Waits for the shards as long as another worker has them; undefined when told to stop meanwhile. */
  async #takeShards(): Promise<{ lease: Lease; tick: number } | undefined> {
    let told = '';
    while (!this.#isStopping) {
      const attempt = await takeLease(this.database, this.#owner, LEASE_MS, (owner) => isOwnerGone(owner, this.#place));
      if (attempt.kind === 'TAKEN') return attempt;
      if (attempt.owner !== told) this.#log.log(`standing by: ${attempt.owner} runs the fleet`);
      told = attempt.owner;
      await sleep(STAND_BY_MS);
    }
    return undefined;
  }
}
