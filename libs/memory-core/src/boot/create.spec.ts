import { describe, expect, it } from '@jest/globals';
import { auditMemory } from '../state/audit.js';
import { createMemory } from './create.js';
import { SYSCTL_MIN_FREE_KBYTES } from '../layout/memory.js';
import { readUsage } from '../views/usage.js';
import type { ZoneUsage } from '../views/usage.js';
import { Z_RESERVE, ZONE_FIELDS } from '../layout/zone-fields.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const marksOf = ({ watermarks }: ZoneUsage): number[] => [
  watermarks.minPages,
  watermarks.lowPages,
  watermarks.highPages,
];

describe('createMemory', () => {
  // Recorded boot values of Debian guests under QEMU; managed pages within 0.2 %, marks of the small guests exact.
  it('boots a 256 MiB guest as 6.12 does', () => {
    const memory = createMemory({ ramBytes: 256 * MIB });
    const [dma, dma32] = readUsage(memory).zones as [ZoneUsage, ZoneUsage];
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(1830);
    expect([dma.spannedPages, dma.presentPages, dma.managedPages]).toEqual([4095, 3998, 3840]);
    expect([dma32.spannedPages, dma32.presentPages + 32]).toEqual([61_440, 61_440]);
    expect(Math.abs(dma32.managedPages - 50_608)).toBeLessThan(100);
    expect([marksOf(dma), marksOf(dma32)]).toEqual([
      [33, 41, 49],
      [423, 528, 633],
    ]);
    expect(memory.zones[Z_RESERVE + 2]).toBe(189);
  });

  it('boots a 256 MiB guest as 6.1 does', () => {
    const memory = createMemory({ ramBytes: 256 * MIB, kernelProfile: '6.1' });
    const dma32 = readUsage(memory).zones[1];
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(1794);
    expect(Math.abs(dma32.managedPages - 48_851)).toBeLessThan(100);
    expect(marksOf(dma32)).toEqual([413, 516, 619]);
  });

  it('boots a 4 GiB guest with huge pages, RAM split at the hole below 4 GiB', () => {
    const memory = createMemory({ ramBytes: 4 * GIB });
    const [dma, dma32, normal] = readUsage(memory).zones as [ZoneUsage, ZoneUsage, ZoneUsage];
    expect(memory.sysctls[SYSCTL_MIN_FREE_KBYTES]).toBe(67_584);
    expect(marksOf(dma)).toEqual([64, 80, 96]);
    expect([dma32.presentPages, normal.presentPages]).toEqual([782_304, 262_144]);
    expect(Math.abs(dma32.managedPages - 756_365)).toBeLessThan(400);
    expect(Math.abs(normal.managedPages - 243_837)).toBeLessThan(400);
    expect(Math.abs(dma32.watermarks.minPages - 12_719)).toBeLessThan(10);
    expect(Math.abs(memory.zones[Z_RESERVE + 2] - 3898)).toBeLessThan(5);
    expect(memory.zones[ZONE_FIELDS + Z_RESERVE + 2]).toBe(953);
    expect(auditMemory(memory)).toEqual([]);
  });

  it.each([64 * MIB, 256 * MIB, 1.5 * GIB, 16 * GIB])('is sound at %p bytes', (ramBytes) => {
    const memory = createMemory({ ramBytes });
    const usage = readUsage(memory);
    expect(auditMemory(memory)).toEqual([]);
    expect(usage.freePages).toBe(usage.totalPages);
    expect(usage.availablePages).toBeLessThan(usage.freePages);
  });

  it('holds 256 GiB without losing a page', () => {
    const usage = readUsage(createMemory({ ramBytes: 256 * GIB }));
    const present = usage.zones.reduce((pages, zone) => pages + zone.presentPages, 0);
    expect(present).toBe(256 * 262_144 - 1 - 97 - 32);
    expect(usage.freePages / present).toBeGreaterThan(0.98);
  });

  it.each([
    [{ ramBytes: 0 }, 'ramBytes must be from 64 MiB to 1 TiB, got 0'],
    [{ ramBytes: 63 * MIB }, 'ramBytes must be'],
    [{ ramBytes: 2 * 2 ** 40 }, 'ramBytes must be'],
    [{ ramBytes: 256 * MIB + 1 }, 'ramBytes must be'],
    [{ ramBytes: Number.NaN }, 'ramBytes must be'],
    [{ ramBytes: GIB, numaNodes: 0 }, 'numaNodes must be'],
    [{ ramBytes: 256 * MIB, numaNodes: 8 }, 'numaNodes must be'],
    [{ ramBytes: GIB, movableBytes: GIB }, 'movableBytes must leave'],
  ])('refuses %p', (options, message) => {
    expect(() => createMemory(options)).toThrow(message);
  });

  it('spreads nodes evenly and gives each its own zones', () => {
    const memory = createMemory({ ramBytes: 512 * MIB, numaNodes: 2 });
    expect(readUsage(memory).zones.map(({ node, name, startPfn }) => [node, name, startPfn])).toEqual([
      [0, 'DMA', 1],
      [0, 'DMA32', 4096],
      [1, 'DMA32', 65_536],
    ]);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('cuts the Movable zone from the top', () => {
    const memory = createMemory({ ramBytes: GIB, movableBytes: 640 * MIB });
    const zones = readUsage(memory).zones;
    expect(zones.map(({ name }) => name)).toEqual(['DMA', 'DMA32', 'Movable']);
    expect(zones[2].startPfn % 1024).toBe(0);
    expect(zones[2].spannedPages).toBeLessThanOrEqual(163_840);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('costs at most 10 bytes a page', () => {
    for (const gib of [0.25, 4, 64]) {
      const memory = createMemory({ ramBytes: gib * GIB });
      expect(memory.buffer.byteLength / (gib * 262_144)).toBeLessThanOrEqual(10);
    }
  });
});
