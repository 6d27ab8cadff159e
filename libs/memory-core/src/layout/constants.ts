/**
 * Numbers of the page allocator (x86-64, 4 KiB pages) and the small enumerations whose values matter: they are table
 * indexes and the order in which /proc prints. Source: include/linux/mmzone.h, Linux 6.12; this simulator's reference
 * machine has no CMA configured, as Debian's kernels have not.
 */

/** No page: the answer of an allocation that found nothing. */
export const NIL = -1;

/** Largest block order; a block of order n is 2^n pages at a pfn that is a multiple of 2^n. */
export const MAX_ORDER = 10;
export const ORDERS = 11;
export const MAX_ORDER_PAGES = 1 << MAX_ORDER;

/** A pageblock is the unit that carries a migratetype: 512 pages, 2 MiB. */
export const PAGEBLOCK_ORDER = 9;
export const PAGEBLOCK_PAGES = 1 << PAGEBLOCK_ORDER;

/** Migratetypes. The first three live on per-CPU lists and may merge with each other at pageblock order and above. */
export const UNMOVABLE = 0;
export const MOVABLE = 1;
export const RECLAIMABLE = 2;
export const HIGHATOMIC = 3;
export const ISOLATE = 4;
export const MIGRATETYPES = 5;
export const MERGEABLE_TYPES = 3;
export const MIGRATETYPE_NAMES = ['Unmovable', 'Movable', 'Reclaimable', 'HighAtomic', 'Isolate'] as const;

/** Zone types: the index in lowmem_reserve and the reach of an allocation. */
export const ZONE_DMA = 0;
export const ZONE_DMA32 = 1;
export const ZONE_NORMAL = 2;
export const ZONE_MOVABLE = 3;
export const ZONE_TYPES = 4;
export const ZONE_TYPE_NAMES = ['DMA', 'DMA32', 'Normal', 'Movable'] as const;
export type ZoneName = (typeof ZONE_TYPE_NAMES)[number];

/** First pfn above ZONE_DMA (16 MiB). */
export const DMA_END_PFN = 4096;

/** Free lists of a zone: one per order and migratetype, numbered order × MIGRATETYPES + migratetype. */
export const LISTS_PER_ZONE = ORDERS * MIGRATETYPES;
