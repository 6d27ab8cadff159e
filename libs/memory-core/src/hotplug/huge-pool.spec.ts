import { describe, expect, it } from '@jest/globals';
import { createMemory } from '../boot/create.js';
import { compactMemory } from '../compaction/manual.js';
import { EV_HTLB_BUDDY_ALLOC_FAIL, EV_HTLB_BUDDY_ALLOC_SUCCESS, EV_PGMIGRATE_SUCCESS } from '../layout/events.js';
import { PAGEBLOCK_PAGES } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { ownerPages } from '../owners/owner.js';
import { runToEnd } from '../tasks/task.js';
import { freeAllBut, occupyAll } from '../../test/support/movable.js';
import { aZone, expectSound, freeCountOf } from '../../test/support/zone.js';
import { readUsage } from '../views/usage.js';
import { createHugePool, hugePoolPages, resizeHugePool } from './huge-pool.js';

function pooled({ events }: Memory): number[] {
  return [events[EV_HTLB_BUDDY_ALLOC_SUCCESS], events[EV_HTLB_BUDDY_ALLOC_FAIL]];
}

describe('the huge page pool', () => {
  it('grows and shrinks to what is asked', () => {
    const memory = aZone(8192);
    const pool = createHugePool(memory);
    expect(resizeHugePool(memory, pool, 5)).toBe(5);
    expect([ownerPages(memory, pool), freeCountOf(memory)]).toEqual([5 * 512, 11 * 512]);
    expectSound(memory);
    expect(resizeHugePool(memory, pool, 2)).toBe(2);
    expect(resizeHugePool(memory, pool, 0)).toBe(0);
    expect([hugePoolPages(memory, pool), freeCountOf(memory)]).toEqual([0, 8192]);
    expect(pooled(memory)).toEqual([5, 0]);
    expectSound(memory);
  });

  it('takes what there is and counts one failure', () => {
    const memory = aZone(4096);
    occupyAll(memory);
    freeAllBut(memory, 1024, 3072, []);
    const pool = createHugePool(memory);
    expect(resizeHugePool(memory, pool, 100)).toBe(4);
    expect(pooled(memory)).toEqual([4, 1]);
    expectSound(memory);
  });

  it('does not move and is cleared as it is had', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    const resident = readUsage(memory).residentPages;
    resizeHugePool(memory, createHugePool(memory), 20);
    expect(readUsage(memory).residentPages).toBe(resident + 20 * PAGEBLOCK_PAGES);
    runToEnd(memory, compactMemory(memory));
    expect(memory.events[EV_PGMIGRATE_SUCCESS]).toBe(0);
    expectSound(memory);
  });
});
