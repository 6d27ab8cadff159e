export type { QueueBackend } from './backend.js';
export { JobsModule } from './jobs.module.js';
export { Queues, type AddOptions, type JobAnswer, type JobHandler, type JobHandlers } from './queues.js';
