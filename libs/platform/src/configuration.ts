/**
 * The settings of a Ballast process, read once from the environment. Every problem is reported in one go, by the name of
 * the variable and what it accepts. Nothing else in the project reads the environment.
 */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { DomainError } from '#contracts';
import { z } from 'zod';

const flag = (fallback: '0' | '1'): z.ZodType<boolean> =>
  z
    .enum(['0', '1'], { error: '0 or 1' })
    .default(fallback)
    .transform((value) => value === '1');

const wholeNumber = (min: number, max: number): z.ZodType<number> =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min, `a whole number from ${min} to ${max}`).max(max, `a whole number from ${min} to ${max}`));

const urlOf = (schemes: readonly string[]): z.ZodType<string> =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error: `a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
  });

const LOG_LEVELS = ['error', 'warn', 'log', 'debug'] as const;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const ENVIRONMENT = z.object({
  PORT: wholeNumber(0, 65_535).prefault('3000'),
  HOST: z.string().min(1, 'an address to listen on').default('127.0.0.1'),
  BALLAST_INSECURE: flag('0'),
  BALLAST_HOSTNAMES: z
    .string()
    .regex(/^[a-z\d.-]+(,[a-z\d.-]+)*$/, 'host names in small letters, separated by commas')
    .optional(),
  BALLAST_HOME: z.string().min(1, 'a folder').default('.ballast'),
  DATABASE_URL: urlOf(['postgresql', 'postgres']).optional(),
  REDIS_URL: urlOf(['redis', 'rediss']).optional(),
  BALLAST_DEMO: flag('1'),
  BALLAST_SPEED: z
    .string()
    .transform(Number)
    .refine((speed) => speed >= 0 && speed <= 10_000, {
      error: 'a number from 0 (paused) to 10000 simulated seconds per second',
    })
    .optional(),
  BALLAST_THREADS: wholeNumber(1, 256).optional(),
  BALLAST_EXPERIMENT_THREADS: wholeNumber(1, 256).optional(),
  BALLAST_AUDIT_EVERY_TICKS: wholeNumber(0, 1_000_000).prefault('0'),
  BALLAST_TRACE_DIR: z.string().min(1, 'a folder').default('data/traces'),
  BALLAST_RETENTION_DAYS: wholeNumber(1, 3650).prefault('30'),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(', ')}` }).default('log'),
  LOG_FORMAT: z.enum(['text', 'json'], { error: 'text or json' }).default('text'),
});

export interface Configuration {
  readonly port: number;
  readonly host: string;
  /** True when the API listens beyond this machine without access control: said aloud at start. */
  readonly isExposed: boolean;
  /** Names that the API answers to besides this machine's own; none: beyond this machine, to all. */
  readonly hostNames: readonly string[];
  /** Absolute path of the folder that everything is written to. */
  readonly homeDir: string;
  /** Undefined: the embedded PostgreSQL of `ballast up`. */
  readonly databaseUrl: string | undefined;
  /** Undefined: the queue runs in the database. */
  readonly redisUrl: string | undefined;
  readonly withDemoFleet: boolean;
  /** Simulated seconds per second from this start on; undefined: as the fleet was left, 1 for a new one. */
  readonly speed: number | undefined;
  /** Worker threads that simulate guests. */
  readonly threads: number;
  /** Cells of experiments that a worker runs at a time. */
  readonly experimentThreads: number;
  /** How often each guest's memory is recounted to find bugs, in ticks; 0: never. */
  readonly auditEveryTicks: number;
  /** Absolute path of the folder that `importTrace` may read. */
  readonly traceDir: string;
  readonly retentionDays: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly logFormat: 'text' | 'json';
}

/** Throws DomainError BAD_INPUT that lists every variable that cannot be used and what it accepts. */
export function loadConfiguration(environment: NodeJS.ProcessEnv = process.env): Configuration {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = ENVIRONMENT.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `${name} must be ${issue.message}, got ${JSON.stringify(given[name])}`;
    });
    throw new DomainError('BAD_INPUT', problems.join('; '));
  }
  const values = parsed.data;
  const isExposed = !LOOPBACK.includes(values.HOST);
  if (isExposed && !values.BALLAST_INSECURE) {
    throw new DomainError(
      'BAD_INPUT',
      `HOST must be 127.0.0.1, ::1 or localhost, got "${values.HOST}": there is no access control yet; BALLAST_INSECURE=1 listens there all the same`,
    );
  }
  return {
    port: values.PORT,
    host: values.HOST,
    isExposed,
    hostNames: values.BALLAST_HOSTNAMES?.split(',') ?? [],
    homeDir: resolve(values.BALLAST_HOME),
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    withDemoFleet: values.BALLAST_DEMO,
    speed: values.BALLAST_SPEED,
    threads: values.BALLAST_THREADS ?? Math.max(1, availableParallelism() - 1),
    experimentThreads: values.BALLAST_EXPERIMENT_THREADS ?? Math.max(1, Math.floor(availableParallelism() / 2)),
    auditEveryTicks: values.BALLAST_AUDIT_EVERY_TICKS,
    traceDir: resolve(values.BALLAST_TRACE_DIR),
    retentionDays: values.BALLAST_RETENTION_DAYS,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
  };
}

/** The database that a part runs on. Throws DomainError when none is named: only `ballast up` brings its own. */
export function requireDatabaseUrl(configuration: Configuration): string {
  if (configuration.databaseUrl !== undefined) return configuration.databaseUrl;
  throw new DomainError(
    'BAD_INPUT',
    'DATABASE_URL must be set to a postgresql:// address; `ballast up` starts one of its own',
  );
}
