/**
 * How pages are used, as far as reclaim can see it. With address spaces a frame has a byte for it (Memory.use):
 *
 *   bit 0    accessed: used through a page table since somebody looked (the processor's bit)
 *   bits 1–3 how often it was read through a file descriptor, 0 … 5; with two lists bit 1 alone: referenced, when it was read
 *            once or a look found it used
 *   bit 6    on its way through a batch of reclaim, and used: found while the batch looked at a neighbour
 *   bit 7    on its way through a batch
 *
 * Owners without addresses have no such byte. What their pages were used for is a question to whoever knows the software
 * (setPageUse); it answers from the guest's own state, so that nothing has to be kept. Nobody to ask: they are not used.
 */
import type { Memory } from '../layout/memory.js';
import { PAGEBLOCK_PAGES } from '../layout/constants.js';
import { ownerPageOrder } from './lru.js';
import { hasMapping } from './mapping.js';

export const ACCESSED = 0x01;
export const REFERENCED = 0x02;
const READS = 0x0e;
const READS_SHIFT = 1;
/** More are not told apart. */
export const MOST_READS = 5;
export const PROMOTED = 0x40;
export const IN_BATCH = 0x80;

/** Knows how the software uses pages of owners without addresses. Kept outside the columns, like a balloon's driver. */
export interface PageUse {
  /** The guest's clock. */
  nowMs(): number;
  /** True when the owner's page in the frame was used in the last `windowMs`. The same question has the same answer. */
  isUsed(owner: number, pfn: number, windowMs: number): boolean;
}

const known = new WeakMap<Memory, PageUse>();

/** From now on reclaim asks `use`. Whoever restores a snapshot says so again. */
export function setPageUse(memory: Memory, use: PageUse): void {
  known.set(memory, use);
}

export function pageUseOf(memory: Memory): PageUse | undefined {
  return known.get(memory);
}

/** Used through its page table. */
export function setAccessed(memory: Memory, pfn: number): void {
  memory.use[pfn] |= ACCESSED;
}

/** How often the page was read through a file descriptor: 0 … MOST_READS. */
export function readsOf(memory: Memory, pfn: number): number {
  return memory.use.length === 0 ? 0 : (memory.use[pfn] & READS) >> READS_SHIFT;
}

export function setReads(memory: Memory, pfn: number, reads: number): void {
  if (memory.use.length > 0) memory.use[pfn] = (memory.use[pfn] & ~READS) | (reads << READS_SHIFT);
}

export function countRead(memory: Memory, pfn: number): void {
  setReads(memory, pfn, Math.min(MOST_READS, readsOf(memory, pfn) + 1));
}

/** True when the page that starts at `pfn` was used since the last look, which this is: the bit is cleared. */
export function lookAtPage(memory: Memory, owner: number, pfn: number, windowMs: number): boolean {
  if (!hasMapping(memory, owner)) return isCountedPageUsed(memory, owner, pfn, windowMs);
  const was = memory.use[pfn];
  memory.use[pfn] = was & ~ACCESSED;
  return (was & ACCESSED) !== 0;
}

/** The same for an owner without addresses, whose software is asked. A huge page is used when any part of it is. */
export function isCountedPageUsed(memory: Memory, owner: number, pfn: number, windowMs: number): boolean {
  const use = known.get(memory);
  if (use === undefined) return false;
  const end = pfn + (1 << ownerPageOrder(memory, pfn));
  for (let at = pfn; at < end; at++) if (use.isUsed(owner, at, windowMs)) return true;
  return false;
}

/** The single pages of what was a huge page are used as it was. */
export function spreadUse(memory: Memory, pfn: number): void {
  if (memory.use.length > 0) memory.use.fill(memory.use[pfn], pfn, pfn + PAGEBLOCK_PAGES);
}
