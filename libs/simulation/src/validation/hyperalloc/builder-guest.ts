/**
 * The guest of the published builds: 16 GiB, with nothing else to do. They ran their own build of Linux 6.1 (boot log:
 * 6.1.0-llfree, built with clang); its configuration is not published, and the kernel's default leaves the multi-generational
 * LRU off. The profile of 6.1 is a distribution's, with generations; 5.15 allocates and frees as 6.1 does, and has two lists.
 */
import { DEFAULT_GUEST_FEATURES } from '#contracts';
import { IDLE_WORKLOAD, type GuestOptions } from '#guest';
import { GIB } from '#units';

export function builderOptions(cpus: number, freePageReporting: boolean): GuestOptions {
  return {
    assignedBytes: 16 * GIB,
    numaNodes: 1,
    cpus,
    kernelProfile: '5.15',
    ...DEFAULT_GUEST_FEATURES,
    freePageReporting,
    workload: IDLE_WORKLOAD,
    seed: 1,
  };
}
