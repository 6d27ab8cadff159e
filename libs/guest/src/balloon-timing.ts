/** How long balloon work takes, in simulated microseconds. */
import type { KernelProfile } from '#contracts';
import { US_PER_MS, US_PER_SEC } from '#units';

export interface BalloonTiming {
  /** Time a balloon page (4 KiB) takes to the host and back to the guest. */
  readonly inflateUsPerPage: number;
  readonly deflateUsPerPage: number;
  /** Pause after a fill that ran out of pages. */
  readonly retryUs: number;
}

/**
 * virtio-balloon with 4 KiB pages as measured for HyperAlloc (Wrenger et al., EuroSys 2025, data of
 * luhsra/hyperalloc-bench): 21.0 s to take 18 GiB and 8.53 s to return them, which is 0.86 and 2.11 GiB/s. The published 0.95
 * and 2.34 divide the same times into the machine's 20 GiB.
 */
const INFLATE_US_PER_PAGE = 4.4;
const DEFLATE_US_PER_PAGE = 1.8;

/**
 * The driver sleeps 200 ms, which timers at 250 Hz make 204 ms; recordings of 6.1 show 208 ms and those of 6.12 204 ms.
 * 5.15 and 7.0 were not recorded: they follow their neighbours.
 */
const RETRY_MS: Readonly<Record<KernelProfile, number>> = { '5.15': 208, '6.1': 208, '6.12': 204, '7.0': 204 };

/** No balloon page moved for this long although some were wanted: the operation ends STALLED. Our choice: 24 retries. */
export const STALL_AFTER_US = 5 * US_PER_SEC;

/** One jiffy: the least time between two runs of the driver that move nothing (a busy loop in Linux). */
export const SPIN_US = 4 * US_PER_MS;

export function balloonTiming(profile: KernelProfile): BalloonTiming {
  return {
    inflateUsPerPage: INFLATE_US_PER_PAGE,
    deflateUsPerPage: DEFLATE_US_PER_PAGE,
    retryUs: RETRY_MS[profile] * US_PER_MS,
  };
}
