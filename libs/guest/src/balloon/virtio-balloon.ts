/**
 * The guest's virtio-balloon driver: what it is and what it holds. What it does is in the files beside this one: its size
 * (size-work.ts), statistics, free page hinting, and its end and sleep (balloon-lifecycle.ts).
 * Source: drivers/virtio/virtio_balloon.c, Linux 5.15 to 7.0, as described in the reference, sections 3.3 to 3.13.
 */
import {
  createBalloonDevice,
  createPageBatch,
  fillBackwards,
  pagesBackwards,
  registerPageReporting,
} from '#memory-core';
import type { Memory, Mutex, PageBatch } from '#memory-core';
import { invariant } from '#units';
import type { BalloonCosts } from './balloon-costs.js';
import { BalloonDevice } from './balloon-device.js';
import { BalloonFeature, negotiateFeatures, poisonValue } from './balloon-features.js';
import type { FreePageContent } from './balloon-features.js';
import { registerMigration } from './balloon-migration.js';
import { parkStatistics } from './balloon-statistics.js';

/** Balloon pages in one request (VIRTIO_BALLOON_ARRAY_PFNS_MAX). */
export const REQUEST_PAGES = 256;
/** A hinting ring keeps one entry for command ids; reporting needs room for a whole scatterlist. */
const LEAST_HINT_RING = 2;
const LEAST_REPORTING_RING = 32;

/**
 *   DUE        a run begins: compares the target with what is held, fills or leaks
 *   ASLEEP     fill got too few pages; `held` waits, allocated, until the pause is over
 *   FILLED     `held` is to be listed and sent, as soon as the balloon's lock is free
 *   FILL_SENT  the host has the inflate request; then `actual` is written and the next run is due
 *   LEAK_SENT  the host has the deflate request; `held` reaches the allocator once it is acknowledged, then as above
 *   IDLE       the target is met, nothing is queued
 */
export const DRIVER_PHASES = ['IDLE', 'DUE', 'ASLEEP', 'FILLED', 'FILL_SENT', 'LEAK_SENT'] as const;
export type DriverPhase = (typeof DRIVER_PHASES)[number];

/** Free page hinting; see free-page-hinting.ts. */
export interface FreePageHints {
  /** The configuration changed since the command id was last read. */
  toRead: boolean;
  /** Command id as last read. */
  received: number;
  /** Command id of the round that runs or ran last. */
  active: number;
  /** First pfns of the blocks held, oldest first. */
  readonly blocks: number[];
}

export interface DriverOptions {
  readonly memory: Memory;
  /** VIRTIO_BALLOON_F_… bits that the device offers. */
  readonly features: number;
  readonly costs: BalloonCosts;
  /** Pause after a fill that ran out of pages. */
  readonly backOffUs: number;
  /** Balloon pages in one page of the guest: 1, or 16 for 64 KiB pages. */
  readonly pagesPerFrame?: number;
  /** Default: free pages keep what they held. */
  readonly freePageContent?: FreePageContent;
  readonly ringEntries?: number;
}

export interface VirtioBalloon {
  readonly memory: Memory;
  costs: BalloonCosts;
  /** Pause after a fill that ran out of pages. */
  readonly backOffUs: number;
  readonly pagesPerFrame: number;
  /** The negotiated bits. */
  readonly features: number;
  readonly freePageContent: FreePageContent;
  readonly device: BalloonDevice;
  /** Device number of the core's balloon list. */
  readonly list: number;
  /** balloon_lock: held while pages are listed or taken back, until the host has answered. */
  readonly lock: Mutex;
  phase: DriverPhase;
  /** When the phase ends; meaningless while IDLE. */
  atUs: number;
  /** Balloon pages the driver holds: num_pages of the kernel's structure. */
  numPages: number;
  /** When pages last reached either side, or a new target came. */
  movedAtUs: number;
  /** Frames of the run under way, in the order in which they came; most of the time they are on no list. */
  readonly held: PageBatch;
  /** The driver is being removed: configuration changes no longer queue work. */
  stopUpdate: boolean;
  readonly hints: FreePageHints;
  /** What takes it off the kernel's chains again. */
  readonly registrations: (() => void)[];
}

const PLAIN_CONTENT: FreePageContent = { initOnFree: false, pagePoisoning: false };

/**
 * The driver of a freshly booted guest, with statistics parked and reporting registered, or null when there can be none: the
 * guest was built without MEMORY_BALLOONING, or a ring is too small (ENOSPC in Linux).
 */
export function probeBalloon(options: DriverOptions): VirtioBalloon | null {
  const content = options.freePageContent ?? PLAIN_CONTENT;
  const features = negotiateFeatures(options.features, content);
  const entries = options.ringEntries ?? Infinity;
  if ((features & BalloonFeature.FREE_PAGE_HINT) !== 0 && entries < LEAST_HINT_RING) return null;
  if ((features & BalloonFeature.REPORTING) !== 0 && entries < LEAST_REPORTING_RING) return null;
  const list = createBalloonDevice(options.memory, (features & BalloonFeature.DEFLATE_ON_OOM) === 0);
  if (list < 0) return null;
  const driver = attachBalloon(options, list);
  if (hasFeature(driver, 'PAGE_POISON')) driver.device.poison = poisonValue(content);
  if (hasFeature(driver, 'STATS_VQ')) parkStatistics(driver);
  if (hasFeature(driver, 'REPORTING')) registerPageReporting(options.memory);
  return driver;
}

/** A driver over the list that a restored memory already has. */
export function attachBalloon(options: DriverOptions, list: number): VirtioBalloon {
  const pagesPerFrame = options.pagesPerFrame ?? 1;
  invariant(REQUEST_PAGES % pagesPerFrame === 0, 'a request holds whole guest pages');
  const freePageContent = options.freePageContent ?? PLAIN_CONTENT;
  const driver: VirtioBalloon = {
    memory: options.memory,
    costs: options.costs,
    backOffUs: options.backOffUs,
    pagesPerFrame,
    features: negotiateFeatures(options.features, freePageContent),
    freePageContent,
    device: new BalloonDevice(options.features, options.ringEntries),
    list,
    lock: { held: false },
    phase: 'IDLE',
    atUs: 0,
    numPages: 0,
    movedAtUs: 0,
    held: createPageBatch(REQUEST_PAGES / pagesPerFrame),
    stopUpdate: false,
    hints: { toRead: false, received: 0, active: 0, blocks: [] },
    registrations: [],
  };
  if (options.memory.config.balloonCompaction) registerMigration(driver);
  return driver;
}

export function hasFeature(driver: VirtioBalloon, feature: keyof typeof BalloonFeature): boolean {
  return (driver.features & BalloonFeature[feature]) !== 0;
}

/**
 * Balloon pages still to inflate (positive) or deflate (negative). The target is rounded up to whole guest pages: with large
 * guest pages the balloon would swing for ever otherwise.
 */
export function distance(driver: VirtioBalloon): number {
  const { pagesPerFrame, device } = driver;
  return Math.ceil(device.targetPages / pagesPerFrame) * pagesPerFrame - driver.numPages;
}

/** The frames of the run under way as the driver has them: as they came until it lists them, and the other way round from then on. */
export function heldFrames({ held, phase }: VirtioBalloon): readonly number[] {
  const frames = [...pagesBackwards(held)];
  return arrivesForwards(phase) ? frames.reverse() : frames;
}

/** Puts back what heldFrames told of a driver in the same phase. */
export function holdFrames({ held, phase }: VirtioBalloon, frames: readonly number[]): void {
  fillBackwards(held, arrivesForwards(phase) ? [...frames].reverse() : frames);
}

function arrivesForwards(phase: DriverPhase): boolean {
  return phase === 'FILLED' || phase === 'ASLEEP';
}
