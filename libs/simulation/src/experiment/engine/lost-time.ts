/**
 * What its own kernel cost a guest, from the kernel's counters and the experiment's prices. Tasks wait for direct reclaim, for pages
 * that come back from disk and for programs to be started again; kswapd, migration, compaction and writing to swap take processor
 * time. Pressure as the guest reports it (PSI) is left out: it counts the same waits, at prices of its own.
 */
import type { Costs } from '../../costs/costs.js';

/** Counters of /proc/vmstat of which a window's growth is charged. */
export const CHARGED_COUNTERS = [
  'allocstall_dma',
  'allocstall_dma32',
  'allocstall_normal',
  'allocstall_movable',
  'pgscan_direct',
  'pgsteal_direct',
  'pgscan_kswapd',
  'pgsteal_kswapd',
  'pgmajfault',
  'workingset_refault_file',
  'pswpout',
  'pgmigrate_success',
  'compact_migrate_scanned',
  'compact_free_scanned',
  'compact_isolated',
  'thp_collapse_alloc',
] as const;
export type ChargedCounter = (typeof CHARGED_COUNTERS)[number];

export interface LostTime {
  /** A task waits. */
  readonly stallUs: number;
  /** Processor time of memory management that nobody waits for. */
  readonly managementUs: number;
}

/** Pages that a collapse copies, like as many that migrate. */
const HUGE_PAGES = 512;
/** Pages that one attempt of direct reclaim wants (SWAP_CLUSTER_MAX). */
const BATCH_PAGES = 32;

export function lostTime(count: (name: ChargedCounter) => number, costs: Costs): LostTime {
  const dropUs = costs.reclaimUnmappedUs;
  const directUs =
    count('pgscan_direct') * costs.reclaimScanUs +
    count('pgsteal_direct') * dropUs +
    fruitlessAttempts(count) * fruitlessAttemptUs(costs);
  const readUs = (count('pgmajfault') + count('workingset_refault_file')) * costs.majorFaultUs;
  const kswapdUs = count('pgscan_kswapd') * costs.reclaimScanUs + count('pgsteal_kswapd') * dropUs;
  const framesScanned = count('compact_migrate_scanned') + count('compact_free_scanned');
  const compactionUs =
    framesScanned * costs.compactionSkipUs +
    count('compact_isolated') * costs.compactionIsolateUs +
    (count('pgmigrate_success') + count('thp_collapse_alloc') * HUGE_PAGES) * costs.migrateUs;
  return { stallUs: directUs + readUs, managementUs: kswapdUs + compactionUs + count('pswpout') * costs.swapOutUs };
}

/** Attempts of direct reclaim that cannot have got their batch. */
function fruitlessAttempts(count: (name: ChargedCounter) => number): number {
  const attempts =
    count('allocstall_dma') + count('allocstall_dma32') + count('allocstall_normal') + count('allocstall_movable');
  return Math.max(0, attempts - Math.ceil(count('pgsteal_direct') / BATCH_PAGES));
}

/**
 * The core counts nothing of an attempt where there is nothing left to scan, yet the kernel goes over lists and shrinkers once for each
 * priority. It is charged like a batch of thrashing reclaim: as many scanned pages as it takes to free one batch.
 */
function fruitlessAttemptUs({ reclaimScanUs, thrashingReclaimRatio }: Costs): number {
  return (BATCH_PAGES * reclaimScanUs) / Math.max(thrashingReclaimRatio, Number.MIN_VALUE);
}
