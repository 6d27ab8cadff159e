/** The guests of a fleet: who they are, how large, and what they do with their memory. All of it follows from the seed. */
import type { TraceSeries } from '#contracts';
import { SyntheticWorkload, TraceWorkload, type Workload } from '#guest';
import { GIB, MIB, RandomStream, invariant } from '#units';
import { ARCHETYPES, type Archetype, type GuestPopulation } from '../experiment/model/spec.js';
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
}

const TENANT_GUESTS = 8;

/** `series`: those of the guests, in their order; empty for synthetic ones. */
export function planGuests(guests: GuestPopulation, seed: number, series: readonly TraceSeries[]): GuestPlan[] {
  return guests.source.kind === 'traces'
    ? series.map((one, at) => planTraced(guests, seed, one, at))
    : planSynthetic(guests, guests.source.mix, seed);
}

function planTraced(guests: GuestPopulation, seed: number, series: TraceSeries, at: number): GuestPlan {
  const assignedBytes = wholeMib(guests.assignedBytes ?? series.assignedBytes);
  const name = series.vm;
  const own = seedOf(seed, name);
  const plan = { name, tenant: Math.floor(at / TENANT_GUESTS), seed: own, assignedBytes };
  if (guests.demand === 'DIRECT') {
    const workload = new DirectWorkload(series, assignedBytes);
    return { ...plan, workload, usedBytesAt: (timeMs) => workload.usedBytesAt(timeMs) };
  }
  return { ...plan, workload: new TraceWorkload(series, assignedBytes, own, 0), usedBytesAt: null };
}

const PATTERNS: Readonly<Record<Archetype, { readonly gib: number; readonly mean: number; readonly swing: number }>> = {
  idle: { gib: 4, mean: 0.18, swing: 0.06 },
  web: { gib: 8, mean: 0.33, swing: 0.08 },
  database: { gib: 64, mean: 0.7, swing: 0.02 },
  jvm: { gib: 16, mean: 0.45, swing: 0.05 },
  build: { gib: 16, mean: 0.3, swing: 0.25 },
  leak: { gib: 8, mean: 0.4, swing: 0.2 },
};
const DAY_MS = 86_400_000;

function planSynthetic(
  guests: GuestPopulation,
  mix: Readonly<Partial<Record<Archetype, number>>>,
  seed: number,
): GuestPlan[] {
  return Array.from({ length: guests.count }, (_, at) => {
    const archetype = drawArchetype(mix, RandomStream.of(seed, `archetype ${at}`).nextFloat());
    const { gib, mean, swing } = PATTERNS[archetype];
    const name = `${archetype}-${at + 1}`;
    const assignedBytes = wholeMib(guests.assignedBytes ?? gib * GIB);
    const own = seedOf(seed, name);
    const pattern = { meanRatio: mean, swingRatio: swing, periodMs: DAY_MS };
    const workload = new SyntheticWorkload(pattern, assignedBytes, own);
    return { name, tenant: Math.floor(at / TENANT_GUESTS), seed: own, assignedBytes, workload, usedBytesAt: null };
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
