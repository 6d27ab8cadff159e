import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import type { Settings } from './running-ballast.js';

export interface Backend {
  readonly name: 'PostgreSQL' | 'Redis';
  readonly settings: Settings;
}

const redisUrl = process.env['BALLAST_TEST_REDIS_URL'];

/** The backends of the queue that this machine has; scripts/test.mjs says when Redis is missing. */
export const BACKENDS: readonly Backend[] = [
  { name: 'PostgreSQL', settings: {} },
  ...(redisUrl === undefined ? [] : [{ name: 'Redis', settings: { REDIS_URL: redisUrl } } as const]),
];

/** Settings for a start on a database of the run's PostgreSQL, which is quicker than one of its own. */
export async function onTestDatabase(backend: Backend): Promise<{ database: TestDatabase; settings: Settings }> {
  const database = await createTestDatabase();
  return { database, settings: { DATABASE_URL: database.url, ...backend.settings } };
}
