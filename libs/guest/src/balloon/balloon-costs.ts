/** How long balloon work takes, in simulated microseconds. */
import type { KernelProfile } from '#memory-core';

/** Time one balloon page (4 KiB) takes to the host and back, round trips included. */
export interface BalloonCosts {
  readonly inflatePageUs: number;
  /** On top, for a page that the host backs: it has to be dropped. */
  readonly discardPageUs: number;
  readonly deflatePageUs: number;
}

/**
 * virtio-balloon with 4 KiB pages as measured for HyperAlloc (Wrenger et al., EuroSys 2025, data of luhsra/hyperalloc-bench, Xeon
 * Gold 6252): 21.0 s to take 18 GiB that had been touched and 8.53 s to return them, which is 0.86 and 2.11 GiB/s; memory that
 * nobody had touched went at 1.50 GiB/s. The published 0.95, 2.34 and 1.67 divide the same times into the machine's 20 GiB.
 */
export const DEFAULT_BALLOON_COSTS: BalloonCosts = { inflatePageUs: 2.54, discardPageUs: 1.9, deflatePageUs: 1.8 };

/**
 * Pause after a fill that ran out of pages. The driver sleeps 200 ms, which timer ticks of 4 ms lengthen: recordings of 6.1 show
 * 208 ms, those of 6.12 show 204 ms. 5.15 and 7.0 were not recorded: they follow their neighbours.
 */
export function backOffUs(kernelProfile: KernelProfile): number {
  return kernelProfile === '5.15' || kernelProfile === '6.1' ? 208_000 : 204_000;
}

/** One timer tick: the least time between two runs of the driver that move nothing (a busy loop in Linux). */
export const SPIN_US = 4_000;
