/**
 * How the driver lets one of its pages move to another frame: the host learns of the new page, then of the old one, so that the
 * balloon never looks smaller than it is. Source: virtio_balloon.c (virtballoon_migratepage), as described in the reference,
 * section 2.12.3.
 */
import {
  EAGAIN,
  createPageBatch,
  endBalloonMove,
  fillBackwards,
  setBalloonDriver,
  startBalloonMove,
} from '#memory-core';
import type { Memory, Mutex, PageBatch, Task, Wait } from '#memory-core';
import type { BalloonDevice } from './balloon-device.js';

const HOST: Wait = { kind: 'HOST' };

/** The part of a driver that migration needs. */
interface MovingDriver {
  readonly memory: Memory;
  readonly device: BalloonDevice;
  readonly list: number;
  readonly lock: Mutex;
  readonly pagesPerFrame: number;
}

/** From now on the core may move this driver's pages. */
export function registerMigration(driver: MovingDriver): void {
  setBalloonDriver(driver.memory, driver.list, {
    migratePage: (newPfn, oldPfn) => migrateBalloonPage(driver, newPfn, oldPfn),
  });
}

/**
 * Moves the balloon's isolated page `oldPfn` to `newPfn`; 0, or −EAGAIN when the balloon's lock is taken: to wait for it could
 * be to wait for oneself, since filling the balloon may start a compaction. Neither num_pages nor `actual` change.
 */
function* migrateBalloonPage(driver: MovingDriver, newPfn: number, oldPfn: number): Task<number> {
  const { memory, device, list, lock, pagesPerFrame } = driver;
  if (lock.held) return -EAGAIN;
  lock.held = true;
  startBalloonMove(memory, list, newPfn, oldPfn);
  device.receiveInflated(memory, onePage(newPfn), pagesPerFrame);
  yield HOST;
  endBalloonMove(memory, oldPfn);
  device.receiveDeflated(onePage(oldPfn), pagesPerFrame);
  yield HOST;
  lock.held = false;
  return 0;
}

function onePage(pfn: number): PageBatch {
  const batch = createPageBatch(1);
  fillBackwards(batch, [pfn]);
  return batch;
}
