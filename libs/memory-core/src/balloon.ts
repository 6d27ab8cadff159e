/**
 * The balloon core: pages taken from the guest and lent to the host, on one list per device, with the kernel's rules.
 * Source: mm/balloon_compaction.c of Linux 5.15 … 6.19 and mm/balloon.c after it, as described in the reference.
 *
 * A device's row in Memory.devices: in use, pages listed, pages isolated, adjusts managed pages. The list is used as a
 * stack: pages enter and leave at the head.
 *
 * Up to 6.19 enqueue and dequeue try-lock each page: enqueueing a locked page is a kernel BUG, dequeueing passes over it.
 */
import { invariant } from '#units';
import { allocatePages, allocateRun } from './allocate.js';
import type { PageRun } from './buddy.js';
import { NIL, PAGEBLOCK_ORDER } from './constants.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE } from './events.js';
import { Gfp } from './gfp.js';
import { KernelBugError } from './kernel-bug.js';
import { DEVICE_FIELDS, S_LOCKED_PAGES, S_TOTAL_RAM, balloonListNode } from './memory.js';
import type { Memory } from './memory.js';
import { isPageLocked } from './page-lock.js';
import { MAX_BALLOON_DEVICES, TAG_ALLOCATED, TAG_BALLOON, TAG_DEFLATED } from './tags.js';
import { setupLowmemReserve } from './watermark.js';
import { ZONE_FIELDS, Z_MANAGED } from './zone-fields.js';

const D_IN_USE = 0;
const D_LISTED = 1;
const D_ISOLATED = 2;
const D_ADJUSTS_MANAGED = 3;

/**
 * A balloon device: its id, or NIL when the guest was built without MEMORY_BALLOONING or has all the devices it can have.
 * With `adjustManaged` inflated pages leave the managed pages, and so MemTotal, as without deflate-on-OOM.
 */
export function createBalloonDevice(memory: Memory, adjustManaged: boolean): number {
  if (!memory.config.memoryBallooning) return NIL;
  for (let device = 0; device < MAX_BALLOON_DEVICES; device++) {
    const row = device * DEVICE_FIELDS;
    if (memory.devices[row + D_IN_USE] !== 0) continue;
    memory.devices[row + D_IN_USE] = 1;
    memory.devices[row + D_ADJUSTS_MANAGED] = adjustManaged ? 1 : 0;
    return device;
  }
  return NIL;
}

/** Pages on the device's list: P. */
export function balloonPages(memory: Memory, device: number): number {
  return memory.devices[rowOf(memory, device) + D_LISTED];
}

/** Pages of the device that are isolated for migration: I. */
export function isolatedPages(memory: Memory, device: number): number {
  return memory.devices[rowOf(memory, device) + D_ISOLATED];
}

/** One page for the balloon, not enqueued yet, or NIL. Never reclaims by force and never goes below the min watermark. */
export function balloonPageAlloc(memory: Memory): number {
  return allocatePages(memory, 0, balloonGfp(memory));
}

/** As `wanted` calls of balloonPageAlloc: stores the pages in `pfns` in the order they came and returns their number. */
export function balloonPageAllocList(memory: Memory, pfns: Int32Array, wanted: number): number {
  const gfp = balloonGfp(memory);
  const run: PageRun = { startPfn: NIL, pages: wanted };
  let count = 0;
  while (count < wanted && allocateRun(memory, gfp, run)) {
    const { startPfn, pages } = run;
    memory.tag.fill(TAG_ALLOCATED, startPfn, startPfn + pages);
    for (let at = 0; at < pages; at++) pfns[count + at] = startPfn + at;
    count += pages;
    run.pages = wanted - count;
  }
  return count;
}

/** Puts a held page at the head of the device's list. Throws KernelBugError when somebody holds its lock (≤ 6.19). */
export function balloonPageEnqueue(memory: Memory, device: number, pfn: number): void {
  const single = Int32Array.of(pfn);
  balloonPageListEnqueue(memory, device, single, 1);
}

/**
 * Enqueues the first `count` pages of `pfns` in that order, so that the last one ends up at the head of the device's list.
 * Returns `count`.
 */
export function balloonPageListEnqueue(memory: Memory, device: number, pfns: Int32Array, count: number): number {
  const { next, prev, tag } = memory;
  const row = rowOf(memory, device);
  const sentinel = balloonListNode(memory, device);
  const lockable = memory.rules.balloonPageLock && memory.scalars[S_LOCKED_PAGES] > 0;
  let head = next[sentinel];
  let done = 0;
  for (; done < count; done++) {
    const pfn = pfns[done];
    if (tag[pfn] !== TAG_ALLOCATED || (lockable && isPageLocked(memory, pfn))) break;
    tag[pfn] = TAG_BALLOON + device;
    next[pfn] = head;
    prev[head] = pfn;
    head = pfn;
  }
  next[sentinel] = head;
  prev[head] = sentinel;
  memory.devices[row + D_LISTED] += done;
  memory.events[EV_BALLOON_INFLATE] += done;
  adjustManaged(memory, row, pfns, 0, done, -1);
  if (done < count) refuseEnqueue(memory, pfns[done]);
  return count;
}

/** The page at the head, or NIL: try later. Throws KernelBugError when the device has no page left, listed or isolated. */
export function balloonPageDequeue(memory: Memory, device: number): number {
  const single = new Int32Array(1);
  if (balloonPageListDequeue(memory, device, single, 1) === 1) return single[0];
  const row = rowOf(memory, device);
  if (memory.devices[row + D_LISTED] === 0 && memory.devices[row + D_ISOLATED] === 0) {
    throw new KernelBugError('balloon pages are lost: dequeue from a balloon without listed or isolated pages');
  }
  return NIL;
}

/**
 * Takes up to `wanted` pages off the device's list, from the head; returns their number. They end up in `pfns` as the kernel
 * returns them: the page dequeued last is first. Fewer is an ordinary answer.
 */
export function balloonPageListDequeue(memory: Memory, device: number, pfns: Int32Array, wanted: number): number {
  const { next, prev, tag } = memory;
  const row = rowOf(memory, device);
  const sentinel = balloonListNode(memory, device);
  const lockable = memory.rules.balloonPageLock && memory.scalars[S_LOCKED_PAGES] > 0;
  const dequeuedTag = memory.rules.offlineUntilFreed ? TAG_DEFLATED : TAG_ALLOCATED;
  let taken = 0;
  let kept = sentinel; // last node that stays on the list
  let pfn = next[sentinel];
  while (taken < wanted && pfn !== sentinel) {
    if (lockable && isPageLocked(memory, pfn)) {
      next[kept] = pfn;
      prev[pfn] = kept;
      kept = pfn;
    } else {
      tag[pfn] = dequeuedTag;
      pfns[taken++] = pfn;
    }
    pfn = next[pfn];
  }
  next[kept] = pfn;
  prev[pfn] = kept;
  pfns.subarray(0, taken).reverse();
  memory.devices[row + D_LISTED] -= taken;
  memory.events[EV_BALLOON_DEFLATE] += taken;
  adjustManaged(memory, row, pfns, 0, taken, 1);
  return taken;
}

function balloonGfp(memory: Memory): number {
  return memory.config.balloonCompaction ? Gfp.HIGHUSER_MOVABLE : Gfp.HIGHUSER;
}

/**
 * Moves pages in or out of the managed pages of their zones. Up to 6.19 the driver does this, with the same result; only
 * 7.0 recomputes the reserves that depend on it.
 */
function adjustManaged(memory: Memory, row: number, pfns: Int32Array, from: number, count: number, sign: number): void {
  if (memory.devices[row + D_ADJUSTS_MANAGED] === 0 || count === from) return;
  const { zones, blockZone } = memory;
  for (let at = from; at < count; at++) {
    zones[blockZone[pfns[at] >> PAGEBLOCK_ORDER] * ZONE_FIELDS + Z_MANAGED] += sign;
  }
  memory.scalars[S_TOTAL_RAM] += sign * (count - from);
  if (memory.rules.coreAdjustsReserves) setupLowmemReserve(memory);
}

function refuseEnqueue(memory: Memory, pfn: number): never {
  invariant(isPageLocked(memory, pfn), `pfn ${pfn} is not held by the driver (tag ${memory.tag[pfn]})`);
  throw new KernelBugError(`balloon enqueue of pfn ${pfn}: its page lock is held by somebody else`);
}

function rowOf(memory: Memory, device: number): number {
  const row = device * DEVICE_FIELDS;
  invariant(
    device >= 0 && device < MAX_BALLOON_DEVICES && memory.devices[row + D_IN_USE] !== 0,
    'a balloon device must come from createBalloonDevice',
  );
  return row;
}
