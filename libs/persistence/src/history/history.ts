import { DomainError, type MemoryMetric } from '#contracts';
import type { Database } from '../database.js';
import { isId } from '../paging/ids.js';
import { decodeCursor, encodeCursor, toPage, type Page, type PageRequest } from '../paging/page.js';
import { planBuckets, type Buckets, type HistoryRange } from './buckets.js';
import { aggregateSql, samplePartsSql, type Aggregate } from './sample-parts.js';

/** Columns of equal length; null where a bucket has no sample. */
export interface HistoryColumns {
  readonly stepMs: number;
  /** Begin of each bucket. */
  readonly times: readonly Date[];
  readonly series: readonly { readonly metric: MemoryMetric; readonly values: readonly (number | null)[] }[];
}

/** Reading a fleet's samples is bounded in time, for its cost grows with the number of guests. */
const FLEET_TIMEOUT_MS = 10_000;
const QUERY_CANCELLED = '57014';

/** What a guest held at the end of a tick. */
export interface GuestUse {
  readonly sampledAtMs: number;
  readonly tick: number;
  readonly usedBytes: number;
  readonly balloonActualBytes: number;
}

const USES = 'guestUses';

type Row = [bucket: number, ...values: number[]];

/** Questions about the past. */
export class History {
  constructor(private readonly database: Database) {}

  /** One guest's metrics, each once. Throws DomainError BAD_INPUT when the range cannot be answered, or none is asked for. */
  async ofGuest(
    guestId: string,
    range: HistoryRange,
    asked: readonly MemoryMetric[],
    aggregate: Aggregate,
  ): Promise<HistoryColumns> {
    const metrics = distinct(asked);
    const buckets = planBuckets(range);
    if (!isId(guestId)) return toColumns(buckets, metrics, []);
    const parts = samplePartsSql(
      'guest_id = $1',
      metrics,
      aggregate,
      buckets,
      spanOf(range),
      await this.#rolledUpUntil(),
    );
    const values = metrics.map((_, at) => aggregateSql(aggregate, `v${at}`));
    const { rows } = await this.database.pool.query<Row>({
      text: `SELECT ${BUCKET_MS}, ${values.join(', ')} FROM (${parts}) AS parts GROUP BY bucket`,
      values: [guestId],
      rowMode: 'array',
    });
    return toColumns(buckets, metrics, rows);
  }

  /** Every sample of a guest that is still kept, in the order of time; a tick that was sampled again counts once. */
  async usesOfGuest(guestId: string, request: PageRequest): Promise<Page<GuestUse>> {
    if (!isId(guestId)) return toPage<GuestUse>([], request, () => '');
    const [sinceMs, sinceTick] = decodeCursor(`${USES} ${guestId}`, request.after) ?? [-Infinity, -1];
    const { rows } = await this.database.pool.query<GuestUse>(
      `SELECT extract(epoch FROM sampled_at)::float8 * 1000 AS "sampledAtMs", tick::float8 AS tick,
              used_bytes::float8 AS "usedBytes", balloon_actual_bytes::float8 AS "balloonActualBytes"
         FROM memory_sample
        WHERE guest_id = $1 AND sampled_at >= to_timestamp($2::float8 / 1000) AND tick > $3
        ORDER BY sampled_at, tick LIMIT $4`,
      [guestId, sinceMs, sinceTick, request.first + 1],
    );
    const page = toPage(rows, request, ({ sampledAtMs, tick }) =>
      encodeCursor(`${USES} ${guestId}`, [sampledAtMs, tick, guestId]),
    );
    let lastTick = -1;
    const isNew = ({ tick }: GuestUse): boolean => tick > lastTick && (lastTick = tick) === tick;
    return { ...page, edges: page.edges.filter(({ node }) => isNew(node)) };
  }

  /**
   * Each metric's mean by guest, added up over the guests that were there. Throws DomainError BAD_INPUT, or LIMIT_EXCEEDED when it
   * takes too long.
   */
  async ofFleet(range: HistoryRange, asked: readonly MemoryMetric[]): Promise<HistoryColumns> {
    const metrics = distinct(asked);
    const buckets = planBuckets(range);
    const parts = samplePartsSql('true', metrics, 'MEAN', buckets, spanOf(range), await this.#rolledUpUntil());
    const means = metrics.map((_, at) => `${aggregateSql('MEAN', `v${at}`)} AS v${at}`).join(', ');
    const sums = metrics.map((_, at) => `sum(v${at})`).join(', ');
    const text = `SELECT ${BUCKET_MS}, ${sums}
        FROM (SELECT bucket, guest_id, ${means} FROM (${parts}) AS parts GROUP BY bucket, guest_id) AS guests GROUP BY bucket`;
    return this.database.transaction(async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${FLEET_TIMEOUT_MS}`);
      const { rows } = await client.query<Row>({ text, rowMode: 'array' }).catch(tooLong);
      return toColumns(buckets, metrics, rows);
    });
  }

  async #rolledUpUntil(): Promise<number> {
    const progress = await this.database.prisma.memoryRollupProgress.findUnique({ where: { id: 1 } });
    return progress?.rolledUpUntil?.getTime() ?? 0;
  }
}

const BUCKET_MS = 'extract(epoch FROM bucket)::float8 * 1000';

/** A metric that is asked for a thousand times would be a thousand columns. */
function distinct(metrics: readonly MemoryMetric[]): readonly MemoryMetric[] {
  if (metrics.length > 0) return [...new Set(metrics)];
  throw new DomainError('BAD_INPUT', 'metrics must be one metric at least, or left out for all of them', 'metrics');
}

function spanOf(range: HistoryRange): { fromMs: number; toMs: number } {
  return { fromMs: range.from.getTime(), toMs: range.to.getTime() };
}

function toColumns(buckets: Buckets, metrics: readonly MemoryMetric[], rows: readonly Row[]): HistoryColumns {
  const columns = metrics.map(() => new Array<number | null>(buckets.count).fill(null));
  for (const [bucketMs, ...values] of rows) {
    const at = Math.round((bucketMs - buckets.startMs) / buckets.stepMs);
    columns.forEach((column, metric) => (column[at] = values[metric] ?? null));
  }
  return {
    stepMs: buckets.stepMs,
    times: Array.from({ length: buckets.count }, (_, at) => new Date(buckets.startMs + at * buckets.stepMs)),
    series: metrics.map((metric, at) => ({ metric, values: columns[at] ?? [] })),
  };
}

function tooLong(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === QUERY_CANCELLED) {
    throw new DomainError(
      'LIMIT_EXCEEDED',
      `from, to and step ask for more samples than can be read in ${FLEET_TIMEOUT_MS / 1000} s: ask for a shorter range or for a step from 5 min on`,
      'step',
    );
  }
  throw error;
}
