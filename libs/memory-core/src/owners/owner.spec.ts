import { describe, expect, it } from '@jest/globals';
import { NIL, RECLAIMABLE, UNMOVABLE } from '../layout/constants.js';
import { createMemory } from '../boot/create.js';
import { inspectPage } from '../views/inspect.js';
import { panicReason } from '../reclaim/oom.js';
import { createOwner, destroyOwner, growOwner, isOwnerKilled, joinProcess, ownerPages, shrinkOwner } from './owner.js';
import { OWNER_KINDS } from '../layout/owner-fields.js';
import { aZone, expectSound, freeCountOf, nrFree, withoutPcp } from '../../test/support/zone.js';
import { readUsage } from '../views/usage.js';

describe('owners', () => {
  it('a page of an owner is its, touched and counted under its kind', () => {
    const memory = withoutPcp(createMemory({ ramBytes: 2 ** 28 }));
    const resident = readUsage(memory).residentPages;
    const free = readUsage(memory).freePages;
    OWNER_KINDS.forEach((kind, at) => {
      expect(growOwner(memory, createOwner(memory, kind), 100 + at)).toBe(100 + at);
    });
    const usage = readUsage(memory);
    expect([usage.anonPages, usage.filePages, usage.slabReclaimablePages]).toEqual([100, 101, 102]);
    expect([usage.slabUnreclaimablePages, usage.pageTablePages, usage.kernelPages]).toEqual([103, 104, 105]);
    expect([usage.residentPages - resident, free - usage.freePages]).toEqual([615, 615]);
    expectSound(memory);
  });

  it('asks with the migratetype of its kind', () => {
    const memory = aZone(8192);
    growOwner(memory, createOwner(memory, 'SLAB_RECLAIMABLE'), 1);
    growOwner(memory, createOwner(memory, 'PAGE_TABLE'), 1);
    expect([memory.blockType[0], memory.blockType[2]]).toEqual([RECLAIMABLE, UNMOVABLE]);
    expectSound(memory);
  });

  it('gives back its oldest or its newest pages, and all when it goes', () => {
    const memory = aZone(4096);
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 1000);
    expect(shrinkOwner(memory, owner, 300, 'OLDEST')).toBe(300);
    expect([inspectPage(memory, 299).state, inspectPage(memory, 300)]).toMatchObject([
      'FREE',
      { state: 'ANON', owner: 0 },
    ]);
    expect(shrinkOwner(memory, owner, 200, 'NEWEST')).toBe(200);
    expect([inspectPage(memory, 799).state, inspectPage(memory, 800).state]).toEqual(['ANON', 'FREE']);
    expect(ownerPages(memory, owner)).toBe(500);
    expectSound(memory);
    expect(shrinkOwner(memory, owner, 9999, 'OLDEST')).toBe(500);
    growOwner(memory, owner, 10);
    destroyOwner(memory, owner);
    expect([freeCountOf(memory), nrFree(memory)[10]]).toEqual([4096, 4]);
    expect(() => ownerPages(memory, owner)).toThrow('createOwner');
    expectSound(memory);
  });

  it('leaves freed pages backed until the host takes them', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 500);
    const resident = readUsage(memory).residentPages;
    destroyOwner(memory, owner);
    expect(readUsage(memory).residentPages).toBe(resident);
    growOwner(memory, createOwner(memory, 'FILE'), 500);
    expect(readUsage(memory).residentPages).toBe(resident);
  });

  it('gets what the watermarks leave and no more; with nobody to kill the kernel panics', () => {
    const memory = withoutPcp(createMemory({ ramBytes: 2 ** 28 }));
    const owner = createOwner(memory, 'ANON');
    joinProcess(memory, owner, owner, -1000);
    const got = growOwner(memory, owner, 2 ** 20);
    const { zones, totalPages } = readUsage(memory);
    expect(zones[1].freePages).toBe(zones[1].watermarks.minPages);
    expect(got).toBe(totalPages - zones[0].freePages - zones[1].freePages);
    expect(growOwner(memory, owner, 1)).toBe(0);
    expect(panicReason(memory)).toBe('NO_KILLABLE_PROCESS');
    expectSound(memory);
  });

  it('a program that wants more than there is costs its own life', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    const modest = createOwner(memory, 'ANON');
    growOwner(memory, modest, 100);
    const greedy = createOwner(memory, 'ANON');
    growOwner(memory, greedy, 2 ** 20);
    expect([isOwnerKilled(memory, greedy), isOwnerKilled(memory, modest)]).toEqual([true, false]);
    expect([ownerPages(memory, greedy), growOwner(memory, greedy, 1)]).toEqual([0, 0]);
    expectSound(memory);
  });

  it('knows 192 owners', () => {
    const memory = aZone(1024);
    for (let owner = 0; owner < 192; owner++) expect(createOwner(memory, 'KERNEL')).toBe(owner);
    expect(createOwner(memory, 'KERNEL')).toBe(NIL);
    destroyOwner(memory, 77);
    expect(createOwner(memory, 'ANON')).toBe(77);
  });
});
