/** The life of a worker: takes the shards, brings their guests back, runs the loop, hands everything over at the end. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Queues } from '#jobs';
import {
  maintainPartitions,
  NotificationListener,
  readClockSpeed,
  releaseLease,
  renewLease,
  takeLease,
  markBroken,
  type Database,
  type Lease,
} from '#persistence';
import type { Configuration } from '#platform';
import { FleetClock } from './fleet/clock.js';
import { FleetLoop } from './fleet/fleet-loop.js';
import { recoverFleet } from './fleet/recovery.js';
import { SnapshotKeeper } from './fleet/snapshot-keeper.js';
import { isOwnerGone, ownerName } from './owner.js';
import { ThreadPool } from './thread/thread-pool.js';

const LEASE_MS = 15_000;
const SWEEP_MS = 5_000;
const PARTITIONS_MS = 3_600_000;
/** How far the fleet may fall behind its clock before it gives the rest up. */
const MAX_CLOCK_DEBT_MS = 5_000;
const QUEUE_DRAIN_MS = 5_000;

@Injectable()
export class WorkerService {
  readonly #log = new Logger('worker');
  readonly #owner = ownerName(hostname(), process.pid);
  readonly #timers: NodeJS.Timeout[] = [];
  #isStopping = false;
  #end: (() => Promise<void>) | undefined;

  constructor(
    private readonly configuration: Configuration,
    private readonly database: Database,
    private readonly queues: Queues,
  ) {}

  /**
   * Runs until `stop`. `onReady` is called once the fleet runs; rejects when the lease is lost or anything fails that must not
   * be run past: the process then ends, and whoever starts next recovers.
   */
  async run(onReady: () => void): Promise<void> {
    const taken = await this.#takeShards();
    if (taken === undefined) return;
    const { lease, tick } = taken;
    let fail: (error: Error) => void = () => undefined;
    const failure = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    // Whoever awaits it below may come later than the failure.
    failure.catch(() => undefined);
    this.#every(LEASE_MS / 3, () => renewLease(this.database, lease, LEASE_MS), fail);
    await maintainPartitions(this.database, new Date(), this.configuration.retentionDays);
    this.#every(
      PARTITIONS_MS,
      () => maintainPartitions(this.database, new Date(), this.configuration.retentionDays),
      fail,
    );

    const pool = new ThreadPool(this.configuration.threads, fail);
    const loop = await this.#recover(lease, tick, pool, fail);
    const listener = await NotificationListener.open(this.database.url, (topic, payload) => {
      if (topic === 'ballast_clock' && 'speed' in payload) loop.setSpeed(payload.speed);
    });
    await loop.sweep();
    this.#every(SWEEP_MS, () => loop.sweep(), fail);
    this.queues.process({
      operations: ({ guestId }) => loop.operations.deliver(guestId),
      guests: ({ guestId }) => loop.guests.deliver(guestId),
      inspections: ({ guestId, question }) => pool.inspect(guestId, question),
    });
    const running = loop.run();
    this.#end = async () => {
      await this.queues.stopProcessing(QUEUE_DRAIN_MS);
      loop.stop();
      await running;
      await loop.freezeAll();
      await listener.close();
      await pool.stop();
      await releaseLease(this.database, lease);
    };
    onReady();
    await Promise.race([running, failure]);
  }

  /** Hands everything over: jobs in hand are finished, the step too, every guest is frozen, the shards are free. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#end?.();
  }

  /** Waits for the shards as long as another worker has them; undefined when told to stop meanwhile. */
  async #takeShards(): Promise<{ lease: Lease; tick: number } | undefined> {
    let told = '';
    while (!this.#isStopping) {
      const attempt = await takeLease(this.database, this.#owner, LEASE_MS, (owner) => isOwnerGone(owner, hostname()));
      if (attempt.kind === 'TAKEN') return attempt;
      if (attempt.owner !== told) this.#log.log(`standing by: ${attempt.owner} runs the fleet`);
      told = attempt.owner;
      await sleep(LEASE_MS / 5);
    }
    return undefined;
  }

  async #recover(lease: Lease, tick: number, pool: ThreadPool, fail: (error: Error) => void): Promise<FleetLoop> {
    const startedMs = Date.now();
    const { reports, upcoming } = await recoverFleet(this.database, lease, pool, tick);
    const replayed = reports.reduce((sum, report) => sum + report.replayedTicks, 0);
    this.#log.log(
      `${reports.length} guests back at tick ${tick}: ${replayed} guest-ticks replayed in ${Date.now() - startedMs} ms`,
    );
    for (const { guestId, problem } of reports) {
      if (problem === null) continue;
      this.#log.error(`guest ${guestId} does not run: ${problem}`);
      await markBroken(this.database, lease, guestId, problem);
    }
    const clock = new FleetClock(await readClockSpeed(this.database), Date.now(), MAX_CLOCK_DEBT_MS);
    const snapshots = new SnapshotKeeper(this.database, lease, pool, fail);
    const loop = new FleetLoop({ database: this.database, lease, pool, clock, snapshots }, tick);
    loop.resume(upcoming);
    return loop;
  }

  #every(ms: number, work: () => Promise<void>, fail: (error: Error) => void): void {
    const timer = setInterval(() => {
      work().catch((error: unknown) => fail(error instanceof Error ? error : new Error(String(error))));
    }, ms);
    this.#timers.push(timer);
  }
}
