import { DomainError, type WorkloadSpec } from '#contracts';
import { IDLE_WORKLOAD, SyntheticWorkload, TraceWorkload, type GuestOptions, type Workload } from '#guest';
import { unreachable } from '#units';
import type { SimulatedGuest } from './simulated-guest.js';

/** What the simulated VM is made of. Throws DomainError when its trace is not there. */
export function toGuestOptions(member: SimulatedGuest, auditEveryTicks = 0): GuestOptions {
  const { assignedBytes, numaNodes, kernelProfile, features, seed } = member.configuration;
  return {
    assignedBytes,
    numaNodes,
    kernelProfile,
    memoryBallooning: features.memoryBallooning,
    balloonCompaction: features.balloonCompaction,
    deflateOnOom: features.deflateOnOom,
    freePageReporting: features.freePageReporting,
    freePageHinting: features.freePageHinting,
    seed,
    auditEveryTicks,
    workload: toWorkload(member, member.configuration.workload),
  };
}

function toWorkload({ series, configuration }: SimulatedGuest, spec: WorkloadSpec): Workload {
  switch (spec.kind) {
    case 'IDLE':
      return IDLE_WORKLOAD;
    case 'TRACE':
      if (series === null || series.timesMs.length === 0) {
        throw new DomainError('NOT_FOUND', `trace ${spec.traceId} has no samples of VM ${spec.vm}`, 'workload.vm');
      }
      return new TraceWorkload(series, configuration.assignedBytes, configuration.seed, spec.offsetMs);
    case 'SYNTHETIC':
      return new SyntheticWorkload(spec, configuration.assignedBytes, configuration.seed);
    default:
      return unreachable(spec);
  }
}
