/** One cell of an experiment: a policy at a ratio under a seed, and what became of it. */
export interface CellKey {
  /** Place in the spec's lists. */
  readonly policyAt: number;
  readonly ratioAt: number;
  readonly seedAt: number;
}

/** Over the whole fleet of the cell. Ratios 0 to 1. */
export interface CellMetrics {
  /** Windows of a guest in which useful time fell below the objective. */
  readonly violatedWindowsRatio: number;
  /** Share of such windows of the guest that has most of them. */
  readonly worstGuestViolatedRatio: number;
  /** Of the violated windows, the ones that the same guest at full backing does not have. */
  readonly policyViolatedWindowsRatio: number;
  /** Share of those of the guest that has most of them. */
  readonly worstGuestPolicyViolatedRatio: number;
  /** Useful time over useful time, stalls and the processor time of memory management. */
  readonly usefulTimeRatio: number;
  readonly hostOomKills: number;
  readonly guestOomKills: number;
  /** Of these, the ones that the same guest at full backing does not have. */
  readonly policyOomKills: number;
  readonly hostSwapInBytes: number;
  readonly hostSwapOutBytes: number;
  /** Pages read from disk for want of memory: from guests' and hosts' swap, and dropped page cache that is read again. */
  readonly majorFaults: number;
  /** As guests report it; what it costs them by the experiment's prices is in useful time. */
  readonly pressureSomeP99: number;
  readonly pressureFullP99: number;
  /** Pressure that guests cannot see: waits for the host's memory. */
  readonly hostPressureSomeP99: number;
  readonly balloonMovedBytes: number;
  readonly balloonLagMsP99: number;
  readonly unusableIndex9Mean: number;
  readonly thpFaultAllocRatio: number;
  readonly residentPeakBytes: number;
  /** Share of seconds in which the host kept its reserve free. */
  readonly reserveKeptRatio: number;
  /** How long a demand step of a quarter of RAM waits until it is fully backed, 99th percentile; 0 when there was none. */
  readonly recoveryMsP99: number;
}

/** Counts of one guest on one day: what intervals are drawn from. */
export interface DayOutcome {
  readonly windows: number;
  readonly violatedWindows: number;
  /** Of these, as many as the same guest at full backing has that day: no policy could help. Absent where there are none. */
  readonly shortAtFullBacking?: number;
  readonly usefulMs: number;
  readonly stalledMs: number;
}

/** Violated windows that full backing would have spared the guest. */
export function policyViolated({ violatedWindows, shortAtFullBacking = 0 }: DayOutcome): number {
  return violatedWindows - shortAtFullBacking;
}

export interface GuestOutcome {
  readonly name: string;
  readonly tenant: number;
  readonly host: number;
  readonly assignedBytes: number;
  readonly oomKills: number;
  readonly days: readonly DayOutcome[];
}

/** Memory over time of a host, one row a window; columns of equal length. */
export interface HostTimeline {
  readonly host: number;
  readonly capacityBytes: number;
  readonly timesMs: readonly number[];
  readonly residentBytes: readonly number[];
  readonly balloonBytes: readonly number[];
  readonly demandBytes: readonly number[];
  readonly swappedBytes: readonly number[];
  /** Absent where no guest ran (perfect knowledge), and in cells that were stored before it was kept. */
  readonly guestMemory?: GuestMemoryColumns;
}

/** What all guests of a host together do with what they are assigned; with `balloonBytes` these add up to it. Rows as in the timeline. */
export interface GuestMemoryColumns {
  readonly anonBytes: readonly number[];
  readonly fileBytes: readonly number[];
  readonly slabBytes: readonly number[];
  readonly pageTableBytes: readonly number[];
  /** Kernel image and tables, and what else the kernel holds. */
  readonly kernelBytes: readonly number[];
  /** Per-CPU lists included. */
  readonly freeBytes: readonly number[];
}

export type CellResult =
  | {
      readonly status: 'DONE';
      readonly key: CellKey;
      readonly metrics: CellMetrics;
      readonly guests: readonly GuestOutcome[];
      readonly timelines: readonly HostTimeline[];
      /** Guest-seconds that were simulated. */
      readonly guestSeconds: number;
    }
  | { readonly status: 'FAILED'; readonly key: CellKey; readonly error: string };
