/** One PostgreSQL, and one Redis where it is installed, for the whole run; on free ports, in a temporary folder. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/build.mjs';
import { startRedis } from './redis-server.mjs';

export default async function globalSetup() {
  ensureBuilt();
  const { EmbeddedPostgres } = await import('../../dist/apps/cli/src/postgres/embedded-postgres.js');
  const folder = mkdtempSync(join(tmpdir(), 'ballast-test-'));
  const postgres = await EmbeddedPostgres.start({ folder: join(folder, 'postgres'), isDurable: false });
  const redis = await startRedis(join(folder, 'redis'));
  process.env.BALLAST_TEST_DATABASE_URL = postgres.url;
  if (redis !== null) process.env.BALLAST_TEST_REDIS_URL = redis.url;
  globalThis.ballastTestServers = { folder, postgres, redis };
}
