/**
 * The host's side of one virtio memory balloon: its configuration space and its two page queues. Balloon pages are 4 KiB
 * whatever the guest's page size. Source: virtio specification 1.2, section 5.5; reference sections 3.2 and 3.7.
 */
import { discardPages } from '#memory-core';
import type { Memory } from '#memory-core';

export type BalloonQueue = 'INFLATE' | 'DEFLATE';

/** Sees each request as the device gets it: balloon pfns in the driver's order, valid during the call only. */
export type RequestObserver = (queue: BalloonQueue, pfns: Int32Array) => void;

export interface BalloonDevice {
  /** Configuration field num_pages: how many balloon pages the host asks for. Written by the host. */
  targetPages: number;
  /** Configuration field actual: how many the driver says it has given. Written by the driver. */
  actualPages: number;
  /** Requests received since boot, by queue; each is one notification of the host. */
  inflateRequests: number;
  deflateRequests: number;
  observer: RequestObserver | null;
}

export function createBalloonDevicePort(): BalloonDevice {
  return { targetPages: 0, actualPages: 0, inflateRequests: 0, deflateRequests: 0, observer: null };
}

/** The driver hands over the first `count` of `frames`: the host drops what backs them. */
export function receiveInflated(
  device: BalloonDevice,
  memory: Memory,
  frames: Int32Array,
  count: number,
  pagesPerFrame: number,
): void {
  device.inflateRequests++;
  device.observer?.('INFLATE', balloonPfns(frames, count, pagesPerFrame));
  discardPages(memory, frames, count);
}

/**
 * The driver wants the first `count` of `frames` back; the request names the last of them first, since the core leaves
 * dequeued pages in reverse. The host backs them again when they are touched.
 */
export function receiveDeflated(device: BalloonDevice, frames: Int32Array, count: number, pagesPerFrame: number): void {
  device.deflateRequests++;
  device.observer?.('DEFLATE', balloonPfns(frames.slice(0, count).reverse(), count, pagesPerFrame));
}

/** The 4 KiB pfns of guest pages: each guest page is `pagesPerFrame` consecutive ones. */
function balloonPfns(frames: Int32Array, count: number, pagesPerFrame: number): Int32Array {
  if (pagesPerFrame === 1) return frames.subarray(0, count);
  const pfns = new Int32Array(count * pagesPerFrame);
  for (let at = 0; at < pfns.length; at++) {
    pfns[at] = (frames[Math.floor(at / pagesPerFrame)] ?? 0) * pagesPerFrame + (at % pagesPerFrame);
  }
  return pfns;
}
