/** Rows to ask about, made through the questions themselves where there is one. */
import { DEFAULT_GUEST_FEATURES, MEMORY_METRICS, type MemoryMetric, type MemoryValues } from '#contracts';
import { MIB } from '#units';
import type { Database } from '../../src/database.js';
import type { GuestDraft } from '../../src/guests/create-guests.js';
import type { GuestRecord } from '../../src/guests/guest.mapper.js';
import { Guests } from '../../src/guests/guests.js';
import type { HostRecord } from '../../src/hosts/host.mapper.js';
import { Hosts } from '../../src/hosts/hosts.js';
import { SAMPLE_COLUMNS } from '../../src/sample-columns.js';

export const admitAll = (): void => undefined;

let hosts = 0;

export function aHost(database: Database, name = `host-${++hosts}`): Promise<HostRecord> {
  return new Hosts(database).create({
    name,
    capacityBytes: 64 * 1024 * MIB,
    reservedBytes: 0,
    swapBytes: 0,
    policy: 'none',
    parameters: {},
  });
}

export function aDraft(changes: Partial<GuestDraft> = {}): GuestDraft {
  return {
    naming: { prefix: 'guest' },
    assignedBytes: 1024 * MIB,
    minBytes: 256 * MIB,
    maxBytes: 1024 * MIB,
    shares: 1000,
    kernelProfile: '6.12',
    numaNodes: 1,
    features: DEFAULT_GUEST_FEATURES,
    workload: { kind: 'IDLE' },
    seed: 1,
    ...changes,
  };
}

export async function someGuests(database: Database, hostId: string, count: number): Promise<GuestRecord[]> {
  return new Guests(database).create(
    hostId,
    Array.from({ length: count }, () => aDraft()),
    admitAll,
  );
}

export async function aGuest(database: Database): Promise<GuestRecord> {
  const host = await aHost(database);
  const [guest] = await someGuests(database, host.id, 1);
  return guest!;
}

export function values(some: Partial<Record<MemoryMetric, number>> = {}): MemoryValues {
  return Object.fromEntries(MEMORY_METRICS.map((metric) => [metric, some[metric] ?? 0])) as Record<
    MemoryMetric,
    number
  >;
}

export interface StoredSample {
  readonly guestId: string;
  readonly sampledAt: Date;
  readonly tick: number;
  readonly values: MemoryValues;
}

/** Makes one partition that holds `from` to `to`. */
export async function aPartition(database: Database, from: Date, to: Date): Promise<void> {
  const name = `memory_sample_test_${from.getTime()}`;
  await database.pool.query(
    `CREATE TABLE ${name} PARTITION OF memory_sample FOR VALUES FROM ('${from.toISOString()}') TO ('${to.toISOString()}')`,
  );
}

export async function storeSamples(database: Database, samples: readonly StoredSample[]): Promise<void> {
  await database.pool.query(
    `INSERT INTO memory_sample (guest_id, sampled_at, tick, ${SAMPLE_COLUMNS.join(', ')})
     SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], ${SAMPLE_COLUMNS.map((_, at) => `$${at + 4}::float8[]`).join(', ')})`,
    [
      samples.map((sample) => sample.guestId),
      samples.map((sample) => sample.sampledAt),
      samples.map((sample) => sample.tick),
      ...MEMORY_METRICS.map((metric) => samples.map((sample) => sample.values[metric])),
    ],
  );
}

export async function storeLatest(
  database: Database,
  sample: StoredSample,
  balloonState = 'IDLE',
  vmstat: readonly (readonly [name: string, value: number])[] = [['nr_free_pages', 7]],
): Promise<void> {
  await database.prisma.guestLatest.create({
    data: {
      guestId: sample.guestId,
      tick: sample.tick,
      sampledAt: sample.sampledAt,
      balloonState,
      isolatedPages: 0,
      zones: [],
      vmstat: vmstat.map((counter) => [...counter]),
      stateDigest: '',
      ...sample.values,
    },
  });
}
