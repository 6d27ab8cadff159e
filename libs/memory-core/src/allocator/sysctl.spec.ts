import { describe, expect, it } from '@jest/globals';
import { zoneField } from '../../test/support/zone.js';
import { createMemoryOn } from '../boot/create.js';
import { ZONE_DMA, ZONE_DMA32 } from '../layout/constants.js';
import { SYSCTL_MIN_FREE_KBYTES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { PCP_FIELDS, P_BATCH, P_HIGH_MAX, P_HIGH_MIN } from '../layout/pcp-fields.js';
import { ZONE_FIELDS, Z_MANAGED, Z_RESERVE, Z_WMARK_HIGH, Z_WMARK_LOW, Z_WMARK_MIN } from '../layout/zone-fields.js';
import {
  readLowmemReserveRatio,
  recomputeZones,
  setTransparentHugepages,
  writeMinFreeKbytes,
  writeWatermarkBoostFactor,
  writeWatermarkScaleFactor,
} from './sysctl.js';
import { boostWatermark } from './watermark.js';

/** The 512 MiB guest of the recordings: DMA 3840 and DMA32 `managed` pages. */
function recordedGuest(managed: number, lateManagedPages = 0): Memory {
  const dma = { startPfn: 0, endPfn: 4096 };
  const dma32 = { startPfn: 4096, endPfn: 4096 + Math.ceil(managed / 1024) * 1024 };
  return createMemoryOn({
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    transparentHugepages: false,
    addressSpaces: false,
    swapPages: 0,
    filePages: 0,
    cpus: 1,
    machine: {
      zones: [
        {
          node: 0,
          type: ZONE_DMA,
          range: dma,
          holes: [],
          reserved: [{ startPfn: 3840, endPfn: 4096 }],
          lateManagedPages: 0,
        },
        {
          node: 0,
          type: ZONE_DMA32,
          range: dma32,
          holes: [],
          reserved: dma32.endPfn > 4096 + managed ? [{ startPfn: 4096 + managed, endPfn: dma32.endPfn }] : [],
          lateManagedPages,
        },
      ],
      holeStartPfn: dma32.endPfn,
      holePages: 0,
    },
  });
}

const marks = (memory: Memory, zone: number): number[] =>
  [Z_WMARK_MIN, Z_WMARK_LOW, Z_WMARK_HIGH].map((field) => zoneField(memory, field, zone));

/** What a balloon of so many pages does to the zone's managed pages. */
function balloon(memory: Memory, zone: number, pages: number): void {
  memory.zones[zone * ZONE_FIELDS + Z_MANAGED] -= pages;
}

describe('sysctls that move watermarks', () => {
  it('a balloon moves no watermark; a write does, from the managed pages it left (recorded: watermarks-512-6.12)', () => {
    const memory = recordedGuest(115_020, 2071);
    expect([marks(memory, 0), marks(memory, 1)]).toEqual([
      [22, 27, 32],
      [660, 825, 990],
    ]);
    balloon(memory, 1, 115_020 - 61_772);
    expect(marks(memory, 1)).toEqual([660, 825, 990]);
    writeMinFreeKbytes(memory, 8192);
    expect([marks(memory, 0), marks(memory, 1)]).toEqual([
      [119, 148, 177],
      [1928, 2410, 2892],
    ]);
    writeMinFreeKbytes(memory, 65_536);
    expect([marks(memory, 0), marks(memory, 1)]).toEqual([
      [958, 1197, 1436],
      [15_425, 19_281, 23_137],
    ]);
    writeMinFreeKbytes(memory, 2733);
    expect([marks(memory, 0), marks(memory, 1)]).toEqual([
      [39, 48, 57],
      [643, 803, 963],
    ]);
  });

  it('the scale factor widens the gaps (recorded: watermarks-512-6.12)', () => {
    const memory = recordedGuest(61_772);
    writeMinFreeKbytes(memory, 2733);
    const high = (factor: number): number[] => {
      writeWatermarkScaleFactor(memory, factor);
      return marks(memory, 1);
    };
    expect([100, 300, 1000].map(high)).toEqual([
      [643, 1260, 1877],
      [643, 2496, 4349],
      [643, 6820, 12_997],
    ]);
    expect(marks(memory, 0)).toEqual([39, 423, 807]);
  });

  it('per-CPU bounds follow the same managed pages', () => {
    const memory = recordedGuest(115_020);
    const bounds = (): number[] => [P_BATCH, P_HIGH_MIN, P_HIGH_MAX].map((field) => memory.pcp[PCP_FIELDS + field]);
    balloon(memory, 1, 115_020 - 61_772);
    expect(bounds()[0]).toBe(31);
    writeMinFreeKbytes(memory, 65_536);
    expect(bounds()).toEqual([15, 19_281, 7721]);
    balloon(memory, 1, 61_772 - 12_620);
    writeMinFreeKbytes(memory, 2733);
    expect(bounds()[0]).toBe(3);
  });

  it('huge pages raise min_free_kbytes to a twentieth of memory (recorded: thp-pressure-512-6.12)', () => {
    const memory = recordedGuest(115_024, 2071);
    setTransparentHugepages(memory, true);
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(23_568);
    expect([marks(memory, 0), marks(memory, 1)]).toEqual([
      [190, 237, 284],
      [5701, 7126, 8551],
    ]);
    setTransparentHugepages(memory, false);
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBeLessThan(2800);
  });

  it('what somebody wrote stays when the kernel would choose less', () => {
    const memory = recordedGuest(115_024);
    writeMinFreeKbytes(memory, 8192);
    recomputeZones(memory);
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(8192);
    writeMinFreeKbytes(memory, 100);
    recomputeZones(memory);
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBeGreaterThan(2700);
  });

  it('reading lowmem_reserve_ratio recomputes the reserves, from memory freed after boot too (recorded: 441 → 449)', () => {
    const memory = recordedGuest(115_024, 2071);
    expect(zoneField(memory, Z_RESERVE + ZONE_DMA32, 0)).toBe(441);
    readLowmemReserveRatio(memory);
    expect(zoneField(memory, Z_RESERVE + ZONE_DMA32, 0)).toBe(449);
  });

  it('the boost factor limits later boosts and moves nothing now', () => {
    const memory = recordedGuest(115_024);
    const before = marks(memory, 1);
    writeWatermarkBoostFactor(memory, 0);
    expect(boostWatermark(memory, 1)).toBe(false);
    expect(marks(memory, 1)).toEqual(before);
  });
});
