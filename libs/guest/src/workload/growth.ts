/**
 * How fast programs fill memory: 0.06 GiB/s for each busy processor, a twelfth of the 0.7 GiB/s (99th percentile) that a compiler run on
 * twelve processors reached (data of luhsra/hyperalloc-bench). Of a guest's processors as many are busy as its load says, but for one,
 * which is what asks for the memory.
 */
import { GIB, PAGE_SIZE_BYTES, TICK_MS } from '#units';
import type { Workload } from './workload.js';

const PAGES_PER_TICK = Math.floor((0.06 * GIB) / PAGE_SIZE_BYTES) * (TICK_MS / 1000);
/** RAM for each processor, as general-purpose machines of the large clouds have it (a guess for all others). */
const PROCESSOR_PAGES = (4 * GIB) / PAGE_SIZE_BYTES;

/** Processors of a guest whose workload does not say: at least 1. */
export function processorsOf(ramPages: number): number {
  return Math.max(1, Math.round(ramPages / PROCESSOR_PAGES));
}

/** Most pages that programs of a guest with `ramPages` take in a tick of the table's `row`. */
export function mostGrowthPages(workload: Workload, ramPages: number, row: number): number {
  const { processors = processorsOf(ramPages), loadRatio } = workload;
  const busy = Math.max(Math.min(1, processors), processors * (loadRatio?.[row] ?? 1));
  return Math.floor(PAGES_PER_TICK * busy);
}
