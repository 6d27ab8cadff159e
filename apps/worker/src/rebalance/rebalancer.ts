/**
 * Rebalancing: plans the hosts of a run, then carries each plan out, freeing first and giving second. All that it must know is in
 * rows, so that whoever takes the shards over goes on with it; operations carry the run's id as their idempotency key, so
 * nothing is done twice.
 */
import type { Logger } from '@nestjs/common';
import { DomainError, type RebalanceJob } from '#contracts';
import { nextTime, type Queues } from '#jobs';
import {
  Operations,
  RebalanceSchedules,
  Rebalances,
  adoptOperations,
  availableBytes,
  beginGiving,
  endUnplanned,
  finishHost,
  goingHosts,
  loadHostInputs,
  noteMove,
  recallPolicy,
  recentMoves,
  storeDecision,
  waitingHosts,
  type Database,
  type GoingHost,
  type RebalanceMoveRecord,
  type WaitingHost,
} from '#persistence';
import { PAGE_SIZE_BYTES } from '#units';
import { decide, policyOf } from './decide.js';
import { jitterOf } from './jitter.js';

/** Simulated time that a guest gets to do what it is asked; then it counts as stuck. */
const MOVE_TIMEOUT_MS = 120_000;
/** A stuck guest is tried again after a minute, then after twice as long each time, up to an hour. */
const FORGIVENESS = { firstMs: 60_000, longestMs: 3_600_000 } as const;
/** Turns of a guest's balloon within this simulated time are a swing. */
const SWING_MS = 900_000;

const ENDED = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

export class Rebalancer {
  readonly #runs: Rebalances;
  readonly #schedules: RebalanceSchedules;
  readonly #operations: Operations;
  /** Schedules whose times cannot be read, as rows of before they were refused may have them. */
  readonly #neverComing = new Set<string>();
  /** Plans are made one after the other: two runs must not take the same host for free. */
  #planning: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly queues: Queues,
    private readonly log: Logger,
  ) {
    this.#runs = new Rebalances(database);
    this.#schedules = new RebalanceSchedules(database);
    this.#operations = new Operations(database);
  }

  /** Plans what a job names; returns once every host of it is planned and begins to free. */
  async handle(job: RebalanceJob): Promise<void> {
    if (job.kind === 'RUN') {
      await this.#planWaiting(job.runId);
      return;
    }
    const schedule = await this.#schedules.find(job.scheduleId);
    if (schedule === null) return;
    await jitterOf(schedule.jitterMs);
    const { id, hostId, policy, parameters, reason, holdForMs, requestedBy } = schedule;
    const request = { scheduleId: id, hostId, dryRun: false, policy, parameters, reason, holdForMs, requestedBy };
    const run = await this.#runs.create(request);
    await this.#planWaiting(run.id);
  }

  /** Goes on with every run: those whose job was lost, those that free or give. */
  async advance(): Promise<void> {
    await this.#planWaiting(null);
    for (const host of await goingHosts(this.database)) await this.#advance(host);
  }

  /** Makes the queue's schedulers what the rows say. A schedule that never comes is told once and keeps no other from its times. */
  async followSchedules(): Promise<void> {
    const wanted = new Map((await this.#schedules.list()).map((schedule) => [schedule.id, schedule]));
    const present = await this.queues.scheduled('rebalances');
    for (const id of present.keys()) if (!wanted.has(id)) await this.queues.unschedule('rebalances', id);
    for (const { id, everyMs, cron, timeZone } of wanted.values()) {
      if (present.has(id)) continue;
      const times = everyMs === null ? { cron: cron ?? '', timeZone } : { everyMs };
      if (nextTime(times, new Date()) === null) {
        if (!this.#neverComing.has(id)) this.log.warn(`schedule ${id} never comes: ${cron} in ${timeZone ?? 'UTC'}`);
        this.#neverComing.add(id);
        continue;
      }
      await this.queues.schedule('rebalances', id, times, { version: 1, kind: 'SCHEDULE', scheduleId: id });
    }
  }

  #planWaiting(runId: string | null): Promise<void> {
    const planned = this.#planning.then(async () => {
      for (const host of await waitingHosts(this.database, runId)) await this.#plan(host);
    });
    this.#planning = planned.catch(() => undefined);
    return planned;
  }

  async #plan(host: WaitingHost): Promise<void> {
    const { runId, hostId, dryRun, busyWith } = host;
    if (busyWith !== null && !dryRun) {
      await endUnplanned(this.database, host, 'SKIPPED', `run ${busyWith} still moves memory on this host`);
      return;
    }
    const inputs = await loadHostInputs(this.database, hostId);
    if (inputs === null) {
      await endUnplanned(this.database, host, 'SKIPPED', 'the host was deleted');
      return;
    }
    try {
      const memory = await recallPolicy(this.database, hostId, policyOf(inputs, host));
      const past = await recentMoves(this.database, hostId, inputs.timeMs - SWING_MS);
      await storeDecision(this.database, { runId, hostId, dryRun, memory, ...decide(inputs, host, memory, past) });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      await endUnplanned(this.database, host, 'FAILED', error.message);
    }
  }

  async #advance(host: GoingHost): Promise<void> {
    const moves = (await this.#runs.movesOf([host.runId])).filter(({ hostId }) => hostId === host.hostId);
    const ofPhase = moves.filter(({ phase }) => phase === (host.status === 'FREEING' ? 1 : 2));
    const toStart = ofPhase.filter(({ operationId, notApplied }) => operationId === null && notApplied === null);
    // Asked for again, with what the host has by now, they would be other requests under the same key.
    if (toStart.length > 0 && (await adoptOperations(this.database, host, keyOf(host))) > 0) return;
    if (toStart.length > 0) await (host.status === 'FREEING' ? this.#free(host, toStart) : this.#give(host, toStart));
    else if (!ofPhase.every(hasEnded)) return;
    else if (host.status === 'FREEING') await beginGiving(this.database, host);
    else {
      await finishHost(this.database, host, FORGIVENESS);
      this.log.log(`rebalanced host ${host.hostId} with ${host.policy}: ${moves.length} guests, run ${host.runId}`);
    }
  }

  async #free(host: GoingHost, moves: readonly RebalanceMoveRecord[]): Promise<void> {
    for (const move of moves) await this.#start(host, move, move.toBytes);
  }

  /** Gives what the host really has by now, in the order of the plan: what should have been freed may not have been. */
  async #give(host: GoingHost, moves: readonly RebalanceMoveRecord[]): Promise<void> {
    let leftBytes = await availableBytes(this.database, host.hostId);
    for (const move of moves) {
      const grantedBytes = Math.min(move.fromBytes - move.toBytes, leftBytes);
      if (grantedBytes < PAGE_SIZE_BYTES) {
        await noteMove(this.database, move, { notApplied: 'the host has no memory left to give' });
        continue;
      }
      leftBytes -= grantedBytes;
      await this.#start(host, move, move.fromBytes - grantedBytes);
    }
  }

  async #start(host: GoingHost, move: RebalanceMoveRecord, targetBytes: number): Promise<void> {
    const { guestId } = move;
    try {
      const { operationId } = await this.#operations.acknowledge({
        guestId,
        kind: 'SET_BALLOON_TARGET',
        bytes: targetBytes,
        timeoutMs: MOVE_TIMEOUT_MS,
        requestedBy: host.requestedBy,
        idempotencyKey: keyOf(host),
      });
      await noteMove(this.database, move, { operationId });
      await this.queues.add('operations', { version: 1, operationId, guestId }, { jobId: operationId });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      // Without a job the worker's sweep finds the row; without a row the guest is gone.
      if (error.code !== 'UNAVAILABLE') await noteMove(this.database, move, { notApplied: error.message });
    }
  }
}

/** Of the operations of a run: one a guest. */
function keyOf({ runId }: GoingHost): string {
  return `rebalance-${runId}`;
}

function hasEnded({ notApplied, status }: RebalanceMoveRecord): boolean {
  return notApplied !== null || (status !== null && ENDED.has(status));
}
