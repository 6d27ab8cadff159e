/** Memory blocks that go offline and come online on request, and what became of them in figures. */
import {
  EBUSY,
  EINTR,
  memoryBlocks,
  offlineMemoryBlock,
  onlineMemoryBlock,
  readUsage,
  runToEnd,
  vmstat,
  type Memory,
} from '#memory-core';
import { pagesToBytes } from '#units';
import type { WorkAnswer } from './guest-work.js';

/** Looks for pages to move in one attempt. The kernel looks for ever; here the rest of the guest's second comes first. */
const PASSES_PER_ATTEMPT = 4;

/** Null while pages lie in the block that could move if there were room. Throws KernelBugError. */
export function offline(memory: Memory, block: number): WorkAnswer | null {
  const before = moved(memory);
  const task = offlineMemoryBlock(memory, block, (passes) => passes >= PASSES_PER_ATTEMPT);
  const errno = -runToEnd(memory, task);
  switch (errno) {
    case 0:
      break;
    case EINTR:
      return null;
    case EBUSY:
      return refused('EBUSY', `memory block ${block} has pages that cannot be moved`);
    default:
      return refused('EINVAL', noSuchBlock(memory, block, 'ONLINE'));
  }
  const after = moved(memory);
  const result = {
    migratedPages: after.pages - before.pages,
    balloonMigratedPages: after.balloonPages - before.balloonPages,
    totalBytes: pagesToBytes(readUsage(memory).totalPages),
  };
  const reason = `memory block ${block} is offline; ${result.migratedPages} pages moved, ${result.balloonMigratedPages} of them the balloon's`;
  return { outcome: 'DONE', reason, result };
}

export function online(memory: Memory, block: number): WorkAnswer {
  if (onlineMemoryBlock(memory, block) !== 0) return refused('EINVAL', noSuchBlock(memory, block, 'OFFLINE'));
  const result = { totalBytes: pagesToBytes(readUsage(memory).totalPages) };
  return { outcome: 'DONE', reason: `memory block ${block} is online`, result };
}

/** As the kernel names the error, and what it means. */
function refused(errno: 'EBUSY' | 'EINVAL', reason: string): WorkAnswer {
  return { outcome: 'REFUSED', reason: `${errno}: ${reason}`, result: { errno } };
}

function noSuchBlock(memory: Memory, block: number, state: 'ONLINE' | 'OFFLINE'): string {
  const blocks = memoryBlocks(memory, state);
  const which = blocks.length === 0 ? 'none is' : `those are ${blocks.slice(0, 100).join(', ')}`;
  return `memory block ${block} is not one that is ${state.toLowerCase()}, without holes and in one zone; ${which}`;
}

function moved(memory: Memory): { readonly pages: number; readonly balloonPages: number } {
  const counters = new Map(vmstat(memory));
  return { pages: counters.get('pgmigrate_success') ?? 0, balloonPages: counters.get('balloon_migrate') ?? 0 };
}
