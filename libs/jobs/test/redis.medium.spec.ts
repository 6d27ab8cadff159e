import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#contracts';
import { describeQueueContract } from './queue-contract.js';
import { openQueues } from './support/open-queues.js';

const redisUrl = process.env['BALLAST_TEST_REDIS_URL'];
const databaseUrl = 'postgresql://unused@127.0.0.1/unused';

// Without a Redis on this machine only the last test is left; scripts/test.mjs says so at the end of the run.
if (redisUrl !== undefined) {
  describeQueueContract('Redis', () =>
    Promise.resolve({ backend: { redisUrl, databaseUrl }, dispose: () => Promise.resolve() }),
  );
}

describe('a queue whose Redis is not there', () => {
  it('keeps the application from coming up, in bounded time', async () => {
    const begun = Date.now();
    await expect(openQueues({ redisUrl: 'redis://127.0.0.1:9', databaseUrl })).rejects.toThrow(
      new DomainError(
        'UNAVAILABLE',
        'REDIS_URL must name a Redis that answers; 127.0.0.1:9 said: connect ECONNREFUSED 127.0.0.1:9',
      ),
    );
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 20_000);
});
