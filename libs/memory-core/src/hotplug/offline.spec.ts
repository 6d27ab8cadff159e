import { describe, expect, it } from '@jest/globals';
import { balloonPageAllocList, balloonPageListEnqueue, balloonPages, createBalloonDevice } from '../balloon/balloon.js';
import { createMemory } from '../boot/create.js';
import { EBUSY, EINTR, EINVAL } from '../layout/errno.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE, EV_BALLOON_MIGRATE, EV_PGMIGRATE_SUCCESS } from '../layout/events.js';
import { S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_BALLOON } from '../layout/tags.js';
import { ZONE_FIELDS, Z_MANAGED, Z_PRESENT, Z_TYPE, Z_WMARK_LOW } from '../layout/zone-fields.js';
import { createOwner, growOwner, ownerPages } from '../owners/owner.js';
import { runToEnd } from '../tasks/task.js';
import { expectSound, withoutPcp } from '../../test/support/zone.js';
import { MEMORY_BLOCK_PAGES, memoryBlock } from './memory-block.js';
import { offlineMemoryBlock } from './offline.js';
import { onlineMemoryBlock } from './online.js';

/** Blocks 1 to 3 of a guest of 512 MiB lie in DMA32, block 3 with the firmware's hole at its end, block 0 in two zones. */
const GUEST = { ramBytes: 2 ** 29 };
const DMA32 = ZONE_FIELDS;

function inflate(memory: Memory, pages: number, adjusts = true): number {
  const device = createBalloonDevice(memory, adjusts);
  const pfns = new Int32Array(pages);
  expect(balloonPageAllocList(memory, pfns, pages)).toBe(pages);
  balloonPageListEnqueue(memory, device, pfns, pages);
  return device;
}

function offline(memory: Memory, block: number, passes = 100): number {
  return runToEnd(
    memory,
    offlineMemoryBlock(memory, block, (done) => done >= passes),
  );
}

function counters(memory: Memory): number[] {
  return [EV_BALLOON_INFLATE, EV_BALLOON_DEFLATE, EV_BALLOON_MIGRATE].map((event) => memory.events[event]);
}

function balloonPagesIn(memory: Memory, block: number): number {
  const place = memoryBlock(memory, block);
  return memory.tag.subarray(place?.startPfn, place?.endPfn).filter((tag) => tag === TAG_BALLOON).length;
}

describe('offlining a memory block', () => {
  it('case 110: balloon pages move out; the block is neither managed nor present any more, the balloon is as large as it was', () => {
    const memory = createMemory(GUEST);
    const device = inflate(memory, 40_000);
    const block = balloonPagesIn(memory, 1) > 0 ? 1 : 2;
    const inBlock = balloonPagesIn(memory, block);
    const before = [memory.zones[DMA32 + Z_MANAGED], memory.zones[DMA32 + Z_PRESENT], memory.scalars[S_TOTAL_RAM]];
    expect(inBlock).toBeGreaterThan(50);
    expect(offline(memory, block)).toBe(0);
    expect(balloonPages(memory, device)).toBe(40_000);
    expect(counters(memory)).toEqual([40_000, 0, inBlock]);
    expect(memory.events[EV_PGMIGRATE_SUCCESS]).toBe(inBlock);
    expect([memory.zones[DMA32 + Z_MANAGED], memory.zones[DMA32 + Z_PRESENT], memory.scalars[S_TOTAL_RAM]]).toEqual(
      before.map((pages) => pages - MEMORY_BLOCK_PAGES),
    );
    expect(memoryBlock(memory, block)?.state).toBe('OFFLINE');
    expectSound(memory);
  });

  it('case 111: balloon pages that cannot move: −EBUSY, nothing moved, nothing isolated', () => {
    const memory = createMemory({ ...GUEST, balloonCompaction: false });
    inflate(memory, 40_000);
    const block = balloonPagesIn(memory, 1) > 0 ? 1 : 2;
    const before = counters(memory);
    expect(offline(memory, block)).toBe(-EBUSY);
    expect(counters(memory)).toEqual(before);
    expect(memoryBlock(memory, block)?.state).toBe('ONLINE');
    expectSound(memory);
  });

  it('case 112: without room elsewhere it tries until a signal comes: −EINTR, what was moved stays moved', () => {
    const memory = createMemory(GUEST);
    const owner = createOwner(memory, 'ANON');
    const held = growOwner(memory, owner, 105_000);
    expect(held).toBe(105_000);
    expect(offline(memory, 2, 20)).toBe(-EINTR);
    expect(ownerPages(memory, owner)).toBe(held);
    expect(memoryBlock(memory, 2)?.state).toBe('ONLINE');
    expectSound(memory);
  });

  it('refuses a block in two zones, one with a hole, one beyond memory, and one that is offline: −EINVAL', () => {
    const memory = createMemory(GUEST);
    expect([0, 3, 4, 8000].map((block) => offline(memory, block))).toEqual([-EINVAL, -EINVAL, -EINVAL, -EINVAL]);
    expect([offline(memory, 2), offline(memory, 2)]).toEqual([0, -EINVAL]);
  });

  it('refuses at once what kernel pages lie in', () => {
    const memory = createMemory(GUEST);
    growOwner(memory, createOwner(memory, 'SLAB_UNRECLAIMABLE'), 40_000);
    const results = [1, 2].map((block) => offline(memory, block));
    expect(results).toContain(-EBUSY);
    expectSound(memory);
  });

  it('moves pages of programs, and recomputes the watermarks', () => {
    const memory = createMemory(GUEST);
    const owner = createOwner(memory, 'FILE');
    growOwner(memory, owner, 50_000);
    const low = memory.zones[DMA32 + Z_WMARK_LOW];
    expect(offline(memory, 2)).toBe(0);
    expect(ownerPages(memory, owner)).toBe(50_000);
    expect(memory.zones[DMA32 + Z_WMARK_LOW]).toBeLessThan(low);
    expectSound(memory);
  });

  it('with several nodes moves to the others only', () => {
    const memory = withoutPcp(createMemory({ ramBytes: 2 ** 30, numaNodes: 2 }));
    const zoneOf = (pfn: number): number => memory.blockZone[pfn >> 9];
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 100_000);
    const block = [1, 2].find((one) => ownedIn(memory, one) > 1000) ?? 1;
    const [place, moved] = [memoryBlock(memory, block), ownedIn(memory, block)];
    const other = memory.zones.findIndex(
      (value, at) => at % ZONE_FIELDS === Z_TYPE && value === 1 && at > ZONE_FIELDS * 2,
    );
    const otherZone = Math.floor(other / ZONE_FIELDS);
    const there = ownedInZone(memory, otherZone);
    expect(zoneOf(place?.startPfn ?? 0)).not.toBe(otherZone);
    expect(offline(memory, block)).toBe(0);
    expect(ownedInZone(memory, otherZone) - there).toBe(moved);
    expectSound(memory);
  });
});

const isOwned = (tag: number): boolean => tag >= 64;

function ownedIn(memory: Memory, block: number): number {
  const place = memoryBlock(memory, block);
  return memory.tag.subarray(place?.startPfn, place?.endPfn).filter(isOwned).length;
}

function ownedInZone(memory: Memory, zone: number): number {
  return memory.tag.filter((tag, pfn) => isOwned(tag) && memory.blockZone[pfn >> 9] === zone).length;
}

describe('onlining a memory block', () => {
  it('gives it back to its zone as it was, in the largest blocks, at the tails', () => {
    const memory = createMemory(GUEST);
    const before = [memory.zones[DMA32 + Z_MANAGED], memory.zones[DMA32 + Z_PRESENT], memory.scalars[S_TOTAL_RAM]];
    expect(offline(memory, 2)).toBe(0);
    expect(onlineMemoryBlock(memory, 2)).toBe(0);
    expect([memory.zones[DMA32 + Z_MANAGED], memory.zones[DMA32 + Z_PRESENT], memory.scalars[S_TOTAL_RAM]]).toEqual(
      before,
    );
    expect(memoryBlock(memory, 2)?.state).toBe('ONLINE');
    expectSound(memory);
    expect(growOwner(memory, createOwner(memory, 'ANON'), 80_000)).toBe(80_000);
    expectSound(memory);
  });

  it('refuses one that is online or none: −EINVAL', () => {
    const memory = createMemory(GUEST);
    expect([2, 0, 77].map((block) => onlineMemoryBlock(memory, block))).toEqual([-EINVAL, -EINVAL, -EINVAL]);
  });
});
