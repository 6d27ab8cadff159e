import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { auditMemory } from '../state/audit.js';
import { EV_THP_FAULT_ALLOC, EV_THP_FAULT_FALLBACK, EV_THP_SPLIT_PAGE } from '../layout/events.js';
import { createMemory } from '../boot/create.js';
import type { Memory } from '../layout/memory.js';
import { readUsage } from '../views/usage.js';
import { growOwnerHuge } from './huge-page.js';
import { createOwner, destroyOwner, growOwner, ownerPages, shrinkOwner } from './owner.js';
import { setPageUse } from '../owner-pages/page-use.js';

const aMemory = (swapBytes = 0): Memory => createMemory({ ramBytes: 128 * MIB, kernelProfile: '6.12', swapBytes });

function take(memory: Memory, owner: number): number {
  let taken = 0;
  while (growOwnerHuge(memory, owner)) taken++;
  return taken;
}

describe('huge pages of memory that is only counted', () => {
  it('come while there are free blocks of 2 MiB, and fall back after that without reclaim', () => {
    const memory = aMemory();
    const program = createOwner(memory, 'ANON');
    const cache = createOwner(memory, 'FILE');
    growOwner(memory, cache, 4096);
    const taken = take(memory, program);
    expect(taken).toBeGreaterThan(20);
    expect(ownerPages(memory, program)).toBe(512 * taken);
    expect([memory.events[EV_THP_FAULT_ALLOC], memory.events[EV_THP_FAULT_FALLBACK]]).toEqual([taken, 1]);
    expect(ownerPages(memory, cache)).toBe(4096);
    expect(readUsage(memory).anonPages).toBe(512 * taken);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('go back whole, or in parts by being split', () => {
    const memory = aMemory();
    const program = createOwner(memory, 'ANON');
    const free = readUsage(memory).freePages + readUsage(memory).perCpuPages;
    const taken = take(memory, program);
    expect(shrinkOwner(memory, program, 512 * 3 + 100, 'NEWEST')).toBe(512 * 3 + 100);
    expect(memory.events[EV_THP_SPLIT_PAGE]).toBe(1);
    expect(ownerPages(memory, program)).toBe(512 * (taken - 3) - 100);
    expect(auditMemory(memory)).toEqual([]);
    destroyOwner(memory, program);
    const after = readUsage(memory);
    expect(after.freePages + after.perCpuPages).toBe(free);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('are swapped out in parts when none of them is used, and stay when one is', () => {
    for (const isHot of [false, true]) {
      const memory = aMemory(64 * MIB);
      const program = createOwner(memory, 'ANON');
      take(memory, program);
      const hot = ownerPages(memory, program);
      setPageUse(memory, {
        nowMs: () => 60_000,
        isUsed: (owner, pfn) => isHot && owner === program && pfn % 512 === 300,
      });
      const other = createOwner(memory, 'ANON');
      growOwner(memory, other, 6000);
      expect(auditMemory(memory)).toEqual([]);
      const lost = hot - ownerPages(memory, program);
      if (isHot) expect(lost).toBeLessThan(hot / 4);
      else expect(lost).toBeGreaterThan(2000);
    }
  });
});
