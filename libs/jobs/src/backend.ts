/** Where the queues live: on Redis when a URL is given, else in a schema of their own in PostgreSQL. */
import { setDefaultBackendFactory, createPostgresBackend, type ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';

export interface QueueBackend {
  readonly redisUrl: string | undefined;
  readonly databaseUrl: string;
}

const POSTGRES_SCHEMA = 'bullmq';
/** Each queue, worker and event stream opens a pool; most hold one connection or none. */
const POSTGRES_POOL_MAX = 8;

/**
 * Points BullMQ at the backend and returns the connection that its classes take. The choice is one for the process: it
 * never serves two fleets.
 */
export function connectBackend(backend: QueueBackend): ConnectionOptions {
  if (backend.redisUrl !== undefined) {
    setDefaultBackendFactory();
    return new Redis(backend.redisUrl, {
      maxRetriesPerRequest: null,
      enableReadyCheck: true,
    });
  }
  setDefaultBackendFactory(createPostgresBackend);
  return {
    connectionString: backend.databaseUrl,
    schema: POSTGRES_SCHEMA,
    migrate: true,
    max: POSTGRES_POOL_MAX,
  };
}
