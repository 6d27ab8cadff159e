/**
 * Fields of a zone: offsets into its row of Memory.zones (Int32, pages unless stated).
 * A row starts at zone × ZONE_FIELDS.
 */
export const Z_NODE = 0;
/** Zone type 0 … 3 (ZONE_DMA …). */
export const Z_TYPE = 1;
/** First pfn of the span. */
export const Z_START = 2;
/** First pfn after the span. */
export const Z_END = 3;
/** Span minus holes. */
export const Z_PRESENT = 4;
/** Present minus reserved, minus the balloon where the balloon adjusts it. */
export const Z_MANAGED = 5;
/** NR_FREE_PAGES: pages in free blocks whose migratetype is not ISOLATE. */
export const Z_FREE = 6;
export const Z_WMARK_MIN = 7;
export const Z_WMARK_LOW = 8;
export const Z_WMARK_HIGH = 9;
export const Z_WMARK_PROMO = 10;
/** Added to each watermark until kswapd has answered a fallback (watermark boost). */
export const Z_BOOST = 11;
/** … +3: lowmem_reserve for requests whose highest zone is type 0 … 3. */
export const Z_RESERVE = 12;
/** nr_reserved_highatomic: whole pageblocks set aside. */
export const Z_HIGHATOMIC_RESERVED = 16;
/** Free pages on HIGHATOMIC lists. */
export const Z_HIGHATOMIC_FREE = 17;
/** nr_isolate_pageblock, in pageblocks. */
export const Z_ISOLATED_BLOCKS = 18;
/** Managed pages that joined after the watermarks were computed at boot (initrd and init sections). */
export const Z_LATE_MANAGED = 19;
/** 1 after a fallback boosted the watermark on behalf of a request that may wake kswapd; cleared by the waker. */
export const Z_BOOSTED = 20;
/** ZONE_BELOW_HIGH and ZONE_RECLAIM_ACTIVE below: what makes per-CPU lists give pages back sooner. */
export const Z_PCP_FLAGS = 21;
/** Set once an allocation found no more than the high watermark free (6.7 and later). */
export const ZONE_BELOW_HIGH = 1;
/** Set while kswapd reclaims in the zone. */
export const ZONE_RECLAIM_ACTIVE = 2;
/** Compaction: where the migrate scanner starts next, by mode class; + 0 asynchronous, + 1 synchronous (pfn). */
export const Z_COMPACT_CACHED_MIGRATE = 24;
/** Where the free scanner starts next (pfn of a pageblock). */
export const Z_COMPACT_CACHED_FREE = 26;
export const Z_COMPACT_INIT_MIGRATE = 27;
export const Z_COMPACT_INIT_FREE = 28;
/** Deferral: attempts since the last failure, log2 of the attempts to skip, lowest order that failed. */
export const Z_COMPACT_CONSIDERED = 29;
export const Z_COMPACT_DEFER_SHIFT = 30;
export const Z_COMPACT_ORDER_FAILED = 31;
/** 1 when the skip bits shall be reset at the next chance. */
export const Z_COMPACT_BLOCKSKIP_FLUSH = 32;
/** Bounds of the zone's per-CPU lists when they are on. */
export const Z_PCP_BATCH = 60;
export const Z_PCP_HIGH_MIN = 61;
export const Z_PCP_HIGH_MAX = 62;
/** 64 words; free: 22, 23, 33 … 63. */
export const ZONE_FIELDS = 64;
