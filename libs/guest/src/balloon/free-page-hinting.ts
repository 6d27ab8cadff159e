/**
 * Free page hinting: on the host's word the driver takes all large free blocks it can get and names them, so that a live
 * migration need not copy them; it keeps them until the host is done. Source: virtio specification 1.2, section 5.5.6.5;
 * virtio_balloon.c (report_free_page_func and what it calls), as described in the reference, section 3.9.
 *
 * Hinted blocks are not in the balloon. They are unmovable requests of order 10: the pageblocks they come from are unmovable
 * from then on.
 */
import { Gfp, NIL, RESCHEDULE, allocatePages, freePages } from '#memory-core';
import type { Task } from '#memory-core';
import type { VirtioBalloon } from './virtio-balloon.js';

/** Command ids of the host; every other id starts a round. */
export const HINT_STOP = 0;
export const HINT_DONE = 1;
const HINT_BLOCK_ORDER = 10;
export const HINT_BLOCK_PAGES = 1 << HINT_BLOCK_ORDER;
/** A block is sent only while more entries than this are left: one is for command ids. */
const KEPT_RING_ENTRIES = 1;

/** The host writes free_page_hint_cmd_id and raises the configuration interrupt; the hinting work is to be run. */
export function commandHinting(driver: VirtioBalloon, id: number): void {
  driver.device.hintCommand = id;
  if (!driver.stopUpdate) driver.hints.toRead = true;
}

/** What the driver does on a command: a round, a release, or nothing. */
export function* hintingWork(driver: VirtioBalloon): Task<void> {
  const id = receivedCommand(driver);
  if (id === HINT_DONE) releaseHints(driver, Infinity);
  else if (id !== HINT_STOP && id !== driver.hints.active) yield* runRound(driver, id);
}

function receivedCommand({ hints, device }: VirtioBalloon): number {
  if (hints.toRead) hints.received = device.hintCommand;
  hints.toRead = false;
  return hints.received;
}

/** Until the host wants something else or no block is left. */
function* runRound(driver: VirtioBalloon, id: number): Task<void> {
  const { hints, device } = driver;
  hints.active = id;
  device.receiveHintCommand(id);
  while (receivedCommand(driver) === id) {
    if (!sendBlock(driver)) break;
    yield RESCHEDULE;
  }
  device.receiveHintCommand(HINT_STOP);
}

/** False when the guest has no block left that may be taken. A block that finds no room on the ring goes back at once. */
function sendBlock({ memory, device, hints }: VirtioBalloon): boolean {
  const pfn = allocatePages(memory, HINT_BLOCK_ORDER, Gfp.NOWAIT_UNMOVABLE);
  if (pfn === NIL) return false;
  if (device.hintRoom > KEPT_RING_ENTRIES) {
    device.receiveHintBlock(pfn);
    hints.blocks.push(pfn);
  } else {
    freePages(memory, pfn, HINT_BLOCK_ORDER);
  }
  return true;
}

/** Frees up to `count` blocks, the youngest first; returns how many there were. */
export function releaseHints({ memory, hints }: VirtioBalloon, count: number): number {
  let released = 0;
  for (; released < count; released++) {
    const pfn = hints.blocks.pop();
    if (pfn === undefined) break;
    freePages(memory, pfn, HINT_BLOCK_ORDER);
  }
  return released;
}

/** The shrinker's count_objects: pages that could come free. */
export function countHintedPages({ hints }: VirtioBalloon): number {
  return hints.blocks.length * HINT_BLOCK_PAGES;
}

/** The shrinker's scan_objects: gives back at least `pages`, in whole blocks; returns the pages that came free. */
export function shrinkHints(driver: VirtioBalloon, pages: number): number {
  return releaseHints(driver, Math.ceil(pages / HINT_BLOCK_PAGES)) * HINT_BLOCK_PAGES;
}
