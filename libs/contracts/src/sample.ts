import type { BalloonState, GuestState } from './guest.js';

/**
 * The numbers that are kept of every guest over time, in the order of the columns of `memory_sample`. One list: the
 * sampler fills it, the history table has a column for each, the API an enum value for each.
 * Bytes unless the name says otherwise; `*Ratio10/60` are PSI averages, 0 to 1; `*Total` are counters in pages; `idleRatio` is the
 * share of sampled pages that were not touched in half a minute.
 */
export const MEMORY_METRICS = [
  'totalBytes',
  'freeBytes',
  'availableBytes',
  'usedBytes',
  'cachedBytes',
  'anonBytes',
  'slabBytes',
  'swapUsedBytes',
  'residentBytes',
  'balloonTargetBytes',
  'balloonActualBytes',
  'pressureSome10Ratio',
  'pressureSome60Ratio',
  'pressureFull10Ratio',
  'pressureFull60Ratio',
  'unusableIndex9Ratio',
  'inflatedPagesTotal',
  'deflatedPagesTotal',
  'migratedPagesTotal',
  'idleRatio',
] as const;

export type MemoryMetric = (typeof MEMORY_METRICS)[number];
export type MemoryValues = Readonly<Record<MemoryMetric, number>>;

export interface ZoneSample {
  readonly node: number;
  readonly name: string;
  readonly managedPages: number;
  readonly freePages: number;
  readonly watermarks: { readonly minPages: number; readonly lowPages: number; readonly highPages: number };
  /** Number of free blocks of order 0 to 10. */
  readonly freeBlocks: readonly number[];
  /** By order 0 to 10: −1 when a request would succeed, else 0 (lack of memory) to 1 (fragmentation). */
  readonly fragmentationIndex: readonly number[];
  /** By order 0 to 10: share of free memory in blocks too small for the order, 0 to 1. */
  readonly unusableIndex: readonly number[];
  readonly pageblocks: readonly { readonly migratetype: string; readonly count: number }[];
}

/** What is known of a guest at the end of one tick. */
export interface GuestSample {
  readonly guestId: string;
  readonly tick: number;
  readonly state: GuestState;
  /** What stopped the guest: the kernel's bug or its last words; null while it runs, and when it is paused. */
  readonly stateReason: string | null;
  readonly balloonState: BalloonState;
  readonly isolatedPages: number;
  readonly values: MemoryValues;
  readonly zones: readonly ZoneSample[];
  /** Linux's /proc/vmstat, in its order. */
  readonly vmstat: readonly (readonly [name: string, value: number])[];
  /** Digest of the guest's summary (counters, free lists, driver, workload): what a replay must reach again. */
  readonly stateDigest: string;
}
