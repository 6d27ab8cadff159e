/**
 * The driver's end and its sleep. Source: virtio_balloon.c (virtballoon_remove, remove_common, virtballoon_freeze,
 * virtballoon_restore), as described in the reference, section 3.13.
 */
import { RESCHEDULE, unregisterPageReporting } from '#memory-core';
import type { Task } from '#memory-core';
import { parkStatistics } from './balloon-statistics.js';
import { releaseHints } from './free-page-hinting.js';
import { leakBalloon, queueSizeWork, sizeWork } from './size-work.js';
import { hasFeature } from './virtio-balloon.js';
import type { VirtioBalloon } from './virtio-balloon.js';

/** Takes the driver off its device: the run under way ends, then all pages come back. */
export function* removeBalloon(driver: VirtioBalloon): Task<void> {
  if (hasFeature(driver, 'REPORTING')) unregisterPageReporting(driver.memory);
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
