import type { KernelProfile, MemoryOptions } from '#memory-core';
import { DEFAULT_BALLOON_COSTS, type BalloonCosts } from './balloon/balloon-costs.js';
import { BalloonFeature } from './balloon/balloon-features.js';
import { asciiJson } from './guest-state.js';
import type { Workload } from './workload/workload.js';

/** What a guest is built with: it never changes. */
export interface GuestOptions {
  readonly assignedBytes: number;
  /** Nodes that the memory is spread over evenly. */
  readonly numaNodes: number;
  /** Processors, each with lists of free pages of its own. Default 1. */
  readonly cpus?: number;
  /** The guest's own swap device, whole pages. Default: none. */
  readonly swapBytes?: number;
  readonly kernelProfile: KernelProfile;
  readonly memoryBallooning: boolean;
  readonly balloonCompaction: boolean;
  /** Features of the balloon device. */
  readonly deflateOnOom: boolean;
  readonly freePageReporting: boolean;
  readonly freePageHinting: boolean;
  readonly workload: Workload;
  /** Of all chance in the guest; 0 ≤ seed < 2^32. */
  readonly seed: number;
  /** Default: the measured costs of a virtio balloon. */
  readonly balloonCosts?: BalloonCosts;
  /** How often its memory is recounted, to find bugs; no part of what it is. Default 0: never. Cost: 35 ms for each GiB. */
  readonly auditEveryTicks?: number;
}

/** The memory that such a guest boots with. */
export function memoryOptions(options: GuestOptions): MemoryOptions {
  const {
    assignedBytes,
    numaNodes,
    cpus = 1,
    swapBytes = 0,
    kernelProfile,
    memoryBallooning,
    balloonCompaction,
  } = options;
  return { ramBytes: assignedBytes, numaNodes, cpus, swapBytes, kernelProfile, memoryBallooning, balloonCompaction };
}

/** What the balloon device of such a guest offers: statistics always, as hypervisors do, the rest as asked for. */
export function offeredFeatures(options: GuestOptions): number {
  let features: number = BalloonFeature.MUST_TELL_HOST | BalloonFeature.STATS_VQ;
  if (options.deflateOnOom) features |= BalloonFeature.DEFLATE_ON_OOM;
  if (options.freePageReporting) features |= BalloonFeature.REPORTING;
  if (options.freePageHinting) features |= BalloonFeature.FREE_PAGE_HINT;
  return features;
}

/** The options as text, keys in one order; the workload by its digest. */
export function optionsText(options: GuestOptions): string {
  return asciiJson({
    assignedBytes: options.assignedBytes,
    numaNodes: options.numaNodes,
    // Not told where it is 1, as in snapshots of before.
    ...((options.cpus ?? 1) === 1 ? {} : { cpus: options.cpus }),
    swapBytes: options.swapBytes ?? 0,
    kernelProfile: options.kernelProfile,
    memoryBallooning: options.memoryBallooning,
    balloonCompaction: options.balloonCompaction,
    deflateOnOom: options.deflateOnOom,
    freePageReporting: options.freePageReporting,
    freePageHinting: options.freePageHinting,
    workload: options.workload.digest,
    seed: options.seed,
    balloonCosts: options.balloonCosts ?? DEFAULT_BALLOON_COSTS,
  });
}
