/** The guest of the published builds: 16 GiB on Linux 6.1, with nothing else to do. */
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import { IDLE_WORKLOAD, type GuestOptions } from '#guest';
import { GIB } from '#units';

export function builderOptions(freePageReporting: boolean): GuestOptions {
  return {
    assignedBytes: 16 * GIB,
    numaNodes: 1,
    kernelProfile: '6.1',
    ...DEFAULT_GUEST_FEATURES,
    freePageReporting,
    workload: IDLE_WORKLOAD,
    seed: 1,
  };
}
