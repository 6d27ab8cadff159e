/**
 * Request flags, as the kernel's __GFP bits: they say which zones and which migratetype a request may use and what it
 * may do to get pages. One number, so that a request costs nothing to make. Source: include/linux/gfp_types.h, Linux 6.12.
 */
import { ZONE_DMA, ZONE_DMA32, ZONE_MOVABLE, ZONE_NORMAL } from './constants.js';

export const GFP_BIT_DMA = 0x01;
export const GFP_BIT_HIGHMEM = 0x02;
export const GFP_BIT_DMA32 = 0x04;
export const GFP_BIT_MOVABLE = 0x08;
export const GFP_BIT_RECLAIMABLE = 0x10;
/** Wakes kswapd when the low watermark is reached. */
export const GFP_BIT_KSWAPD_RECLAIM = 0x800;

const RECLAIM = GFP_BIT_KSWAPD_RECLAIM;

/** The requests that guests make. */
export const Gfp = {
  /** Kernel memory: unmovable, no higher than Normal. */
  KERNEL: RECLAIM,
  /** Slab caches that can be shrunk. */
  RECLAIMABLE: RECLAIM | GFP_BIT_RECLAIMABLE,
  /** User memory that cannot be moved. */
  HIGHUSER: RECLAIM | GFP_BIT_HIGHMEM,
  /** User memory and page cache: any zone, movable. */
  HIGHUSER_MOVABLE: RECLAIM | GFP_BIT_HIGHMEM | GFP_BIT_MOVABLE,
  /** Unmovable, and neither reclaims nor wakes anybody: what free page hinting asks for. */
  NOWAIT_UNMOVABLE: 0,
} as const;

/** Migratetype of a request: MOVABLE, RECLAIMABLE or, with neither bit, UNMOVABLE. */
export function gfpMigratetype(gfp: number): number {
  return (gfp >> 3) & 3;
}

/** Highest zone type for each combination of the four zone bits. */
const HIGHEST_ZONE_TYPE = new Uint8Array(16);
for (let bits = 0; bits < 16; bits++) {
  const movable = GFP_BIT_HIGHMEM | GFP_BIT_MOVABLE;
  let type: number = (bits & movable) === movable ? ZONE_MOVABLE : ZONE_NORMAL;
  if ((bits & GFP_BIT_DMA32) !== 0) type = ZONE_DMA32;
  if ((bits & GFP_BIT_DMA) !== 0) type = ZONE_DMA;
  HIGHEST_ZONE_TYPE[bits] = type;
}

/** Highest zone type a request may use. */
export function gfpHighestZoneType(gfp: number): number {
  return HIGHEST_ZONE_TYPE[gfp & 15];
}
