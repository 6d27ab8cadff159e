/**
 * Per-CPU lists (pcp): one set for each zone and CPU, its row in Memory.pcp starts at slot × PCP_FIELDS with
 * slot = zone × cpus + cpu.
 */
/** Pages on all lists of the set. */
export const P_COUNT = 0;
/** Pages the set may hold; moves between the two next ones where the release tunes it. */
export const P_HIGH = 1;
export const P_HIGH_MIN = 2;
export const P_HIGH_MAX = 3;
/** Pages that move between the set and the buddy at a time, at least. */
export const P_BATCH = 4;
/** Refills double with it: batch << factor (6.7 and later). */
export const P_ALLOC_FACTOR = 5;
/** Pages freed lately, halved by each allocation (6.7 and later). */
export const P_FREE_COUNT = 6;
/** Drains double with it: batch << factor (before 6.7). */
export const P_FREE_FACTOR = 7;
/** 1 after a free of order 1 … 3. */
export const P_PREVIOUS_FREE_WAS_HIGH_ORDER = 8;
/** For each of the three order-0 lists: index after its newest run, number of runs. */
export const P_RUNS = 9;
/**
 * A free that leaves fewer pages than this needs no closer look: the high mark; or 0, when the zone is marked (Z_PCP_FLAGS) or
 * the bounds have changed since the mark was last put between them.
 */
export const P_LIMIT = 15;
/** Single frees add to P_FREE_COUNT up to this: 32 batches (6.7 and later), 0 before. */
export const P_MOST_FREE_COUNT = 16;
export const PCP_FIELDS = 20;

/** Lists of a set: three migratetypes for each of the orders 0 … 3, then two of order 9 (others, movable). */
export const PCP_LISTS = 14;
export const PCP_HIGHEST_ORDER = 3;
export const PCP_HUGE_LIST = 12;

/** Runs kept for an order-0 list before older pages are linked; a power of two. */
export const PCP_RUNS = 64;
/** Refills and drains stop doubling at batch << this. */
export const PCP_BATCH_SCALE_MAX = 5;
