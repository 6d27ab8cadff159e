import { describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../../test/support/test-database.js';
import { describeQueueContract } from './queue-contract.js';
import { openQueues } from './support/open-queues.js';

describeQueueContract('PostgreSQL', async () => {
  const database = await createTestDatabase();
  return { backend: { redisUrl: undefined, databaseUrl: database.url }, dispose: () => database.drop() };
});

describe('a queue whose PostgreSQL is not there', () => {
  it('keeps the application from coming up, in bounded time', async () => {
    const backend = { redisUrl: undefined, databaseUrl: 'postgresql://nobody@127.0.0.1:9/none' };
    const begun = Date.now();
    await expect(openQueues(backend)).rejects.toThrow();
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 20_000);
});
