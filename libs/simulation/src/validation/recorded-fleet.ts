/** The recorded VMs that come with the project, each in a guest of its own, freshly booted, through its recording; nobody takes from it. */
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import { Guest } from '#guest';
import { residentPagesOf } from '#memory-core';
import { GIB, PAGE_SIZE_BYTES, TICK_MS } from '#units';
import type { GuestPopulation } from '../workload/guest-population.js';
import type { TraceSource } from '../trace/trace-source.js';
import { populationOf } from '../trace/population.js';
import type { TraceIndex } from '../trace/trace-index.js';
import { planGuests, type GuestPlan } from '../workload/plan-guests.js';

const SEED = 1;
const ASSIGNED_BYTES = 2 * GIB;
const STEP_TICKS = 300;

export interface GuestLife {
  /** Share of its memory that the host never had to back. */
  readonly untouchedRatio: number;
  /** Memory in use, of what it is assigned, every five minutes. */
  readonly usedRatio: readonly number[];
}

const known = new WeakMap<TraceIndex, readonly GuestLife[]>();

/** The same run serves several targets. */
export function recordedLives(index: TraceIndex): readonly GuestLife[] {
  const lives = known.get(index) ?? plansOf(index).map(liveThrough);
  known.set(index, lives);
  return lives;
}

function plansOf(index: TraceIndex): GuestPlan[] {
  const { format } = index;
  const source: TraceSource = { kind: 'traces', format, path: '', sampling: 'ORDER', peaks: 'AS_RECORDED', scale: 1 };
  const population: GuestPopulation = {
    source,
    count: index.vms.length,
    assignedBytes: ASSIGNED_BYTES,
    minRatio: 0,
    shares: 1000,
    kernelProfile: '6.12',
    features: DEFAULT_GUEST_FEATURES,
    demand: 'MODEL',
    commonFactor: { fleet: 0, tenant: 0 },
  };
  return planGuests(population, SEED, populationOf(index, source, index.vms.length, SEED));
}

function liveThrough({ workload: recorded, assignedBytes, seed }: GuestPlan): GuestLife {
  const workload = { ...recorded, bootCachePages: 0 };
  const guest = Guest.boot(
    { ...DEFAULT_GUEST_FEATURES, assignedBytes, numaNodes: 1, kernelProfile: '6.12', workload, seed },
    0,
  );
  const assignedPages = assignedBytes / PAGE_SIZE_BYTES;
  const steps = Math.floor(workload.periodMs / (STEP_TICKS * TICK_MS));
  const usedRatio = Array.from({ length: steps }, (_, step) => {
    guest.advanceTo((step + 1) * STEP_TICKS);
    const { totalPages, availablePages } = guest.vitals();
    return (totalPages - availablePages) / assignedPages;
  });
  return { untouchedRatio: 1 - residentPagesOf(guest.memory) / assignedPages, usedRatio };
}
