/** Linux releases whose behaviour the core can follow. */
export const KERNEL_PROFILES = ['5.15', '6.1', '6.12', '7.0'] as const;
export type KernelProfile = (typeof KERNEL_PROFILES)[number];

/**
 * What differs between the releases, as switches: nothing else in the core asks for the release by name.
 * Source: reference table of version differences; recordings of 6.1.176 and 6.12.117.
 */
export interface KernelRules {
  /** Fallback in two steps, claim a pageblock then steal (6.15 and later), instead of one routine. */
  readonly claimThenSteal: boolean;
  /** Balloon enqueue and dequeue try-lock the page: BUG when enqueue fails to, skip when dequeue does (≤ 6.19). */
  readonly balloonPageLock: boolean;
  /** A dequeued page keeps its Offline type until it is freed (7.0). */
  readonly offlineUntilFreed: boolean;
  /** The balloon core itself adjusts managed pages and recomputes the lowmem reserves (7.0). */
  readonly coreAdjustsReserves: boolean;
  /** vmstat nr_balloon_pages and meminfo Balloon (6.16 and later). */
  readonly countsBalloonPages: boolean;
  /** The watermark test subtracts the free part of the high-atomic reserve, not all of it (6.13 and later). */
  readonly highatomicFreeInWatermark: boolean;
  /** Per-CPU lists tune their size and refills by themselves (6.7 and later) instead of keeping one high mark. */
  readonly tunesPcp: boolean;
  /** Per-CPU lists of order 9 are two, movable and others, instead of one for all (6.11 and later). */
  readonly splitsHugeLists: boolean;
  /** The Movable zone's min watermark is clamped to 32 … 128 pages instead of proportional (see watermark.ts). */
  readonly movableMinClamped: boolean;
  /** A pageblock that was isolated becomes what it was before, instead of movable (6.17 and later). */
  readonly isolationKeepsType: boolean;
  /** zoneinfo has the promo watermark (6.3 and later). */
  readonly showsPromo: boolean;
  /** zoneinfo has the marks between which per-CPU lists tune themselves (7.0). */
  readonly showsPcpMarks: boolean;
  /** zoneinfo has the high-atomic reserve (7.0). */
  readonly showsHighatomic: boolean;
  /** The core, not the driver, keeps the books of a balloon page that moves (7.0). */
  readonly coreMovesBalloonPages: boolean;
  /** Many pages are prepared for migration, then moved (6.3 and later), instead of one after the other. */
  readonly batchedMigration: boolean;
  /** Compaction keeps its targets by order and asks for what is still missing (6.9 and later), not for the whole batch. */
  readonly targetsByOrder: boolean;
  /** Compaction counts frames that it jumps over as scanned, and jumps only over compound pages too large to move (6.5). */
  readonly countsJumpedFrames: boolean;
  /** Compaction finishes a pageblock in which a page could not be moved (6.4 and later). */
  readonly finishesPageblocks: boolean;
  /** A pageblock with a free block of the wanted order is no target, instead of one with a free pageblock (6.7). */
  readonly sparesWantedOrder: boolean;
  /** Proactive compaction counts as the daemon's (recorded: 6.12 does, 6.1 does not). */
  readonly proactiveCountsAsDaemon: boolean;
  /** Proactive compaction's marks lie closer together the lower they are (about 6.16 and later). */
  readonly proactiveLeeway: boolean;
  /** vm.compact_memory takes 1 and nothing else (6.6 and later). */
  readonly checksCompactMemory: boolean;
  /** An asynchronous run for a costly order needs the watermark and the gap without CMA (6.14 and later). */
  readonly costlyAsyncNeedsGap: boolean;
  /** Entries of the kernel's on-stack array when a process range is freed; then a page for `gatherPageEntries` more. */
  readonly gatherLocalEntries: number;
  readonly gatherPageEntries: number;
  /** Each array of such entries is freed from its last entry to its first (≤ 6.1), instead of in its order. */
  readonly gatherFreesBackwards: boolean;
  /** A direct reclaim that found nothing tries again over all owners, and counts as a second stall (6.8 and later). */
  readonly reclaimWalksTwice: boolean;
  /** The multi-generational LRU is on (as Debian configures 6.1 and later), instead of an active and an inactive list. */
  readonly multiGenLru: boolean;
  /** Pages read into the cache join the second oldest generation where there is one to spare (6.7 and later), not the oldest. */
  readonly sparesNewCache: boolean;
  /** A first round over the generations is sized by its goal, and a boost alone reclaims nothing (6.3 and later). */
  readonly sizesFirstRound: boolean;
  /** Pages of kernel image, initrd, percpu areas and early tables that never reach the buddy. */
  readonly kernelImagePages: number;
  /** Pages returned to the buddy after the watermarks were computed: initrd and init sections. */
  readonly lateManagedPages: number;
}

const V6_12: KernelRules = {
  claimThenSteal: false,
  balloonPageLock: true,
  offlineUntilFreed: false,
  coreAdjustsReserves: false,
  countsBalloonPages: false,
  highatomicFreeInWatermark: false,
  tunesPcp: true,
  splitsHugeLists: true,
  movableMinClamped: true,
  isolationKeepsType: false,
  showsPromo: true,
  showsPcpMarks: false,
  showsHighatomic: false,
  coreMovesBalloonPages: false,
  batchedMigration: true,
  targetsByOrder: true,
  countsJumpedFrames: true,
  finishesPageblocks: true,
  sparesWantedOrder: true,
  proactiveCountsAsDaemon: true,
  proactiveLeeway: false,
  checksCompactMemory: true,
  costlyAsyncNeedsGap: false,
  gatherLocalEntries: 7,
  gatherPageEntries: 509,
  gatherFreesBackwards: false,
  reclaimWalksTwice: true,
  multiGenLru: true,
  sparesNewCache: true,
  sizesFirstRound: true,
  kernelImagePages: 9_680,
  lateManagedPages: 2_071,
};

const V6_1: KernelRules = {
  ...V6_12,
  tunesPcp: false,
  splitsHugeLists: false,
  movableMinClamped: false,
  showsPromo: false,
  batchedMigration: false,
  targetsByOrder: false,
  countsJumpedFrames: false,
  finishesPageblocks: false,
  sparesWantedOrder: false,
  proactiveCountsAsDaemon: false,
  checksCompactMemory: false,
  gatherLocalEntries: 8,
  gatherPageEntries: 510,
  gatherFreesBackwards: true,
  reclaimWalksTwice: false,
  sparesNewCache: false,
  sizesFirstRound: false,
  kernelImagePages: 11_437,
  lateManagedPages: 2_372,
};

const RULES: Record<KernelProfile, KernelRules> = {
  '5.15': { ...V6_1, multiGenLru: false },
  '6.1': V6_1,
  '6.12': V6_12,
  '7.0': {
    ...V6_12,
    claimThenSteal: true,
    balloonPageLock: false,
    offlineUntilFreed: true,
    coreAdjustsReserves: true,
    countsBalloonPages: true,
    highatomicFreeInWatermark: true,
    isolationKeepsType: true,
    showsPcpMarks: true,
    showsHighatomic: true,
    coreMovesBalloonPages: true,
    proactiveLeeway: true,
    costlyAsyncNeedsGap: true,
  },
};

export function kernelRules(profile: KernelProfile): KernelRules {
  return RULES[profile];
}
