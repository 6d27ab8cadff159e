/** Where the queues live: on Redis when a URL is given, else in a schema of their own in PostgreSQL. */
import { DomainError } from '#contracts';
import { setDefaultBackendFactory, createPostgresBackend, type ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';

export interface QueueBackend {
  readonly redisUrl: string | undefined;
  readonly databaseUrl: string;
}

export interface BackendConnection {
  readonly options: ConnectionOptions;
  /** Says in bounded time what is wrong, where a client would try for ever. */
  check(): Promise<void>;
  /** A client that BullMQ was handed is its owner's to close. */
  disconnect(): void;
}

const POSTGRES_SCHEMA = 'bullmq';
/** Each queue, worker and event stream opens a pool; most hold one connection or none. */
const POSTGRES_POOL_MAX = 8;
const CONNECT_LIMIT_MS = 5_000;

/**
 * Points BullMQ at the backend and returns the connection that its classes take. The choice is one for the process: it
 * never serves two fleets. Whether the backend answers shows later.
 */
export function connectBackend(backend: QueueBackend, onError: (error: Error) => void): BackendConnection {
  if (backend.redisUrl === undefined) {
    setDefaultBackendFactory(createPostgresBackend);
    const options = {
      connectionString: backend.databaseUrl,
      schema: POSTGRES_SCHEMA,
      migrate: true,
      max: POSTGRES_POOL_MAX,
    };
    return { options, check: () => Promise.resolve(), disconnect: () => undefined };
  }
  setDefaultBackendFactory();
  const url = backend.redisUrl;
  // BullMQ's blocking commands may wait for longer than any number of retries.
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on('error', onError);
  return { options: redis, check: () => checkRedis(url), disconnect: () => redis.disconnect() };
}

/** Throws DomainError UNAVAILABLE with what was said unless a Redis answers at `url`. */
export async function checkRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_LIMIT_MS,
    commandTimeout: CONNECT_LIMIT_MS,
    retryStrategy: () => null,
    disconnectTimeout: 100,
    maxRetriesPerRequest: 0,
  });
  let cause = 'nothing';
  // What went wrong with the connection is told here; `connect` itself only says that it is closed.
  redis.on(
    'error',
    (error: NodeJS.ErrnoException) => (cause = error.message === '' ? String(error.code) : error.message),
  );
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    if (cause === 'nothing' && error instanceof Error) cause = error.message;
    const message = `REDIS_URL must name a Redis that answers; ${new URL(url).host} said: ${cause}`;
    throw new DomainError('UNAVAILABLE', message, 'REDIS_URL');
  } finally {
    redis.disconnect();
  }
}
