import { describe, expect, it } from '@jest/globals';
import { allocatePages } from '../request/allocate.js';
import { balloonPageListEnqueue, createBalloonDevice } from '../balloon/balloon.js';
import { takeBlock } from './fallback.js';
import { HIGHATOMIC, MOVABLE, NIL, RECLAIMABLE, UNMOVABLE, ZONE_NORMAL } from '../layout/constants.js';
import { freePages } from './free.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { createOwner } from '../owners/owner.js';
import type { OwnerKind } from '../layout/owner-fields.js';
import { retypePageblock } from './pageblock.js';
import type { KernelProfile } from '../layout/profile.js';
import {
  aZone,
  adoptPages,
  expectSound,
  freeCountOf,
  freeList,
  nrFree,
  zoneField,
  zonesOf,
} from '../../test/support/zone.js';
import type { MachineSpec } from '../../test/support/zone.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { ALLOC_KSWAPD, ALLOC_NOFRAGMENT, isWatermarkOk } from './watermark.js';
import { Z_BOOST, Z_BOOSTED, Z_HIGHATOMIC_RESERVED, Z_WMARK_HIGH } from '../layout/zone-fields.js';

const PROFILES: KernelProfile[] = ['6.1', '6.12', '7.0'];
const PAGES = 8192;
/** The pageblock that the cases fill; the rest of the zone is held. */
const BLOCK = 4;
const START = BLOCK * 512;

/** A zone in which every page is held; boosts are possible (high watermark 1000). */
function fullZone(machine: MachineSpec = {}): Memory {
  const memory = aZone(PAGES, machine);
  for (let held = 0; held < PAGES; held += 512) expect(allocatePages(memory, 9, Gfp.HIGHUSER_MOVABLE)).not.toBe(NIL);
  memory.zones.fill(1000, Z_WMARK_HIGH, Z_WMARK_HIGH + 2);
  return memory;
}

function own(memory: Memory, kind: OwnerKind, start: number, pages: number): void {
  adoptPages(memory, createOwner(memory, kind), start, pages);
}

const boostOf = (memory: Memory): number => zoneField(memory, Z_BOOST);

describe.each(PROFILES)('fallback between migratetypes, %s', (kernelProfile) => {
  it('case 13: a free pageblock changes hands whole, without a boost', () => {
    const memory = fullZone({ kernelProfile });
    freePages(memory, START, 9);
    expect(takeBlock(memory, 0, 0, UNMOVABLE, ALLOC_KSWAPD)).toBe(START);
    memory.tag[START] = TAG_ALLOCATED;
    expect(memory.blockType[BLOCK]).toBe(UNMOVABLE);
    expect([0, 1, 8].map((order) => freeList(memory, order, UNMOVABLE))).toEqual([
      [START + 1],
      [START + 2],
      [START + 256],
    ]);
    expect([boostOf(memory), zoneField(memory, Z_BOOSTED)]).toEqual([0, 0]);
    expectSound(memory);
  });

  it('case 13: of an order-10 block both pageblocks change hands', () => {
    const memory = fullZone({ kernelProfile });
    freePages(memory, START, 10);
    expect(takeBlock(memory, 0, 0, RECLAIMABLE, 0)).toBe(START);
    memory.tag[START] = TAG_ALLOCATED;
    expect([...memory.blockType.subarray(BLOCK, BLOCK + 2)]).toEqual([RECLAIMABLE, RECLAIMABLE]);
    expectSound(memory);
  });

  it('case 14: too little of the pageblock is free: one page is stolen, the rest stays movable, one boost step', () => {
    const memory = fullZone({ kernelProfile });
    own(memory, 'ANON', START + 8, 504);
    freePages(memory, START, 3);
    expect(takeBlock(memory, 0, 0, UNMOVABLE, ALLOC_KSWAPD)).toBe(START);
    memory.tag[START] = TAG_ALLOCATED;
    expect(memory.blockType[BLOCK]).toBe(MOVABLE);
    expect([0, 1, 2].map((order) => freeList(memory, order, MOVABLE))).toEqual([[START + 1], [START + 2], [START + 4]]);
    expect([boostOf(memory), zoneField(memory, Z_BOOSTED)]).toEqual([512, 1]);
    expectSound(memory);
  });

  it('case 15: free and like pages make half of the pageblock: it is claimed', () => {
    const memory = fullZone({ kernelProfile });
    own(memory, 'SLAB_UNRECLAIMABLE', START + 200, 60);
    own(memory, 'FILE', START + 260, 252);
    freePages(memory, START, 7);
    freePages(memory, START + 128, 6);
    freePages(memory, START + 192, 3);
    expect(takeBlock(memory, 0, 0, UNMOVABLE, 0)).toBe(START + 192);
    memory.tag[START + 192] = TAG_ALLOCATED;
    expect(memory.blockType[BLOCK]).toBe(UNMOVABLE);
    expect([freeList(memory, 7, UNMOVABLE), freeList(memory, 6, UNMOVABLE)]).toEqual([[START], [START + 128]]);
    expect(boostOf(memory)).toBe(512);
    expectSound(memory);
  });

  it.each([
    [256, MOVABLE],
    [255, UNMOVABLE],
  ])('claims with %p of 512 pages free or alike: %p', (alike, expected) => {
    const memory = fullZone({ kernelProfile });
    memory.blockType[BLOCK] = UNMOVABLE;
    own(memory, 'ANON', START + 256, alike - 128);
    freePages(memory, START, 7);
    memory.tag[takeBlock(memory, 0, 0, MOVABLE, 0)] = TAG_ALLOCATED;
    expect(memory.blockType[BLOCK]).toBe(expected);
    expectSound(memory);
  });

  it('does not claim a pageblock that reaches beyond its zone', () => {
    const memory = zonesOf([{ pages: 4096 + 300 }], { kernelProfile });
    for (let pfn = 0; pfn < 4096; pfn += 512) allocatePages(memory, 9, Gfp.HIGHUSER_MOVABLE);
    expect(memory.blockType[8]).toBe(MOVABLE);
    memory.tag[takeBlock(memory, 0, 0, UNMOVABLE, 0)] = TAG_ALLOCATED;
    expect(memory.blockType[8]).toBe(MOVABLE);
  });

  it('case 16: a movable request steals from a small block without claiming', () => {
    const memory = fullZone({ kernelProfile });
    memory.blockType[BLOCK] = UNMOVABLE;
    freePages(memory, START + 8, 3);
    expect(takeBlock(memory, 0, 0, MOVABLE, 0)).toBe(START + 8);
    memory.tag[START + 8] = TAG_ALLOCATED;
    expect([memory.blockType[BLOCK], freeList(memory, 2, UNMOVABLE)]).toEqual([UNMOVABLE, [START + 12]]);
    // From 6.15 only an attempt to claim boosts; before, every fallback below pageblock order does.
    expect(boostOf(memory)).toBe(kernelProfile === '7.0' ? 0 : 512);
    expectSound(memory);
  });

  it.each([
    [true, MOVABLE],
    [false, UNMOVABLE],
  ])('case 17: balloon pages count as movable exactly when they can move (%p)', (balloonCompaction, expected) => {
    const memory = fullZone({ kernelProfile, balloonCompaction });
    memory.blockType[BLOCK] = UNMOVABLE;
    const device = createBalloonDevice(memory, false);
    const pfns = Int32Array.from({ length: 200 }, (_, at) => START + 128 + at);
    balloonPageListEnqueue(memory, device, pfns, 200);
    freePages(memory, START, 7);
    expect(takeBlock(memory, 0, 0, MOVABLE, 0)).toBe(START);
    memory.tag[START] = TAG_ALLOCATED;
    expect(memory.blockType[BLOCK]).toBe(expected);
    expectSound(memory);
  });

  it('case 18: a movable request prefers reclaimable over unmovable', () => {
    const memory = fullZone({ kernelProfile });
    memory.blockType[BLOCK] = UNMOVABLE;
    memory.blockType[BLOCK + 1] = RECLAIMABLE;
    freePages(memory, START, 5);
    freePages(memory, START + 512, 5);
    expect(takeBlock(memory, 0, 0, MOVABLE, 0)).toBe(START + 512);
  });

  it('case 19: avoiding fragmentation, blocks below pageblock order are left alone', () => {
    const memory = fullZone({ kernelProfile });
    freePages(memory, START, 8);
    expect(takeBlock(memory, 0, 0, UNMOVABLE, ALLOC_NOFRAGMENT)).toBe(NIL);
    expect(boostOf(memory)).toBe(0);
    // The allocator drops the flag on its second look.
    expect(allocatePages(memory, 0, Gfp.KERNEL)).toBe(START);
    expectSound(memory);
  });

  it('case 20: free high-atomic pages are invisible to a normal request', () => {
    const memory = fullZone({ kernelProfile });
    freePages(memory, START, 9);
    freePages(memory, START + 1024, 9);
    retypeFree(memory, BLOCK);
    memory.zones[Z_HIGHATOMIC_RESERVED] = 512;
    expect(freeCountOf(memory)).toBe(1024);
    expect(isWatermarkOk(memory, 0, 0, 511, ZONE_NORMAL, 0)).toBe(true);
    expect(isWatermarkOk(memory, 0, 0, 512, ZONE_NORMAL, 0)).toBe(false);
    expectSound(memory);
  });

  it('takes the smallest block for a movable request when the largest is too small to claim', () => {
    const memory = fullZone({ kernelProfile });
    memory.blockType[BLOCK] = UNMOVABLE;
    freePages(memory, START + 8, 3);
    freePages(memory, START + 32, 1);
    expect(takeBlock(memory, 0, 0, MOVABLE, 0)).toBe(START + 32);
  });
});

/** Makes a wholly free pageblock high-atomic, as the reserve would. */
function retypeFree(memory: Memory, block: number): void {
  const pfn = takeBlock(memory, 0, 0, MOVABLE, 0);
  expect(pfn >> 9).toBe(block + 2);
  memory.tag[pfn] = TAG_ALLOCATED;
  freePages(memory, pfn, 0);
  const first = takeBlock(memory, 0, 9, MOVABLE, 0);
  memory.tag.fill(TAG_ALLOCATED, first, first + 512);
  retypePageblock(memory, first >> 9, HIGHATOMIC);
  freePages(memory, first, 9);
  expect(nrFree(memory)[9]).toBe(2);
}
