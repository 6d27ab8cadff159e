/**
 * What a policy sees of one host: sizes in bytes, times in milliseconds of simulated time, ratios 0 to 1.
 *
 * Three sizes of a guest must not be mixed: what it is configured with (`assignedBytes`), the size of its balloon (target
 * and actual), and its own size, which is assigned − balloon. `residentBytes` is what the host backs of it.
 */
import type { GuestState, HostState } from '#contracts';

/** PSI averages over 10 and 60 s, as ratios. `someTotalUs` is the stall counter behind them, where the source has it. */
export interface PressureView {
  readonly some10: number;
  readonly some60: number;
  readonly full10: number;
  readonly full60: number;
  readonly someTotalUs?: number | undefined;
}

export interface HostFigures {
  readonly id: string;
  readonly capacityBytes: number;
  /** Kept for the host itself: never promised to guests. */
  readonly reservedBytes: number;
  /** Includes the guests' resident memory. */
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** What the host can hand out without swapping: free plus what it can drop, the reserve not counted. */
  readonly availableBytes: number;
  readonly swapTotalBytes: number;
  readonly swapUsedBytes: number;
  readonly pressure: PressureView;
  readonly state: HostState;
}

/** The guest's own account, each figure absent when the guest does not report it. */
export interface GuestStats {
  readonly ageMs: number;
  readonly freeBytes?: number | undefined;
  /** MemAvailable. */
  readonly availableBytes?: number | undefined;
  readonly totalBytes?: number | undefined;
  /** total − available. */
  readonly usedBytes?: number | undefined;
  readonly cachedBytes?: number | undefined;
  readonly sharedBytes?: number | undefined;
  readonly unevictableBytes?: number | undefined;
  readonly anonBytes?: number | undefined;
  readonly swapUsedBytes?: number | undefined;
  readonly majorFaultsPerSec?: number | undefined;
  readonly swapInBytesPerSec?: number | undefined;
  readonly swapOutBytesPerSec?: number | undefined;
  readonly allocStallsPerSec?: number | undefined;
  readonly oomKillsTotal?: number | undefined;
  readonly pressure?: PressureView | undefined;
  /** Share of sampled pages that were not touched. */
  readonly idleRatio?: number | undefined;
  /** Share of free memory in blocks too small for order 9. */
  readonly unusableIndex9?: number | undefined;
  /** Sum of the zones' low watermarks. */
  readonly lowWatermarkBytes?: number | undefined;
  /** Linux's totalreserve_pages. */
  readonly totalReserveBytes?: number | undefined;
}

/** Recent history of what the guest had in use: one figure each `stepMs`, newest last. */
export interface DemandHistory {
  readonly stepMs: number;
  readonly usedBytes: readonly number[];
}

export interface PastMove {
  readonly fromBytes: number;
  readonly toBytes: number;
}

export interface GuestView {
  readonly id: string;
  /** What people call it; said in plans where it is known. */
  readonly name?: string | undefined;
  readonly state: GuestState;
  readonly migrating: boolean;
  readonly assignedBytes: number;
  /** Guaranteed floor of the guest's size. */
  readonly minBytes: number;
  /** Ceiling of the guest's size. */
  readonly maxBytes: number;
  /** Relative weight; 0 = leave this guest alone. */
  readonly shares: number;
  readonly balloonTargetBytes: number;
  readonly balloonActualBytes: number;
  readonly residentBytes: number;
  readonly swappedBytes: number;
  readonly stats: GuestStats | null;
  /** Since when a target is not being approached. */
  readonly stuckSinceMs: number | null;
  /** When the balloon's target last changed. */
  readonly lastMovedMs: number | null;
  /** Until when an operator wants the balloon left as it is. */
  readonly heldUntilMs: number | null;
  /** Size the guest normally runs at, where that is below what it is configured with. */
  readonly baselineBytes: number | null;
  readonly demand: DemandHistory | null;
  /** Targets that the balloon was given in the last while (some decision intervals), the oldest first. */
  readonly recentMoves: readonly PastMove[];
}

export interface HostView {
  readonly timeMs: number;
  readonly host: HostFigures;
  readonly guests: readonly GuestView[];
}
