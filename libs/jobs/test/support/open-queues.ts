import { NestFactory } from '@nestjs/core';
import { JobsModule, Queues, type JobHandlers, type QueueBackend } from '../../src/index.js';

export interface OpenQueues {
  readonly queues: Queues;
  close(): Promise<void>;
}

/** The port as an application gets it. */
export async function openQueues(backend: QueueBackend): Promise<OpenQueues> {
  const application = await NestFactory.createApplicationContext(JobsModule.forRoot(backend), {
    logger: false,
    abortOnError: false,
  });
  return { queues: application.get(Queues), close: () => application.close() };
}

/** Handlers of which a test replaces those that it is about. */
export function handlers(some: Partial<JobHandlers>): JobHandlers {
  const none = (): Promise<null> => Promise.resolve(null);
  return { operations: none, guests: none, inspections: none, rebalances: none, experiments: none, ...some };
}
