/**
 * The driver's way to its target: at most 256 balloon pages a run, until it holds what the device asks for; and the OOM
 * notifier, which takes pages back in between. Source: virtio_balloon.c (update_balloon_size_func, fill_balloon,
 * leak_balloon, virtballoon_oom_notify), as described in the reference, sections 3.4 to 3.8.
 *
 * A run is a chain of steps, so that it may begin in one tick and end in a later one. runDriver goes through them by the
 * guest's clock; sizeWork is the same chain as a task, for whoever interleaves it with others.
 */
import {
  RESCHEDULE,
  balloonBatchAlloc,
  balloonBatchDequeue,
  balloonBatchEnqueue,
  balloonPageDequeue,
  createPageBatch,
  freeBatch,
  runToEnd,
} from '#memory-core';
import type { PageBatch, Task, Wait } from '#memory-core';
import { invariant } from '#units';
import { SPIN_US } from './balloon-costs.js';
import { REQUEST_PAGES, distance, hasFeature } from './virtio-balloon.js';
import type { VirtioBalloon } from './virtio-balloon.js';

const HOST: Wait = { kind: 'HOST' };

/** The host writes num_pages and raises the configuration interrupt: the driver looks at it when it is free to. */
export function setTarget(driver: VirtioBalloon, targetPages: number, nowUs: number): void {
  driver.device.targetPages = targetPages;
  driver.movedAtUs = nowUs;
  queueSizeWork(driver, nowUs);
}

/** A run is due unless one is under way already, the target is met, or the driver is being removed. */
export function queueSizeWork(driver: VirtioBalloon, nowUs: number): void {
  if (driver.stopUpdate || driver.phase !== 'IDLE' || distance(driver) === 0) return;
  driver.phase = 'DUE';
  driver.atUs = nowUs;
}

/** Does everything that is due up to and including `untilUs`. Returns false when nothing was. Throws KernelBugError. */
export function runDriver(driver: VirtioBalloon, untilUs: number): boolean {
  if (!isDue(driver, untilUs)) return false;
  while (isDue(driver, untilUs)) step(driver);
  return true;
}

function isDue(driver: VirtioBalloon, untilUs: number): boolean {
  return nextStepUs(driver) <= untilUs;
}

/** When the driver goes on by itself; Infinity while it rests or somebody else has the balloon's lock. */
export function nextStepUs(driver: VirtioBalloon): number {
  return driver.phase === 'IDLE' || (wantsLock(driver) && driver.lock.held) ? Infinity : driver.atUs;
}

/** The size work as a task, from wherever it stands to its end; the clock does not matter. Throws KernelBugError. */
export function* sizeWork(driver: VirtioBalloon): Task<void> {
  while (driver.phase !== 'IDLE') {
    yield waitOf(driver);
    step(driver);
  }
}

function waitOf(driver: VirtioBalloon): Wait {
  if (wantsLock(driver)) return { kind: 'MUTEX', mutex: driver.lock };
  if (driver.phase === 'ASLEEP') return { kind: 'SLEEP', us: driver.backOffUs };
  return driver.phase === 'FILL_SENT' || driver.phase === 'LEAK_SENT' ? HOST : RESCHEDULE;
}

/** The next step begins by taking the balloon's lock. */
function wantsLock(driver: VirtioBalloon): boolean {
  return driver.phase === 'FILLED' || (driver.phase === 'DUE' && distance(driver) < 0);
}

/**
 * The OOM notifier of deflate-on-OOM: gives back one request's worth of pages and returns how many guest pages came free. It
 * queues nothing: the balloon stays below its target until the next run, if one is queued, or the next target.
 */
export function* oomNotifier(driver: VirtioBalloon): Task<number> {
  if (!hasFeature(driver, 'DEFLATE_ON_OOM')) return 0;
  const pages = yield* leakBalloon(driver, REQUEST_PAGES);
  driver.device.actualPages = driver.numPages;
  return pages / driver.pagesPerFrame;
}

/**
 * oomNotifier for a guest that runs by its clock: whoever ran out of memory sleeps until the notifier is done. Should the
 * driver hold the balloon's lock, it gets its answer from the host first.
 */
export function notifyOutOfMemory(driver: VirtioBalloon): number {
  if (driver.lock.held) {
    invariant(
      driver.phase === 'FILL_SENT' || driver.phase === 'LEAK_SENT',
      'only its own run holds the lock between ticks',
    );
    step(driver);
  }
  return runToEnd(driver.memory, oomNotifier(driver));
}

/** Gives back up to `wantedPages`, at most a request's worth; returns the balloon pages given back. */
export function* leakBalloon(driver: VirtioBalloon, wantedPages: number): Task<number> {
  while (driver.lock.held) yield { kind: 'MUTEX', mutex: driver.lock };
  driver.lock.held = true;
  const batch = createPageBatch(driver.held.starts.length);
  const count = takeBack(driver, batch, Math.min(wantedPages, REQUEST_PAGES));
  if (count > 0) yield HOST;
  freeBatch(driver.memory, batch);
  driver.lock.held = false;
  return count * driver.pagesPerFrame;
}

function step(driver: VirtioBalloon): void {
  switch (driver.phase) {
    case 'DUE':
      beginRun(driver);
      return;
    case 'ASLEEP':
      driver.phase = 'FILLED';
      return;
    case 'FILLED':
      sendFill(driver);
      return;
    case 'LEAK_SENT':
      freeBatch(driver.memory, driver.held);
      driver.lock.held = false;
      endRun(driver);
      return;
    case 'FILL_SENT':
      driver.lock.held = false;
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
  const got = balloonBatchAlloc(memory, held, wanted);
  driver.phase = got === wanted ? 'FILLED' : 'ASLEEP';
  if (got < wanted) driver.atUs += driver.backOffUs;
}

/** Lists what was allocated, last page first, so that the first one allocated ends up at the head of the list. */
function sendFill(driver: VirtioBalloon): void {
  const { memory, held, pagesPerFrame, costs } = driver;
  if (held.pages === 0) {
    endRun(driver);
    return;
  }
  invariant(!driver.lock.held, 'nobody else lists pages meanwhile');
  driver.lock.held = true;
  balloonBatchEnqueue(memory, driver.list, held);
  driver.numPages += held.pages * pagesPerFrame;
  const discarded = driver.device.receiveInflated(memory, held, pagesPerFrame);
  driver.phase = 'FILL_SENT';
  driver.atUs += pagesPerFrame * (held.pages * costs.inflatePageUs + discarded * costs.discardPageUs);
}

function leak(driver: VirtioBalloon, wantedPages: number): void {
  const count = takeBack(driver, driver.held, Math.min(wantedPages, REQUEST_PAGES));
  if (count === 0) {
    driver.atUs += SPIN_US;
    endRun(driver);
    return;
  }
  driver.lock.held = true;
  driver.phase = 'LEAK_SENT';
  driver.atUs += count * driver.pagesPerFrame * driver.costs.deflatePageUs;
}

/** Dequeues up to `wantedPages` into `batch` and tells the host, in the order dequeued. Returns the number of frames. */
function takeBack(driver: VirtioBalloon, batch: PageBatch, wantedPages: number): number {
  const { memory, list, pagesPerFrame } = driver;
  const wanted = Math.ceil(Math.min(wantedPages, driver.numPages) / pagesPerFrame);
  const count = balloonBatchDequeue(memory, list, batch, wanted);
  // The kernel dequeues one by one: the call that finds nothing also finds out when the balloon's pages are lost.
  if (count < wanted) balloonPageDequeue(memory, list);
  if (count === 0) return 0;
  driver.numPages -= count * pagesPerFrame;
  driver.device.receiveDeflated(batch, pagesPerFrame);
  return count;
}

/** Writes `actual`, also when nothing moved, and queues the next run unless the target is met or the driver is leaving. */
function endRun(driver: VirtioBalloon): void {
  if (driver.held.pages > 0) driver.movedAtUs = driver.atUs;
  driver.held.pages = 0;
  driver.held.stretches = 0;
  driver.device.actualPages = driver.numPages;
  driver.phase = distance(driver) === 0 || driver.stopUpdate ? 'IDLE' : 'DUE';
}
