/**
 * The loop of a worker: between steps it boots and removes guests, admits operations and freezes guests; a step runs ticks in
 * the threads and stores what came of them in one transaction (ARCHITECTURE.md). Everything it does to the database is
 * fenced by the lease; the first failure ends it.
 */
import type { GuestCommand } from '#contracts';
import {
  admitOperations,
  commitBirths,
  commitStep,
  commitStopped,
  endWorkOfDeleted,
  findWaitingWork,
  loadNewcomers,
  readClockSpeed,
  type Database,
  type Lease,
  type StoppedGuest,
} from '#persistence';
import { nextHostState } from '#policy';
import type { ThreadPool } from '../thread/thread-pool.js';
import { Alarm } from './alarm.js';
import type { FleetClock } from './clock.js';
import { Inbox } from './inbox.js';
import { stateChanges } from './state-changes.js';
import { SampleTimes } from './sample-times.js';
import type { SnapshotKeeper } from './snapshot-keeper.js';
import { StepSize } from './step-size.js';

export interface FleetLoopParts {
  readonly database: Database;
  readonly lease: Lease;
  readonly pool: ThreadPool;
  readonly clock: FleetClock;
  readonly snapshots: SnapshotKeeper;
  /** Told of guests that do not run any more. */
  readonly onStopped: (stopped: readonly StoppedGuest[]) => void;
}

export class FleetLoop {
  readonly #alarm = new Alarm();
  /** Guests whose operations wait for a tick. */
  readonly operations = new Inbox(() => this.#alarm.ring());
  /** Guests to boot or to remove. */
  readonly guests = new Inbox(() => this.#alarm.ring());
  readonly #stepSize = new StepSize();
  readonly #times = new SampleTimes(Date.now());
  /** Commands that were admitted for the tick that begins next. */
  #commands: GuestCommand[];
  #isStopping = false;

  /** `upcoming`: commands that were given the tick after `tick` before. */
  constructor(
    private readonly parts: FleetLoopParts,
    private tick: number,
    upcoming: readonly GuestCommand[],
  ) {
    this.#commands = [...upcoming];
  }

  /** Runs until `stop`; rejects when something fails that must not be run past. */
  async run(): Promise<void> {
    while (!this.#isStopping) {
      await this.#betweenSteps();
      const due = this.parts.clock.due(Date.now());
      if (due > 0) await this.#step(this.#stepSize.ticks(due));
      else await this.#alarm.nap(this.parts.clock.untilNextMs(Date.now()));
    }
  }

  /** Ends `run` after what it is doing. */
  stop(): void {
    this.#isStopping = true;
    this.#alarm.ring();
  }

  setSpeed(speed: number): void {
    this.parts.clock.setSpeed(speed, Date.now());
    this.#alarm.ring();
  }

  /** Finds what nobody told of: rows whose job was lost or that a worker left that died, a speed that was set unheard. */
  async sweep(): Promise<void> {
    const { database, lease, pool, clock } = this.parts;
    const waiting = await findWaitingWork(database, lease, pool.guestIds);
    this.guests.put(waiting.toSync);
    this.operations.put(waiting.withOperations);
    const speed = await readClockSpeed(database);
    if (speed !== clock.speedRatio) this.setSpeed(speed);
  }

  /** Freezes every guest at the last tick. */
  async freezeAll(): Promise<void> {
    await this.parts.snapshots.freezeAll(this.tick);
  }

  async #betweenSteps(): Promise<void> {
    await this.guests.drain((guestIds) => this.#sync(guestIds));
    await this.operations.drain((guestIds) => this.#admit(guestIds));
    await this.parts.snapshots.freezeDue(this.tick, Date.now());
  }

  async #sync(guestIds: readonly string[]): Promise<void> {
    const { toBoot, deleted } = await loadNewcomers(this.parts.database, guestIds);
    const { pool } = this.parts;
    const newcomers = toBoot.filter((member) => !pool.has(member.guestId));
    if (newcomers.length > 0) {
      const { samples, stopped } = await pool.boot(newcomers, this.tick);
      await commitBirths(this.parts.database, this.parts.lease, this.tick, this.#times.now(samples, Date.now()));
      await this.#giveUp(stopped);
      // What was asked of them before they lived.
      this.operations.put(newcomers.map((member) => member.guestId));
    }
    if (deleted.length > 0) await this.#remove(deleted);
  }

  async #remove(guestIds: readonly string[]): Promise<void> {
    const gone = new Set(guestIds);
    await this.parts.pool.remove(guestIds);
    this.#commands = this.#commands.filter((command) => !gone.has(command.guestId));
    await endWorkOfDeleted(this.parts.database, this.parts.lease, guestIds);
  }

  async #admit(guestIds: readonly string[]): Promise<void> {
    const commands = await admitOperations(this.parts.database, this.parts.lease, guestIds, this.tick + 1);
    this.#commands.push(...commands);
  }

  async #step(ticks: number): Promise<void> {
    const { database, lease, pool, clock } = this.parts;
    const startedMs = Date.now();
    const fromTick = this.tick;
    const toTick = fromTick + ticks;
    const { samples, results, stopped } = await pool.advance(fromTick, toTick, inReplayOrder(this.#commands));
    this.#commands = [];
    const timed = this.#times.ofStep(samples, { fromTick, toTick, speed: clock.speedRatio }, Date.now());
    const outcome = { tick: toTick, samples: timed, results, stateChanges: stateChanges(samples, results), stopped };
    await commitStep(database, lease, outcome, nextHostState);
    this.tick = toTick;
    if (stopped.length > 0) this.parts.onStopped(stopped);
    clock.settle(ticks);
    this.#stepSize.learn(ticks, Date.now() - startedMs);
  }

  async #giveUp(stopped: readonly StoppedGuest[]): Promise<void> {
    if (stopped.length === 0) return;
    await commitStopped(this.parts.database, this.parts.lease, stopped, this.tick);
    this.parts.onStopped(stopped);
  }
}

/** Within one tick targets come first, then calls to cancel, as recovery reads them from the rows: however they were admitted. */
function inReplayOrder(commands: readonly GuestCommand[]): GuestCommand[] {
  return [
    ...commands.filter((command) => command.kind !== 'CANCEL'),
    ...commands.filter((command) => command.kind === 'CANCEL'),
  ];
}
