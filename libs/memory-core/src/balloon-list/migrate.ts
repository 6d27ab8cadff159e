/**
 * Moving balloon pages: isolate, put back, migrate, as the balloon core answers the migration core's questions.
 * Source: mm/balloon_compaction.c of Linux 5.15 … 6.19 and mm/balloon.c after it, as described in the reference, §2.10–2.12.
 */
import { pushHead, unlink } from '../allocator/page-list.js';
import { EAGAIN, ENOENT } from '../layout/errno.js';
import { balloonListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { MAX_BALLOON_DEVICES, TAG_BALLOON, TAG_BALLOON_ISOLATED, isBalloonTag } from '../layout/tags.js';
import type { Task } from '../tasks/task.js';
import { D_ISOLATED, D_LISTED, deviceRow } from './device.js';
import { balloonDriver } from './driver.js';
import type { MigrateMode } from '../layout/migrate-mode.js';
import { shrinkByIsolated, takePlace } from './move.js';

/** True for a balloon page that somebody has isolated. */
export function isIsolatedBalloonTag(tag: number): boolean {
  return tag >= TAG_BALLOON_ISOLATED && tag < TAG_BALLOON_ISOLATED + MAX_BALLOON_DEVICES;
}

/** Takes a page off its device's list for whoever wants to move it; false when it is on none (being in- or deflated). */
export function balloonPageIsolate(memory: Memory, pfn: number): boolean {
  const tag = memory.tag[pfn];
  if (!isBalloonTag(tag)) return false;
  const device = tag - TAG_BALLOON;
  const row = deviceRow(memory, device);
  unlink(memory.links, pfn);
  memory.devices[row + D_LISTED]--;
  memory.devices[row + D_ISOLATED]++;
  memory.tag[pfn] = TAG_BALLOON_ISOLATED + device;
  return true;
}

/** Gives an isolated page back to its device, at the head of the list: it will be deflated next. */
export function balloonPagePutback(memory: Memory, pfn: number): void {
  const device = memory.tag[pfn] - TAG_BALLOON_ISOLATED;
  const row = deviceRow(memory, device);
  pushHead(memory.links, balloonListNode(memory, device), pfn);
  memory.devices[row + D_LISTED]++;
  memory.devices[row + D_ISOLATED]--;
  memory.tag[pfn] = TAG_BALLOON + device;
}

/**
 * Has the driver replace the isolated `oldPfn` by `newPfn`. 0: the old page is the caller's to free, and so is the new one
 * if its tag is still TAG_ALLOCATED (the balloon shrank by one). Anything else: an error, and nothing has changed.
 */
export function balloonPageMigrate(
  memory: Memory,
  newPfn: number,
  oldPfn: number,
  mode: MigrateMode,
): Task<number> | number {
  const tag = memory.tag[oldPfn];
  if (!isIsolatedBalloonTag(tag)) return -EAGAIN;
  const device = tag - TAG_BALLOON_ISOLATED;
  const answer = balloonDriver(memory, device).migratePage(newPfn, oldPfn, mode);
  if (typeof answer === 'number') return finishMove(memory, device, newPfn, oldPfn, answer);
  return awaitDriver(memory, newPfn, oldPfn, answer);
}

function* awaitDriver(memory: Memory, newPfn: number, oldPfn: number, answer: Task<number>): Task<number> {
  const device = memory.tag[oldPfn] - TAG_BALLOON_ISOLATED;
  return finishMove(memory, device, newPfn, oldPfn, yield* answer);
}

function finishMove(memory: Memory, device: number, newPfn: number, oldPfn: number, result: number): number {
  const { coreMovesBalloonPages } = memory.rules;
  if (result === -ENOENT && coreMovesBalloonPages) shrinkByIsolated(memory, device, oldPfn);
  else if (result < 0) return result;
  else if (coreMovesBalloonPages) takePlace(memory, device, newPfn, oldPfn);
  return 0;
}
