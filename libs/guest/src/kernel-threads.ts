/**
 * The guest kernel's threads, as the guest's clock runs them: each to the end of its round, at once when it was woken, since
 * what wakes them waits for nothing else on a machine with processors to spare.
 */
import {
  endKswapdNap,
  isKcompactdWoken,
  isKswapdWoken,
  kcompactd,
  perCpuPagesOf,
  runPendingKswapd,
  runToEnd,
} from '#memory-core';
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

/** What memory looked like when kcompactd last found nothing to do; NaN: it found something. Only saves time. */
export interface QuietCheck {
  events: number;
  scalars: number;
  perCpuPages: number;
}

/**
 * True when kcompactd found nothing to do and free lists cannot have changed since: no page was counted in or out, drained, or
 * taken offline.
 */
export function isFragmentationChecked(memory: Memory, quiet: QuietCheck): boolean {
  return (
    sumOf(memory.events) === quiet.events &&
    sumOf(memory.scalars) === quiet.scalars &&
    perCpuPagesOf(memory) === quiet.perCpuPages
  );
}

/** Each node's kcompactd wakes by itself, to compact proactively. Returns false when nothing was to be done. */
export function checkFragmentation(memory: Memory, quiet: QuietCheck): boolean {
  if (isFragmentationChecked(memory, quiet)) return false;
  const events = sumOf(memory.events);
  const scalars = sumOf(memory.scalars);
  const perCpuPages = perCpuPagesOf(memory);
  const threads = sumOf(memory.nodes);
  for (let node = 0; node < memory.nodeCount; node++) runToEnd(memory, kcompactd(memory, node, true));
  const changed = sumOf(memory.events) !== events;
  const rests = !changed && sumOf(memory.nodes) === threads;
  quiet.events = rests ? events : Number.NaN;
  quiet.scalars = scalars;
  quiet.perCpuPages = perCpuPages;
  return changed;
}

function sumOf(counts: Float64Array | Int32Array): number {
  let sum = 0;
  for (let at = 0; at < counts.length; at++) sum += counts[at] ?? 0;
  return sum;
}
