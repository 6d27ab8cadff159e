export { checkRedis, type QueueBackend } from './backend.js';
export { JobsModule } from './jobs.module.js';
export { Queues, nextTime, type AddOptions, type JobAnswer, type JobHandlers, type Recurrence } from './queues.js';
export type { JobHandler } from './worker.js';
