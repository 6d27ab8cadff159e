/**
 * What reclaim costs in time. The core has no clock: these are the microseconds that pressure (psi.ts) is told of, from
 * the recorded stalls of guests that reclaim file pages (about 70 ms of some and 50 ms of full for 16,000 pages) and swap.
 */
import type { Memory } from '../layout/memory.js';
import { addStall } from './psi.js';
import type { ReclaimControl } from './reclaim-control.js';

const SCAN_US = 4;
const SWAP_WRITE_US = 30;
const SWAP_READ_US = 400;
/** A random read of an NVMe device. */
const FILE_READ_US = 100;
/** kswapd takes the CPU from others, so most of its time nobody else does anything. */
const KSWAPD_FULL_SHARE = 0.7;

/** The caller waits for its own reclaim: all of it is lost, to it and, on its CPU, to everybody. */
export function stallOfDirectReclaim(memory: Memory, control: ReclaimControl): void {
  const us = costOf(control);
  addStall(memory, us, us);
}

export function stallOfKswapd(memory: Memory, control: ReclaimControl): void {
  const us = costOf(control);
  addStall(memory, us, Math.floor(us * KSWAPD_FULL_SHARE));
}

/** A task waits for a page that was swapped out. */
export function stallOfSwapIn(memory: Memory): void {
  addStall(memory, SWAP_READ_US, SWAP_READ_US);
}

/** Tasks wait for pages of files that they need again. */
export function stallOfFileRead(memory: Memory, pages: number): void {
  addStall(memory, pages * FILE_READ_US, pages * FILE_READ_US);
}

function costOf(control: ReclaimControl): number {
  return control.allScanned * SCAN_US + control.written * SWAP_WRITE_US;
}
