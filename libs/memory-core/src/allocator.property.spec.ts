import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allocatePages } from './allocate.js';
import { discardPages } from './backing.js';
import {
  balloonPageAllocList,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  createBalloonDevice,
} from './balloon.js';
import { NIL } from './constants.js';
import { freePageList, freePages } from './free.js';
import { Gfp, gfpHighestZoneType, gfpMigratetype } from './gfp.js';
import { balloonListNode, ownerListNode } from './memory.js';
import type { Memory } from './memory.js';
import { createOwner, growOwner, shrinkOwner } from './owner.js';
import type { KernelProfile } from './profile.js';
import { digestMemory, restoreMemory, snapshotMemory } from './snapshot.js';
import { SlowMemory } from '../test/oracle/slow-memory.js';
import type { SlowUse } from '../test/oracle/slow-memory.js';
import { expectSound, freeList, zoneField, zonesOf } from '../test/support/zone.js';
import { Z_BOOST, Z_FREE, Z_MANAGED } from './zone-fields.js';

/** The core and the oracle side by side; every step is done to both and compared. */
class Pair {
  readonly slow: SlowMemory;
  readonly device: number;
  readonly anon: number;
  readonly slab: number;
  /** Oracle's idea of the lists: newest first. */
  readonly pagesOf = { anon: [] as number[], slab: [] as number[], balloon: [] as number[] };
  readonly blocks: { pfn: number; order: number }[] = [];

  constructor(readonly memory: Memory) {
    this.anon = createOwner(memory, 'ANON');
    this.slab = createOwner(memory, 'SLAB_RECLAIMABLE');
    this.device = createBalloonDevice(memory, true);
    const movable: SlowUse[] = [`owner ${this.anon}`];
    if (memory.config.balloonCompaction) movable.push('balloon 0');
    this.slow = new SlowMemory(memory, (use) => movable.includes(use));
  }

  allocate(order: number, gfp: number): void {
    const expected = this.ask(order, gfp);
    expect(allocatePages(this.memory, order, gfp)).toBe(expected);
    if (expected !== NIL) this.blocks.push({ pfn: expected, order });
  }

  free(pick: number): void {
    if (this.blocks.length === 0) return;
    const [block] = this.blocks.splice(pick % this.blocks.length, 1);
    this.slow.free(block.pfn, block.order);
    freePages(this.memory, block.pfn, block.order);
  }

  grow(who: 'anon' | 'slab', pages: number): void {
    const gfp = who === 'anon' ? Gfp.HIGHUSER_MOVABLE : Gfp.RECLAIMABLE;
    const owner = this[who];
    let got = 0;
    for (; got < pages; got++) {
      const pfn = this.ask(0, gfp);
      if (pfn === NIL) break;
      this.slow.use[pfn] = `owner ${owner}`;
      this.pagesOf[who].unshift(pfn);
    }
    expect(growOwner(this.memory, owner, pages)).toBe(got);
  }

  shrink(who: 'anon' | 'slab', pages: number, from: 'OLDEST' | 'NEWEST'): void {
    const list = this.pagesOf[who];
    const gone = from === 'NEWEST' ? list.splice(0, pages) : list.splice(Math.max(0, list.length - pages)).reverse();
    for (const pfn of gone) this.slow.free(pfn, 0);
    expect(shrinkOwner(this.memory, this[who], pages, from)).toBe(gone.length);
  }

  inflate(pages: number): void {
    const gfp = this.memory.config.balloonCompaction ? Gfp.HIGHUSER_MOVABLE : Gfp.HIGHUSER;
    const wanted: number[] = [];
    for (let at = 0; at < pages; at++) {
      const pfn = this.ask(0, gfp);
      if (pfn === NIL) break;
      wanted.push(pfn);
    }
    const pfns = new Int32Array(pages);
    const got = balloonPageAllocList(this.memory, pfns, pages);
    expect([...pfns.subarray(0, got)]).toEqual(wanted);
    for (const pfn of wanted) {
      this.slow.use[pfn] = 'balloon 0';
      this.slow.adjustManaged(this.slow.zoneOf(pfn), -1);
    }
    this.pagesOf.balloon.unshift(...wanted.reverse());
    balloonPageListEnqueue(this.memory, this.device, pfns, got);
    discardPages(this.memory, pfns, got);
  }

  deflate(pages: number): void {
    const gone = this.pagesOf.balloon.splice(0, pages).reverse();
    for (const pfn of gone) {
      this.slow.free(pfn, 0);
      this.slow.adjustManaged(this.slow.zoneOf(pfn), 1);
    }
    const pfns = new Int32Array(pages);
    const got = balloonPageListDequeue(this.memory, this.device, pfns, pages);
    expect([...pfns.subarray(0, got)]).toEqual(gone);
    freePageList(this.memory, pfns, got);
  }

  compare(): void {
    const { memory, slow } = this;
    slow.zones.forEach((zone, index) => {
      zone.free.forEach((types, order) => {
        types.forEach((pfns, type) =>
          expect([order, type, freeList(memory, order, type, index)]).toEqual([order, type, pfns]),
        );
      });
      expect(zoneField(memory, Z_FREE, index)).toBe(slow.freePages(zone));
      expect(zoneField(memory, Z_BOOST, index)).toBe(zone.boost);
      expect(zoneField(memory, Z_MANAGED, index)).toBe(zone.managed);
    });
    expect([...memory.blockType]).toEqual(slow.blockType);
    expect(listed(memory, ownerListNode(memory, this.anon, 0))).toEqual(this.pagesOf.anon);
    expect(listed(memory, ownerListNode(memory, this.slab, 0))).toEqual(this.pagesOf.slab);
    expect(listed(memory, balloonListNode(memory, this.device))).toEqual(this.pagesOf.balloon);
    expectSound(memory);
  }

  private ask(order: number, gfp: number): number {
    return this.slow.allocate({ order, type: gfpMigratetype(gfp), highestZone: gfpHighestZoneType(gfp) }) ?? NIL;
  }
}

function listed(memory: Memory, sentinel: number): number[] {
  const pfns: number[] = [];
  for (let node = memory.links[2 * sentinel]; node !== sentinel; node = memory.links[2 * node]) pfns.push(node);
  return pfns;
}

type Step = (pair: Pair) => void;

const pages = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1500 }));
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ order: fc.integer({ min: 0, max: 10 }), gfp: fc.constantFrom(...Object.values(Gfp)) }).map(
      ({ order, gfp }): Step =>
        (pair) =>
          pair.allocate(order, gfp),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat().map(
      (pick): Step =>
        (pair) =>
          pair.free(pick),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('anon', 'slab'), pages).map(
      ([who, count]): Step =>
        (pair) =>
          pair.grow(who, count),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('anon', 'slab'), pages, fc.constantFrom('OLDEST', 'NEWEST')).map(
      ([who, count, from]): Step =>
        (pair) =>
          pair.shrink(who, count, from),
    ),
  },
  {
    weight: 2,
    arbitrary: pages.map(
      (count): Step =>
        (pair) =>
          pair.inflate(count),
    ),
  },
  {
    weight: 2,
    arbitrary: pages.map(
      (count): Step =>
        (pair) =>
          pair.deflate(count),
    ),
  },
);

const RUNS = { numRuns: 15, seed: fc.sample(fc.nat(), 1)[0], endOnFailure: false } as const;

describe.each<[KernelProfile, boolean]>([
  ['6.1', true],
  ['6.12', true],
  ['6.12', false],
  ['7.0', true],
])('allocator against the oracle, %s, balloon compaction %p', (kernelProfile, balloonCompaction) => {
  it(`does step for step what the slow allocator does, seed ${RUNS.seed}`, () => {
    fc.assert(
      fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), (script) => {
        const zones = [
          { pages: 2048, type: 1 },
          { pages: 3072, type: 2 },
        ];
        const pair = new Pair(zonesOf(zones, { kernelProfile, balloonCompaction, watermarks: true }));
        for (const step of script) {
          step(pair);
          pair.compare();
        }
        const restored = restoreMemory(snapshotMemory(pair.memory));
        expect(digestMemory(restored)).toBe(digestMemory(pair.memory));
      }),
      RUNS,
    );
  });
});
