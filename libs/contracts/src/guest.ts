import type { KernelProfile } from './kernel-profile.js';

export const GUEST_STATES = ['RUNNING', 'PAUSED', 'OOM_KILLED', 'KERNEL_BUG', 'DELETED'] as const;
export type GuestState = (typeof GUEST_STATES)[number];

/** What the balloon is doing: STALLED while it wants pages and the guest has none to give. */
export const BALLOON_STATES = ['IDLE', 'INFLATING', 'DEFLATING', 'STALLED'] as const;
export type BalloonState = (typeof BALLOON_STATES)[number];

/** How short of memory a host is, by the free share of its capacity (see libs/policy). */
export const HOST_STATES = ['HIGH', 'SOFT', 'HARD', 'LOW'] as const;
export type HostState = (typeof HOST_STATES)[number];

export interface GuestFeatures {
  /** VIRTIO_BALLOON_F_DEFLATE_ON_OOM: the guest may take pages back when it runs out; MemTotal then stays whole. */
  readonly deflateOnOom: boolean;
  /** VIRTIO_BALLOON_F_REPORTING. */
  readonly freePageReporting: boolean;
  /** VIRTIO_BALLOON_F_FREE_PAGE_HINT: the host may ask once for what is free, as a live migration does. */
  readonly freePageHinting: boolean;
  /** MEMORY_BALLOONING: without it the guest has no balloon and refuses balloon work. */
  readonly memoryBallooning: boolean;
  /** BALLOON_COMPACTION: balloon pages are movable. */
  readonly balloonCompaction: boolean;
}

export const DEFAULT_GUEST_FEATURES: GuestFeatures = {
  deflateOnOom: false,
  freePageReporting: false,
  freePageHinting: false,
  memoryBallooning: true,
  balloonCompaction: true,
};

/**
 * What a guest does with its memory. TRACE replays one VM of an imported trace, from `offsetMs` into it and round again at
 * its end. SYNTHETIC draws a seeded pattern: `meanRatio` of RAM in use on average, swinging by `swingRatio` with
 * `periodMs`.
 */
export type WorkloadSpec =
  | { readonly kind: 'IDLE' }
  | { readonly kind: 'TRACE'; readonly traceId: string; readonly vm: string; readonly offsetMs: number }
  | {
      readonly kind: 'SYNTHETIC';
      readonly meanRatio: number;
      readonly swingRatio: number;
      readonly periodMs: number;
    };

/** All that a simulated guest is made of: the same configuration, commands and ticks give the same bytes everywhere. */
export interface GuestConfiguration {
  readonly assignedBytes: number;
  readonly kernelProfile: KernelProfile;
  /** Nodes that the memory is spread over evenly. */
  readonly numaNodes: number;
  readonly features: GuestFeatures;
  readonly workload: WorkloadSpec;
  /** 0 ≤ seed < 2^32. */
  readonly seed: number;
}
