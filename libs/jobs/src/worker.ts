import { PAYLOAD_PARSERS, type JobPayloads, type QueueName } from '#contracts';
import { Worker, type ConnectionOptions, type Job } from 'bullmq';
import { within } from './deadline.js';
import { toJobFailure } from './job-failure.js';
import type { QueueSettings } from './queue-settings.js';

export type JobHandler<Name extends QueueName> = (payload: JobPayloads[Name]) => Promise<unknown>;

interface WorkerOptions {
  readonly settings: QueueSettings;
  readonly connection: ConnectionOptions;
  readonly onError: (error: Error) => void;
}

/** Takes jobs of one queue and hands their parsed payloads to `handler`; what does not parse fails at once with its reason. */
export function startWorker(
  name: QueueName,
  handler: JobHandler<QueueName>,
  { settings, connection, onError }: WorkerOptions,
): Worker {
  const run = async (job: Job): Promise<unknown> => {
    try {
      return await handler(PAYLOAD_PARSERS[name](job.data));
    } catch (error) {
      throw toJobFailure(error);
    }
  };
  const worker = new Worker(name, run, {
    connection,
    concurrency: settings.concurrency,
    lockDuration: settings.lockMs,
    stalledInterval: settings.stalledCheckMs,
    maxStalledCount: settings.maxStalledCount,
  });
  worker.on('error', onError);
  return worker;
}

/**
 * BullMQ's own `close` waits for the jobs in hand without limit and cannot be hurried once called. So: pause, which
 * waits too but may be left alone, and then close without waiting. A job that was left loses its lock and is delivered again.
 */
export async function stopWorker(worker: Worker, drainMs: number): Promise<void> {
  await within(drainMs, worker.pause());
  await within(drainMs, worker.close(true));
}
