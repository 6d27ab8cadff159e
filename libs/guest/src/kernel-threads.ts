/**
 * The guest kernel's threads, as the guest's clock runs them: each to the end of its round, at once when it was woken, since
 * what wakes them waits for nothing else on a machine with processors to spare.
 */
import { endKswapdNap, isKcompactdWoken, isKswapdWoken, kcompactd, runPendingKswapd, runToEnd } from '#memory-core';
import type { Memory } from '#memory-core';

/** Runs every thread that was woken and has not run since. Returns false when there is none. */
export function runWokenThreads(memory: Memory): boolean {
  let ran = runKswapd(memory);
  for (let node = 0; node < memory.nodeCount; node++) {
    if (!isKcompactdWoken(memory, node)) continue;
    runToEnd(memory, kcompactd(memory, node, false));
    ran = true;
  }
  return ran;
}

/** True when a kswapd ran: it naps now, and KSWAPD_NAP_US later endNaps is to be called. */
export function runKswapd(memory: Memory): boolean {
  if (!isKswapdWoken(memory)) return false;
  runPendingKswapd(memory);
  return true;
}

/** Every kswapd that naps looks whether its node is short again. */
export function endNaps(memory: Memory): void {
  for (let node = 0; node < memory.nodeCount; node++) endKswapdNap(memory, node);
}

/** Each node's kcompactd wakes by itself, to compact proactively. Returns false when nothing was to be done. */
export function checkFragmentation(memory: Memory): boolean {
  const before = countedEvents(memory);
  for (let node = 0; node < memory.nodeCount; node++) runToEnd(memory, kcompactd(memory, node, true));
  return countedEvents(memory) !== before;
}

/** Everything that the kernel has counted: it only grows, with whatever is done. */
function countedEvents({ events }: Memory): number {
  let sum = 0;
  for (const count of events) sum += count;
  return sum;
}
