/**
 * The balloon verbs a stretch at a time: a batch of pages as a few stretches of consecutive numbers instead of one number a
 * page. Every list, order and counter comes out as with the verbs for pages.
 */
import { allocateRun } from '../request/allocate.js';
import { freeHeldRun } from '../allocator/free.js';
import { lowestPfn, tagRun } from '../allocator/page-stretch.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { discardRun } from '../host/backing.js';
import { NIL } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { runPendingKswapd } from '../reclaim/kswapd.js';
import { balloonGfp, dequeueStretches, enqueueStretch } from './balloon.js';

/** A batch: stretch i is `starts[i]` and the numbers after it, or before it where `lengths[i]` is negative. */
export interface PageBatch {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  stretches: number;
  pages: number;
}

/** An empty batch with room for `pages` pages, however scattered. */
export function createPageBatch(pages: number): PageBatch {
  return { starts: new Int32Array(pages), lengths: new Int32Array(pages), stretches: 0, pages: 0 };
}

/** Its pages as one list, the last one first: the order in which the driver lists, frees and names them to the host. */
export function pagesBackwards(batch: PageBatch): Int32Array {
  const pfns = new Int32Array(batch.pages);
  let at = batch.pages;
  for (let index = 0; index < batch.stretches; index++) {
    const step = batch.lengths[index] > 0 ? 1 : -1;
    const end = batch.starts[index] + batch.lengths[index];
    for (let pfn = batch.starts[index]; pfn !== end; pfn += step) pfns[--at] = pfn;
  }
  return pfns;
}

/** Makes the batch one whose pages, the last one first, are `pfns`. */
export function fillBackwards(batch: PageBatch, pfns: readonly number[]): void {
  batch.stretches = pfns.length;
  batch.pages = pfns.length;
  batch.starts.set([...pfns].reverse());
  batch.lengths.fill(1, 0, pfns.length);
}

/** The host drops what backs the batch's pages. Returns how many it backed. */
export function discardBatch(memory: Memory, batch: PageBatch): number {
  let lost = 0;
  for (let at = 0; at < batch.stretches; at++) {
    const length = batch.lengths[at];
    const lowest = length > 0 ? batch.starts[at] : batch.starts[at] + length + 1;
    lost += discardRun(memory, lowest, Math.abs(length));
  }
  return lost;
}

/**
 * As `wanted` calls of balloonPageAlloc, with kswapd's turn after each that wakes it: fills the batch in the order the pages came
 * and returns their number.
 */
export function balloonBatchAlloc(memory: Memory, batch: PageBatch, wanted: number): number {
  const gfp = balloonGfp(memory);
  const run: PageStretch = { startPfn: NIL, step: 1, pages: wanted };
  batch.stretches = 0;
  batch.pages = 0;
  while (batch.pages < wanted && allocateRun(memory, gfp, run)) {
    const lowest = lowestPfn(run);
    tagRun(memory.tag, TAG_ALLOCATED, lowest, run.pages);
    batch.starts[batch.stretches] = run.startPfn;
    batch.lengths[batch.stretches++] = run.step * run.pages;
    batch.pages += run.pages;
    run.pages = wanted - batch.pages;
    runPendingKswapd(memory);
  }
  return batch.pages;
}

/** Enqueues the batch as the driver does, the page that came last first, and so leaves the first one at the head. */
export function balloonBatchEnqueue(memory: Memory, device: number, batch: PageBatch): void {
  for (let at = batch.stretches - 1; at >= 0; at--) {
    const length = batch.lengths[at];
    const step = length > 0 ? 1 : -1;
    enqueueStretch(memory, device, batch.starts[at] + length - step, Math.abs(length), -step);
  }
}

/** Takes up to `wanted` pages off the device's list, from the head, into the batch; returns their number. */
export function balloonBatchDequeue(memory: Memory, device: number, batch: PageBatch, wanted: number): number {
  batch.stretches = 0;
  batch.pages = dequeueStretches(memory, device, wanted, (first, last) => {
    batch.starts[batch.stretches] = first;
    batch.lengths[batch.stretches++] = first <= last ? last - first + 1 : last - first - 1;
  });
  return batch.pages;
}

/** Frees the pages of a dequeued batch as the driver does: the page dequeued last is freed first. */
export function freeBatch(memory: Memory, batch: PageBatch): void {
  for (let at = batch.stretches - 1; at >= 0; at--) {
    const length = batch.lengths[at];
    const last = batch.starts[at] + length - (length > 0 ? 1 : -1);
    freeHeldRun(memory, Math.min(batch.starts[at], last), Math.abs(length), length > 0);
  }
}
