/**
 * The driver joins the kernel's chains, sleeps and ends. Source: virtio_balloon.c (virtballoon_probe, virtballoon_remove,
 * remove_common, virtballoon_freeze, virtballoon_restore), as described in the reference, section 3.13.
 */
import {
  BALLOON_OOM_PRIORITY,
  RESCHEDULE,
  registerOomNotifier,
  registerShrinker,
  unregisterPageReporting,
} from '#memory-core';
import type { Task } from '#memory-core';
import { parkStatistics } from './balloon-statistics.js';
import { countHintedPages, releaseHints, shrinkHints } from './free-page-hinting.js';
import { leakBalloon, notifyOutOfMemory, queueSizeWork, sizeWork } from './size-work.js';
import { hasFeature } from './virtio-balloon.js';
import type { VirtioBalloon } from './virtio-balloon.js';

/** From now on the kernel asks the driver when memory is short: its hinted blocks by reclaim, its balloon before it kills. */
export function joinKernel(driver: VirtioBalloon): void {
  const { memory, registrations } = driver;
  if (hasFeature(driver, 'FREE_PAGE_HINT')) {
    const shrinker = {
      count: () => countHintedPages(driver),
      scan: (pages: number) => shrinkHints(driver, pages),
    };
    registrations.push(registerShrinker(memory, shrinker));
  }
  if (hasFeature(driver, 'DEFLATE_ON_OOM')) {
    registrations.push(registerOomNotifier(memory, BALLOON_OOM_PRIORITY, () => notifyOutOfMemory(driver)));
  }
}

/** Takes the driver off its device: the run under way ends, then all pages come back. */
export function* removeBalloon(driver: VirtioBalloon): Task<void> {
  if (hasFeature(driver, 'REPORTING')) unregisterPageReporting(driver.memory);
  for (const leave of driver.registrations.splice(0)) leave();
  driver.stopUpdate = true;
  // A run that has not begun is called off, one that has ends.
  if (driver.phase === 'DUE') driver.phase = 'IDLE';
  yield* sizeWork(driver);
  yield* giveEverythingBack(driver);
}

/** The guest is about to sleep: the balloon is emptied, reporting and the OOM notifier stay. */
export function* suspendBalloon(driver: VirtioBalloon): Task<void> {
  if (driver.phase === 'DUE') driver.phase = 'IDLE';
  driver.stopUpdate = true;
  yield* sizeWork(driver);
  yield* giveEverythingBack(driver);
  driver.stopUpdate = false;
}

/** The guest has woken: new queues, and the target is gone for again. */
export function resumeBalloon(driver: VirtioBalloon, nowUs: number): void {
  if (hasFeature(driver, 'STATS_VQ')) parkStatistics(driver);
  queueSizeWork(driver, nowUs);
  driver.device.actualPages = driver.numPages;
}

function* giveEverythingBack(driver: VirtioBalloon): Task<void> {
  while (driver.numPages > 0) {
    const pages = yield* leakBalloon(driver, driver.numPages);
    if (pages === 0) yield RESCHEDULE; // the rest is isolated for now
  }
  driver.device.actualPages = driver.numPages;
  releaseHints(driver, Infinity);
  driver.device.statistics = null;
  driver.device.hintsQueued = 0;
}
