import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { migrateDatabase } from '#persistence';
import { Client } from 'pg';

export interface TestDatabase {
  readonly url: string;
  /** Ends whatever is still connected and removes the database. */
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own on the run's PostgreSQL (see global-setup.mjs). */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = process.env['BALLAST_TEST_DATABASE_URL'];
  if (adminUrl === undefined) throw new Error('no PostgreSQL: run this spec with jest --selectProjects system');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, `CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  await migrateDatabase(url.href, join(process.cwd(), 'prisma', 'migrations'));
  return { url: url.href, drop: () => asAdmin(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
