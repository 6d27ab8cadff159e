import { describe, expect, it } from '@jest/globals';
import { setHugepageDefrag } from '../allocator/sysctl.js';
import { createMemory } from '../boot/create.js';
import {
  EV_COMPACT_STALL,
  EV_PGALLOC,
  EV_PGFREE,
  EV_THP_FAULT_ALLOC,
  EV_THP_FAULT_FALLBACK,
  EV_THP_SPLIT_PAGE,
} from '../layout/events.js';
import type { KernelProfile } from '../layout/profile.js';
import type { Memory } from '../layout/memory.js';
import { restoreMemory, snapshotMemory } from '../state/snapshot.js';
import { readUsage } from '../views/usage.js';
import { expectSound } from '../../test/support/zone.js';
import { createMapping, destroyMapping, dropRange, touchRange } from './address-space.js';
import { mappingOf } from '../owner-pages/mapping.js';
import { createOwner, destroyOwner, growOwner, ownerPages } from './owner.js';

const MIB_PAGES = 256;

function aGuest(kernelProfile: KernelProfile = '6.12', mib = 512): Memory {
  return createMemory({ ramBytes: mib * 2 ** 20, kernelProfile, addressSpaces: true });
}

function allocated(memory: Memory): number {
  return memory.events.subarray(EV_PGALLOC, EV_PGALLOC + 4).reduce((sum, pages) => sum + pages, 0);
}

/** What a step takes and frees, as the recordings count it. */
function countsOf(memory: Memory, step: () => void): [taken: number, freed: number] {
  const [taken, freed] = [allocated(memory), memory.events[EV_PGFREE]];
  step();
  return [allocated(memory) - taken, memory.events[EV_PGFREE] - freed];
}

function punch(memory: Memory, owner: number, pages: number, every: number, phase: number): void {
  let from = 0;
  for (let page = 0; page <= pages; page++) {
    if (page < pages && page % every !== phase) continue;
    if (page > from) dropRange(memory, owner, from, page - from);
    from = page + 1;
  }
}

describe('address spaces', () => {
  it('touching takes a page table for each 2 MiB, then the page (recorded: 76,950 pages for 300 MiB)', () => {
    const memory = aGuest();
    const owner = createMapping(memory, { pages: 300 * MIB_PAGES });
    const counts = countsOf(memory, () => {
      expect(touchRange(memory, owner, 0, 76_800, true)).toEqual({ pages: 76_800, majorFaults: 0, outcome: 'DONE' });
    });
    expect(counts).toEqual([76_950, 0]);
    expect(readUsage(memory).pageTablePages).toBe(150);
    expect(countsOf(memory, () => touchRange(memory, owner, 0, 76_800, true))).toEqual([0, 0]);
    expectSound(memory);
  });

  it('the first page of 2 MiB comes after its page table', () => {
    const memory = aGuest();
    const owner = createMapping(memory, { pages: 1024 });
    touchRange(memory, owner, 700, 1, true);
    expect(readUsage(memory).pageTablePages).toBe(1);
    expect(mappingOf(memory, owner)[700]).toBeGreaterThan(0);
    expect(ownerPages(memory, owner)).toBe(1);
  });

  it('each dropped range is gathered on its own: runs of 7 cost a page each on 6.12 (recorded: 9,599), none on 6.1', () => {
    for (const [profile, gathered] of [
      ['6.12', 9599],
      ['6.1', 0],
    ] as const) {
      const memory = aGuest(profile);
      const owner = createMapping(memory, { pages: 76_800 });
      touchRange(memory, owner, 0, 76_800, true);
      const counts = countsOf(memory, () => punch(memory, owner, 76_800, 8, 3));
      expect(counts).toEqual([gathered, 67_200 + gathered]);
      expectSound(memory);
    }
  });

  it('the end of a mapping frees data, then page tables, in at most 19 gathered pages (recorded: 16 and 19)', () => {
    for (const [kept, gathered] of [
      [7651, 16],
      [3903, 8],
      [15_350, 19],
    ]) {
      for (const profile of ['6.12', '6.1'] as const) {
        const memory = aGuest(profile);
        const owner = createMapping(memory, { pages: 30_720 });
        touchRange(memory, owner, 0, 30_720, true);
        dropRange(memory, owner, 0, 30_720 - kept);
        expect(countsOf(memory, () => destroyMapping(memory, owner))).toEqual([gathered, kept + gathered + 60]);
        expectSound(memory);
      }
    }
  });

  it('frees each array upwards on 6.12 and downwards on 6.1', () => {
    for (const [profile, order] of [
      ['6.12', [0, 1, 2, 3, 4, 5]],
      ['6.1', [5, 4, 3, 2, 1, 0]],
    ] as const) {
      const memory = aGuest(profile);
      const owner = createMapping(memory, { pages: 512 });
      touchRange(memory, owner, 0, 512, true);
      const pfns = mappingOf(memory, owner).slice(10, 16);
      dropRange(memory, owner, 10, 6);
      const again = createMapping(memory, { pages: 512 });
      touchRange(memory, again, 0, 6, true);
      // A per-CPU list gives its newest page first: the page table takes none of them, it is of another type.
      const newest = mappingOf(memory, again).slice(0, 6).reverse();
      expect([...newest]).toEqual(order.map((index) => pfns[index]));
    }
  });

  it('a mapping that is advised to gets huge pages, and splits one when a part of it is dropped', () => {
    const memory = aGuest();
    const owner = createMapping(memory, { pages: 4 * 512 + 100, huge: true });
    touchRange(memory, owner, 0, 4 * 512 + 100, true);
    expect(memory.events[EV_THP_FAULT_ALLOC]).toBe(4);
    expect(memory.events[EV_THP_FAULT_FALLBACK]).toBe(0);
    expectSound(memory);
    dropRange(memory, owner, 512 + 5, 600);
    expect(memory.events[EV_THP_SPLIT_PAGE]).toBe(2);
    expect(ownerPages(memory, owner)).toBe(4 * 512 + 100 - 600);
    expectSound(memory);
    destroyMapping(memory, owner);
    expect(readUsage(memory).anonPages).toBe(0);
    expectSound(memory);
  });

  it('a huge page goes with the page table in store for it, and its place may have a huge page again', () => {
    const memory = aGuest();
    const owner = createMapping(memory, { pages: 4 * 512, huge: true });
    touchRange(memory, owner, 0, 4 * 512, true);
    expect(countsOf(memory, () => expect(dropRange(memory, owner, 512, 1024)).toBe(1024))).toEqual([0, 1026]);
    expect(readUsage(memory).pageTablePages).toBe(2);
    touchRange(memory, owner, 0, 4 * 512, true);
    expect(memory.events[EV_THP_FAULT_ALLOC]).toBe(6);
    expect(readUsage(memory).pageTablePages).toBe(4);
    expectSound(memory);
  });

  it('falls back to single pages when there is no huge page', () => {
    const memory = aGuest('6.12', 256);
    const kept = createOwner(memory, 'KERNEL');
    const gone = createOwner(memory, 'KERNEL');
    for (let pair = 0; pair < 25_000; pair++) {
      growOwner(memory, kept, 1);
      growOwner(memory, gone, 1);
    }
    destroyOwner(memory, gone);
    const owner = createMapping(memory, { pages: 8192, huge: true });
    expect(touchRange(memory, owner, 0, 8192, true).outcome).toBe('DONE');
    expect(memory.events[EV_THP_FAULT_FALLBACK]).toBeGreaterThan(0);
    expect(memory.events[EV_THP_FAULT_ALLOC] + memory.events[EV_THP_FAULT_FALLBACK]).toBe(16);
    expectSound(memory);
  });

  it('neither reclaims nor compacts for a huge page when it must not defragment', () => {
    const memory = aGuest('6.12', 256);
    const spread = createMapping(memory, { pages: 40_000 });
    touchRange(memory, spread, 0, 40_000, true);
    for (let page = 0; page < 40_000; page += 4) dropRange(memory, spread, page, 3);
    const faults = (defrag: boolean): { granted: number; stalls: number } => {
      setHugepageDefrag(memory, defrag);
      const { events } = memory;
      const before = [events[EV_THP_FAULT_ALLOC], events[EV_COMPACT_STALL]];
      const owner = createMapping(memory, { pages: 20_480, huge: true });
      touchRange(memory, owner, 0, 20_480, true);
      destroyMapping(memory, owner);
      return { granted: events[EV_THP_FAULT_ALLOC] - before[0], stalls: events[EV_COMPACT_STALL] - before[1] };
    };
    const light = faults(false);
    expect(light.stalls).toBe(0);
    const full = faults(true);
    expect(full.stalls).toBeGreaterThan(0);
    expect(full.granted).toBeGreaterThan(light.granted);
  });

  it('a restored memory knows its mappings', () => {
    const memory = aGuest('6.12', 256);
    const owner = createMapping(memory, { pages: 2048 });
    touchRange(memory, owner, 100, 1000, true);
    punch(memory, owner, 2048, 3, 1);
    const restored = restoreMemory(snapshotMemory(memory));
    expect([...mappingOf(restored, owner)]).toEqual([...mappingOf(memory, owner)]);
    destroyMapping(restored, owner);
    expectSound(restored);
  });
});
