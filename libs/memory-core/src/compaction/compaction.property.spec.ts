import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { freePages } from '../allocator/free.js';
import { takeSmallest } from '../allocator/buddy.js';
import { balloonPages } from '../balloon/balloon.js';
import { MOVABLE, NIL, UNMOVABLE, ZONE_NORMAL } from '../layout/constants.js';
import { EV_COMPACT_FAIL, EV_COMPACT_STALL, EV_COMPACT_SUCCESS } from '../layout/events.js';
import type { Memory } from '../layout/memory.js';
import { KERNEL_PROFILES } from '../layout/profile.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { createOwner, ownerPages } from '../owners/owner.js';
import type { Task } from '../tasks/task.js';
import { inflate, occupyAll } from '../../test/support/movable.js';
import { adoptPages, expectSound, zonesOf } from '../../test/support/zone.js';
import { directCompact } from './direct.js';
import { kcompactd, wakeKcompactd } from './kcompactd.js';
import { compactMemory } from './manual.js';

const PAGES = 4096;

interface Layout {
  readonly kernelProfile: (typeof KERNEL_PROFILES)[number];
  readonly pcp: boolean;
  readonly seed: number;
  /** Of 64 pages each: free, in the balloon, an owner's; the rest is the kernel's. */
  readonly shares: readonly [number, number, number];
  readonly types: readonly number[];
}

const layouts = fc.record<Layout>({
  kernelProfile: fc.constantFrom(...KERNEL_PROFILES),
  pcp: fc.boolean(),
  seed: fc.nat(),
  shares: fc.tuple(fc.integer({ min: 4, max: 50 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })),
  types: fc.array(fc.constantFrom(MOVABLE, MOVABLE, MOVABLE, UNMOVABLE), { minLength: 8, maxLength: 8 }),
});

interface Guest {
  readonly memory: Memory;
  readonly device: number;
  readonly owner: number;
}

function laidOut({ kernelProfile, pcp, seed, shares, types }: Layout): Guest {
  const memory = zonesOf([{ pages: PAGES }], { kernelProfile, pcp });
  occupyAll(memory);
  const owner = createOwner(memory, 'ANON');
  const ballooned: number[] = [];
  types.forEach((type, block) => (memory.blockType[block] = type));
  for (let pfn = 0; pfn < PAGES; pfn++) {
    let hash = Math.imul(pfn ^ seed, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 26;
    if (hash < shares[0]) freePages(memory, pfn, 0);
    else if (hash < shares[0] + shares[1]) ballooned.push(pfn);
    else if (hash < shares[0] + shares[1] + shares[2]) adoptPages(memory, owner, pfn, 1);
  }
  return { memory, device: inflate(memory, ballooned), owner };
}

/** Runs the task and recounts the memory at every so many of its yields. */
function watch<Result>(memory: Memory, task: Task<Result>): Result {
  for (let yields = 0; ; yields++) {
    const step = task.next();
    if (step.done === true) return step.value;
    if (yields % 7 === 0) expectSound(memory);
    if (yields > 100_000) throw new Error('does not end');
  }
}

function expectKept({ memory, device, owner }: Guest, pages: readonly [number, number]): void {
  expectSound(memory);
  if (balloonPages(memory, device) !== pages[0]) throw new Error('the balloon has another size');
  if (ownerPages(memory, owner) !== pages[1]) throw new Error('the owner has another size');
}

describe('compaction', () => {
  it('loses no page, at any of its yields, whoever compacts', () => {
    fc.assert(
      fc.property(layouts, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 10 }), (layout, who, order) => {
        const guest = laidOut(layout);
        const { memory } = guest;
        const pages = [balloonPages(memory, guest.device), ownerPages(memory, guest.owner)] as const;
        if (who === 0) watch(memory, compactMemory(memory));
        else if (who === 1) {
          wakeKcompactd(memory, 0, order, ZONE_NORMAL);
          watch(memory, kcompactd(memory, 0, true));
        } else compactDirectly(memory, order, layout.seed % 3);
        expectKept(guest, pages);
      }),
      { numRuns: 120 },
    );
  });
});

function compactDirectly(memory: Memory, order: number, priority: number): void {
  const request = {
    order,
    migratetype: MOVABLE,
    zonelist: Int32Array.of(0),
    highestType: ZONE_NORMAL,
    rights: 0,
    priority,
  };
  const { pfn } = watch(
    memory,
    directCompact(memory, request, () => takeSmallest(memory, 0, order, MOVABLE)),
  );
  if (pfn !== NIL) memory.tag.fill(TAG_ALLOCATED, pfn, pfn + (1 << order));
  const { events } = memory;
  if (events[EV_COMPACT_STALL] !== events[EV_COMPACT_SUCCESS] + events[EV_COMPACT_FAIL]) throw new Error('stalls');
}
