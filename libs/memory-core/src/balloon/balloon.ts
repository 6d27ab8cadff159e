/**
 * The balloon core: pages taken from the guest and lent to the host, on one list per device, with the kernel's rules.
 * Source: mm/balloon_compaction.c of Linux 5.15 … 6.19 and mm/balloon.c after it, as described in the reference.
 *
 * A device's list is used as a stack: pages enter and leave at the head.
 *
 * Up to 6.19 enqueue and dequeue try-lock each page: enqueueing a locked page is a kernel BUG, dequeueing passes over it.
 */
import { InvariantError } from '#units';
import { allocatePages, allocateRun } from '../request/allocate.js';
import { NIL } from '../layout/constants.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE } from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { KernelBugError } from '../layout/kernel-bug.js';
import { DEVICE_FIELDS, S_LOCKED_PAGES, balloonListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { isPageLocked } from '../tasks/page-lock.js';
import { pushRunAtHead, stretchFrom } from '../allocator/page-list.js';
import { lowestPfn, stretchEnd, tagRun } from '../allocator/page-stretch.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { MAX_BALLOON_DEVICES, TAG_ALLOCATED, TAG_BALLOON, TAG_DEFLATED } from '../layout/tags.js';
import {
  D_ADJUSTS_MANAGED,
  D_IN_USE,
  D_ISOLATED,
  D_LISTED,
  adjustManaged,
  countNodePages,
  deviceRow,
} from '../balloon-list/device.js';

// Re-bound for the loops over pages: an imported constant costs a load and two checks at each use.
const ALLOCATED = TAG_ALLOCATED;

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
  return memory.devices[deviceRow(memory, device) + D_LISTED];
}

/** Pages of the device that are isolated for migration: I. */
export function isolatedPages(memory: Memory, device: number): number {
  return memory.devices[deviceRow(memory, device) + D_ISOLATED];
}

/** One page for the balloon, not enqueued yet, or NIL. Never reclaims by force and never goes below the min watermark. */
export function balloonPageAlloc(memory: Memory): number {
  return allocatePages(memory, 0, balloonGfp(memory));
}

/** As `wanted` calls of balloonPageAlloc: stores the pages in `pfns` in the order they came and returns their number. */
export function balloonPageAllocList(memory: Memory, pfns: Int32Array, wanted: number): number {
  const gfp = balloonGfp(memory);
  const run: PageStretch = { startPfn: NIL, step: 1, pages: wanted };
  let count = 0;
  while (count < wanted && allocateRun(memory, gfp, run)) {
    const { startPfn, pages, step } = run;
    const lowest = lowestPfn(run);
    tagRun(memory.tag, TAG_ALLOCATED, lowest, pages);
    for (let at = count, pfn = startPfn; at < count + pages; at++, pfn += step) pfns[at] = pfn;
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
  for (let from = 0; from < count;) {
    const to = stretchEnd(pfns, from, count);
    enqueueStretch(memory, device, pfns[from], to - from, pfns[to - 1] < pfns[from] ? -1 : 1);
    from = to;
  }
  return count;
}

/** Enqueues `pages` held pages: `first`, `first + step` … */
export function enqueueStretch(memory: Memory, device: number, first: number, pages: number, step: number): void {
  if (pages > 1 && mayBeLocked(memory)) {
    for (let at = 0; at < pages; at++) enqueueStretch(memory, device, first + at * step, 1, step);
    return;
  }
  const row = deviceRow(memory, device);
  const startPfn = step > 0 ? first : first - pages + 1;
  requireEnqueueable(memory, startPfn, pages);
  tagRun(memory.tag, TAG_BALLOON + device, startPfn, pages);
  pushRunAtHead(memory.links, balloonListNode(memory, device), first, pages, step);
  memory.devices[row + D_LISTED] += pages;
  memory.events[EV_BALLOON_INFLATE] += pages;
  adjustManaged(memory, row, startPfn, pages, -1);
  countNodePages(memory, startPfn, pages, 1);
}

/** The page at the head, or NIL: try later. Throws KernelBugError when the device has no page left, listed or isolated. */
export function balloonPageDequeue(memory: Memory, device: number): number {
  const single = new Int32Array(1);
  if (balloonPageListDequeue(memory, device, single, 1) === 1) return single[0];
  const row = deviceRow(memory, device);
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
  let at = wanted;
  const taken = dequeueStretches(memory, device, wanted, (first, last) => {
    at -= Math.abs(last - first) + 1;
    writeBackwards(pfns, at, first, last);
  });
  pfns.copyWithin(0, at, wanted);
  return taken;
}

/** Takes up to `wanted` pages off the device's list, from the head; hands on each stretch of them and returns their number. */
export function dequeueStretches(
  memory: Memory,
  device: number,
  wanted: number,
  hand: (first: number, last: number) => void,
): number {
  const row = deviceRow(memory, device);
  const lockable = mayBeLocked(memory);
  const { links } = memory;
  const sentinel = balloonListNode(memory, device);
  let taken = 0;
  let kept = sentinel; // last node that stays on the list
  let pfn = links[2 * sentinel];
  while (taken < wanted && pfn !== sentinel) {
    if (lockable && isPageLocked(memory, pfn)) {
      kept = pfn;
      pfn = links[2 * pfn];
      continue;
    }
    const last = lockable ? pfn : stretchFrom(links, pfn, 0, wanted - taken);
    const after = links[2 * last];
    links[2 * kept] = after;
    links[2 * after + 1] = kept;
    taken += letGo(memory, row, pfn, last);
    hand(pfn, last);
    pfn = after;
  }
  return taken;
}

/** The unlinked stretch from page `first` to `last` is the driver's now; returns its pages. */
function letGo(memory: Memory, row: number, first: number, last: number): number {
  const startPfn = first < last ? first : last;
  const pages = Math.abs(last - first) + 1;
  tagRun(memory.tag, memory.rules.offlineUntilFreed ? TAG_DEFLATED : ALLOCATED, startPfn, pages);
  memory.devices[row + D_LISTED] -= pages;
  memory.events[EV_BALLOON_DEFLATE] += pages;
  adjustManaged(memory, row, startPfn, pages, 1);
  countNodePages(memory, startPfn, pages, -1);
  return pages;
}

/** Writes the stretch from `first` to `last` at index `at`, last page first. */
function writeBackwards(pfns: Int32Array, at: number, first: number, last: number): void {
  const step = first < last ? -1 : 1;
  for (let pfn = last, end = first + step; pfn !== end; pfn += step) pfns[at++] = pfn;
}

/** How the balloon asks for its pages. */
export function balloonGfp(memory: Memory): number {
  return memory.config.balloonCompaction ? Gfp.BALLOON_MOVABLE : Gfp.BALLOON_UNMOVABLE;
}

/** Up to 6.19 a page lock matters to the balloon; while nobody holds any, whole stretches can be done at once. */
function mayBeLocked(memory: Memory): boolean {
  return memory.rules.balloonPageLock && memory.scalars[S_LOCKED_PAGES] > 0;
}

/** The pages must be the driver's, and nobody may hold their locks where that matters. */
function requireEnqueueable(memory: Memory, startPfn: number, pages: number): void {
  const { tag } = memory;
  for (let pfn = startPfn; pfn < startPfn + pages; pfn++) {
    if (tag[pfn] !== ALLOCATED) throw new InvariantError(`pfn ${pfn} is not held by the driver (tag ${tag[pfn]})`);
  }
  if (mayBeLocked(memory) && isPageLocked(memory, startPfn)) {
    throw new KernelBugError(`balloon enqueue of pfn ${startPfn}: its page lock is held by somebody else`);
  }
}
