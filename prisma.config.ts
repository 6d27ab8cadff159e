import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'prisma/config';

// Prisma's command line fetches a native schema engine even for `generate`, which never runs it. Where none was installed
// (no network, scripts denied), any existing file satisfies the look-up; a real engine is left alone.
const engines = join(import.meta.dirname, 'node_modules', '@prisma', 'engines');
const hasEngine = existsSync(engines) && readdirSync(engines).some((name) => name.startsWith('schema-engine'));
if (!hasEngine) process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(process.env['DATABASE_URL'] === undefined ? {} : { datasource: { url: process.env['DATABASE_URL'] } }),
});
