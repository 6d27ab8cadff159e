/** A worker process that takes operations and never ends one: to be killed. Its argument is the backend, as JSON. */
import { NestFactory } from '@nestjs/core';
import { JobsModule, Queues, type QueueBackend } from '#jobs';

const backend = JSON.parse(process.argv[2] ?? '{}') as QueueBackend;
const application = await NestFactory.createApplicationContext(JobsModule.forRoot(backend), { logger: false });
const forever = new Promise<never>(() => undefined);
application.get(Queues).process({
  operations: ({ operationId }) => {
    process.send?.({ taken: operationId });
    return forever;
  },
  guests: () => forever,
  inspections: () => forever,
  rebalances: () => forever,
});
