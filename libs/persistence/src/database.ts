/**
 * The connection to PostgreSQL: Prisma for the typed, small things; the pool underneath for COPY, unnest and the SQL of history.
 */
import { DomainError } from '#contracts';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolClient } from 'pg';
import { PrismaClient } from './generated/client.js';

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of the pool; Prisma has as many of its own. */
  readonly maxConnections: number;
}

/** The adapter misreads `timestamptz` in any other session time zone. */
const SESSION_OPTIONS = '-c timezone=UTC';
const CONNECT_TIMEOUT_MS = 5_000;

export class Database {
  private constructor(
    readonly prisma: PrismaClient,
    readonly pool: Pool,
    readonly url: string,
  ) {}

  /** Throws DomainError UNAVAILABLE with what the server said when it cannot be reached. */
  static async connect({ url, maxConnections }: DatabaseOptions): Promise<Database> {
    const settings = {
      connectionString: url,
      max: maxConnections,
      options: SESSION_OPTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    };
    const pool = new Pool(settings);
    // An idle connection that breaks is replaced by the next query, which reports what is wrong.
    pool.on('error', () => undefined);
    try {
      await pool.query('SELECT 1');
    } catch (error) {
      await pool.end();
      throw unreachableDatabase(url, error);
    }
    return new Database(new PrismaClient({ adapter: new PrismaPg(settings) }), pool, url);
  }

  /** Runs `work` in one transaction on one connection of the pool; rolls back when it throws. */
  async transaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
    await this.pool.end();
  }
}

/** Names the server without its password, and says what it answered. */
export function unreachableDatabase(url: string, error: unknown): DomainError {
  const { host, pathname } = new URL(url);
  const cause =
    error instanceof Error && error.message !== '' ? error.message : String((error as { code?: unknown }).code);
  return new DomainError(
    'UNAVAILABLE',
    `DATABASE_URL must name a PostgreSQL that answers; ${host}${pathname} said: ${cause}`,
    'DATABASE_URL',
  );
}
