/**
 * Watermarks, lowmem reserves and the watermark test: how many pages each zone keeps free, for whom.
 * Source: mm/page_alloc.c of Linux 6.12 (init_per_zone_wmark_min, __setup_per_zone_wmarks, setup_per_zone_lowmem_reserve,
 * __zone_watermark_ok, boost_watermark), as described in the reference.
 *
 * All values are pages. The products below pass 2^31: they are taken as doubles and floored.
 */
import {
  HIGHATOMIC,
  LISTS_PER_ZONE,
  MAX_ORDER,
  MERGEABLE_TYPES,
  MIGRATETYPES,
  PAGEBLOCK_PAGES,
  ZONE_MOVABLE,
  ZONE_TYPES,
} from '../layout/constants.js';
import {
  SYSCTL_MIN_FREE_KBYTES,
  SYSCTL_WATERMARK_BOOST_FACTOR,
  SYSCTL_WATERMARK_SCALE_FACTOR,
  S_TOTAL_RESERVE,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  ZONE_FIELDS,
  Z_BOOST,
  Z_FREE,
  Z_HIGHATOMIC_FREE,
  Z_HIGHATOMIC_RESERVED,
  Z_LATE_MANAGED,
  Z_MANAGED,
  Z_NODE,
  Z_RESERVE,
  Z_TYPE,
  Z_WMARK_HIGH,
  Z_WMARK_LOW,
  Z_WMARK_MIN,
  Z_WMARK_PROMO,
} from '../layout/zone-fields.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const ROW = ZONE_FIELDS;
const FREE_PAGES = Z_FREE;
const BOOST = Z_BOOST;
const RESERVE = Z_RESERVE;
const MARK_MIN = Z_WMARK_MIN;
const ATOMIC_FREE = Z_HIGHATOMIC_FREE;
const ATOMIC_RESERVED = Z_HIGHATOMIC_RESERVED;
const TYPES = MIGRATETYPES;
const ZONE_LISTS = LISTS_PER_ZONE;
const MIXING_TYPES = MERGEABLE_TYPES;
const ATOMIC = HIGHATOMIC;
const TOP_ORDER = MAX_ORDER;

/** How a request is tried, one number: the kernel's ALLOC_* flags of the same names. The low bits choose the watermark. */
export const ALLOC_WMARK_MIN = 0;
export const ALLOC_WMARK_LOW = 1;
export const ALLOC_WMARK_HIGH = 2;
export const ALLOC_WMARK_MASK = 3;
export const ALLOC_NO_WATERMARKS = 0x04;
export const ALLOC_OOM = 0x08;
export const ALLOC_NON_BLOCK = 0x10;
export const ALLOC_MIN_RESERVE = 0x20;
/** Any right to pages below the min watermark. */
const ALLOC_RESERVES = ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE | ALLOC_OOM;
export const ALLOC_NOFRAGMENT = 0x100;
export const ALLOC_HIGHATOMIC = 0x200;
export const ALLOC_KSWAPD = 0x800;

const MIN_FREE_KBYTES_LOWEST = 128;
const MIN_FREE_KBYTES_HIGHEST = 262_144;
/** vm.lowmem_reserve_ratio of DMA, DMA32, Normal, Movable. */
const LOWMEM_RESERVE_RATIO = [256, 256, 32, 0] as const;
const KIB_PER_PAGE = 4;

/** floor(4 × sqrt(KiB usable by the kernel)), clamped: the value that vm.min_free_kbytes gets by itself. */
export function defaultMinFreeKbytes(memory: Memory): number {
  let lowmemPages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (field(memory, zone, Z_TYPE) === ZONE_MOVABLE) continue;
    lowmemPages += Math.max(0, bootManaged(memory, zone) - field(memory, zone, Z_WMARK_HIGH));
  }
  const wanted = Math.floor(Math.sqrt(lowmemPages * KIB_PER_PAGE * 16));
  return Math.min(Math.max(wanted, MIN_FREE_KBYTES_LOWEST), MIN_FREE_KBYTES_HIGHEST);
}

/**
 * What khugepaged asks for when transparent huge pages are enabled: two pageblocks a zone and nine more for the
 * fallbacks between migratetypes, but never more than 5 % of memory.
 */
export function hugepageMinFreeKbytes(memory: Memory): number {
  let zones = 0;
  let bufferPages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (field(memory, zone, Z_TYPE) === ZONE_MOVABLE || field(memory, zone, Z_MANAGED) === 0) continue;
    zones++;
    bufferPages += Math.max(0, bootManaged(memory, zone) - field(memory, zone, Z_WMARK_HIGH));
  }
  const recommended = PAGEBLOCK_PAGES * zones * 2 + PAGEBLOCK_PAGES * zones * MIXING_TYPES * MIXING_TYPES;
  return Math.min(recommended, Math.floor(bufferPages / 20)) * KIB_PER_PAGE;
}

/** Recomputes min, low, high and promo of every zone from vm.min_free_kbytes; clears boosts, as every write of a sysctl does. */
export function setupWatermarks(memory: Memory): void {
  const { zones, sysctls, rules } = memory;
  const pagesMin = Math.floor(sysctls[SYSCTL_MIN_FREE_KBYTES] / KIB_PER_PAGE);
  let lowmemPages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const hasOwnMin = rules.movableMinClamped && field(memory, zone, Z_TYPE) === ZONE_MOVABLE;
    if (!hasOwnMin) lowmemPages += bootManaged(memory, zone);
  }
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ROW;
    const managed = bootManaged(memory, zone);
    const share = lowmemPages === 0 ? 0 : Math.floor((pagesMin * managed) / lowmemPages);
    const clamped = zones[row + Z_TYPE] === ZONE_MOVABLE && rules.movableMinClamped;
    const min = clamped ? Math.min(Math.max(Math.floor(managed / 1024), 32), 128) : share;
    const scaled = Math.floor((managed * sysctls[SYSCTL_WATERMARK_SCALE_FACTOR]) / 10_000);
    const gap = Math.max(Math.floor(share / 4), scaled);
    zones[row + MARK_MIN] = min;
    zones[row + Z_WMARK_LOW] = min + gap;
    zones[row + Z_WMARK_HIGH] = min + 2 * gap;
    zones[row + Z_WMARK_PROMO] = min + 3 * gap;
    zones[row + BOOST] = 0;
  }
  setupTotalReserve(memory);
}

/** Recomputes what each zone keeps from requests that could have used a higher zone of its node. */
export function setupLowmemReserve(memory: Memory): void {
  const { zones } = memory;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ROW;
    const type = zones[row + Z_TYPE];
    const ratio = LOWMEM_RESERVE_RATIO[type];
    let above = 0;
    for (let highest = 0; highest < ZONE_TYPES; highest++) {
      if (highest > type) above += managedOfType(memory, zones[row + Z_NODE], highest);
      const none = highest <= type || ratio === 0 || zones[row + Z_MANAGED] === 0;
      zones[row + RESERVE + highest] = none ? 0 : Math.floor(above / ratio);
    }
  }
  setupTotalReserve(memory);
}

function setupTotalReserve(memory: Memory): void {
  let total = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    let reserve = 0;
    for (let highest = 0; highest < ZONE_TYPES; highest++) {
      reserve = Math.max(reserve, field(memory, zone, RESERVE + highest));
    }
    total += Math.min(field(memory, zone, Z_MANAGED), reserve + field(memory, zone, Z_WMARK_HIGH));
  }
  memory.scalars[S_TOTAL_RESERVE] = total;
}

/** Raises the zone's watermarks by one pageblock after a fallback, up to 1.5 × high; false when boosting does not apply. */
export function boostWatermark(memory: Memory, zone: number): boolean {
  const { zones, sysctls } = memory;
  const row = zone * ROW;
  const factor = sysctls[SYSCTL_WATERMARK_BOOST_FACTOR];
  if (factor === 0 || PAGEBLOCK_PAGES * 4 > zones[row + Z_MANAGED]) return false;
  const highest = Math.floor((zones[row + Z_WMARK_HIGH] * factor) / 10_000);
  if (highest === 0) return false;
  zones[row + BOOST] = Math.min(zones[row + BOOST] + PAGEBLOCK_PAGES, Math.max(PAGEBLOCK_PAGES, highest));
  return true;
}

/** The zone's watermark that `rights` name, raised by its boost. */
export function effectiveMark(memory: Memory, zone: number, rights: number): number {
  const row = zone * ROW;
  return memory.zones[row + MARK_MIN + (rights & ALLOC_WMARK_MASK)] + memory.zones[row + BOOST];
}

/**
 * Pages of the zone that an order-0 request with these rights may take before the watermark test fails; ≤ 0 when it fails
 * now. The test lets a request through while free > mark + reserve, so the last page taken leaves exactly that many.
 */
export function pagesAboveMark(
  memory: Memory,
  zone: number,
  mark: number,
  highestType: number,
  rights: number,
): number {
  const { zones } = memory;
  const row = zone * ROW;
  let min = mark;
  if ((rights & ALLOC_RESERVES) !== 0) {
    if ((rights & ALLOC_MIN_RESERVE) !== 0) {
      min -= Math.floor(min / 2);
      if ((rights & ALLOC_NON_BLOCK) !== 0) min -= Math.floor(min / 4);
    }
    if ((rights & ALLOC_OOM) !== 0) min -= Math.floor(min / 2);
  } else {
    min += zones[row + (memory.rules.highatomicFreeInWatermark ? ATOMIC_FREE : ATOMIC_RESERVED)];
  }
  return zones[row + FREE_PAGES] - min - zones[row + RESERVE + highestType];
}

/** The kernel's watermark test: would 2^order pages leave more than mark + reserve, and is there a block that large? */
export function isWatermarkOk(
  memory: Memory,
  zone: number,
  order: number,
  mark: number,
  highestType: number,
  rights: number,
): boolean {
  if (pagesAboveMark(memory, zone, mark, highestType, rights) - ((1 << order) - 1) <= 0) return false;
  if (order === 0) return true;
  const { freeCount } = memory;
  const base = zone * ZONE_LISTS;
  const mayUseHighatomic = (rights & (ALLOC_HIGHATOMIC | ALLOC_OOM)) !== 0;
  for (let found = order; found <= TOP_ORDER; found++) {
    const at = base + found * TYPES;
    for (let type = 0; type < MIXING_TYPES; type++) if (freeCount[at + type] > 0) return true;
    if (mayUseHighatomic && freeCount[at + ATOMIC] > 0) return true;
  }
  return false;
}

function field(memory: Memory, zone: number, offset: number): number {
  return memory.zones[zone * ROW + offset];
}

/** Managed pages as they were when the kernel computed its watermarks: without initrd and init sections. */
export function bootManaged(memory: Memory, zone: number): number {
  return field(memory, zone, Z_MANAGED) - field(memory, zone, Z_LATE_MANAGED);
}

function managedOfType(memory: Memory, node: number, type: number): number {
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (field(memory, zone, Z_NODE) === node && field(memory, zone, Z_TYPE) === type) {
      return bootManaged(memory, zone);
    }
  }
  return 0;
}
