import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PAGE_SIZE_BYTES } from '#units';
import { createMemory } from '../boot/create.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { createMapping, destroyMapping, dropRange, touchRange } from '../owners/address-space.js';
import { isolateOwnerPage, ownerPageOrder, putbackOwnerPage } from '../migration/isolate-owner.js';
import { ABSENT, mappingOf } from '../owner-pages/mapping.js';
import { createOwner, destroyOwner, growOwner, isOwnerKilled, shrinkOwner } from '../owners/owner.js';
import { headOfPage } from '../owner-pages/release.js';
import { restoreMemory, snapshotMemory } from '../state/snapshot.js';
import { auditMemory } from '../state/audit.js';
import { directReclaim } from './direct-reclaim.js';
import { runPendingKswapd, wakeKswapd } from './kswapd.js';
import { outOfMemory } from './oom.js';

const SPACE_PAGES = 12_000;
const RAM_BYTES = 64 * 2 ** 20;
/** Of the 64 MiB about 6,400 pages are free at first. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('touch'),
    at: fc.nat(SPACE_PAGES - 1),
    pages: fc.integer({ min: 1, max: 3000 }),
    write: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('drop'), at: fc.nat(SPACE_PAGES - 1), pages: fc.integer({ min: 1, max: 2000 }) }),
  fc.record({ kind: fc.constant('read'), at: fc.nat(SPACE_PAGES - 1), pages: fc.integer({ min: 1, max: 2000 }) }),
  fc.record({ kind: fc.constant('grow'), pages: fc.integer({ min: 1, max: 1500 }) }),
  fc.record({ kind: fc.constant('shrink'), pages: fc.integer({ min: 1, max: 1500 }) }),
  fc.record({ kind: fc.constant('reclaim'), rounds: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant('kswapd') }),
  fc.record({ kind: fc.constant('isolate'), at: fc.nat(SPACE_PAGES - 1), thenDrop: fc.boolean() }),
  fc.record({ kind: fc.constant('remap'), huge: fc.boolean() }),
  fc.record({ kind: fc.constant('oom') }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

class Guest {
  readonly memory: Memory;
  space: number;
  readonly file: number;
  heap: number;

  constructor(swapBytes: number) {
    this.memory = createMemory({
      ramBytes: RAM_BYTES,
      addressSpaces: true,
      swapBytes,
      fileBytes: SPACE_PAGES * PAGE_SIZE_BYTES,
    });
    this.space = createMapping(this.memory, { pages: SPACE_PAGES });
    this.file = createMapping(this.memory, { pages: SPACE_PAGES, kind: 'FILE' });
    this.heap = createOwner(this.memory, 'ANON');
  }

  run(next: Step): void {
    const { memory } = this;
    const pagesFrom = (at: number, pages: number): number => Math.min(pages, SPACE_PAGES - at);
    if ('write' in next) touchRange(memory, this.space, next.at, pagesFrom(next.at, next.pages), next.write);
    else if (next.kind === 'drop' && 'at' in next && 'pages' in next)
      dropRange(memory, this.space, next.at, pagesFrom(next.at, next.pages));
    else if (next.kind === 'read' && 'at' in next && 'pages' in next)
      touchRange(memory, this.file, next.at, pagesFrom(next.at, next.pages), false);
    else if (next.kind === 'grow' && 'pages' in next) growOwner(memory, this.heap, next.pages);
    else if (next.kind === 'shrink' && 'pages' in next) shrinkOwner(memory, this.heap, next.pages, 'OLDEST');
    else if ('rounds' in next)
      for (let round = 0; round < next.rounds; round++) directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE);
    else if (next.kind === 'kswapd') {
      wakeKswapd(memory, memory.zonelists[3], 0, 3, Gfp.HIGHUSER_MOVABLE);
      runPendingKswapd(memory);
    } else if ('thenDrop' in next) this.isolate(next.at, next.thenDrop);
    else if ('huge' in next) this.remap(next.huge);
    else outOfMemory(memory, Gfp.HIGHUSER_MOVABLE);
    this.buryTheDead();
  }

  private isolate(at: number, thenDrop: boolean): void {
    const { memory, space } = this;
    const pfn = mappingOf(memory, space)[at];
    if (pfn < 0) return;
    const head = headOfPage(memory, pfn);
    const place = isolateOwnerPage(memory, head);
    const single = head === pfn && ownerPageOrder(memory, pfn) === 0;
    if (thenDrop && single) dropRange(memory, space, at, 1);
    putbackOwnerPage(memory, head, place);
    if (thenDrop && single) expect(mappingOf(memory, space)[at]).toBe(ABSENT);
    else expect(memory.tag[head]).toBe(TAG_OWNER + space);
  }

  private remap(huge: boolean): void {
    destroyMapping(this.memory, this.space);
    this.space = createMapping(this.memory, { pages: SPACE_PAGES, huge });
  }

  private buryTheDead(): void {
    if (isOwnerKilled(this.memory, this.space)) this.remap(false);
    if (!isOwnerKilled(this.memory, this.heap)) return;
    destroyOwner(this.memory, this.heap);
    this.heap = createOwner(this.memory, 'ANON');
  }
}

describe('reclaim, swap and killing', () => {
  it('lose no page, whatever programs do meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), fc.constantFrom(0, 1, 16), (steps, swapMib) => {
        const guest = new Guest(swapMib * 2 ** 20);
        for (const next of steps) {
          guest.run(next);
          expect(auditMemory(guest.memory)).toEqual([]);
        }
        const cached = [...mappingOf(guest.memory, guest.space)];
        const restored = restoreMemory(snapshotMemory(guest.memory));
        expect([...mappingOf(restored, guest.space)]).toEqual(cached);
      }),
      { numRuns: 40 },
    );
  });

  it('everything comes back when all programs end', () => {
    const guest = new Guest(16 * 2 ** 20);
    const { memory } = guest;
    for (let round = 0; round < 6; round++) {
      guest.run({ kind: 'touch', at: round * 1500, pages: 3000, write: round % 2 === 0 });
      guest.run({ kind: 'reclaim', rounds: 40 });
    }
    destroyMapping(memory, guest.space);
    destroyMapping(memory, guest.file);
    destroyOwner(memory, guest.heap);
    expect(memory.owners.every((word) => word === 0)).toBe(true);
    expect(memory.swapOwner.every((owner) => owner === 0)).toBe(true);
    expect(auditMemory(memory)).toEqual([]);
  });
});
