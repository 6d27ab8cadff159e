import { describe, expect, it } from '@jest/globals';
import { createMemory } from '../boot/create.js';
import { allocatePages } from '../request/allocate.js';
import { freePages } from '../allocator/free.js';
import { ZONE_DMA32, ZONE_NORMAL } from '../layout/constants.js';
import {
  EV_KSWAPD_HIGH_WMARK_HIT_QUICKLY,
  EV_KSWAPD_LOW_WMARK_HIT_QUICKLY,
  EV_PAGEOUTRUN,
  EV_PGSCAN_DIRECT,
  EV_PGSTEAL_ANON,
  EV_PGSTEAL_KSWAPD,
  EV_PSWPOUT,
} from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { SYSCTL_EXTFRAG_THRESHOLD, S_KSWAPD_WAKES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { inspectPage } from '../views/inspect.js';
import { N_KSWAPD_FAILURES } from '../layout/node-fields.js';
import {
  ZONE_FIELDS,
  Z_BOOST,
  Z_FREE,
  Z_NODE,
  Z_WMARK_HIGH,
  Z_WMARK_MIN,
  Z_WMARK_PROMO,
} from '../layout/zone-fields.js';
import { activePages } from '../owner-pages/lru.js';
import { createOwner, growOwner, ownerPages, shrinkOwner } from '../owners/owner.js';
import { aShortZone, aZone, expectSound, freeCountOf, withoutPcp, zonesOf } from '../../test/support/zone.js';
import { isNodeBalanced, isNodeHopeless } from './balance.js';
import { directReclaim } from './direct-reclaim.js';
import { endKswapdNap, runPendingKswapd, wakeKswapd } from './kswapd.js';
import { registerShrinker } from './shrinkers.js';

const mark = (memory: Memory, which: number): number => memory.zones[which];

describe('direct reclaim', () => {
  it('calls a zone ready for compaction only above its boosted mark: a block below it cannot be had', () => {
    const memory = aZone(4096);
    memory.zones[Z_WMARK_MIN] = 100;
    expect(directReclaim(memory, 9, Gfp.HIGHUSER_MOVABLE)).toBe(1);
    memory.zones[Z_BOOST] = 4096;
    expect(directReclaim(memory, 9, Gfp.HIGHUSER_MOVABLE)).toBe(0);
  });

  it('does not call it ready where compaction refuses, for lack of memory in pieces large enough to say so', () => {
    // Free: every other block of 256 pages, eight of them. The index is 1000 − (1000 + 4000) / 8 = 375.
    const memory = aZone(4096);
    for (let block = 0; block < 16; block++) allocatePages(memory, 8, Gfp.HIGHUSER_MOVABLE);
    for (let block = 0; block < 16; block += 2) freePages(memory, block * 256, 8);
    expect(directReclaim(memory, 9, Gfp.HIGHUSER_MOVABLE)).toBe(0);
    memory.sysctls[SYSCTL_EXTFRAG_THRESHOLD] = 300;
    expect(directReclaim(memory, 9, Gfp.HIGHUSER_MOVABLE)).toBe(1);
  });

  it('of generations takes a batch of 64 pages, oldest first', () => {
    const memory = aShortZone(300, 1000);
    const oldest = memory.tag.indexOf(TAG_OWNER);
    expect(directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE)).toBe(64);
    expect([ownerPages(memory, 0), memory.events[EV_PGSCAN_DIRECT]]).toEqual([936, 64]);
    expect([oldest, oldest + 64].map((pfn) => inspectPage(memory, pfn).state)).toEqual(['FREE', 'FILE']);
    expectSound(memory);
  });

  it('of two lists takes 32 pages and what its last round had begun, oldest first', () => {
    const memory = aShortZone(300, 1000, { kernelProfile: '5.15' });
    const oldest = memory.tag.indexOf(TAG_OWNER);
    // An eighth of a thousandth, then twice as much each round: 3 + 7 + 15 + 31.
    expect(directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE)).toBe(56);
    expect(ownerPages(memory, 0)).toBe(944);
    expect(memory.events[EV_PGSCAN_DIRECT]).toBe(56);
    expect(inspectPage(memory, oldest).state).toBe('FREE');
    expect(inspectPage(memory, oldest + 56).state).toBe('FILE');
    expectSound(memory);
  });

  it('leaves a zone alone that has room for compaction, which is progress, though another zone has none', () => {
    const memory = zonesOf(
      [
        { pages: 2048, type: ZONE_DMA32 },
        { pages: 16_384, type: ZONE_NORMAL },
      ],
      { watermarks: true },
    );
    growOwner(memory, createOwner(memory, 'ANON'), 17_900);
    // Nothing can be reclaimed: either zone has too little for a block of order 9.
    expect(directReclaim(memory, 9, Gfp.HIGHUSER_MOVABLE)).toBe(0);
    shrinkOwner(memory, 0, 4000, 'OLDEST');
    expect(directReclaim(memory, 9, Gfp.HIGHUSER_MOVABLE)).toBe(1);
    expect(memory.events[EV_PGSCAN_DIRECT]).toBe(0);
  });

  it('without swap anonymous memory stays where it is', () => {
    const memory = aZone(16_384, { watermarks: true });
    growOwner(memory, createOwner(memory, 'ANON'), 5000);
    expect(directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE)).toBe(0);
    expect(ownerPages(memory, 0)).toBe(5000);
  });

  it.each([
    ['5.15', 100],
    // Less room than for a batch counts as none.
    ['6.12', 64],
  ] as const)('with swap it goes there, and comes no further than the device is large: %s', (kernelProfile, pages) => {
    const memory = aZone(16_384, { watermarks: true, swapPages: 100, kernelProfile });
    growOwner(memory, createOwner(memory, 'ANON'), 5000);
    for (let round = 0; round < 10; round++) directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE);
    expect([memory.events[EV_PSWPOUT], memory.events[EV_PGSTEAL_ANON]]).toEqual([pages, pages]);
    expect(ownerPages(memory, 0)).toBe(5000 - pages);
    expectSound(memory);
  });

  it('goes round the owners, so that each gives in its turn', () => {
    const memory = aZone(16_384, { watermarks: true });
    for (let owner = 0; owner < 4; owner++) growOwner(memory, createOwner(memory, 'FILE'), 2000);
    for (let round = 0; round < 40; round++) directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE);
    for (let owner = 0; owner < 4; owner++) expect(ownerPages(memory, owner)).toBeLessThan(1800);
  });

  it('asks shrinkers for their share', () => {
    const memory = aZone(16_384, { watermarks: true });
    growOwner(memory, createOwner(memory, 'SLAB_RECLAIMABLE'), 500);
    const asked: number[] = [];
    const stop = registerShrinker(memory, {
      count: () => 3072,
      scan: (pages) => {
        asked.push(pages);
        return 1024;
      },
    });
    expect(directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE)).toBe(1024);
    expect(asked).toEqual([2]);
    stop();
    expect(directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE)).toBeGreaterThanOrEqual(32);
    expect(asked).toHaveLength(1);
    expectSound(memory);
  });
});

describe('kswapd', () => {
  const wake = (memory: Memory): void => wakeKswapd(memory, Int32Array.of(0), 0, 3, Gfp.HIGHUSER_MOVABLE);

  it('reclaims from below the low watermark to the high one, in one run', () => {
    const memory = aShortZone(300, 4000);
    wake(memory);
    runPendingKswapd(memory);
    expect(freeCountOf(memory)).toBeGreaterThan(mark(memory, Z_WMARK_HIGH));
    expect(freeCountOf(memory)).toBeLessThan(mark(memory, Z_WMARK_HIGH) + 450);
    expect(memory.events[EV_PAGEOUTRUN]).toBe(1);
    expect(memory.events[EV_PGSTEAL_KSWAPD]).toBe(4000 - ownerPages(memory, 0));
    expectSound(memory);
  });

  it('is not woken for a balanced node', () => {
    const memory = aShortZone(10_000, 0);
    wake(memory);
    expect(memory.scalars[S_KSWAPD_WAKES]).toBe(0);
  });

  it('gives up after 16 runs without progress, one after the other, until something could be reclaimed', () => {
    const memory = aShortZone(300, 0);
    for (let waking = 0; waking < 2; waking++) {
      wake(memory);
      runPendingKswapd(memory);
      // Before each run but the first it looked whether it might sleep.
      expect([memory.events[EV_PAGEOUTRUN], memory.events[EV_KSWAPD_HIGH_WMARK_HIT_QUICKLY]]).toEqual([16, 15]);
      expect(isNodeHopeless(memory, 0)).toBe(true);
    }
    growOwner(memory, createOwner(memory, 'FILE'), 40);
    directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE);
    expect(memory.nodes[N_KSWAPD_FAILURES]).toBe(0);
  });

  it('clears a boost at once, though nothing can be reclaimed, which counts as a failure', () => {
    const memory = aShortZone(3000, 0);
    memory.zones[Z_BOOST] = 512;
    wake(memory);
    expect(memory.scalars[S_KSWAPD_WAKES]).toBe(1);
    runPendingKswapd(memory);
    expect([memory.zones[Z_BOOST], memory.nodes[N_KSWAPD_FAILURES]]).toEqual([0, 1]);
  });

  it('works a boost off without swapping', () => {
    const memory = aZone(16_384, { watermarks: true, swapPages: 1000 });
    growOwner(memory, createOwner(memory, 'ANON'), 5000);
    memory.zones[Z_BOOST] = 512;
    wake(memory);
    runPendingKswapd(memory);
    expect([memory.zones[Z_BOOST], memory.events[EV_PSWPOUT]]).toEqual([0, 0]);
  });

  it('woken in its nap counts a low watermark hit quickly; after the nap it sleeps', () => {
    const memory = aShortZone(300, 8000);
    wake(memory);
    runPendingKswapd(memory);
    const quick = (): number => memory.events[EV_KSWAPD_LOW_WMARK_HIT_QUICKLY];
    const useUp = (): number => {
      const before = quick();
      const runs = memory.events[EV_PAGEOUTRUN];
      const kernel = createOwner(memory, 'KERNEL');
      while (memory.events[EV_PAGEOUTRUN] === runs) growOwner(memory, kernel, 1);
      return quick() - before;
    };
    expect(useUp()).toBe(1);
    endKswapdNap(memory, 0);
    expect(useUp()).toBe(0);
    expect(useUp()).toBe(1);
    expect(isNodeBalanced(memory, 0, 0, 3)).toBe(true);
  });

  it('short again at the end of its nap it goes on, and counts a high watermark hit quickly', () => {
    const memory = aShortZone(300, 8000);
    wake(memory);
    runPendingKswapd(memory);
    while (isNodeBalanced(memory, 0, 0, 3)) allocatePages(memory, 0, Gfp.KERNEL);
    expect(memory.scalars[S_KSWAPD_WAKES]).toBe(0);
    endKswapdNap(memory, 0);
    expect([memory.events[EV_KSWAPD_HIGH_WMARK_HIT_QUICKLY], memory.scalars[S_KSWAPD_WAKES]]).toEqual([1, 1]);
  });
});

describe('two nodes', () => {
  it('each kswapd takes pages of its own node, however deep in the list they are', () => {
    const memory = createMemory({ ramBytes: 2 ** 29, numaNodes: 2, cpus: 2 });
    const owner = createOwner(memory, 'FILE');
    growOwner(memory, owner, 80_000);
    const before = [0, 1].map((node) => pagesOnNode(memory, node));
    expect(before[1]).toBeGreaterThan(5000);
    const zones = memory.zonelists[3].filter((zone) => memory.zones[zone * ZONE_FIELDS + Z_NODE] === 1);
    for (const zone of zones) memory.zones[zone * ZONE_FIELDS + Z_WMARK_HIGH] += freeCountOf(memory, zone) + 500;
    for (const zone of zones) memory.zones[zone * ZONE_FIELDS + Z_WMARK_PROMO] += freeCountOf(memory, zone) + 1000;
    wakeKswapd(memory, zones, 0, 3, Gfp.HIGHUSER_MOVABLE);
    runPendingKswapd(memory);
    expect(pagesOnNode(memory, 0)).toBe(before[0]);
    expect(pagesOnNode(memory, 1)).toBeLessThan(before[1] - 400);
    expectSound(memory);
  });
});

/** Frames of owner 0 on a node. */
function pagesOnNode(memory: Memory, node: number): number {
  let pages = 0;
  memory.tag.forEach((tag, pfn) => {
    if (tag === TAG_OWNER && memory.zones[memory.blockZone[pfn >> 9] * ZONE_FIELDS + Z_NODE] === node) pages++;
  });
  return pages;
}

describe('inactive and active lists', () => {
  it('the active list refills the inactive one, and never loses a page', () => {
    const memory = withoutPcp(createMemory({ ramBytes: 2 ** 28, addressSpaces: true }));
    const owner = createOwner(memory, 'FILE');
    growOwner(memory, owner, 20_000);
    expect(activePages(memory, owner)).toBe(0);
    while (ownerPages(memory, owner) > 0) if (directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE) === 0) break;
    expect(ownerPages(memory, owner)).toBe(0);
    expectSound(memory);
    expect(memory.zones[ZONE_FIELDS + Z_FREE]).toBeGreaterThan(20_000);
  });
});
