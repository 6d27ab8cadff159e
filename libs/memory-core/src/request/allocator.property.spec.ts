import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allocatePages, allocateRun } from './allocate.js';
import { discardPages } from '../host/backing.js';
import {
  balloonPageAllocList,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  createBalloonDevice,
} from '../balloon/balloon.js';
import { NIL } from '../layout/constants.js';
import { freePageList, freePages } from '../allocator/free.js';
import { GFP_BIT_DIRECT_RECLAIM, Gfp, gfpHighestZoneType, gfpMigratetype } from '../layout/gfp.js';
import { PCP_RUN_WORDS, balloonListNode, ownerListNode, pcpListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { createOwner, growOwner, shrinkOwner } from '../owners/owner.js';
import { PCP_FIELDS, PCP_RUNS, P_MOST_FREE_COUNT, P_RUNS } from '../layout/pcp-fields.js';
import { drainAllPages, refreshVmstat } from '../allocator/pcp-setup.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import type { KernelProfile } from '../layout/profile.js';
import { digestMemory, restoreMemory, snapshotMemory } from '../state/snapshot.js';
import { SlowMemory } from '../../test/oracle/slow-memory.js';
import type { SlowUse } from '../../test/oracle/slow-memory.js';
import { expectSound, freeList, zoneField, zonesOf } from '../../test/support/zone.js';
import { Z_BOOST, Z_FREE, Z_MANAGED } from '../layout/zone-fields.js';

/** The core and the oracle side by side; every step is done to both and compared. */
class Pair {
  readonly slow: SlowMemory;
  readonly device: number;
  readonly usesPcp: boolean;
  readonly anon: number;
  readonly slab: number;
  /** Oracle's idea of the lists: newest first. */
  readonly pagesOf = { anon: [] as number[], slab: [] as number[], balloon: [] as number[] };
  readonly blocks: { pfn: number; order: number }[] = [];

  constructor(readonly memory: Memory) {
    this.anon = createOwner(memory, 'ANON');
    this.slab = createOwner(memory, 'SLAB_RECLAIMABLE');
    this.device = createBalloonDevice(memory, true);
    this.usesPcp = memory.pcp[2] > 0;
    const movable: SlowUse[] = [`owner ${this.anon}`];
    if (memory.config.balloonCompaction) movable.push('balloon 0');
    this.slow = new SlowMemory(memory, (use) => movable.includes(use));
    if (this.usesPcp) this.slow.usePcp(memory);
  }

  allocate(order: number, gfp: number): void {
    const expected = this.ask(order, gfp);
    expect(allocatePages(this.memory, order, gfp)).toBe(expected);
    if (expected !== NIL) this.blocks.push({ pfn: expected, order });
  }

  free(pick: number): void {
    if (this.blocks.length === 0) return;
    const [block] = this.blocks.splice(pick % this.blocks.length, 1);
    this.slow.release(block.pfn, block.order);
    freePages(this.memory, block.pfn, block.order);
  }

  /** Single pages in strides, down to the marks, by a request that may not reclaim. */
  hold(pages: number, gfp: number): void {
    const wanted: number[] = [];
    for (let at = 0; at < pages; at++) {
      const pfn = this.ask(0, gfp);
      if (pfn === NIL) break;
      wanted.push(pfn);
    }
    const run: PageStretch = { startPfn: NIL, step: 1, pages };
    const got: number[] = [];
    while (got.length < pages && allocateRun(this.memory, gfp, run)) {
      for (let page = 0; page < run.pages; page++) got.push(run.startPfn + page * run.step);
      run.pages = pages - got.length;
    }
    expect(got).toEqual(wanted);
    for (const pfn of got) {
      this.memory.tag[pfn] = TAG_ALLOCATED;
      this.blocks.push({ pfn, order: 0 });
    }
  }

  /** Of `pages`, those that are there to get without reclaim, whatever boosts and refills do on the way. */
  private within(pages: number): number {
    const { zones } = this.slow;
    const spare = zones.map((zone) => {
      const kept = zone.min + zone.reserve[3] + Math.max(512, zone.high * 1.5) + 480;
      return Math.max(0, this.slow.freePages(zone) - Math.ceil(kept));
    });
    return Math.min(
      pages,
      spare.reduce((sum, one) => sum + one, 0),
    );
  }

  grow(who: 'anon' | 'slab', asked: number): void {
    const pages = this.within(asked);
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
    for (const pfn of gone) this.slow.release(pfn, 0);
    expect(shrinkOwner(this.memory, this[who], pages, from)).toBe(gone.length);
  }

  inflate(asked: number): void {
    const pages = this.within(asked);
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
      this.slow.release(pfn, 0);
      this.slow.adjustManaged(this.slow.zoneOf(pfn), 1);
    }
    const pfns = new Int32Array(pages);
    const got = balloonPageListDequeue(this.memory, this.device, pfns, pages);
    expect([...pfns.subarray(0, got)]).toEqual(gone);
    freePageList(this.memory, pfns, got);
  }

  refresh(): void {
    this.slow.refresh();
    refreshVmstat(this.memory);
  }

  drainAll(): void {
    for (const pcp of this.slow.pcps) this.slow.drain(pcp, pcp.count, 0);
    drainAllPages(this.memory);
  }

  private comparePcp(): void {
    const { memory } = this;
    this.slow.pcps.forEach((pcp, slot) => {
      const row = [...memory.pcp.subarray(slot * PCP_FIELDS, slot * PCP_FIELDS + 8)];
      const { count, high, highMin, highMax, batch, allocFactor, freeCount, freeFactor } = pcp;
      const tuned = memory.rules.tunesPcp;
      expect(row).toEqual([
        count,
        high,
        highMin,
        highMax,
        batch,
        allocFactor,
        tuned ? freeCount : 0,
        tuned ? 0 : freeFactor,
      ]);
      pcp.lists.forEach((pfns, list) => expect([list, pcpList(memory, slot, list)]).toEqual([list, pfns]));
    });
  }

  compare(): void {
    this.comparePcp();
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

/** None of them reclaims: the oracle knows of no slow path. */
const REQUESTS = [Gfp.KERNEL, Gfp.RECLAIMABLE, Gfp.HIGHUSER, Gfp.HIGHUSER_MOVABLE, Gfp.TRANSHUGE_LIGHT].map(
  (gfp) => gfp & ~GFP_BIT_DIRECT_RECLAIM,
);

const pages = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1500 }));
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ order: fc.integer({ min: 0, max: 10 }), gfp: fc.constantFrom(...REQUESTS) }).map(
      ({ order, gfp }): Step =>
        (pair) =>
          pair.allocate(order, gfp),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(pages, fc.constantFrom(...REQUESTS)).map(
      ([count, gfp]): Step =>
        (pair) =>
          pair.hold(count, gfp),
    ),
  },
  {
    weight: 4,
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
  { weight: 1, arbitrary: fc.constant<Step>((pair) => pair.refresh()) },
  { weight: 1, arbitrary: fc.constant<Step>((pair) => pair.drainAll()) },
);

/** Pages of a per-CPU list, head first. */
function pcpList(memory: Memory, slot: number, list: number): number[] {
  const pfns: number[] = [];
  if (list < 3) {
    const [top, runs] = memory.pcp.subarray(slot * PCP_FIELDS + P_RUNS + list * 2);
    for (let index = top - 1; index >= top - runs; index--) {
      const at = slot * PCP_RUN_WORDS + list * 2 * PCP_RUNS + (index & (PCP_RUNS - 1)) * 2;
      const [first, signed] = memory.pcpRuns.subarray(at);
      for (let page = 0; page < Math.abs(signed); page++) pfns.push(first + page * Math.sign(signed));
    }
  }
  return [...pfns, ...listed(memory, pcpListNode(memory, slot, list))];
}

const RUNS = { numRuns: 15, seed: fc.sample(fc.nat(), 1)[0], endOnFailure: false } as const;

describe.each<[KernelProfile, boolean, boolean]>([
  ['6.1', true, false],
  ['6.12', false, false],
  ['7.0', true, false],
  ['6.1', true, true],
  ['6.12', true, true],
  ['7.0', false, true],
])(
  'allocator against the oracle, %s, balloon compaction %p, per-CPU lists %p',
  (kernelProfile, balloonCompaction, pcp) => {
    it(`does step for step what the slow allocator does, seed ${RUNS.seed}`, () => {
      fc.assert(
        fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), (script) => {
          const zones = [
            { pages: 2048, type: 1 },
            { pages: 3072, type: 2 },
          ];
          const pair = new Pair(zonesOf(zones, { kernelProfile, balloonCompaction, watermarks: true, pcp }));
          if (pcp) widen(pair);
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
  },
);

/** Zones this small have a batch of one page; give them that of a 256 MiB guest, so that refills and drains are worth looking at. */
function widen(pair: Pair): void {
  pair.slow.pcps.forEach((set, slot) => {
    const tuned = pair.memory.rules.tunesPcp;
    [set.batch, set.highMin, set.highMax] = [15, 60, tuned ? 400 : 60];
    if (!tuned) set.high = 60;
    pair.memory.pcp.set([set.high, set.highMin, set.highMax, set.batch], slot * PCP_FIELDS + 1);
    if (tuned) pair.memory.pcp[slot * PCP_FIELDS + P_MOST_FREE_COUNT] = 15 * 32;
  });
}
