import { describe, expect, it } from '@jest/globals';
import {
  EV_PGACTIVATE,
  EV_PGROTATED,
  EV_PGSCAN_ANON,
  EV_PGSTEAL_ANON,
  EV_PGSTEAL_FILE,
  EV_PGSTEAL_KSWAPD,
  EV_PSWPIN,
  EV_PSWPOUT,
  EV_WORKINGSET_ACTIVATE_FILE,
  EV_WORKINGSET_REFAULT_FILE,
  EV_WORKINGSET_RESTORE_FILE,
} from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { LRU_MAX_SEQ, LRU_MIN_SEQ } from '../layout/lru-fields.js';
import type { Memory } from '../layout/memory.js';
import type { KernelProfile } from '../layout/profile.js';
import { TAG_OWNER } from '../layout/tags.js';
import { Z_BOOST } from '../layout/zone-fields.js';
import { createMapping, dropRange, touchRange } from '../owners/address-space.js';
import { generationOfList } from '../owner-pages/generations.js';
import { activePages, listOfPage } from '../owner-pages/lru.js';
import { mappingOf } from '../owner-pages/mapping.js';
import { KIND_ANON } from '../layout/owner-fields.js';
import { createOwner, growOwner, ownerPages, shrinkOwner } from '../owners/owner.js';
import { setPageUse } from '../owner-pages/page-use.js';
import { digestMemory, restoreMemory, snapshotMemory } from '../state/snapshot.js';
import { vmstat } from '../views/vmstat.js';
import { aShortZone, aZone, expectSound, zonesOf } from '../../test/support/zone.js';
import { age } from './aging.js';
import { directReclaim } from './direct-reclaim.js';
import { runPendingKswapd, wakeKswapd } from './kswapd.js';

const SWAP_PAGES = 12_000;
const FILE_PAGES = 5000;

function aMachine(kernelProfile: KernelProfile = '6.12'): Memory {
  return aZone(16_384, {
    addressSpaces: true,
    swapPages: SWAP_PAGES,
    filePages: FILE_PAGES,
    watermarks: true,
    kernelProfile,
  });
}

function reclaim(memory: Memory, rounds: number): void {
  for (let round = 0; round < rounds; round++) directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE);
}

/** Pages of [first, end) that are in memory. */
function resident(memory: Memory, owner: number, first: number, end: number): number {
  return mappingOf(memory, owner)
    .subarray(first, end)
    .filter((entry) => entry >= 0).length;
}

describe('pages that are used', () => {
  it.each(['5.15', '6.1', '6.12'] as const)('stay, and those beside them go: %s', (kernelProfile) => {
    const memory = aMachine(kernelProfile);
    const space = createMapping(memory, { pages: 6000 });
    touchRange(memory, space, 0, 6000, true);
    // Used a little at a time, so that they lie on the lists between pages that are not.
    for (let round = 0; round < 20; round++) {
      for (let page = 0; page < 6000; page += 200) touchRange(memory, space, page, 100, false);
      reclaim(memory, 2);
    }
    let [used, unused] = [0, 0];
    for (let page = 0; page < 6000; page += 200) {
      used += resident(memory, space, page, page + 100);
      unused += resident(memory, space, page + 100, page + 200);
    }
    expect(used).toBe(3000);
    expect(unused).toBeLessThan(2600);
    // They did not go and come back meanwhile.
    expect(memory.events[EV_PSWPIN]).toBeLessThan(300);
    expectSound(memory);
  });

  it('and those that must be written are looked at more often than they are freed', () => {
    const memory = aMachine();
    const space = createMapping(memory, { pages: 4000 });
    touchRange(memory, space, 0, 4000, true);
    reclaim(memory, 40);
    const { events } = memory;
    expect(events[EV_PGSTEAL_ANON]).toBeGreaterThan(500);
    expect(events[EV_PGROTATED]).toBe(events[EV_PSWPOUT]);
    expect(events[EV_PGSCAN_ANON]).toBe(events[EV_PGSTEAL_ANON] + events[EV_PGROTATED]);
  });

  it('of two lists are kept by the first look that finds them, and activated by the second', () => {
    const memory = aMachine('5.15');
    const space = createMapping(memory, { pages: 400 });
    touchRange(memory, space, 0, 400, false);
    reclaim(memory, 1);
    expect([activePages(memory, space), memory.events[EV_PGACTIVATE]]).toEqual([0, 0]);
    touchRange(memory, space, 0, 400, false);
    reclaim(memory, 4);
    expect(activePages(memory, space)).toBeGreaterThan(0);
    expect(memory.events[EV_PGACTIVATE]).toBeGreaterThanOrEqual(activePages(memory, space));
  });

  it('have somebody who knows of them where pages have no addresses, and is asked about the time since the look before', () => {
    const memory = aZone(16_384, { swapPages: SWAP_PAGES, watermarks: true });
    const windows = new Set<number>();
    let nowMs = 1000;
    setPageUse(memory, {
      nowMs: () => nowMs,
      isUsed: (_, pfn, windowMs) => {
        windows.add(windowMs);
        return windowMs > 0 && pfn % 2 === 0;
      },
    });
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 4000);
    age(memory);
    age(memory);
    nowMs = 3500;
    reclaim(memory, 20);
    expect(windows).toContain(2500);
    const left = [...memory.tag.keys()].filter((pfn) => memory.tag[pfn] === TAG_OWNER + owner);
    expect(left.filter((pfn) => pfn % 2 === 0)).toHaveLength(2000);
    expect(left.length).toBeLessThan(3500);
    expectSound(memory);
  });
});

describe('generations', () => {
  const nrOf = (memory: Memory, name: string): number => new Map(vmstat(memory)).get(name) ?? NaN;

  it('the two youngest count as active', () => {
    const memory = aMachine();
    growOwner(memory, createOwner(memory, 'ANON'), 500);
    growOwner(memory, createOwner(memory, 'FILE'), 300);
    const lists = (): number[] =>
      ['nr_active_anon', 'nr_inactive_anon', 'nr_active_file', 'nr_inactive_file'].map((name) => nrOf(memory, name));
    expect(lists()).toEqual([500, 0, 0, 300]);
    age(memory);
    expect(lists()).toEqual([500, 0, 0, 300]);
    age(memory);
    expect(lists()).toEqual([0, 500, 0, 300]);
    expect([memory.lru[LRU_MAX_SEQ], memory.lru[LRU_MIN_SEQ]]).toEqual([5, 2]);
    expectSound(memory);
  });

  it('become one when there would be five, the older pages still behind the younger ones', () => {
    const memory = aMachine();
    const owner = createOwner(memory, 'ANON');
    const oldest: number[] = [];
    for (let round = 0; round < 7; round++) {
      growOwner(memory, owner, 100 + 40 * (round % 3));
      oldest.push(ownerPages(memory, owner));
      age(memory);
      expectSound(memory);
    }
    const born = [...memory.tag.keys()].filter((pfn) => memory.tag[pfn] === TAG_OWNER + owner);
    const isFirst = new Set(born.slice(0, oldest[0]));
    expect(shrinkOwner(memory, owner, oldest[0] ?? 0, 'OLDEST')).toBe(oldest[0]);
    expect(born.filter((pfn) => memory.tag[pfn] === TAG_OWNER + owner && isFirst.has(pfn))).toEqual([]);
    expectSound(memory);
  });

  it('programs’ pages that a walk finds used go to the youngest', () => {
    const memory = aMachine();
    const space = createMapping(memory, { pages: 1000 });
    touchRange(memory, space, 0, 1000, true);
    age(memory);
    age(memory);
    touchRange(memory, space, 0, 10, false);
    age(memory);
    const generationOf = (page: number): number =>
      generationOfList(memory, KIND_ANON, listOfPage(memory, mappingOf(memory, space)[page]));
    expect([generationOf(5), generationOf(500)]).toEqual([5, 3]);
    expect(memory.lru[LRU_MAX_SEQ]).toBe(6);
  });

  it('are the same after a restore, and reclaim goes on as it would have', () => {
    const memory = aMachine();
    const [space, file] = [
      createMapping(memory, { pages: 5000 }),
      createMapping(memory, { pages: 4000, kind: 'FILE' }),
    ];
    touchRange(memory, space, 0, 5000, true);
    touchRange(memory, file, 0, 4000, false);
    reclaim(memory, 60);
    touchRange(memory, space, 1000, 2000, false);
    const restored = restoreMemory(snapshotMemory(memory));
    for (const one of [memory, restored]) {
      reclaim(one, 50);
      touchRange(one, file, 0, 2000, false);
    }
    expect(digestMemory(restored)).toBe(digestMemory(memory));
    expectSound(restored);
  });
});

describe('what is taken first', () => {
  /** A program of 5,000 pages, and as many of a file, read once. */
  function aProgramAndAFile(): { memory: Memory; file: number } {
    const memory = aMachine();
    const space = createMapping(memory, { pages: 5000 });
    touchRange(memory, space, 0, 5000, true);
    const file = createMapping(memory, { pages: 5000, kind: 'FILE' });
    touchRange(memory, file, 0, 5000, false);
    return { memory, file };
  }

  it('is the cache, while nobody misses it', () => {
    const { memory } = aProgramAndAFile();
    reclaim(memory, 30);
    expect(memory.events[EV_PGSTEAL_ANON]).toBe(0);
    expect(memory.events[EV_PGSTEAL_FILE]).toBe(30 * 64);
  });

  it('of programs and cache equally old is the cache, until it comes back as soon as it went', () => {
    const memory = aMachine();
    const space = createMapping(memory, { pages: 5000 });
    touchRange(memory, space, 0, 5000, true);
    age(memory);
    age(memory);
    const file = createMapping(memory, { pages: 5000, kind: 'FILE' });
    touchRange(memory, file, 0, 5000, false);
    reclaim(memory, 30);
    const { events } = memory;
    expect([events[EV_PGSTEAL_ANON], events[EV_PGSTEAL_FILE]]).toEqual([0, 30 * 64]);
    touchRange(memory, file, 0, 5000, false);
    expect(events[EV_WORKINGSET_REFAULT_FILE]).toBe(30 * 64);
    reclaim(memory, 30);
    expect(events[EV_PGSTEAL_ANON]).toBeGreaterThan(1000);
    expect(events[EV_PGSTEAL_FILE] - 30 * 64).toBeLessThan(events[EV_PGSTEAL_ANON] / 2);
  });

  it('is what lies in the highest zone, however old the rest is', () => {
    const zones = [
      { pages: 4096, type: 0 },
      { pages: 8192, type: 2 },
    ];
    const memory = zonesOf(zones, { addressSpaces: true, filePages: FILE_PAGES });
    const file = createMapping(memory, { pages: 4000, kind: 'FILE' });
    const filler = createOwner(memory, 'KERNEL');
    growOwner(memory, filler, 8000);
    touchRange(memory, file, 0, 3000, false);
    shrinkOwner(memory, filler, 2000, 'OLDEST');
    touchRange(memory, file, 3000, 1000, false);
    const frames = mappingOf(memory, file);
    expect([frames[500] < 4096, frames[3500] < 4096]).toEqual([true, false]);
    reclaim(memory, 10);
    expect(10 * 64).toBe(4000 - resident(memory, file, 0, 4000));
    expect(resident(memory, file, 192, 3000)).toBe(2808);
    expectSound(memory);
  });

  it('of a file says how often it was read when it comes back, unless it is forgotten', () => {
    const { memory, file } = aProgramAndAFile();
    for (let round = 0; round < 3; round++) touchRange(memory, file, 0, 100, false);
    reclaim(memory, 10);
    expect(resident(memory, file, 0, 640)).toBe(0);
    dropRange(memory, file, 200, 4800);
    expectSound(memory);
    touchRange(memory, file, 0, 640, false);
    const { events } = memory;
    expect(events[EV_WORKINGSET_REFAULT_FILE]).toBe(200);
    expect([events[EV_WORKINGSET_ACTIVATE_FILE], events[EV_WORKINGSET_RESTORE_FILE]]).toEqual([200, 100]);
    reclaim(memory, 5);
    expect(resident(memory, file, 0, 100)).toBe(100);
    expectSound(memory);
  });

  it('is not what was read over and over', () => {
    const { memory, file } = aProgramAndAFile();
    for (let round = 0; round < 5; round++) touchRange(memory, file, 0, 200, false);
    reclaim(memory, 10);
    expect(resident(memory, file, 0, 200)).toBe(200);
    expect(resident(memory, file, 200, 840)).toBe(0);
    dropRange(memory, file, 0, 5000);
    expectSound(memory);
  });
});

describe('kswapd', () => {
  it.each([
    ['6.1', true],
    ['6.12', false],
  ] as const)('of %s reclaims for a boost alone: %s', (kernelProfile, reclaims) => {
    const memory = aShortZone(3000, 8000, { kernelProfile });
    memory.zones[Z_BOOST] = 512;
    wakeKswapd(memory, Int32Array.of(0), 0, 3, Gfp.HIGHUSER_MOVABLE);
    runPendingKswapd(memory);
    expect(memory.zones[Z_BOOST]).toBe(0);
    expect(memory.events[EV_PGSTEAL_KSWAPD] > 0).toBe(reclaims);
  });
});
