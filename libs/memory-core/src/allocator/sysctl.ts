/**
 * What happens when somebody writes (or reads) the sysctls and switches that move the watermarks.
 * Source: mm/page_alloc.c of Linux 6.12 (min_free_kbytes_sysctl_handler, watermark_scale_factor_sysctl_handler,
 * lowmem_reserve_ratio_sysctl_handler, init_per_zone_wmark_min) and mm/khugepaged.c (set_recommended_min_free_kbytes).
 *
 * Watermarks follow the managed pages of that moment, a balloon's pages not among them, and stay as they are until the next
 * of these events. The bounds of the per-CPU lists are recomputed with them, in the same way.
 */
import { invariant } from '#units';
import {
  SYSCTL_HUGEPAGE_DEFRAG_NEVER,
  SYSCTL_MIN_FREE_KBYTES,
  SYSCTL_TRANSPARENT_HUGEPAGES,
  SYSCTL_USER_MIN_FREE_KBYTES_PLUS_ONE,
  SYSCTL_WATERMARK_BOOST_FACTOR,
  SYSCTL_WATERMARK_SCALE_FACTOR,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { setupPcp } from './pcp-setup.js';
import { defaultMinFreeKbytes, hugepageMinFreeKbytes, setupLowmemReserve, setupWatermarks } from './watermark.js';

const HIGHEST_SCALE_FACTOR = 3000;

/** vm.min_free_kbytes, KiB: from now on the kernel's own idea of it counts only when it is larger. */
export function writeMinFreeKbytes(memory: Memory, kbytes: number): void {
  invariant(Number.isInteger(kbytes) && kbytes >= 0, 'min_free_kbytes is a count');
  memory.sysctls[SYSCTL_MIN_FREE_KBYTES] = kbytes;
  memory.sysctls[SYSCTL_USER_MIN_FREE_KBYTES_PLUS_ONE] = kbytes + 1;
  updateMarks(memory);
}

/** vm.watermark_scale_factor, in ten-thousandths of a zone, 1 … 3000. */
export function writeWatermarkScaleFactor(memory: Memory, factor: number): void {
  invariant(factor >= 1 && factor <= HIGHEST_SCALE_FACTOR, 'watermark_scale_factor is from 1 to 3000');
  memory.sysctls[SYSCTL_WATERMARK_SCALE_FACTOR] = factor;
  updateMarks(memory);
}

/** vm.watermark_boost_factor, in ten-thousandths of the high watermark; 0 never boosts. Moves no mark by itself. */
export function writeWatermarkBoostFactor(memory: Memory, factor: number): void {
  invariant(Number.isInteger(factor) && factor >= 0, 'watermark_boost_factor is a count');
  memory.sysctls[SYSCTL_WATERMARK_BOOST_FACTOR] = factor;
}

/** Even reading vm.lowmem_reserve_ratio recomputes the reserves. */
export function readLowmemReserveRatio(memory: Memory): void {
  setupLowmemReserve(memory);
}

/** Enabling huge pages lets khugepaged raise vm.min_free_kbytes; disabling them brings back the kernel's own figure. */
export function setTransparentHugepages(memory: Memory, enabled: boolean): void {
  memory.sysctls[SYSCTL_TRANSPARENT_HUGEPAGES] = enabled ? 1 : 0;
  if (!enabled) calculateMinFree(memory);
  else raiseForHugepages(memory);
  updateMarks(memory);
}

/** Whether a fault may reclaim and compact to get a huge page: transparent_hugepage/defrag `madvise` or `never`. */
export function setHugepageDefrag(memory: Memory, enabled: boolean): void {
  memory.sysctls[SYSCTL_HUGEPAGE_DEFRAG_NEVER] = enabled ? 0 : 1;
}

/** After a memory block went offline or came online: min_free_kbytes, watermarks, per-CPU bounds and reserves anew. */
export function recomputeZones(memory: Memory): void {
  calculateMinFree(memory);
  setupWatermarks(memory);
  setupLowmemReserve(memory);
  if (memory.sysctls[SYSCTL_TRANSPARENT_HUGEPAGES] === 1) {
    raiseForHugepages(memory);
    setupWatermarks(memory);
  }
  setupPcp(memory);
}

function calculateMinFree(memory: Memory): void {
  const { sysctls } = memory;
  const wanted = defaultMinFreeKbytes(memory);
  if (wanted > sysctls[SYSCTL_USER_MIN_FREE_KBYTES_PLUS_ONE] - 1) sysctls[SYSCTL_MIN_FREE_KBYTES] = wanted;
}

function raiseForHugepages(memory: Memory): void {
  const { sysctls } = memory;
  sysctls[SYSCTL_MIN_FREE_KBYTES] = Math.max(sysctls[SYSCTL_MIN_FREE_KBYTES], hugepageMinFreeKbytes(memory));
}

function updateMarks(memory: Memory): void {
  setupWatermarks(memory);
  setupPcp(memory);
}
