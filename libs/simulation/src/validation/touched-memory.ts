/**
 * E17: how much of its memory a guest ever touches, when it is as large as its owner asked for: recorded VMs, from a fresh boot to the
 * end of the recording.
 */
import { Guest } from '#guest';
import { residentPagesOf } from '#memory-core';
import { GIB, PAGE_SIZE_BYTES } from '#units';
import { populationOf } from '../trace/population.js';
import type { TraceIndex } from '../trace/trace-index.js';
import { planGuests } from '../workload/plan-guests.js';
import type { GuestPopulation, TraceSource } from '../experiment/model/spec.js';
import { near, type Target } from './target.js';

const SEED = 1;
const ASSIGNED_BYTES = 2 * GIB;
const FEATURES = {
  memoryBallooning: true,
  balloonCompaction: true,
  deflateOnOom: false,
  freePageReporting: false,
  freePageHinting: false,
};

export const TOUCHED_MEMORY: Target = {
  id: 'E17',
  title: 'Memory that a guest never touches',
  origin:
    'Pond (Li et al., ASPLOS 2023): half of the VMs of Azure leave at least half of their memory untouched over their lives',
  setup:
    'The 24 recorded VMs of GWA-T-12 that come with Ballast, each in a guest of 2 GiB in proportion, freshly booted, for the two days of the recording. Untouched is what the host never had to back.',
  missed:
    '24 VMs are few; what kernel and daemons hold is a larger share of 2 GiB than of the recorded sizes (in guests as large as recorded the median is 43 %).',
  run: (sample) => {
    const untouched = untouchedShares(sample()).sort((one, other) => one - other);
    return [near('untouched, median guest (%)', 50, 7, 100 * (untouched[Math.floor(untouched.length / 2)] ?? 0))];
  },
};

function untouchedShares(index: TraceIndex): number[] {
  const source: TraceSource = {
    kind: 'traces',
    format: index.format,
    path: '',
    sampling: 'ORDER',
    peaks: 'AS_RECORDED',
    scale: 1,
  };
  const population: GuestPopulation = {
    source,
    count: index.vms.length,
    assignedBytes: ASSIGNED_BYTES,
    minRatio: 0,
    shares: 1000,
    kernelProfile: '6.12',
    features: FEATURES,
    demand: 'MODEL',
    commonFactor: { fleet: 0, tenant: 0 },
  };
  return planGuests(population, SEED, populationOf(index, source, index.vms.length, SEED)).map((plan) => {
    const { assignedBytes, seed } = plan;
    const workload = { ...plan.workload, bootCachePages: 0 };
    const guest = Guest.boot({ ...FEATURES, assignedBytes, numaNodes: 1, kernelProfile: '6.12', workload, seed }, 0);
    guest.advanceTo(Math.floor(workload.periodMs / 1000));
    return 1 - residentPagesOf(guest.memory) / (assignedBytes / PAGE_SIZE_BYTES);
  });
}
