/**
 * Page locks. Few are held at any moment, so they are a short table of pfns and not a bit per frame.
 */
import { invariant } from '#units';
import { MAX_PAGE_LOCKS, S_LOCKED_PAGES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';

/** Takes the page's lock, or returns false when somebody holds it. Never waits. */
export function tryLockPage(memory: Memory, pfn: number): boolean {
  if (isPageLocked(memory, pfn)) return false;
  const held = memory.scalars[S_LOCKED_PAGES];
  invariant(held < MAX_PAGE_LOCKS, 'too many page locks are held at once');
  memory.locks[held] = pfn;
  memory.scalars[S_LOCKED_PAGES] = held + 1;
  return true;
}

export function unlockPage(memory: Memory, pfn: number): void {
  const { locks } = memory;
  const held = memory.scalars[S_LOCKED_PAGES];
  const at = locks.subarray(0, held).indexOf(pfn);
  invariant(at >= 0, 'only a locked page can be unlocked');
  locks[at] = locks[held - 1];
  locks[held - 1] = 0;
  memory.scalars[S_LOCKED_PAGES] = held - 1;
}

export function isPageLocked(memory: Memory, pfn: number): boolean {
  const held = memory.scalars[S_LOCKED_PAGES];
  return held > 0 && memory.locks.subarray(0, held).includes(pfn);
}
