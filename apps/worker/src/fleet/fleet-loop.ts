/**
 * The loop of a worker: between steps it boots and removes guests, admits operations and freezes guests; a step runs ticks in
 * the threads and stores what came of them in one transaction (ARCHITECTURE.md). Everything it does to the database is
 * fenced by the lease; the first failure ends it.
 */
import type { GuestCommand, GuestSample, OperationResult } from '#contracts';
import {
  admitOperations,
  commitBirths,
  commitStep,
  endWorkOfDeleted,
  findWaitingWork,
  loadNewcomers,
  type Database,
  type GuestStateChange,
  type Lease,
  type TimedSample,
} from '#persistence';
import { nextHostState } from '#policy';
import type { ThreadPool } from '../thread/thread-pool.js';
import { Alarm } from './alarm.js';
import type { FleetClock } from './clock.js';
import { Inbox } from './inbox.js';
import type { SnapshotKeeper } from './snapshot-keeper.js';
import { StepSize } from './step-size.js';

export interface FleetLoopParts {
  readonly database: Database;
  readonly lease: Lease;
  readonly pool: ThreadPool;
  readonly clock: FleetClock;
  readonly snapshots: SnapshotKeeper;
}

export class FleetLoop {
  readonly #alarm = new Alarm();
  /** Guests whose operations wait for a tick. */
  readonly operations = new Inbox(() => this.#alarm.ring());
  /** Guests to boot or to remove. */
  readonly guests = new Inbox(() => this.#alarm.ring());
  readonly #stepSize = new StepSize();
  /** Commands that were admitted for the tick that begins next. */
  #commands: GuestCommand[] = [];
  #isStopping = false;

  constructor(
    private readonly parts: FleetLoopParts,
    private tick: number,
  ) {}

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

  /** Finds work that no job brings: rows whose job was lost, or that were left by a worker that died. */
  async sweep(): Promise<void> {
    const waiting = await findWaitingWork(this.parts.database, this.parts.lease);
    this.guests.put(waiting.toSync);
    this.operations.put(waiting.withOperations);
  }

  /** Freezes every guest at the last tick. */
  async freezeAll(): Promise<void> {
    await this.parts.snapshots.freezeAll();
  }

  async #betweenSteps(): Promise<void> {
    await this.guests.drain((guestIds) => this.#sync(guestIds));
    await this.operations.drain((guestIds) => this.#admit(guestIds));
    await this.parts.snapshots.freezeDue(Date.now());
  }

  async #sync(guestIds: readonly string[]): Promise<void> {
    const { database, lease, pool } = this.parts;
    const { toBoot, deleted } = await loadNewcomers(database, guestIds);
    const newcomers = toBoot.filter((member) => !pool.has(member.guestId));
    const samples = await pool.boot(newcomers, this.tick);
    await commitBirths(database, lease, this.tick, timed(samples, this.tick, 0));
    if (deleted.length > 0) {
      await pool.remove(deleted.filter((guestId) => pool.has(guestId)));
      this.#commands = this.#commands.filter((command) => !deleted.includes(command.guestId));
      await endWorkOfDeleted(database, lease, deleted);
    }
    // What was asked of them before they lived.
    this.operations.put(newcomers.map((member) => member.guestId));
  }

  async #admit(guestIds: readonly string[]): Promise<void> {
    const commands = await admitOperations(this.parts.database, this.parts.lease, guestIds, this.tick + 1);
    this.#commands.push(...commands);
  }

  async #step(ticks: number): Promise<void> {
    const { database, lease, pool, clock } = this.parts;
    const startedMs = Date.now();
    const toTick = this.tick + ticks;
    const commands = this.#commands;
    this.#commands = [];
    const answer = await pool.advance(this.tick, toTick, commands);
    const results = [...answer.results, ...refusals(commands, pool)];
    await commitStep(
      database,
      lease,
      {
        tick: toTick,
        samples: timed(answer.samples, toTick, clock.speedRatio),
        results,
        stateChanges: stateChanges(answer.samples),
      },
      nextHostState,
    );
    this.tick = toTick;
    clock.settle(ticks);
    this.#stepSize.learn(ticks, Date.now() - startedMs);
  }

  /** Commands that recovery knows of but that had not begun: they are given at their tick. */
  resume(commands: readonly GuestCommand[]): void {
    this.#commands.push(...commands);
  }
}

/** The wall-clock time of each sample: the step's last tick is now, earlier ones lie back by the fleet's speed. */
function timed(samples: readonly GuestSample[], lastTick: number, speed: number): TimedSample[] {
  const nowMs = Date.now();
  return samples.map((sample) => ({
    sample,
    sampledAt: new Date(nowMs - (speed > 0 ? ((lastTick - sample.tick) / speed) * 1000 : 0)),
  }));
}

/** Guests that do not run here (their recovery failed) refuse what they are asked. */
function refusals(commands: readonly GuestCommand[], pool: ThreadPool): OperationResult[] {
  return commands
    .filter((command) => !pool.has(command.guestId))
    .map((command) => ({
      operationId: command.operationId,
      guestId: command.guestId,
      tick: command.tick,
      outcome: 'REFUSED',
      achievedBytes: 0,
      deficitBytes: command.kind === 'SET_BALLOON_TARGET' ? command.targetBytes : 0,
      reason: 'the guest does not run: see its stateReason',
    }));
}

function stateChanges(samples: readonly GuestSample[]): GuestStateChange[] {
  return samples
    .filter((sample) => sample.state !== 'RUNNING')
    .map((sample) => ({ guestId: sample.guestId, state: sample.state, reason: null }));
}
