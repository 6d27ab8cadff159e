/** The hosts of a cell and who lives on them: the same for every policy and ratio of a seed. */
import type { GuestOptions } from '#guest';
import { PAGE_SIZE_BYTES, invariant } from '#units';
import { HostSeries, choosePopulation, dealToHosts } from '../../trace/population.js';
import type { TraceIndex } from '../../trace/trace-index.js';
import { underModel } from '../../workload/model-constants.js';
import { planGuests, type GuestPlan } from '../../workload/plan-guests.js';
import type { ExperimentSpec } from '../model/spec.js';

/** One host; its guests' series are read when they are asked for, so that not all of them are held at a time. */
export interface HostPlan {
  readonly host: number;
  readonly guestCount: number;
  readonly guests: () => readonly GuestPlan[];
}

/** `index`: of the traces; null for synthetic guests. */
export function planHosts(spec: ExperimentSpec, seed: number, index: TraceIndex | null): HostPlan[] {
  const { source, count } = spec.guests;
  if (source.kind !== 'traces') {
    return dealToHosts(planGuests(spec.guests, seed, []), spec, seed).map((members, host) => ({
      host,
      guestCount: members.length,
      guests: () => members.map((plan) => modelled(spec, plan)),
    }));
  }
  invariant(index !== null, 'traces come with their index');
  const population = choosePopulation(index, source, count, seed);
  const placeOf = new Map(population.map(({ name }, at) => [name, at]));
  const dealt = dealToHosts(population, spec, seed);
  const hostSeries = new HostSeries(index, source, dealt, seed);
  return dealt.map((members, host) => ({
    host,
    guestCount: members.length,
    guests: () => {
      const series = hostSeries.of(host);
      return planGuests(
        spec.guests,
        seed,
        series,
        series.map(({ vm }) => placeOf.get(vm) ?? 0),
      ).map((plan) => modelled(spec, plan));
    },
  }));
}

/** As the spec's factors on the model have it; what is no model stays. */
function modelled({ model }: ExperimentSpec, plan: GuestPlan): GuestPlan {
  if (plan.usedBytesAt !== null) return plan;
  return { ...plan, workload: underModel(plan.workload, model, plan.assignedBytes / PAGE_SIZE_BYTES) };
}

export function toOptions({ guests }: ExperimentSpec, plan: GuestPlan): GuestOptions {
  const { features, kernelProfile } = guests;
  return {
    assignedBytes: plan.assignedBytes,
    numaNodes: 1,
    kernelProfile,
    memoryBallooning: features.memoryBallooning,
    balloonCompaction: features.balloonCompaction,
    deflateOnOom: features.deflateOnOom,
    freePageReporting: features.freePageReporting,
    freePageHinting: features.freePageHinting,
    workload: plan.workload,
    seed: plan.seed,
  };
}
