/**
 * The queue port: typed payloads in, parsed payloads out, on either backend. Handlers may run more than once for a job
 * (a worker that is killed loses its lock), so they must not mind.
 */
import { DomainError, PAYLOAD_PARSERS, QUEUE_NAMES, type JobPayloads, type QueueName } from '#contracts';
import { Queue, QueueEvents, UnrecoverableError, Worker, type ConnectionOptions, type Job } from 'bullmq';
import { QUEUE_SETTINGS } from './queue-settings.js';

export type JobHandler<Name extends QueueName> = (payload: JobPayloads[Name]) => Promise<unknown>;
export type JobHandlers = { readonly [Name in QueueName]: JobHandler<Name> };

/** What became of a job that was waited for. */
export type JobAnswer =
  | { readonly kind: 'DONE'; readonly value: unknown }
  | { readonly kind: 'FAILED'; readonly reason: string }
  | { readonly kind: 'TIMED_OUT' };

export interface AddOptions {
  /** A second job with the same id is not added while the first is known. Without ":"; not a number. */
  readonly jobId?: string;
}

export class Queues {
  readonly #workers: Worker[] = [];
  readonly #events = new Map<QueueName, QueueEvents>();

  constructor(
    private readonly queues: Readonly<Record<QueueName, Queue>>,
    private readonly connection: ConnectionOptions,
    private readonly onError: (error: Error) => void,
  ) {
    for (const queue of Object.values(queues)) queue.on('error', onError);
  }

  /** Returns once the backend has the job. */
  async add<Name extends QueueName>(name: Name, payload: JobPayloads[Name], options: AddOptions = {}): Promise<void> {
    await this.#add(name, payload, options);
  }

  /** Adds a job and waits for what its handler returns, for `timeoutMs` at most. The job goes on after a time-out. */
  async addAndWait<Name extends QueueName>(
    name: Name,
    payload: JobPayloads[Name],
    timeoutMs: number,
    options: AddOptions = {},
  ): Promise<JobAnswer> {
    const events = await this.#eventsOf(name);
    const job = await this.#add(name, payload, options);
    try {
      return { kind: 'DONE', value: await job.waitUntilFinished(events, timeoutMs) };
    } catch (error) {
      const state = await job.getState();
      return state === 'failed' ? { kind: 'FAILED', reason: messageOf(error) } : { kind: 'TIMED_OUT' };
    }
  }

  /** Begins to work all queues. Throws when a queue has no handler, or when work has begun already. */
  process(handlers: JobHandlers): void {
    const missing = QUEUE_NAMES.filter((name) => typeof handlers[name] !== 'function');
    if (missing.length > 0) throw new Error(`no handler for queue ${missing.join(', ')}`);
    if (this.#workers.length > 0) throw new Error('the queues have their handlers already');
    for (const name of QUEUE_NAMES) this.#workers.push(this.#work(name, handlers[name] as JobHandler<QueueName>));
  }

  /** Stops taking jobs; those in hand get `drainMs` to finish. */
  async stopProcessing(drainMs: number): Promise<void> {
    const workers = this.#workers.splice(0);
    await Promise.all(workers.map((worker) => within(drainMs, worker.close(), () => worker.close(true))));
  }

  /** Jobs by state, for health and metrics. */
  async counts(): Promise<Record<QueueName, Record<string, number>>> {
    const rows = await Promise.all(
      QUEUE_NAMES.map(async (name) => [name, await this.queues[name].getJobCounts()] as const),
    );
    return Object.fromEntries(rows) as Record<QueueName, Record<string, number>>;
  }

  /** Resolves when the backend answers. */
  async waitUntilReady(): Promise<void> {
    await Promise.all(QUEUE_NAMES.map((name) => this.queues[name].waitUntilReady()));
  }

  /** Stops everything; `drainMs` as in stopProcessing. */
  async close(drainMs: number): Promise<void> {
    await this.stopProcessing(drainMs);
    await Promise.all([...this.#events.values()].map((events) => events.close()));
    await Promise.all(QUEUE_NAMES.map((name) => this.queues[name].close()));
  }

  #add(name: QueueName, payload: object, options: AddOptions): Promise<Job> {
    const settings = QUEUE_SETTINGS[name];
    return this.queues[name].add(name, payload, {
      ...options,
      attempts: settings.attempts,
      backoff: { type: 'exponential', delay: settings.backoffMs },
      removeOnComplete: { age: settings.keepDoneSec },
      removeOnFail: { age: settings.keepFailedSec },
    });
  }

  #work(name: QueueName, handler: JobHandler<QueueName>): Worker {
    const settings = QUEUE_SETTINGS[name];
    const run = async (job: Job): Promise<unknown> => {
      let payload;
      try {
        payload = PAYLOAD_PARSERS[name](job.data);
      } catch (error) {
        // No later try can read it either.
        throw new UnrecoverableError(messageOf(error));
      }
      try {
        return await handler(payload);
      } catch (error) {
        if (error instanceof DomainError) throw new UnrecoverableError(error.message);
        throw error;
      }
    };
    const worker = new Worker(name, run, {
      connection: this.connection,
      concurrency: settings.concurrency,
      lockDuration: settings.lockMs,
      stalledInterval: settings.stalledCheckMs,
      maxStalledCount: settings.maxStalledCount,
    });
    worker.on('error', this.onError);
    return worker;
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

async function within(limitMs: number, work: Promise<void>, force: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limitMs);
  });
  const first = await Promise.race([work, limit]);
  clearTimeout(timer);
  if (first === 'late') await force();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
