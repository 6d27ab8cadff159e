import { describe, expect, it } from '@jest/globals';
import { allocatePages } from '../request/allocate.js';
import { balloonPageAllocList, balloonPageListEnqueue, createBalloonDevice } from '../balloon/balloon.js';
import { createMemory } from '../boot/create.js';
import { fragmentationIndex, unusableIndex } from '../compaction/fragmentation.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { createOwner, growOwner } from '../owners/owner.js';
import { procText } from './proc-text.js';
import type { KernelProfile } from '../layout/profile.js';
import { aZone } from '../../test/support/zone.js';
import { addStall, advancePsi } from '../reclaim/psi.js';
import { vmstat } from './vmstat.js';

function inflate(memory: Memory, pages: number): void {
  const device = createBalloonDevice(memory, true);
  const pfns = new Int32Array(pages);
  balloonPageListEnqueue(memory, device, pfns, balloonPageAllocList(memory, pfns, pages));
}

/** A zone whose free lists look as given, for the index formulas; nothing else of it is right. */
function withFree(counts: readonly number[]): Memory {
  const memory = aZone(1024);
  memory.freeCount.fill(0);
  counts.forEach((count, order) => (memory.freeCount[order * 5 + 1] = count));
  return memory;
}

describe('files of /proc', () => {
  it('case 115: buddyinfo, byte for byte', () => {
    const memory = aZone(4096);
    allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
    expect(procText(memory, 'BUDDYINFO')).toBe(
      'Node 0, zone   Normal      1      1      1      1      1      1      1      1      1      1      3 \n',
    );
  });

  it('case 118: vmstat lines have one space and no padding, and end with nr_unstable', () => {
    const memory = aZone(4096);
    inflate(memory, 5);
    const lines = procText(memory, 'VMSTAT').split('\n');
    expect(lines).toContain('balloon_inflate 5');
    expect(lines.slice(-2)).toEqual(['nr_unstable 0', '']);
    expect(lines[0]).toBe('nr_free_pages 4091');
  });

  it('case 119: the Balloon line of meminfo, where the release has it', () => {
    const texts = (['6.1', '6.12', '7.0'] as KernelProfile[]).map((kernelProfile) => {
      const memory = aZone(4096, { kernelProfile });
      inflate(memory, 300);
      return procText(memory, 'MEMINFO');
    });
    expect(texts.map((text) => text.includes('Balloon:'))).toEqual([false, false, true]);
    expect(texts[2]).toContain('Balloon:            1200 kB\n');
  });

  it('case 120: extfrag −500 prints as C prints it, and unusable_index unpadded', () => {
    const memory = withFree([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(procText(memory, 'EXTFRAG_INDEX')).toBe(`Node 0, zone   Normal ${'-1.000 '.repeat(9)} 0.-500  0.-250 \n`);
    expect(procText(withFree([100, 50, 20, 4, 1]), 'EXTFRAG_INDEX')).toBe(
      `Node 0, zone   Normal ${'-1.000 '.repeat(5)} 0.936  0.965  0.980  0.987  0.991  0.993 \n`,
    );
    expect(procText(withFree([1]), 'EXTFRAG_INDEX')).toContain(' 0.-01 ');
    expect(procText(withFree([100, 50, 20, 4, 1]), 'UNUSABLE_INDEX')).toBe(
      `Node 0, zone   Normal 0.000 0.304 0.609 0.853 0.951 ${'1.000 '.repeat(6)}\n`,
    );
  });

  it('pressure: two lines, averages with two decimals, totals in microseconds', () => {
    const memory = aZone(1024);
    const zero = 'avg10=0.00 avg60=0.00 avg300=0.00';
    expect(procText(memory, 'PRESSURE_MEMORY')).toBe(`some ${zero} total=0\nfull ${zero} total=0\n`);
    addStall(memory, 1_000_000, 250_000);
    advancePsi(memory, 2_000_000);
    expect(procText(memory, 'PRESSURE_MEMORY')).toMatch(
      /^some avg10=9\.\d\d avg60=1\.\d\d avg300=0\.\d\d total=1000000\nfull avg10=2\.\d\d avg60=0\.\d\d avg300=0\.\d\d total=250000\n$/,
    );
  });

  it('pads meminfo as Linux does', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    growOwner(memory, createOwner(memory, 'FILE'), 741);
    const lines = procText(memory, 'MEMINFO').split('\n');
    expect(lines[0]).toBe('MemTotal:         217764 kB');
    expect(lines).toContain('Cached:             2964 kB');
    expect(lines).toContain('Inactive(anon):        0 kB');
    expect(lines).toContain('VmallocTotal:   34359738367 kB');
    expect(lines).toContain('HardwareCorrupted:     0 kB');
    expect(lines).toContain('HugePages_Total:       0');
    expect(lines).toContain('Hugepagesize:       2048 kB');
  });

  it('vmstat counts allocations, frees and balloon pages', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    inflate(memory, 1000);
    const values = new Map(vmstat(memory));
    expect([values.get('pgalloc_dma32'), values.get('balloon_inflate'), values.get('balloon_deflate')]).toEqual([
      1000, 1000, 0,
    ]);
    expect(values.size).toBe(185);
    expect(new Map(vmstat(createMemory({ ramBytes: 2 ** 28, kernelProfile: '6.1' }))).size).toBe(173);
  });
});

describe('fragmentation', () => {
  it('case 88: the index for vectors of free blocks', () => {
    const memory = withFree([100, 50, 20, 4, 1]);
    const orders = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(orders.map((order) => fragmentationIndex(memory, 0, order))).toEqual([
      -1000, -1000, -1000, -1000, -1000, 936, 965, 980, 987, 991, 993,
    ]);
    expect(orders.slice(0, 6).map((order) => unusableIndex(memory, 0, order))).toEqual([0, 304, 609, 853, 951, 1000]);
    const mixed = withFree([10, 5, 3, 0, 2, 0, 0, 0, 0, 1, 1]);
    expect(orders.map((order) => unusableIndex(mixed, 0, order))).toEqual([0, 6, 12, 20, 20, 40, 40, 40, 40, 40, 360]);
    const one = (order: number, count: number, wanted: number): number => {
      const counts = new Array<number>(11).fill(0);
      counts[order] = count;
      return fragmentationIndex(withFree(counts), 0, wanted);
    };
    expect([one(8, 1, 9), one(8, 2, 9), one(0, 1, 9), one(0, 512, 9), one(0, 256, 9), one(0, 100, 4)]).toEqual([
      -500, 0, -1, 997, 995, 928,
    ]);
    expect([fragmentationIndex(withFree([]), 0, 4), unusableIndex(withFree([]), 0, 4)]).toEqual([0, 1000]);
  });
});
