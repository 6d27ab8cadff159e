import { describe, expect, it } from '@jest/globals';
import { takeSmallest } from './buddy.js';
import { MOVABLE, ZONE_DMA, ZONE_DMA32, ZONE_MOVABLE, ZONE_NORMAL } from '../layout/constants.js';
import { createMemoryOn } from '../boot/create.js';
import {
  SYSCTL_MIN_FREE_KBYTES,
  SYSCTL_WATERMARK_BOOST_FACTOR,
  SYSCTL_WATERMARK_SCALE_FACTOR,
  S_TOTAL_RESERVE,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import type { KernelProfile } from '../layout/profile.js';
import { aZone, zoneField } from '../../test/support/zone.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import {
  ALLOC_MIN_RESERVE,
  ALLOC_NON_BLOCK,
  ALLOC_OOM,
  ALLOC_WMARK_LOW,
  boostWatermark,
  effectiveMark,
  isWatermarkOk,
  pagesAboveMark,
  setupLowmemReserve,
  setupWatermarks,
} from './watermark.js';
import {
  Z_BOOST,
  Z_FREE,
  Z_MANAGED,
  Z_RESERVE,
  Z_WMARK_HIGH,
  Z_WMARK_LOW,
  Z_WMARK_MIN,
  Z_WMARK_PROMO,
  ZONE_FIELDS,
} from '../layout/zone-fields.js';

const marks = (memory: Memory, zone = 0): number[] =>
  [Z_WMARK_MIN, Z_WMARK_LOW, Z_WMARK_HIGH, Z_WMARK_PROMO].map((field) => zoneField(memory, field, zone));

const reserves = (memory: Memory, zone: number): number[] =>
  [0, 1, 2, 3].map((type) => zoneField(memory, Z_RESERVE + type, zone));

/** A zone of exactly `managed` pages, with what is missing to the pageblock reserved. */
function machine(sizes: readonly [type: number, managed: number][], kernelProfile: KernelProfile = '6.12'): Memory {
  let startPfn = 0;
  const zones = sizes.map(([type, managed]) => {
    const endPfn = startPfn + Math.ceil(managed / 1024) * 1024;
    const reserved = endPfn - startPfn > managed ? [{ startPfn: startPfn + managed, endPfn }] : [];
    const plan = { node: 0, type, range: { startPfn, endPfn }, holes: [], reserved, lateManagedPages: 0 };
    startPfn = endPfn;
    return plan;
  });
  return createMemoryOn({
    kernelProfile,
    memoryBallooning: true,
    balloonCompaction: true,
    transparentHugepages: false,
    cpus: 1,
    addressSpaces: false,
    swapPages: 0,
    filePages: 0,
    machine: { zones, holeStartPfn: startPfn, holePages: 0 },
  });
}

describe('watermarks', () => {
  it('case 21: one Normal zone of 1 GiB', () => {
    const memory = aZone(262_144, { watermarks: true });
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(4096);
    expect(marks(memory)).toEqual([1024, 1286, 1548, 1810]);
  });

  it('case 22: DMA, DMA32 and Normal of a 4 GiB guest, and what they keep from higher requests', () => {
    const memory = machine([
      [ZONE_DMA, 3840],
      [ZONE_DMA32, 765_952],
      [ZONE_NORMAL, 262_144],
    ]);
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(8126);
    expect([0, 1, 2].map((zone) => marks(memory, zone))).toEqual([
      [7, 10, 13, 16],
      [1507, 2272, 3037, 3802],
      [515, 777, 1039, 1301],
    ]);
    expect(reserves(memory, 0)).toEqual([0, 2992, 4016, 4016]);
    expect(reserves(memory, 1)).toEqual([0, 0, 1024, 1024]);
    expect(reserves(memory, 2)).toEqual([0, 0, 0, 0]);
    expect(memory.scalars[S_TOTAL_RESERVE]).toBe(3840 + (1024 + 3037) + 1039);
  });

  it('gives the Movable zone a small min on 6.12 and a proportional one on 6.1', () => {
    const sizes: [number, number][] = [
      [ZONE_DMA32, 524_288],
      [ZONE_NORMAL, 524_288],
      [ZONE_MOVABLE, 524_288],
    ];
    const memory = machine(sizes);
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(8192);
    expect(marks(memory, 0)).toEqual([1024, 1548, 2072, 2596]);
    expect(marks(memory, 2)).toEqual([128, 652, 1176, 1700]);
    // A third of the 2048 pages: there the Movable zone shares with the others.
    expect(marks(machine(sizes, '6.1'), 2)[0]).toBe(682);
  });

  it('keeps 64 MiB alive with a quarter of its min between the marks', () => {
    const memory = aZone(16_384, { watermarks: true });
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(1024);
    expect(marks(memory)).toEqual([256, 320, 384, 448]);
  });

  it('case 23: the test is strict', () => {
    const memory = aZone(262_144, { watermarks: true });
    memory.zones[Z_FREE] = 1024;
    expect(isWatermarkOk(memory, 0, 0, 1024, ZONE_NORMAL, 0)).toBe(false);
    memory.zones[Z_FREE] = 1025;
    expect(isWatermarkOk(memory, 0, 0, 1024, ZONE_NORMAL, 0)).toBe(true);
    expect(pagesAboveMark(memory, 0, 1024, ZONE_NORMAL, 0)).toBe(1);
  });

  it('case 24: a high order also needs a block that large', () => {
    const memory = aZone(65_536);
    while (takeSmallest(memory, 0, 10, MOVABLE) >= 0);
    memory.tag.fill(TAG_ALLOCATED);
    memory.zones[Z_FREE] = 32_768;
    memory.freeCount[8 * 5 + MOVABLE] = 128;
    expect(isWatermarkOk(memory, 0, 8, 1000, ZONE_NORMAL, 0)).toBe(true);
    expect(isWatermarkOk(memory, 0, 9, 1000, ZONE_NORMAL, 0)).toBe(false);
  });

  it('case 25: five boosts reach 1.5 × high and stay there; the marks rise with them', () => {
    const memory = aZone(262_144, { watermarks: true });
    const boosts = [1, 2, 3, 4, 5, 6].map(() => {
      expect(boostWatermark(memory, 0)).toBe(true);
      return zoneField(memory, Z_BOOST);
    });
    expect(boosts).toEqual([512, 1024, 1536, 2048, 2322, 2322]);
    expect(effectiveMark(memory, 0, ALLOC_WMARK_LOW)).toBe(1286 + 2322);
  });

  it('case 26: a boost factor of 0 turns boosting off', () => {
    const memory = aZone(262_144, { watermarks: true });
    memory.sysctls[SYSCTL_WATERMARK_BOOST_FACTOR] = 0;
    expect([boostWatermark(memory, 0), zoneField(memory, Z_BOOST)]).toEqual([false, 0]);
  });

  it('case 27: a zone below 2048 managed pages is never boosted', () => {
    const memory = machine([[ZONE_NORMAL, 2000]]);
    expect([boostWatermark(memory, 0), zoneField(memory, Z_BOOST)]).toEqual([false, 0]);
    expect(boostWatermark(machine([[ZONE_NORMAL, 2048]]), 0)).toBe(true);
  });

  it('case 28: writing watermark_scale_factor widens the gaps and clears the boost', () => {
    const memory = aZone(262_144, { watermarks: true });
    boostWatermark(memory, 0);
    memory.sysctls[SYSCTL_WATERMARK_SCALE_FACTOR] = 1000;
    setupWatermarks(memory);
    expect(marks(memory).slice(0, 2)).toEqual([1024, 27_238]);
    expect(zoneField(memory, Z_BOOST)).toBe(0);
  });

  it('lets rights reach below the mark: half for high priority, another quarter when it cannot wait, half for an OOM victim', () => {
    const memory = aZone(262_144, { watermarks: true });
    memory.zones[Z_FREE] = 1000;
    const room = (rights: number): number => pagesAboveMark(memory, 0, 800, ZONE_NORMAL, rights);
    expect(room(0)).toBe(200);
    expect(room(ALLOC_MIN_RESERVE)).toBe(600);
    expect(room(ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK)).toBe(700);
    expect(room(ALLOC_OOM)).toBe(600);
  });

  it('recomputes reserves from the managed pages of the moment', () => {
    const memory = machine([
      [ZONE_DMA, 3840],
      [ZONE_DMA32, 262_144],
    ]);
    memory.zones[ZONE_FIELDS + Z_MANAGED] = 131_072;
    setupLowmemReserve(memory);
    expect(reserves(memory, 0)).toEqual([0, 512, 512, 512]);
  });
});
