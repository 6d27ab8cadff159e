import { describe, expect, it } from '@jest/globals';
import { aZone, expectSound, freeCountOf, freeList, zonesOf } from '../../test/support/zone.js';
import { ISOLATE, NIL, UNMOVABLE, ZONE_DMA32 } from '../layout/constants.js';
import { EV_PGALLOC, EV_PGFREE } from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import {
  PCP_FIELDS,
  P_ALLOC_FACTOR,
  P_BATCH,
  P_COUNT,
  P_FREE_COUNT,
  P_FREE_FACTOR,
  P_HIGH,
  P_HIGH_MAX,
  P_HIGH_MIN,
  P_LIMIT,
  P_MOST_FREE_COUNT,
} from '../layout/pcp-fields.js';
import { ZONE_BELOW_HIGH, Z_PCP_FLAGS } from '../layout/zone-fields.js';
import { allocatePages } from '../request/allocate.js';
import { freePages } from './free.js';
import { retypePageblock } from './pageblock.js';
import { setPcpFlag } from './pcp-flags.js';
import { disablePcp, drainAllPages, enablePcp, pcpBatch, refreshVmstat } from './pcp-setup.js';

const USER = Gfp.HIGHUSER_MOVABLE;

const word = (memory: Memory, field: number, slot = 0): number => memory.pcp[slot * PCP_FIELDS + field];

/** One zone without watermarks and with per-CPU lists of this batch; high marks as given. */
function withBatch(
  batch: number,
  options: { kernelProfile?: '6.1' | '6.12'; high?: number; highMax?: number } = {},
): Memory {
  const memory = aZone(16_384, { pcp: true, kernelProfile: options.kernelProfile ?? '6.12' });
  const high = options.high ?? batch * 4;
  memory.pcp.set([0, high, high, options.highMax ?? high, batch], 0);
  memory.pcp[P_LIMIT] = 0;
  if (memory.rules.tunesPcp) memory.pcp[P_MOST_FREE_COUNT] = batch * 32;
  return memory;
}

function take(memory: Memory, count: number, order = 0): number[] {
  return Array.from({ length: count }, () => allocatePages(memory, order, USER));
}

describe('per-CPU lists', () => {
  it('case 29: the batch follows the size of the zone', () => {
    expect([8192, 16_384, 32_768, 65_536, 131_072, 262_144].map(pcpBatch)).toEqual([1, 3, 7, 15, 31, 63]);
  });

  it('case 30: an allocation from an empty list takes a batch from the zone', () => {
    const memory = withBatch(63, { kernelProfile: '6.1' });
    const before = freeCountOf(memory);
    take(memory, 1);
    expect(before - freeCountOf(memory)).toBe(63);
    expect(word(memory, P_COUNT)).toBe(62);
  });

  it('case 31: the page freed last is taken first, and the zone hears nothing of it', () => {
    const memory = withBatch(15);
    const [, pfn] = take(memory, 2);
    const free = freeCountOf(memory);
    const [allocated, freed] = [memory.events[EV_PGALLOC + 2], memory.events[EV_PGFREE]];
    freePages(memory, pfn, 0);
    expect(allocatePages(memory, 0, USER)).toBe(pfn);
    expect(memory.events[EV_PGALLOC + 2] - allocated).toBe(1);
    expect(memory.events[EV_PGFREE] - freed).toBe(1);
    expect(freeCountOf(memory)).toBe(free);
  });

  it('case 32: a page of an isolated pageblock goes past the lists and is no free page', () => {
    const memory = withBatch(15);
    const [pfn] = take(memory, 1);
    retypePageblock(memory, 0, ISOLATE);
    const [count, free] = [word(memory, P_COUNT), freeCountOf(memory)];
    freePages(memory, pfn, 0);
    expect(word(memory, P_COUNT)).toBe(count);
    expect(freeList(memory, 0, ISOLATE)).toContain(pfn);
    expect(freeCountOf(memory)).toBe(free);
  });

  it.each([4, 5, 8, 10])('case 33: blocks of order %i never touch the lists', (order) => {
    const memory = withBatch(15);
    const pfn = allocatePages(memory, order, USER);
    expect(word(memory, P_COUNT)).toBe(0);
    freePages(memory, pfn, order);
    expect(word(memory, P_COUNT)).toBe(0);
    expect(freeCountOf(memory)).toBe(16_384);
  });

  it('case 34: draining all lists gives the zone exactly what they held', () => {
    const memory = withBatch(15);
    for (const order of [0, 1, 2, 3, 9]) take(memory, 3, order);
    const [free, held] = [freeCountOf(memory), word(memory, P_COUNT)];
    expect(held).toBeGreaterThan(0);
    drainAllPages(memory);
    expect(word(memory, P_COUNT)).toBe(0);
    expect(freeCountOf(memory) - free).toBe(held);
    expectSound(memory);
  });

  it('disabled, the lists keep nothing, and enabled again they have the bounds of before', () => {
    const memory = zonesOf([{ pages: 65_536, type: ZONE_DMA32 }], { pcp: true, watermarks: true });
    const bounds = [P_BATCH, P_HIGH_MIN, P_HIGH_MAX].map((field) => word(memory, field));
    const pages = take(memory, 40);
    disablePcp(memory, 0);
    const free = freeCountOf(memory);
    freePages(memory, pages[0], 0);
    expect(freeCountOf(memory)).toBe(free + 1);
    expect(word(memory, P_COUNT)).toBe(0);
    enablePcp(memory, 0);
    expect([P_BATCH, P_HIGH_MIN, P_HIGH_MAX].map((field) => word(memory, field))).toEqual(bounds);
    freePages(memory, pages[1], 0);
    expect(word(memory, P_COUNT)).toBe(1);
  });
});

describe('per-CPU lists of 6.12', () => {
  it('refill twice as much each time up to 32 batches, and a free halves the next one', () => {
    const memory = withBatch(15, { high: 60, highMax: 100_000 });
    const refills: number[] = [];
    for (let round = 0; round < 8; round++) {
      const free = freeCountOf(memory);
      take(memory, 1);
      refills.push(free - freeCountOf(memory));
      take(memory, word(memory, P_COUNT));
    }
    expect(refills).toEqual([15, 30, 60, 120, 240, 480, 480, 480]);
    expect(word(memory, P_ALLOC_FACTOR)).toBe(5);
    freePages(memory, 0, 0);
    expect(word(memory, P_ALLOC_FACTOR)).toBe(2);
  });

  it('raise their high mark by what each refill takes, but not in a zone below its high watermark', () => {
    const memory = withBatch(15, { high: 60, highMax: 1000 });
    take(memory, 16);
    expect(word(memory, P_HIGH)).toBe(60 + 15 + 30);
    setPcpFlag(memory, 0, ZONE_BELOW_HIGH);
    take(memory, 30);
    expect(word(memory, P_HIGH)).toBe(105);
  });

  it('keep at least what was freed lately, and give back what lies above', () => {
    const memory = withBatch(15, { high: 60, highMax: 1000 });
    const pages = take(memory, 300);
    memory.pcp[P_HIGH] = 60;
    memory.pcp[P_LIMIT] = 0;
    memory.pcp[P_FREE_COUNT] = 0;
    drainAllPages(memory);
    for (const pfn of pages) freePages(memory, pfn, 0);
    // At 60 pages the mark rises to 75 and 45 go; from then on it leads by a batch.
    expect(word(memory, P_FREE_COUNT)).toBe(300);
    expect(word(memory, P_HIGH)).toBeLessThanOrEqual(315);
    expect(word(memory, P_COUNT)).toBeLessThan(word(memory, P_HIGH));
  });

  it('drain the list just freed to first, from its tail, then the others in order', () => {
    const memory = withBatch(15, { high: 60, highMax: 1000 });
    const kernel = Array.from({ length: 20 }, () => allocatePages(memory, 0, Gfp.KERNEL));
    const user = take(memory, 20);
    drainAllPages(memory);
    for (const pfn of kernel) freePages(memory, pfn, 0);
    for (const pfn of user) freePages(memory, pfn, 0);
    memory.pcp[P_HIGH] = 60;
    memory.pcp[P_LIMIT] = 0;
    memory.pcp[P_HIGH_MAX] = 60;
    memory.pcp[P_HIGH_MIN] = 41;
    setPcpFlag(memory, 0, ZONE_BELOW_HIGH);
    memory.pcp[P_FREE_COUNT] = 500;
    const pfn = allocatePages(memory, 0, USER);
    freePages(memory, pfn, 0);
    expect(word(memory, P_COUNT)).toBe(40);
    memory.pcp[P_HIGH_MIN] = 20;
    memory.pcp[P_LIMIT] = 0;
    freePages(memory, allocatePages(memory, 0, USER), 0);
    // 25 of 40 go: all 20 movable pages, oldest first, then the 5 oldest unmovable ones.
    expect(word(memory, P_COUNT)).toBe(15);
    expect(allocatePages(memory, 0, Gfp.KERNEL)).toBe(kernel[19]);
    expectSound(memory);
  });

  it('give 32 batches at once when blocks of order 1 to 3 are freed in a row', () => {
    const memory = withBatch(15, { high: 60, highMax: 4000 });
    const blocks = take(memory, 2, 2);
    const pages = take(memory, 700);
    drainAllPages(memory);
    memory.pcp[P_HIGH] = 4000;
    memory.pcp[P_LIMIT] = 0;
    for (const pfn of pages) freePages(memory, pfn, 0);
    freePages(memory, blocks[0], 2);
    expect(word(memory, P_COUNT)).toBe(704);
    freePages(memory, blocks[1], 2);
    expect(word(memory, P_COUNT)).toBeGreaterThanOrEqual(708 - 480 - 3);
    expect(word(memory, P_COUNT)).toBeLessThanOrEqual(708 - 480);
    expect(word(memory, P_HIGH)).toBe(4000 - 480);
  });

  it('sink each second by an eighth and give back what lies above the mark', () => {
    const memory = withBatch(15, { high: 60, highMax: 8000 });
    const pages = take(memory, 3000);
    drainAllPages(memory);
    memory.pcp[P_HIGH] = 5309;
    memory.pcp[P_LIMIT] = 0;
    for (const pfn of pages) freePages(memory, pfn, 0);
    const marks: number[] = [];
    for (let second = 0; second < 5; second++) {
      refreshVmstat(memory);
      marks.push(word(memory, P_HIGH));
    }
    expect(marks).toEqual([4646, 4066, 3558, 3114, 2725]); // recorded: inflate-deflate-256-6.12, "wait 3"
    expect(word(memory, P_COUNT)).toBe(2725);
  });

  it('have two lists of order 9, one for movable blocks', () => {
    const memory = withBatch(15, { highMax: 8000 });
    take(memory, 1, 9);
    expect(word(memory, P_COUNT)).toBe(512);
    const free = freeCountOf(memory);
    allocatePages(memory, 9, Gfp.KERNEL);
    expect(free - freeCountOf(memory)).toBe(1024);
    expect(word(memory, P_COUNT)).toBe(1024);
  });
});

describe('per-CPU lists of 6.1', () => {
  it('refill one batch each time and never sink by themselves', () => {
    const memory = withBatch(15, { kernelProfile: '6.1' });
    const free = freeCountOf(memory);
    take(memory, 46);
    expect(free - freeCountOf(memory)).toBe(60);
    refreshVmstat(memory);
    expect(word(memory, P_COUNT)).toBe(14);
  });

  it('give back twice as much each time while nobody allocates', () => {
    const memory = withBatch(3, { kernelProfile: '6.1', high: 60 });
    const pages = take(memory, 400);
    drainAllPages(memory);
    const drains: number[] = [];
    for (const pfn of pages) {
      const free = freeCountOf(memory);
      freePages(memory, pfn, 0);
      if (freeCountOf(memory) > free) drains.push(freeCountOf(memory) - free);
    }
    expect(drains.slice(0, 7)).toEqual([3, 6, 12, 24, 48, 57, 57]);
    const factor = word(memory, P_FREE_FACTOR);
    take(memory, 1);
    expect(word(memory, P_FREE_FACTOR)).toBe(factor >> 1);
  });

  it('give back no more than 32 batches at a time, however many they hold', () => {
    // Recorded at 256 MiB: 15,360 pages freed from empty lists leave 510 or 60 on them, multiples of the batch of 15.
    const memory = withBatch(15, { kernelProfile: '6.1', high: 516 });
    const pages = take(memory, 15_360);
    drainAllPages(memory);
    const drains = new Set<number>();
    for (const pfn of pages) {
      const free = freeCountOf(memory);
      freePages(memory, pfn, 0);
      if (freeCountOf(memory) > free) drains.add(freeCountOf(memory) - free);
    }
    expect([...drains]).toEqual([15, 30, 60, 120, 240, 480]);
    expect(word(memory, P_COUNT)).toBe(495);
  });

  it('empty the whole set when a block of order 1 to 3 is freed while drains double', () => {
    const memory = withBatch(15, { kernelProfile: '6.1' });
    const [block] = take(memory, 1, 2);
    const pages = take(memory, 80);
    drainAllPages(memory);
    for (const pfn of pages) freePages(memory, pfn, 0);
    expect(word(memory, P_FREE_FACTOR)).toBeGreaterThan(0);
    freePages(memory, block, 2);
    expect(word(memory, P_COUNT)).toBe(0);
  });

  it('have one list of order 9 for all', () => {
    const memory = withBatch(15, { kernelProfile: '6.1', high: 4000 });
    take(memory, 1, 9);
    expect(word(memory, P_COUNT)).toBe(512);
    allocatePages(memory, 9, Gfp.KERNEL);
    expect(word(memory, P_COUNT)).toBe(0);
  });
});

describe('the mark "below high"', () => {
  it('comes with the first allocation that finds no more than the high watermark, and goes with a drain above it', () => {
    const memory = zonesOf([{ pages: 65_536 }], { pcp: true, watermarks: true });
    const flag = (): number => memory.zones[Z_PCP_FLAGS] & ZONE_BELOW_HIGH;
    const held: number[] = [];
    while (flag() === 0) held.push(allocatePages(memory, 0, USER));
    expect(held).not.toContain(NIL);
    for (const pfn of held.splice(0, 3000)) freePages(memory, pfn, 0);
    expect(flag()).toBe(0);
    expectSound(memory);
  });

  it('keeps the unmovable list apart from the movable one', () => {
    const memory = withBatch(15);
    const pfn = allocatePages(memory, 0, Gfp.KERNEL);
    expect(memory.blockType[pfn >> 9]).toBe(UNMOVABLE);
    expect(allocatePages(memory, 0, USER)).not.toBe(pfn);
  });
});
