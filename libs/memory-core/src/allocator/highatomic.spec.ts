import { describe, expect, it } from '@jest/globals';
import { aZone, expectSound, freeCountOf, zoneField } from '../../test/support/zone.js';
import { HIGHATOMIC, MOVABLE, NIL, UNMOVABLE } from '../layout/constants.js';
import { Gfp } from '../layout/gfp.js';
import { Z_HIGHATOMIC_FREE, Z_HIGHATOMIC_RESERVED } from '../layout/zone-fields.js';
import { allocatePages } from '../request/allocate.js';
import { takeFromFreelists } from './freelist.js';
import { reserveHighatomic, unreserveHighatomic } from './highatomic.js';
import { ALLOC_HIGHATOMIC, ALLOC_NON_BLOCK, ALLOC_WMARK_MIN } from './watermark.js';
import { TAG_ALLOCATED } from '../layout/tags.js';

const ATOMIC_RIGHTS = ALLOC_WMARK_MIN | ALLOC_HIGHATOMIC;
/** 1 % of it is more than one pageblock. */
const PAGES = 131_072;

describe('high-order atomic reserve', () => {
  it('sets the pageblock aside from which an atomic request of high order was served', () => {
    const memory = aZone(PAGES);
    const pfn = takeFromFreelists(memory, 4, Gfp.ATOMIC, ATOMIC_RIGHTS, 0);
    memory.tag.fill(TAG_ALLOCATED, pfn, pfn + 16);
    expect(memory.blockType[pfn >> 9]).toBe(HIGHATOMIC);
    expect(zoneField(memory, Z_HIGHATOMIC_RESERVED)).toBe(512);
    expect(zoneField(memory, Z_HIGHATOMIC_FREE)).toBe(512 - 16);
    expect(freeCountOf(memory)).toBe(PAGES - 16);
    const next = takeFromFreelists(memory, 4, Gfp.ATOMIC, ATOMIC_RIGHTS, 0);
    memory.tag.fill(TAG_ALLOCATED, next, next + 16);
    expect(next >> 9).toBe(pfn >> 9);
    expect(allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE) >> 9).not.toBe(pfn >> 9);
    expectSound(memory);
  });

  it('stays within 1 % of the zone, rounded up to pageblocks, and small zones have none', () => {
    const memory = aZone(PAGES);
    for (let block = 0; block < 8; block++) {
      const pfn = allocatePages(memory, 8, Gfp.KERNEL);
      allocatePages(memory, 8, Gfp.KERNEL);
      reserveHighatomic(memory, 0, pfn, 8);
    }
    expect(zoneField(memory, Z_HIGHATOMIC_RESERVED)).toBe(1536);
    const small = aZone(16_384);
    reserveHighatomic(small, 0, allocatePages(small, 4, Gfp.KERNEL), 4);
    expect(zoneField(small, Z_HIGHATOMIC_RESERVED)).toBe(0);
  });

  it('gives a pageblock back to the type that asks, the last one only by force', () => {
    const memory = aZone(PAGES);
    const pfn = allocatePages(memory, 4, Gfp.KERNEL);
    reserveHighatomic(memory, 0, pfn, 4);
    const zones = Int32Array.of(0);
    expect(unreserveHighatomic(memory, zones, MOVABLE, false)).toBe(false);
    expect(memory.blockType[pfn >> 9]).toBe(HIGHATOMIC);
    expect(unreserveHighatomic(memory, zones, MOVABLE, true)).toBe(true);
    expect(memory.blockType[pfn >> 9]).toBe(MOVABLE);
    expect([zoneField(memory, Z_HIGHATOMIC_RESERVED), zoneField(memory, Z_HIGHATOMIC_FREE)]).toEqual([0, 0]);
    expect(unreserveHighatomic(memory, zones, MOVABLE, true)).toBe(false);
    expectSound(memory);
  });

  it('a whole free pageblock of it changes hands as one block', () => {
    const memory = aZone(PAGES);
    const pfn = takeFromFreelists(memory, 9, Gfp.ATOMIC, ATOMIC_RIGHTS, 0);
    memory.tag.fill(TAG_ALLOCATED, pfn, pfn + 512);
    expect(memory.blockType[pfn >> 9]).toBe(HIGHATOMIC);
    const second = takeFromFreelists(memory, 4, Gfp.ATOMIC, ATOMIC_RIGHTS, 0);
    memory.tag.fill(TAG_ALLOCATED, second, second + 16);
    expect(unreserveHighatomic(memory, Int32Array.of(0), UNMOVABLE, false)).toBe(true);
    expect(zoneField(memory, Z_HIGHATOMIC_RESERVED)).toBe(512);
    expectSound(memory);
  });

  it('serves single pages to those who cannot wait, and to nobody else, when all else is gone', () => {
    const memory = aZone(PAGES);
    const reserved = allocatePages(memory, 4, Gfp.KERNEL);
    reserveHighatomic(memory, 0, reserved, 4);
    const take = (order: number, rights: number): number => {
      const pfn = takeFromFreelists(memory, order, Gfp.HIGHUSER_MOVABLE, rights, 0);
      if (pfn !== NIL) memory.tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << order));
      return pfn;
    };
    for (let order = 10; order >= 0; order--) while (take(order, ALLOC_WMARK_MIN) !== NIL);
    expect(freeCountOf(memory)).toBe(512); // the whole reserve counts as taken, used or not
    while (take(0, ALLOC_WMARK_MIN | ALLOC_NON_BLOCK) !== NIL);
    expect([freeCountOf(memory), zoneField(memory, Z_HIGHATOMIC_FREE)]).toEqual([0, 0]);
    expect(memory.blockType[reserved >> 9]).toBe(HIGHATOMIC);
    expectSound(memory);
  });
});
