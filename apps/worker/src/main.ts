/** A worker process: owns the fleet's shards, or stands by until it may. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { DomainError } from '#contracts';
import { Database, LeaseLostError } from '#persistence';
import { createLogger, loadConfiguration, onShutdown, reportReady, requireDatabaseUrl } from '#platform';
import { WorkerModule } from './worker.module.js';
import { WorkerService } from './worker.service.js';

const DRAIN_MS = 25_000;
const CONNECTIONS = 8;

async function main(): Promise<void> {
  const configuration = loadConfiguration();
  const logger = createLogger('worker', configuration);
  const database = await Database.connect({ url: requireDatabaseUrl(configuration), maxConnections: CONNECTIONS });
  const module = WorkerModule.forRoot(configuration, database);
  const app = await NestFactory.createApplicationContext(module, { logger, abortOnError: false });
  const worker = app.get(WorkerService);
  onShutdown(
    async () => {
      await worker.stop();
      await app.close();
      await database.close();
    },
    { drainMs: DRAIN_MS, onBegin: (cause) => logger.log(`stopping: ${cause}`) },
  );
  await worker.run(() => {
    logger.log('the fleet runs');
    reportReady();
  });
}

main().catch((error: unknown) => {
  const isExpected = error instanceof DomainError || error instanceof LeaseLostError;
  console.error(isExpected ? error.message : error);
  process.exit(1);
});
