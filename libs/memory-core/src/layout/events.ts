/**
 * Event counters of /proc/vmstat that the core counts, as indexes into Memory.events (Float64, exact to 2^53). Each
 * constant is the line's Linux name in capitals. A family that Linux counts per zone has one index for each zone type.
 */
const PER_ZONE = 4;
let next = 0;
const event = (count = 1): number => (next += count) - count;

export const EV_PGALLOC = event(PER_ZONE);
export const EV_PGFREE = event();
export const EV_BALLOON_INFLATE = event();
export const EV_BALLOON_DEFLATE = event();
export const EV_BALLOON_MIGRATE = event();
export const EV_ALLOCSTALL = event(PER_ZONE);
export const EV_PGFAULT = event();
export const EV_PGMAJFAULT = event();
export const EV_PGPGIN = event();
export const EV_PGPGOUT = event();
export const EV_PSWPIN = event();
export const EV_PSWPOUT = event();
export const EV_PGACTIVATE = event();
export const EV_PGDEACTIVATE = event();
export const EV_PGREFILL = event();
export const EV_PGSTEAL_KSWAPD = event();
export const EV_PGSTEAL_DIRECT = event();
export const EV_PGSCAN_KSWAPD = event();
export const EV_PGSCAN_DIRECT = event();
export const EV_PGSCAN_ANON = event();
export const EV_PGSCAN_FILE = event();
export const EV_PGSTEAL_ANON = event();
export const EV_PGSTEAL_FILE = event();
export const EV_WORKINGSET_REFAULT_ANON = event();
export const EV_WORKINGSET_REFAULT_FILE = event();
export const EV_SLABS_SCANNED = event();
export const EV_KSWAPD_LOW_WMARK_HIT_QUICKLY = event();
export const EV_KSWAPD_HIGH_WMARK_HIT_QUICKLY = event();
export const EV_PAGEOUTRUN = event();
export const EV_OOM_KILL = event();
export const EV_SWAP_RA = event();
export const EV_PGMIGRATE_SUCCESS = event();
export const EV_PGMIGRATE_FAIL = event();
export const EV_COMPACT_MIGRATE_SCANNED = event();
export const EV_COMPACT_FREE_SCANNED = event();
export const EV_COMPACT_ISOLATED = event();
export const EV_COMPACT_STALL = event();
export const EV_COMPACT_FAIL = event();
export const EV_COMPACT_SUCCESS = event();
export const EV_COMPACT_DAEMON_WAKE = event();
export const EV_COMPACT_DAEMON_MIGRATE_SCANNED = event();
export const EV_COMPACT_DAEMON_FREE_SCANNED = event();
export const EV_HTLB_BUDDY_ALLOC_SUCCESS = event();
export const EV_HTLB_BUDDY_ALLOC_FAIL = event();
export const EV_THP_FAULT_ALLOC = event();
export const EV_THP_FAULT_FALLBACK = event();
export const EV_THP_SPLIT_PAGE = event();
export const EV_THP_MIGRATION_SUCCESS = event();
export const EV_THP_SWPOUT = event();
export const EV_NUMA_HIT = event();
export const EV_NUMA_MISS = event();
export const EV_NUMA_FOREIGN = event();
export const EV_NUMA_LOCAL = event();
export const EV_NUMA_OTHER = event();
export const EV_PGSCAN_DIRECT_THROTTLE = event();
export const EV_WORKINGSET_ACTIVATE_ANON = event();
export const EV_WORKINGSET_ACTIVATE_FILE = event();
export const EV_SWAP_RA_HIT = event();
export const EV_PGROTATED = event();
export const EV_WORKINGSET_RESTORE_ANON = event();
export const EV_WORKINGSET_RESTORE_FILE = event();
export const EV_THP_COLLAPSE_ALLOC = event();
export const EV_THP_COLLAPSE_ALLOC_FAILED = event();

/** Counters a memory has room for; more than are named, so that a new one does not move the columns behind them. */
export const EV_COUNT = 80;
