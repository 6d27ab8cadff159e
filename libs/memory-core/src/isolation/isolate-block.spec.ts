import { describe, expect, it } from '@jest/globals';
import { allocatePages } from '../request/allocate.js';
import { freePages } from '../allocator/free.js';
import { balloonPageAllocList, balloonPageListEnqueue, createBalloonDevice } from '../balloon/balloon.js';
import { ISOLATE, MOVABLE, RECLAIMABLE } from '../layout/constants.js';
import { EBUSY } from '../layout/errno.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { Z_ISOLATED_BLOCKS } from '../layout/zone-fields.js';
import { createOwner, growOwner } from '../owners/owner.js';
import { digestMemory } from '../state/snapshot.js';
import { aZone, expectSound, freeCountOf, nrFree } from '../../test/support/zone.js';
import { isolatePageblock, unisolatePageblock } from './isolate-block.js';
import { isRangeFree, isolateRange, unisolateRange } from './isolate-range.js';

function inflate(memory: Memory, pages: number): void {
  const device = createBalloonDevice(memory, true);
  const pfns = new Int32Array(pages);
  balloonPageListEnqueue(memory, device, pfns, balloonPageAllocList(memory, pfns, pages));
}

const isolate = (memory: Memory, block: number): number =>
  isolatePageblock(memory, block, 'OFFLINE', 0, memory.spanPages);
const blocksOnIsolate = (memory: Memory): number[] =>
  Array.from({ length: 11 }, (_, order) => memory.freeCount[order * 5 + ISOLATE]);

describe('isolating a pageblock', () => {
  it('case 106: free pages leave the zone’s count, balloon pages stay; undoing it restores everything', () => {
    const memory = aZone(1024);
    inflate(memory, 412); // the lowest pages of the first pageblock
    const before = digestMemory(memory);
    expect(isolate(memory, 0)).toBe(0);
    expect([freeCountOf(memory), memory.zones[Z_ISOLATED_BLOCKS], memory.blockType[0]]).toEqual([512, 1, ISOLATE]);
    expectSound(memory);
    unisolatePageblock(memory, 0);
    expect([freeCountOf(memory), memory.zones[Z_ISOLATED_BLOCKS], memory.blockType[0]]).toEqual([612, 0, MOVABLE]);
    expectSound(memory);
    expect(digestMemory(memory)).toBe(before);
  });

  it('case 107: a slab page in the way: −EBUSY, and nothing has changed', () => {
    const memory = aZone(2048);
    growOwner(memory, createOwner(memory, 'SLAB_UNRECLAIMABLE'), 1);
    const before = digestMemory(memory);
    expect(isolate(memory, 0)).toBe(-EBUSY);
    expect(digestMemory(memory)).toBe(before);
  });

  it('case 108: a second time: −EBUSY', () => {
    const memory = aZone(1024);
    expect([isolate(memory, 0), isolate(memory, 0)]).toEqual([0, -EBUSY]);
    expect(memory.zones[Z_ISOLATED_BLOCKS]).toBe(1);
  });

  it('case 109: the upper half of a free block of order 10: the block is cut, and merges again afterwards', () => {
    const memory = aZone(1024);
    const before = digestMemory(memory);
    expect(isolate(memory, 1)).toBe(0);
    expect([memory.freeCount[9 * 5 + MOVABLE], memory.freeCount[9 * 5 + ISOLATE], freeCountOf(memory)]).toEqual([
      1, 1, 512,
    ]);
    expectSound(memory);
    unisolatePageblock(memory, 1);
    expect([nrFree(memory)[10], digestMemory(memory)]).toEqual([1, before]);
  });

  it('pages of programs can stay, a page that somebody holds cannot', () => {
    const memory = aZone(2048);
    growOwner(memory, createOwner(memory, 'FILE'), 100);
    expect(isolate(memory, 0)).toBe(0);
    unisolatePageblock(memory, 0);
    allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
    expect(isolate(memory, 0)).toBe(-EBUSY);
  });

  it('balloon pages that cannot move stand in the way of a contiguous range, not of memory that goes offline', () => {
    const memory = aZone(1024, { balloonCompaction: false });
    inflate(memory, 10);
    expect(isolatePageblock(memory, 0, 'OTHER', 0, 1024)).toBe(-EBUSY);
    expect(isolatePageblock(memory, 0, 'OFFLINE', 0, 1024)).toBe(0);
  });

  it('what is freed in it joins the isolated pages and is given to nobody', () => {
    const memory = aZone(1024);
    inflate(memory, 500);
    const held = allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
    expect(held).toBeLessThan(512);
    memory.tag[held] = 64 + createOwner(memory, 'ANON'); // movable while it is looked at
    expect(isolate(memory, 0)).toBe(0);
    memory.tag[held] = 12;
    const free = freeCountOf(memory);
    freePages(memory, held, 0);
    expect([freeCountOf(memory), blocksOnIsolate(memory).some((count) => count > 0)]).toEqual([free, true]);
    expect(allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE)).toBeGreaterThanOrEqual(512);
  });

  it('is movable afterwards, from 6.17 on what it was before', () => {
    for (const [kernelProfile, type] of [
      ['6.12', MOVABLE],
      ['7.0', RECLAIMABLE],
    ] as const) {
      const memory = aZone(2048, { kernelProfile });
      memory.blockType[0] = RECLAIMABLE;
      memory.blockType[1] = RECLAIMABLE;
      memory.freeCount[10 * 5 + MOVABLE]--;
      const first = memory.links[2 * (memory.sentinelBase + 10 * 5 + MOVABLE)];
      // Moves the first block of order 10 to the reclaimable list.
      const [previous, next] = [memory.links[2 * first + 1], memory.links[2 * first]];
      memory.links[2 * previous] = next;
      memory.links[2 * next + 1] = previous;
      const list = memory.sentinelBase + 10 * 5 + RECLAIMABLE;
      memory.links[2 * list] = memory.links[2 * list + 1] = first;
      memory.links[2 * first] = memory.links[2 * first + 1] = list;
      memory.freeCount[10 * 5 + RECLAIMABLE]++;
      expectSound(memory);
      expect(isolate(memory, 0)).toBe(0);
      unisolatePageblock(memory, 0);
      expect(memory.blockType[0]).toBe(type);
      expectSound(memory);
    }
  });
});

describe('isolating a range', () => {
  it('isolates all pageblocks or none', () => {
    const memory = aZone(8192);
    const held = allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
    const before = digestMemory(memory);
    expect(isolateRange(memory, held & ~511, 8192, 'OTHER')).toBe(-EBUSY);
    expect(digestMemory(memory)).toBe(before);
    expect(isolateRange(memory, 2048, 8192, 'OTHER')).toBe(0);
    expect([memory.zones[Z_ISOLATED_BLOCKS], isRangeFree(memory, 2048, 8192), isRangeFree(memory, 0, 2048)]).toEqual([
      12,
      true,
      false,
    ]);
    expectSound(memory);
    unisolateRange(memory, 2048, 8192);
    expect(nrFree(memory)[10]).toBe(7);
    expectSound(memory);
  });
});
