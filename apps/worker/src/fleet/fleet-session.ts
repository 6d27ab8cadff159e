/** All that a worker does while it holds the shards: brings the guests back, runs the loop, keeps house, hands over. */
import type { Logger } from '@nestjs/common';
import { DomainError } from '#contracts';
import type { JobHandlers, Queues } from '#jobs';
import {
  commitRevived,
  commitStopped,
  forgetOperations,
  forgetRuns,
  isId,
  maintainPartitions,
  NotificationListener,
  readClockSpeed,
  releaseLease,
  renewLease,
  rollUpHistory,
  type Database,
  type Lease,
  type StoppedGuest,
} from '#persistence';
import { Rebalancer } from '../rebalance/rebalancer.js';
import { ThreadPool } from '../thread/thread-pool.js';
import { FleetClock } from './clock.js';
import { FleetLoop } from './fleet-loop.js';
import { recoverFleet } from './recovery.js';
import { SnapshotKeeper } from './snapshot-keeper.js';
import { Timers } from './timers.js';

export const LEASE_MS = 15_000;
const SWEEP_MS = 5_000;
const ROLL_UP_MS = 60_000;
const PARTITIONS_MS = 3_600_000;
/** How far the fleet may fall behind its clock before it gives the rest up. */
const MAX_CLOCK_DEBT_MS = 5_000;
const QUEUE_DRAIN_MS = 5_000;
const REBALANCE_MS = 500;
const SCHEDULES_MS = 60_000;
const DAY_MS = 86_400_000;

export interface SessionParts {
  readonly database: Database;
  readonly queues: Queues;
  readonly log: Logger;
  readonly threads: number;
  readonly auditEveryTicks: number;
  readonly retentionDays: number;
  readonly lease: Lease;
  /** Tick that the shards have reached. */
  readonly tick: number;
  /** Told once of what must not be run past. */
  readonly onFailure: (error: Error) => void;
}

export class FleetSession {
  readonly #timers: Timers;
  readonly #pool: ThreadPool;
  readonly #rebalancer: Rebalancer;
  #opened: Promise<void> = Promise.resolve();
  #loop: FleetLoop | undefined;
  #running: Promise<void> = Promise.resolve();
  #listener: NotificationListener | undefined;
  #isClosing = false;

  constructor(private readonly parts: SessionParts) {
    this.#timers = new Timers(parts.onFailure);
    this.#pool = new ThreadPool(parts.threads, { auditEveryTicks: parts.auditEveryTicks }, parts.onFailure);
    this.#rebalancer = new Rebalancer(parts.database, parts.queues, parts.log);
  }

  /** Resolves once the fleet runs, or when `close` was called meanwhile. */
  open(): Promise<void> {
    this.#opened = this.#open();
    return this.#opened;
  }

  /** Finishes the jobs in hand and the step, freezes every guest and frees the shards. The lease is renewed to the end. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#opened;
    await this.parts.queues.stopProcessing(QUEUE_DRAIN_MS);
    this.#loop?.stop();
    await this.#running;
    await this.#loop?.freezeAll();
    await this.#listener?.close();
    this.#timers.stop();
    await this.#pool.stop();
    await releaseLease(this.parts.database, this.parts.lease);
  }

  async #open(): Promise<void> {
    const { database, lease } = this.parts;
    this.#timers.every(LEASE_MS / 3, () => renewLease(database, lease, LEASE_MS));
    await this.#forgetOld();
    this.#timers.every(PARTITIONS_MS, () => this.#forgetOld());
    const loop = await this.#recover();
    if (loop === undefined) return;
    this.#loop = loop;
    this.#listener = await NotificationListener.open(database.url, (topic, payload) => {
      if (topic === 'ballast_clock' && 'speed' in payload) loop.setSpeed(payload.speed);
    });
    await loop.sweep();
    this.#timers.every(SWEEP_MS, () => loop.sweep());
    this.#timers.every(ROLL_UP_MS, () => this.#rollUp());
    this.#running = loop.run();
    this.#running.catch(this.parts.onFailure);
    this.parts.queues.process(handlersOf(loop, this.#pool, this.#rebalancer));
    await this.#followSchedules();
    this.#timers.every(SCHEDULES_MS, () => this.#followSchedules());
    this.#timers.every(REBALANCE_MS, () => this.#rebalancer.advance());
  }

  /** Undefined when it was called off. */
  async #recover(): Promise<FleetLoop | undefined> {
    const { database, lease, log, tick } = this.parts;
    const startedMs = Date.now();
    const recovery = await recoverFleet({ database, lease }, this.#pool, tick, () => this.#isClosing);
    if (this.#isClosing) return undefined;
    await commitRevived(database, lease, recovery.guestIds);
    await commitStopped(database, lease, recovery.stopped, tick);
    const counts = `${recovery.guestIds.length} guests back at tick ${tick}, ${recovery.stopped.length} are not`;
    log.log(`${counts}: ${recovery.replayedTicks} guest ticks replayed in ${Date.now() - startedMs} ms`);
    this.#tell(recovery.stopped);
    const clock = new FleetClock(await readClockSpeed(database), Date.now(), MAX_CLOCK_DEBT_MS);
    const snapshots = new SnapshotKeeper(database, lease, this.#pool, this.parts.onFailure);
    const onStopped = (stopped: readonly StoppedGuest[]): void => this.#tell(stopped);
    return new FleetLoop({ database, lease, pool: this.#pool, clock, snapshots, onStopped }, tick, recovery.upcoming);
  }

  #tell(stopped: readonly StoppedGuest[]): void {
    for (const { guestId, reason } of stopped) this.parts.log.error(`guest ${guestId} does not run: ${reason}`);
  }

  async #forgetOld(): Promise<void> {
    const { database, retentionDays } = this.parts;
    const before = new Date(Date.now() - retentionDays * DAY_MS);
    await maintainPartitions(database, new Date(), retentionDays);
    await forgetRuns(database, before);
    await forgetOperations(database, before);
  }

  /** A queue that is away is asked again; schedules that are known there go on. */
  async #followSchedules(): Promise<void> {
    try {
      await this.#rebalancer.followSchedules();
    } catch (error) {
      this.parts.log.error(`schedules were not followed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Long ranges read slower without it, but the fleet goes on: it is tried again. */
  async #rollUp(): Promise<void> {
    try {
      await rollUpHistory(this.parts.database, new Date(), this.parts.retentionDays);
    } catch (error) {
      this.parts.log.error(`history was not rolled up: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Of the queues that only the owner of the shards works. */
function handlersOf(loop: FleetLoop, pool: ThreadPool, rebalancer: Rebalancer): Omit<JobHandlers, 'experiments'> {
  return {
    operations: ({ guestId }) => loop.operations.deliver(checkId(guestId)),
    guests: ({ guestId }) => loop.guests.deliver(checkId(guestId)),
    inspections: ({ guestId, question }) => pool.inspect(guestId, question),
    rebalances: (job) => rebalancer.handle(job),
  };
}

/** What names no row must not reach the transaction that it would share with others. */
function checkId(guestId: string): string {
  if (isId(guestId)) return guestId;
  throw new DomainError('BAD_INPUT', `job field guestId must be a UUID, got ${JSON.stringify(guestId)}`, 'guestId');
}
