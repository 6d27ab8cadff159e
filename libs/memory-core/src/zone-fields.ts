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
/** 64 words: room for per-CPU lists and the compaction state of a zone. */
export const ZONE_FIELDS = 64;
