/** The guests of a fleet: who they are, how large, and what they do with their memory. All of it follows from the seed. */
import { TRACE_MEANINGS, type TraceSeries } from '#contracts';
import { TraceWorkload, type ActivitySeries, type Workload } from '#guest';
import { GIB, MIB, RandomStream, invariant } from '#units';
import { ARCHETYPES, type Archetype, type GuestPopulation } from './guest-population.js';
import { ARCHETYPE_RESTARTS, TYPICAL_GIB, archetypeWorkload } from './archetypes.js';
import { CommonFactor, orderWithCommon } from './common-factor.js';
import { DirectWorkload } from './direct-workload.js';

export interface GuestPlan {
  readonly name: string;
  /** Guests of one tenant have part of their load in common. */
  readonly tenant: number;
  /** Of all chance in the guest. */
  readonly seed: number;
  readonly assignedBytes: number;
  readonly workload: Workload;
  /** Memory in use by the trace's own word at a time of the run; null where the workload is a model. */
  readonly usedBytesAt: ((timeMs: number) => number) | null;
  /** What a killed program costs this guest, in units of the constant `restartMs`. */
  readonly restarts: number;
}

const TENANT_GUESTS = 8;
const WEEK_MS = 7 * 86_400_000;

/**
 * `series`: those of the guests, in their order; empty for synthetic ones. `places`: where each of them stands in the whole
 * population, which tells tenants apart; as given when left out.
 */
export function planGuests(
  guests: GuestPopulation,
  seed: number,
  series: readonly TraceSeries[],
  places: readonly number[] = series.map((_, at) => at),
): GuestPlan[] {
  if (guests.source.kind !== 'traces') return planSynthetic(guests, guests.source.mix, seed);
  const { format } = guests.source;
  const factor = new CommonFactor(guests.commonFactor, seed, Math.max(...series.map(lengthMs), 1), false);
  return series.map((one, at) => {
    const tenant = Math.floor((places[at] ?? at) / TENANT_GUESTS);
    const assignedBytes = wholeMib(guests.assignedBytes ?? one.assignedBytes);
    const own = seedOf(seed, one.vm);
    const plan = { name: one.vm, tenant, seed: own, assignedBytes };
    if (guests.demand === 'DIRECT') {
      const workload = new DirectWorkload(one, assignedBytes);
      return { ...plan, workload, usedBytesAt: (timeMs: number) => workload.usedBytesAt(timeMs), restarts: 1 };
    }
    const active = asActive(withCommon(one, factor, tenant), one.meaning ?? TRACE_MEANINGS[format], own);
    return { ...plan, workload: new TraceWorkload(active, assignedBytes, own, 0), usedBytesAt: null, restarts: 1 };
  });
}

/** The rows in another order, so that guests of a tenant and of the fleet are busy together; every row happens once. */
function withCommon(series: TraceSeries, factor: CommonFactor, tenant: number): TraceSeries {
  if (factor.isNone) return series;
  const { timesMs } = series;
  const startMs = timesMs[0] ?? 0;
  const common = (row: number): number => factor.at(tenant, (timesMs[row] ?? 0) - startMs);
  const order = orderWithCommon(series.activeBytes, common, factor.ownDeviation);
  const pick = (column: readonly number[]): number[] => Array.from(order, (row) => column[row] ?? 0);
  return {
    ...series,
    activeBytes: pick(series.activeBytes),
    diskReadBytesPerSec: pick(series.diskReadBytesPerSec),
    diskWriteBytesPerSec: pick(series.diskWriteBytesPerSec),
    cpuRatio: pick(series.cpuRatio),
  };
}

/** What TraceWorkload takes footprints from activity by. */
const TOUCHED_PER_MINUTE_RATIO = 0.61;

/** The series as the workload model takes it. */
function asActive(series: TraceSeries, meaning: TraceSeries['meaning'], seed: number): ActivitySeries {
  if (meaning === 'USED') return { ...series, isInUse: true };
  if (meaning !== 'ABSENT') return series;
  // Pond (ASPLOS 2023): half of the VMs touch less than half of their memory. The spread round it is a guess.
  const random = RandomStream.of(seed, 'touched share');
  const touched = (random.nextFloat() + random.nextFloat()) / 2;
  const bytes = touched * series.assignedBytes * TOUCHED_PER_MINUTE_RATIO;
  return { ...series, activeBytes: series.activeBytes.map(() => bytes) };
}

function lengthMs({ timesMs }: TraceSeries): number {
  return (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0) + 1;
}

function planSynthetic(
  guests: GuestPopulation,
  mix: Readonly<Partial<Record<Archetype, number>>>,
  seed: number,
): GuestPlan[] {
  const factor = new CommonFactor(guests.commonFactor, seed, WEEK_MS, false);
  return Array.from({ length: guests.count }, (_, at) => {
    const archetype = drawArchetype(mix, RandomStream.of(seed, `archetype ${at}`).nextFloat());
    const name = `${archetype}-${at + 1}`;
    const assignedBytes = wholeMib(guests.assignedBytes ?? TYPICAL_GIB[archetype] * GIB);
    const tenant = Math.floor(at / TENANT_GUESTS);
    const own = seedOf(seed, name);
    const common = (timeMs: number): number => factor.at(tenant, timeMs);
    const workload = archetypeWorkload(archetype, assignedBytes, own, { common, own: factor.ownDeviation });
    return {
      name,
      tenant,
      seed: own,
      assignedBytes,
      workload,
      usedBytesAt: null,
      restarts: ARCHETYPE_RESTARTS[archetype],
    };
  });
}

function drawArchetype(mix: Readonly<Partial<Record<Archetype, number>>>, luck: number): Archetype {
  const shares = ARCHETYPES.map((name) => ({ name, share: mix[name] ?? 0 })).filter(({ share }) => share > 0);
  const all = shares.reduce((sum, { share }) => sum + share, 0);
  let passed = 0;
  for (const { name, share } of shares) {
    passed += share / all;
    if (luck < passed) return name;
  }
  const last = shares.at(-1);
  invariant(last !== undefined, 'a mix names an archetype');
  return last.name;
}

function seedOf(seed: number, name: string): number {
  return RandomStream.of(seed, `guest ${name}`).nextUint32();
}

function wholeMib(bytes: number): number {
  return Math.floor(bytes / MIB) * MIB;
}
