import { afterAll, beforeAll } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { Database } from '../../src/database.js';

/** A database for the specs of a file, made before the first and dropped after the last. */
export function withDatabase(): () => Database {
  let made: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    made = await createTestDatabase();
    database = await Database.connect({ url: made.url, maxConnections: 8 });
  });
  afterAll(async () => {
    await database.close();
    await made.drop();
  });
  return () => database;
}
