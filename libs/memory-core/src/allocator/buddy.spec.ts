import { describe, expect, it } from '@jest/globals';
import { RandomStream } from '#units';
import { allocatePages } from '../request/allocate.js';
import { freeBlock } from './buddy.js';
import { HIGHATOMIC, ISOLATE, MOVABLE, NIL, UNMOVABLE, ZONE_DMA32, ZONE_NORMAL } from '../layout/constants.js';
import { freePages } from './free.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { aZone, expectSound, freeCountOf, freeList, nrFree, zoneField, zonesOf } from '../../test/support/zone.js';
import { TAG_FREE } from '../layout/tags.js';
import { Z_HIGHATOMIC_FREE, Z_ISOLATED_BLOCKS } from '../layout/zone-fields.js';

const MOVABLE_GFP = Gfp.HIGHUSER_MOVABLE;

function allSinglePages(memory: Memory): void {
  for (let pfn = 0; pfn < memory.spanPages; pfn++) expect(allocatePages(memory, 0, MOVABLE_GFP)).toBe(pfn);
}

describe('buddy', () => {
  it('case 1: the first page of a fresh order-10 block leaves one free block in each lower order', () => {
    const memory = aZone(1024);
    expect(allocatePages(memory, 0, MOVABLE_GFP)).toBe(0);
    expect(nrFree(memory)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(freeCountOf(memory)).toBe(1023);
    expectSound(memory);
  });

  it('case 2: freeing it merges everything back', () => {
    const memory = aZone(1024);
    freePages(memory, allocatePages(memory, 0, MOVABLE_GFP), 0);
    expect(nrFree(memory)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(freeList(memory, 10, MOVABLE)).toEqual([0]);
    expect(freeCountOf(memory)).toBe(1024);
    expectSound(memory);
  });

  it('case 3: an order-3 block is the lowest piece, the upper halves head their lists', () => {
    const memory = aZone(1024);
    expect(allocatePages(memory, 3, MOVABLE_GFP)).toBe(0);
    expect([3, 4, 5, 6, 7, 8, 9].map((order) => freeList(memory, order, MOVABLE)[0])).toEqual([
      8, 16, 32, 64, 128, 256, 512,
    ]);
  });

  it('case 4: pages merge only with a free buddy of the same order', () => {
    const memory = aZone(1024);
    allSinglePages(memory);
    freePages(memory, 4, 0);
    freePages(memory, 6, 0);
    expect(nrFree(memory).slice(0, 3)).toEqual([2, 0, 0]);
    freePages(memory, 5, 0);
    expect([freeList(memory, 0, MOVABLE), freeList(memory, 1, MOVABLE)]).toEqual([[6], [4]]);
    freePages(memory, 7, 0);
    expect([nrFree(memory).slice(0, 3), freeList(memory, 2, MOVABLE)]).toEqual([[0, 0, 1], [4]]);
    expectSound(memory);
  });

  it('case 5: a block that would soon merge twice goes to the tail, any other to the head', () => {
    const memory = aZone(1024);
    allSinglePages(memory);
    freePages(memory, 100, 0);
    freePages(memory, 18, 0);
    freePages(memory, 19, 0); // order 1 at 18
    freePages(memory, 16, 0); // its parent 16…17 has the free buddy 18…19
    expect(freeList(memory, 0, MOVABLE)).toEqual([100, 16]);
    freePages(memory, 200, 0);
    expect(freeList(memory, 0, MOVABLE)).toEqual([200, 100, 16]);
    expect(allocatePages(memory, 0, MOVABLE_GFP)).toBe(200);
    expectSound(memory);
  });

  it('case 6: orders 9 and 10 go to the head unless told otherwise', () => {
    const memory = aZone(4096);
    const held = [0, 1, 2, 3].map(() => allocatePages(memory, 10, MOVABLE_GFP));
    expect(held).toEqual([0, 1024, 2048, 3072]);
    for (const pfn of held) memory.tag.fill(TAG_FREE, pfn, pfn + 1024);
    freeBlock(memory, 0, 10, false);
    freeBlock(memory, 2048, 10, false);
    freeBlock(memory, 1024, 10, true);
    expect(freeList(memory, 10, MOVABLE)).toEqual([2048, 0, 1024]);
  });

  it('case 6: an order-9 block goes to the head even beside a free order-10 block', () => {
    const memory = aZone(6144);
    while (allocatePages(memory, 9, MOVABLE_GFP) !== NIL);
    freePages(memory, 4096, 9);
    freePages(memory, 2048, 10);
    freePages(memory, 3584, 9); // its parent's buddy, 2048, is free at order 10
    expect(freeList(memory, 9, MOVABLE)).toEqual([3584, 4096]);
    expectSound(memory);
  });

  it('case 7: an order above 10 is answered with NIL and changes nothing', () => {
    const memory = aZone(1024);
    expect(allocatePages(memory, 11, MOVABLE_GFP)).toBe(NIL);
    expect(nrFree(memory)[10]).toBe(1);
    expect(memory.events.every((count) => count === 0)).toBe(true);
  });

  function halves(lower: number, upper: number): Memory {
    const memory = aZone(4096);
    while (allocatePages(memory, 10, MOVABLE_GFP) !== NIL);
    memory.blockType.set([lower, upper]);
    freePages(memory, 0, 9);
    return memory;
  }

  it('case 8: pageblocks of different mergeable types merge and take the type freed last', () => {
    const memory = halves(MOVABLE, UNMOVABLE);
    freePages(memory, 512, 9);
    expect(freeList(memory, 10, UNMOVABLE)).toEqual([0]);
    expect([...memory.blockType.subarray(0, 2)]).toEqual([UNMOVABLE, UNMOVABLE]);
    expectSound(memory);
  });

  it.each([
    ['ISOLATE', ISOLATE],
    ['HIGHATOMIC', HIGHATOMIC],
  ])('case 9: a pageblock of type %s does not merge with its neighbour', (_, type) => {
    const memory = halves(MOVABLE, type);
    if (type === ISOLATE) memory.zones[Z_ISOLATED_BLOCKS] = 1;
    freePages(memory, 512, 9);
    expect([freeList(memory, 9, MOVABLE), freeList(memory, 9, type), nrFree(memory)[10]]).toEqual([[0], [512], 0]);
    expect(freeCountOf(memory)).toBe(type === ISOLATE ? 512 : 1024);
    expect(zoneField(memory, Z_HIGHATOMIC_FREE)).toBe(type === HIGHATOMIC ? 512 : 0);
    expectSound(memory);
  });

  it('case 10: a block does not merge across the border of its zone', () => {
    const memory = zonesOf([
      { pages: 512, type: ZONE_DMA32 },
      { pages: 512, type: ZONE_NORMAL },
    ]);
    expect([nrFree(memory, 0)[9], nrFree(memory, 1)[9]]).toEqual([1, 1]);
    const pfn = allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
    expect(pfn).toBe(512);
    freePages(memory, pfn, 0);
    expect([nrFree(memory, 0)[9], nrFree(memory, 1)[9], nrFree(memory, 1)[10]]).toEqual([1, 1, 0]);
    expectSound(memory);
  });

  it('case 11: freeing a free page is refused and counts nothing', () => {
    const memory = aZone(1024);
    const pfn = allocatePages(memory, 2, MOVABLE_GFP);
    freePages(memory, pfn, 2);
    const events = [...memory.events];
    expect(() => freePages(memory, pfn, 2)).toThrow('pfn 0 is not held');
    expect(() => freePages(memory, 512, 0)).toThrow('pfn 512 is not held');
    expect([...memory.events]).toEqual(events);
    expect(nrFree(memory)[10]).toBe(1);
    expectSound(memory);
  });

  it('case 12: free pages are the sum over the lists after 100,000 random operations', () => {
    const memory = aZone(16_384);
    const random = RandomStream.of(12);
    const held: { pfn: number; order: number }[] = [];
    for (let step = 0; step < 100_000; step++) {
      const order = random.nextBelow(5);
      const pfn = random.nextBelow(2) === 0 ? allocatePages(memory, order, MOVABLE_GFP) : NIL;
      if (pfn !== NIL) held.push({ pfn, order });
      else if (held.length > 0) {
        const at = random.nextBelow(held.length);
        const block = held[at];
        held[at] = held[held.length - 1];
        held.pop();
        freePages(memory, block.pfn, block.order);
      }
    }
    const listed = nrFree(memory).reduce((pages, blocks, order) => pages + (blocks << order), 0);
    expect(freeCountOf(memory)).toBe(listed);
    expect(listed).toBe(16_384 - held.reduce((pages, { order }) => pages + (1 << order), 0));
    expectSound(memory);
  });

  it('refuses a block that is not aligned to its order', () => {
    const memory = aZone(1024);
    allSinglePages(memory);
    expect(() => freePages(memory, 2, 2)).toThrow('no block of order 2 at pfn 2');
  });
});
