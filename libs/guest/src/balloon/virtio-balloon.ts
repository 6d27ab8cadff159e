/**
 * The guest's virtio-balloon driver: moves pages between the guest's memory and the host, at most 256 balloon pages a run,
 * until it holds what the device asks for. Source: drivers/virtio/virtio_balloon.c, Linux 5.15 to 7.0, as described in the
 * reference, sections 3.3 to 3.8.
 *
 * Time is simulated microseconds since the fleet's start. A run is a chain of timed steps, so that it may begin in one tick
 * and end in a later one:
 *
 *   DUE        the run begins: compares the target with what is held, fills or leaks
 *   ASLEEP     fill got too few pages; `held` waits, allocated, until the pause is over
 *   FILL_SENT  the host has the inflate request; then `actual` is written and the next run is due
 *   LEAK_SENT  the host has the deflate request; `held` reaches the allocator once it is acknowledged, then as above
 *   IDLE       the target is met, nothing is queued
 */
import {
  balloonPageAllocList,
  balloonPageDequeue,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  createBalloonDevice,
  freePageList,
} from '#memory-core';
import type { Memory } from '#memory-core';
import { invariant } from '#units';
import { createBalloonDevicePort, receiveDeflated, receiveInflated } from './balloon-device.js';
import type { BalloonDevice } from './balloon-device.js';
import { SPIN_US } from './balloon-costs.js';
import type { BalloonCosts } from './balloon-costs.js';

/** Balloon pages in one request (VIRTIO_BALLOON_ARRAY_PFNS_MAX). */
export const REQUEST_PAGES = 256;

export const DRIVER_PHASES = ['IDLE', 'DUE', 'ASLEEP', 'FILL_SENT', 'LEAK_SENT'] as const;
export type DriverPhase = (typeof DRIVER_PHASES)[number];

/** Asks the guest to make `pages` pages free, as direct reclaim would; returns how many it freed. */
export type Reclaim = (pages: number) => number;

export interface DriverOptions {
  readonly memory: Memory;
  readonly deflateOnOom: boolean;
  readonly costs: BalloonCosts;
  /** Pause after a fill that ran out of pages. */
  readonly backOffUs: number;
  readonly reclaim: Reclaim;
  /** Balloon pages in one page of the guest: 1, or 16 for 64 KiB pages. */
  readonly pagesPerFrame?: number;
}

export interface VirtioBalloon {
  readonly memory: Memory;
  readonly costs: BalloonCosts;
  /** Pause after a fill that ran out of pages. */
  readonly backOffUs: number;
  readonly reclaim: Reclaim;
  readonly pagesPerFrame: number;
  readonly deflateOnOom: boolean;
  readonly device: BalloonDevice;
  /** Device number of the core's balloon list. */
  readonly list: number;
  phase: DriverPhase;
  /** When the phase ends; meaningless while IDLE. */
  atUs: number;
  /** Balloon pages the driver holds: num_pages of the kernel's structure. */
  numPages: number;
  /** When pages last reached either side, or a new target came. */
  movedAtUs: number;
  /** Frames of the run under way that are on no list: the first `heldCount`. */
  readonly held: Int32Array;
  heldCount: number;
}

/** The driver of a freshly booted guest, or null when the guest was built without MEMORY_BALLOONING. */
export function probeBalloon(options: DriverOptions): VirtioBalloon | null {
  const list = createBalloonDevice(options.memory, !options.deflateOnOom);
  return list < 0 ? null : attachBalloon(options, list);
}

/** A driver over the list that a restored memory already has. */
export function attachBalloon(options: DriverOptions, list: number): VirtioBalloon {
  const pagesPerFrame = options.pagesPerFrame ?? 1;
  invariant(REQUEST_PAGES % pagesPerFrame === 0, 'a request holds whole guest pages');
  return {
    memory: options.memory,
    costs: options.costs,
    backOffUs: options.backOffUs,
    reclaim: options.reclaim,
    pagesPerFrame,
    deflateOnOom: options.deflateOnOom,
    device: createBalloonDevicePort(),
    list,
    phase: 'IDLE',
    atUs: 0,
    numPages: 0,
    movedAtUs: 0,
    held: new Int32Array(REQUEST_PAGES / pagesPerFrame),
    heldCount: 0,
  };
}

/** The host writes num_pages and raises the configuration interrupt: the driver looks at it when it is free to. */
export function setTarget(driver: VirtioBalloon, targetPages: number, nowUs: number): void {
  driver.device.targetPages = targetPages;
  driver.movedAtUs = nowUs;
  if (driver.phase !== 'IDLE' || distance(driver) === 0) return;
  driver.phase = 'DUE';
  driver.atUs = nowUs;
}

/**
 * Balloon pages still to inflate (positive) or deflate (negative). The target is rounded up to whole guest pages: with large
 * guest pages the balloon would swing for ever otherwise.
 */
export function distance(driver: VirtioBalloon): number {
  const { pagesPerFrame, device } = driver;
  return Math.ceil(device.targetPages / pagesPerFrame) * pagesPerFrame - driver.numPages;
}

/** Does everything that is due up to and including `untilUs`. Returns false when nothing was. Throws KernelBugError. */
export function runDriver(driver: VirtioBalloon, untilUs: number): boolean {
  if (!isDue(driver, untilUs)) return false;
  while (isDue(driver, untilUs)) step(driver);
  return true;
}

function isDue(driver: VirtioBalloon, untilUs: number): boolean {
  return driver.phase !== 'IDLE' && driver.atUs <= untilUs;
}

/**
 * The OOM notifier of deflate-on-OOM: gives back one request's worth of pages at once and returns how many guest pages came
 * free. It queues nothing: the balloon stays below its target until the next run, if one is queued, or the next target.
 */
export function notifyOutOfMemory(driver: VirtioBalloon): number {
  if (!driver.deflateOnOom) return 0;
  const frames = new Int32Array(driver.held.length);
  const count = takeBack(driver, frames, REQUEST_PAGES);
  freePageList(driver.memory, frames, count);
  driver.device.actualPages = driver.numPages;
  return count;
}

function step(driver: VirtioBalloon): void {
  switch (driver.phase) {
    case 'DUE':
      beginRun(driver);
      return;
    case 'ASLEEP':
      sendFill(driver);
      return;
    case 'LEAK_SENT':
      freePageList(driver.memory, driver.held, driver.heldCount);
      endRun(driver);
      return;
    case 'FILL_SENT':
      endRun(driver);
      return;
    case 'IDLE':
  }
}

function beginRun(driver: VirtioBalloon): void {
  const wanted = distance(driver);
  if (wanted > 0) fill(driver, wanted);
  else if (wanted < 0) leak(driver, -wanted);
  else driver.phase = 'IDLE';
}

/** Allocates before anything is listed or sent; a shortage costs the pause even when some pages came. */
function fill(driver: VirtioBalloon, wantedPages: number): void {
  const { memory, held } = driver;
  const wanted = Math.ceil(Math.min(wantedPages, REQUEST_PAGES) / driver.pagesPerFrame);
  let got = balloonPageAllocList(memory, held, wanted);
  if (got < wanted && driver.reclaim(wanted - got) > 0) {
    got += balloonPageAllocList(memory, held.subarray(got), wanted - got);
  }
  driver.heldCount = got;
  if (got === wanted) {
    sendFill(driver);
    return;
  }
  driver.phase = 'ASLEEP';
  driver.atUs += driver.backOffUs;
}

/** Lists what was allocated, last page first, so that the first one allocated ends up at the head of the list. */
function sendFill(driver: VirtioBalloon): void {
  const { memory, held, heldCount, pagesPerFrame } = driver;
  if (heldCount === 0) {
    endRun(driver);
    return;
  }
  held.subarray(0, heldCount).reverse();
  balloonPageListEnqueue(memory, driver.list, held, heldCount);
  driver.numPages += heldCount * pagesPerFrame;
  receiveInflated(driver.device, memory, held, heldCount, pagesPerFrame);
  driver.phase = 'FILL_SENT';
  driver.atUs += heldCount * pagesPerFrame * driver.costs.inflatePageUs;
}

function leak(driver: VirtioBalloon, wantedPages: number): void {
  const count = takeBack(driver, driver.held, Math.min(wantedPages, REQUEST_PAGES));
  driver.heldCount = count;
  if (count === 0) {
    driver.atUs += SPIN_US;
    endRun(driver);
    return;
  }
  driver.phase = 'LEAK_SENT';
  driver.atUs += count * driver.pagesPerFrame * driver.costs.deflatePageUs;
}

/**
 * Dequeues up to `wantedPages` and tells the host, in the order dequeued. Leaves the pages in `frames` in the order in which
 * the driver frees them, which is the reverse, and returns their number.
 */
function takeBack(driver: VirtioBalloon, frames: Int32Array, wantedPages: number): number {
  const { memory, list, pagesPerFrame } = driver;
  const wanted = Math.ceil(Math.min(wantedPages, driver.numPages) / pagesPerFrame);
  const count = balloonPageListDequeue(memory, list, frames, wanted);
  // The kernel dequeues one by one: the call that finds nothing also finds out when the balloon's pages are lost.
  if (count < wanted) balloonPageDequeue(memory, list);
  if (count === 0) return 0;
  driver.numPages -= count * pagesPerFrame;
  receiveDeflated(driver.device, frames, count, pagesPerFrame);
  return count;
}

/** Writes `actual`, also when nothing moved, and queues the next run unless the target is met. */
function endRun(driver: VirtioBalloon): void {
  if (driver.heldCount > 0) driver.movedAtUs = driver.atUs;
  driver.heldCount = 0;
  driver.device.actualPages = driver.numPages;
  driver.phase = distance(driver) === 0 ? 'IDLE' : 'DUE';
}
