/**
 * What a balloon driver does for the memory core: tell the host of a page that moves. Drivers live outside the core's
 * columns; whoever restores a snapshot registers them again.
 */
import type { Memory } from '../layout/memory.js';
import type { MigrateMode } from '../layout/migrate-mode.js';
import { MAX_BALLOON_DEVICES } from '../layout/tags.js';
import type { Task } from '../tasks/task.js';
import { endBalloonMove, startBalloonMove } from './move.js';

export interface BalloonDriver {
  /**
   * Replaces `oldPfn` by `newPfn` at the host: try-locks the driver, startBalloonMove, tells the host of the new page and
   * waits, endBalloonMove, tells the host of the old page and waits. The result is 0, −EAGAIN when the driver is busy
   * (nothing has happened), −ENOENT when the old page was deflated and the new one not inflated (7.0), or another error.
   * A driver that needs not wait may answer at once.
   */
  migratePage(newPfn: number, oldPfn: number, mode: MigrateMode): Task<number> | number;
}

const registered = new WeakMap<Memory, BalloonDriver[]>();

/** From now on pages of the device move with this driver's help; without one they move and no host hears of it. */
export function setBalloonDriver(memory: Memory, device: number, driver: BalloonDriver | undefined): void {
  driversOf(memory)[device] = driver ?? hostless(memory, device);
}

export function balloonDriver(memory: Memory, device: number): BalloonDriver {
  return driversOf(memory)[device];
}

function driversOf(memory: Memory): BalloonDriver[] {
  let drivers = registered.get(memory);
  if (drivers === undefined) {
    drivers = Array.from({ length: MAX_BALLOON_DEVICES }, (_, device) => hostless(memory, device));
    registered.set(memory, drivers);
  }
  return drivers;
}

/** Moves pages at once. */
function hostless(memory: Memory, device: number): BalloonDriver {
  return {
    migratePage(newPfn, oldPfn) {
      startBalloonMove(memory, device, newPfn, oldPfn);
      endBalloonMove(memory, oldPfn);
      return 0;
    },
  };
}
