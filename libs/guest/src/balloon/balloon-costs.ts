/**
 * What moving one page costs a virtio balloon, host round trips included. Measured by Wrenger et al. (HyperAlloc, EuroSys
 * 2025): 18 GiB inflated in 21.0 s and deflated in 8.53 s on a Xeon Gold 6252; 0.86 and 2.11 GiB/s.
 */
export interface BalloonCosts {
  readonly inflatePageUs: number;
  readonly deflatePageUs: number;
}

export const DEFAULT_BALLOON_COSTS: BalloonCosts = { inflatePageUs: 4.4, deflatePageUs: 1.8 };

/**
 * The driver sleeps 200 ms after a failed allocation. Recordings show 204 ms from Linux 6.12 on and 208 ms before: timer
 * ticks of 4 ms.
 */
export function backOffUs(kernelProfile: string): number {
  return kernelProfile === '5.15' || kernelProfile === '6.1' ? 208_000 : 204_000;
}
