/**
 * The queue port: typed payloads in, parsed payloads out, on either backend. A job may run more than once (a worker
 * that is killed loses its lock), so handlers must not mind.
 */
import { DomainError, QUEUE_NAMES, type ErrorCode, type JobPayloads, type QueueName } from '#contracts';
import {
  FlowProducer,
  Queue,
  QueueEvents,
  defaultRepeatStrategy,
  type ConnectionOptions,
  type FlowJobBase,
  type Job,
  type JobsOptions,
  type Worker,
} from 'bullmq';
import { within } from './deadline.js';
import { parseJobFailure } from './job-failure.js';
import { QUEUE_SETTINGS } from './queue-settings.js';
import { startWorker, stopWorker, type JobHandler } from './worker.js';

export type JobHandlers = { readonly [Name in QueueName]: JobHandler<Name> };

/** What became of a job that was waited for. */
export type JobAnswer =
  | { readonly kind: 'DONE'; readonly value: unknown }
  | { readonly kind: 'FAILED'; readonly code: ErrorCode; readonly reason: string }
  | { readonly kind: 'TIMED_OUT' };

/** A job of a flow. */
export interface FlowJob<Name extends QueueName> {
  readonly payload: JobPayloads[Name];
  /** As in AddOptions. */
  readonly jobId: string;
}

export interface AddOptions {
  /** A second job with the same id is not added while the first is known. Without ":"; not a number. */
  readonly jobId?: string;
  /** One that has ended is not known: it gives way. */
  readonly isAgain?: boolean;
}

/** When a job comes again and again. */
export type Recurrence =
  | { readonly everyMs: number }
  /** Five or six fields, read in an IANA time zone; UTC without one. */
  | { readonly cron: string; readonly timeZone: string | null };

/** A backend that is away keeps a caller no longer than this. */
const BACKEND_LIMIT_MS = 5_000;
/** Who waits for a job looks at it by then, whatever the events say, and after twice as long each time, up to so long. */
const FIRST_LOOK_MS = 250;
const LAST_LOOK_MS = 4_000;

export class Queues {
  readonly #workers: Worker[] = [];
  readonly #events = new Map<QueueName, QueueEvents>();
  #flows: FlowProducer | undefined;

  constructor(
    private readonly queues: Readonly<Record<QueueName, Queue>>,
    private readonly connection: ConnectionOptions,
    private readonly onError: (error: Error) => void,
  ) {
    for (const queue of Object.values(queues)) queue.on('error', onError);
  }

  /** Returns once the backend has the job. Throws DomainError UNAVAILABLE when it does not answer. */
  async add<Name extends QueueName>(name: Name, payload: JobPayloads[Name], options: AddOptions = {}): Promise<void> {
    const { isAgain = false, ...rest } = options;
    if (isAgain && rest.jobId !== undefined) await this.#forgetEnded(name, rest.jobId);
    await this.#add(name, payload, rest);
  }

  /**
   * Adds jobs of which `last` is delivered when all `first` have ended, well or not. All of them are there, or none. Throws
   * DomainError UNAVAILABLE when the backend does not answer.
   */
  async addFlow<Name extends QueueName>(
    name: Name,
    last: FlowJob<Name>,
    first: readonly FlowJob<Name>[],
  ): Promise<void> {
    this.#flows ??= new FlowProducer({ connection: this.connection });
    const toNode = ({ payload, jobId }: FlowJob<Name>, opts: JobsOptions): FlowJobBase<JobsOptions> => ({
      name,
      queueName: name,
      data: payload,
      opts: { ...jobOptions(name), ...opts, jobId },
    });
    const children = first.map((job) => toNode(job, { ignoreDependencyOnFailure: true }));
    await answered(this.#flows.add({ ...toNode(last, {}), children }));
  }

  /**
   * Adds a job and waits for what its handler returns, for `timeoutMs` at most. The job goes on after a time-out. Throws
   * DomainError UNAVAILABLE when the backend does not answer.
   */
  async addAndWait<Name extends QueueName>(
    name: Name,
    payload: JobPayloads[Name],
    timeoutMs: number,
    options: AddOptions = {},
  ): Promise<JobAnswer> {
    const events = await answered(this.#eventsOf(name));
    const job = await this.#add(name, payload, options);
    const end = Date.now() + timeoutMs;
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(2 * lookMs, LAST_LOOK_MS)) {
      const leftMs = end - Date.now();
      try {
        // Each call looks at the job first. An event can be missed (two that commit in the other order than they are numbered in
        // PostgreSQL; one that comes before the first read of the stream on Redis), so no wait trusts them for long.
        return { kind: 'DONE', value: await job.waitUntilFinished(events, Math.max(1, Math.min(lookMs, leftMs))) };
      } catch {
        // BullMQ reports a failure and a time-out alike; the job knows which it was.
        const reason = await within(BACKEND_LIMIT_MS, this.#failureOf(name, job));
        if (reason !== null) return { kind: 'FAILED', ...parseJobFailure(reason) };
        if (Date.now() >= end) return { kind: 'TIMED_OUT' };
      }
    }
  }

  /**
   * Has the payload delivered again and again; a second call with the same id changes its times. Throws DomainError UNAVAILABLE
   * when the backend does not answer.
   */
  async schedule<Name extends QueueName>(
    name: Name,
    id: string,
    recurrence: Recurrence,
    payload: JobPayloads[Name],
  ): Promise<void> {
    const times = toRepeat(recurrence);
    const { removeOnComplete, removeOnFail } = jobOptions(name);
    const opts = { removeOnComplete, removeOnFail };
    await answered(this.queues[name].upsertJobScheduler(id, times, { name, data: payload, opts }));
  }

  /** Ends what `schedule` began; nothing happens when there is no such id. */
  async unschedule(name: QueueName, id: string): Promise<void> {
    await answered(this.queues[name].removeJobScheduler(id));
  }

  /** Ids of all that is scheduled on a queue, with the time each comes next. */
  async scheduled(name: QueueName): Promise<Map<string, Date | null>> {
    const schedulers = await answered(this.queues[name].getJobSchedulers());
    return new Map(schedulers.map(({ key, next }) => [key, next === undefined ? null : new Date(next)]));
  }

  /**
   * Begins to work the queues that have a handler here; `concurrency`: jobs in hand at a time, where it is not the queue's own.
   * Throws when one of them is worked already.
   */
  process(handlers: Partial<JobHandlers>, concurrency: Partial<Record<QueueName, number>> = {}): void {
    const names = QUEUE_NAMES.filter((name) => handlers[name] !== undefined);
    const worked = this.#workers.map(({ name }) => name);
    const again = names.filter((name) => worked.includes(name));
    if (again.length > 0) throw new Error(`queue ${again.join(', ')} has its handler already`);
    for (const name of names) {
      const handler = handlers[name] as JobHandler<QueueName>;
      const settings = { ...QUEUE_SETTINGS[name], concurrency: concurrency[name] ?? QUEUE_SETTINGS[name].concurrency };
      this.#workers.push(startWorker(name, handler, { settings, connection: this.connection, onError: this.onError }));
    }
  }

  /** Stops taking jobs; those in hand get `drainMs` to finish, the rest is delivered again to whoever comes next. */
  async stopProcessing(drainMs: number): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => stopWorker(worker, drainMs)));
  }

  /** Jobs by state, for health and metrics. Throws DomainError UNAVAILABLE when the backend does not answer. */
  async counts(): Promise<Record<QueueName, Record<string, number>>> {
    const rows = QUEUE_NAMES.map(async (name) => [name, await this.queues[name].getJobCounts()] as const);
    return Object.fromEntries(await answered(Promise.all(rows))) as Record<QueueName, Record<string, number>>;
  }

  /** Resolves when the backend answers. Throws DomainError UNAVAILABLE when it does not. */
  async waitUntilReady(): Promise<void> {
    await answered(Promise.all(QUEUE_NAMES.map((name) => this.queues[name].waitUntilReady())));
  }

  /** Stops everything; `drainMs` as in stopProcessing. */
  async close(drainMs: number): Promise<void> {
    await this.stopProcessing(drainMs);
    const flows = this.#flows === undefined ? [] : [this.#flows];
    const open = [...this.#events.values(), ...flows, ...QUEUE_NAMES.map((name) => this.queues[name])];
    await within(BACKEND_LIMIT_MS, Promise.all(open.map((one) => one.close())));
  }

  async #forgetEnded(name: QueueName, jobId: string): Promise<void> {
    const job = (await answered(this.queues[name].getJob(jobId))) as Job | undefined;
    if (job === undefined) return;
    const state = await answered(job.getState());
    if (state === 'failed' || state === 'completed') await answered(job.remove());
  }

  #add(name: QueueName, payload: object, options: AddOptions): Promise<Job> {
    return answered(this.queues[name].add(name, payload, { ...options, ...jobOptions(name) }));
  }

  /** Why the job failed for good; null when it did not. */
  async #failureOf(name: QueueName, job: Job): Promise<string | null> {
    if (!(await job.isFailed())) return null;
    const failed = await this.queues[name].getJob(job.id ?? '');
    return failed?.failedReason ?? 'it failed and was removed';
  }

  async #eventsOf(name: QueueName): Promise<QueueEvents> {
    let events = this.#events.get(name);
    if (events === undefined) {
      events = new QueueEvents(name, { connection: this.connection });
      events.on('error', this.onError);
      // Everyone who waits listens to the same stream.
      events.setMaxListeners(0);
      this.#events.set(name, events);
    }
    await events.waitUntilReady();
    return events;
  }
}

function jobOptions(
  name: QueueName,
): Required<Pick<JobsOptions, 'attempts' | 'backoff' | 'removeOnComplete' | 'removeOnFail'>> {
  const settings = QUEUE_SETTINGS[name];
  return {
    attempts: settings.attempts,
    backoff: { type: 'exponential', delay: settings.backoffMs },
    removeOnComplete: { age: settings.keepDoneSec, count: settings.keepDoneJobs },
    removeOnFail: { age: settings.keepFailedSec, count: settings.keepFailedJobs },
  };
}

function toRepeat(recurrence: Recurrence): { every: number } | { pattern: string; tz: string } {
  return 'everyMs' in recurrence
    ? { every: recurrence.everyMs }
    : { pattern: recurrence.cron, tz: recurrence.timeZone ?? 'UTC' };
}

/** When it comes next after `now`; null: never, or its cron or time zone cannot be read. */
export function nextTime(recurrence: Recurrence, now: Date): Date | null {
  try {
    const next =
      'everyMs' in recurrence
        ? now.getTime() + recurrence.everyMs
        : defaultRepeatStrategy(now.getTime(), toRepeat(recurrence));
    return next === undefined ? null : new Date(next);
  } catch {
    return null;
  }
}

/** What the backend says, in bounded time. */
async function answered<Result>(work: Promise<Result>): Promise<Result> {
  const done = await within(
    BACKEND_LIMIT_MS,
    work.then((result) => ({ result })),
  );
  if (done === null) throw new DomainError('UNAVAILABLE', `the job queue did not answer within ${BACKEND_LIMIT_MS} ms`);
  return done.result;
}
