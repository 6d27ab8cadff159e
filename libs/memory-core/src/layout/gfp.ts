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
/** May dip into half of the min watermark. */
export const GFP_BIT_HIGH = 0x20;
/** Reclaim may start I/O; compaction needs it too. */
export const GFP_BIT_IO = 0x40;
/** Reclaim may enter file systems; without it nobody is killed. */
export const GFP_BIT_FS = 0x80;
/** May sleep, reclaim and compact on its own. */
export const GFP_BIT_DIRECT_RECLAIM = 0x400;
/** Wakes kswapd when the low watermark is reached. */
export const GFP_BIT_KSWAPD_RECLAIM = 0x800;
/** No line in the kernel log when it fails. */
export const GFP_BIT_NOWARN = 0x2000;
/** Tries hard and long, but has nobody killed. */
export const GFP_BIT_RETRY_MAYFAIL = 0x4000;
/** Must not fail. */
export const GFP_BIT_NOFAIL = 0x8000;
/** One round of reclaim and compaction, nobody is killed. */
export const GFP_BIT_NORETRY = 0x1_0000;
/** May use all reserves. */
export const GFP_BIT_MEMALLOC = 0x2_0000;
/** A compound page. */
export const GFP_BIT_COMP = 0x4_0000;
/** Never uses the reserves, whoever asks. */
export const GFP_BIT_NOMEMALLOC = 0x8_0000;
export const GFP_BIT_HARDWALL = 0x10_0000;
/** From the preferred node or not at all. */
export const GFP_BIT_THISNODE = 0x20_0000;

const RECLAIM = GFP_BIT_DIRECT_RECLAIM | GFP_BIT_KSWAPD_RECLAIM;
const KERNEL = RECLAIM | GFP_BIT_IO | GFP_BIT_FS;
const HIGHUSER = KERNEL | GFP_BIT_HARDWALL | GFP_BIT_HIGHMEM;
const HIGHUSER_MOVABLE = HIGHUSER | GFP_BIT_MOVABLE;
const TRANSHUGE_LIGHT = (HIGHUSER_MOVABLE | GFP_BIT_COMP | GFP_BIT_NOMEMALLOC | GFP_BIT_NOWARN) & ~RECLAIM;
const BALLOON = GFP_BIT_NOMEMALLOC | GFP_BIT_NORETRY | GFP_BIT_NOWARN;

/** The requests that guests make. */
export const Gfp = {
  /** Kernel memory: unmovable, no higher than Normal. */
  KERNEL,
  /** Kernel memory for those who cannot sleep. */
  ATOMIC: GFP_BIT_HIGH | GFP_BIT_KSWAPD_RECLAIM,
  /** Slab caches that can be shrunk. */
  RECLAIMABLE: KERNEL | GFP_BIT_RECLAIMABLE,
  /** User memory that cannot be moved. */
  HIGHUSER,
  /** User memory and page cache: any zone, movable. */
  HIGHUSER_MOVABLE,
  /** A balloon page: one round of reclaim at most, never a reserve, no line in the log. */
  BALLOON_MOVABLE: BALLOON | HIGHUSER_MOVABLE,
  BALLOON_UNMOVABLE: BALLOON | HIGHUSER,
  /** A huge page in a page fault: what is there, or (TRANSHUGE) after reclaim and compaction. */
  TRANSHUGE_LIGHT,
  TRANSHUGE: TRANSHUGE_LIGHT | GFP_BIT_DIRECT_RECLAIM,
  /** Unmovable, and neither reclaims nor wakes anybody: what free page hinting asks for. */
  NOWAIT_UNMOVABLE: BALLOON,
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
