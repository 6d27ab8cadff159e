/** What each kind of work does. */
import type { Memory } from '#memory-core';
import { unreachable } from '#units';
import { compact } from './compact.js';
import type { KernelWork, WorkAnswer } from './guest-work.js';
import { offline, online } from './memory-block.js';

/** One attempt, within a tick. Throws KernelBugError. */
export function attemptWork(memory: Memory, work: KernelWork): WorkAnswer | null {
  switch (work.kind) {
    case 'COMPACT':
      return compact(memory, work);
    case 'OFFLINE_MEMORY_BLOCK':
      return offline(memory, work.block);
    case 'ONLINE_MEMORY_BLOCK':
      return online(memory, work.block);
    default:
      return unreachable(work);
  }
}
