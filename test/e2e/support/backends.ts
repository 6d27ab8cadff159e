import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import type { Settings } from './running-ballast.js';

export interface Backend {
  readonly name: 'PostgreSQL' | 'Redis';
  readonly settings: Settings;
}

/** One fleet to a database of the run's Redis: its queues have the same names in each. */
const REDIS_DATABASES = { story: 1, restart: 2, parts: 3, rebalance: 4, experiment: 5 } as const;

/** The backends of the queue that this machine has; the end of the run says when Redis is missing. */
export function backendsFor(suite: keyof typeof REDIS_DATABASES): Backend[] {
  const redisUrl = process.env['BALLAST_TEST_REDIS_URL'];
  const postgres: Backend = { name: 'PostgreSQL', settings: {} };
  if (redisUrl === undefined) return [postgres];
  return [postgres, { name: 'Redis', settings: { REDIS_URL: `${redisUrl}/${REDIS_DATABASES[suite]}` } }];
}

/** Settings for a start on a database of the run's PostgreSQL, which is quicker than one of its own. */
export async function onTestDatabase(backend: Backend): Promise<{ database: TestDatabase; settings: Settings }> {
  const database = await createTestDatabase();
  return { database, settings: { DATABASE_URL: database.url, ...backend.settings } };
}
