import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { auditMemory } from '../state/audit.js';
import {
  EV_COMPACT_STALL,
  EV_THP_COLLAPSE_ALLOC,
  EV_THP_COLLAPSE_ALLOC_FAILED,
  EV_THP_FAULT_ALLOC,
  EV_THP_FAULT_FALLBACK,
  EV_THP_SPLIT_PAGE,
} from '../layout/events.js';
import { createMemory } from '../boot/create.js';
import type { Memory } from '../layout/memory.js';
import { readUsage } from '../views/usage.js';
import { collapsePages, collapsiblePages } from './collapse.js';
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

describe('single pages that are collapsed', () => {
  const collapsesOf = (memory: Memory): readonly number[] => [
    memory.events[EV_THP_COLLAPSE_ALLOC],
    memory.events[EV_THP_COLLAPSE_ALLOC_FAILED],
  ];

  it('become a huge page of the same program, and are free afterwards', () => {
    const memory = aMemory();
    const program = createOwner(memory, 'ANON');
    growOwner(memory, program, 3 * 512 + 100);
    const before = readUsage(memory);
    for (let turn = 1; turn <= 3; turn++) {
      expect(collapsePages(memory, program)).toBe('COLLAPSED');
      expect(collapsiblePages(memory, program)).toBe((3 - turn) * 512 + 100);
      expect(auditMemory(memory)).toEqual([]);
    }
    expect(collapsePages(memory, program)).toBe('TOO_FEW');
    expect(collapsesOf(memory)).toEqual([3, 0]);
    expect(memory.events[EV_THP_FAULT_ALLOC]).toBe(0);
    const after = readUsage(memory);
    expect(ownerPages(memory, program)).toBe(3 * 512 + 100);
    expect(after.anonPages).toBe(before.anonPages);
    expect(after.freePages + after.perCpuPages).toBe(before.freePages + before.perCpuPages);
    destroyOwner(memory, program);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('find their block by compaction where other programs have broken memory up', () => {
    const memory = aMemory();
    const [program, others] = [createOwner(memory, 'ANON'), createOwner(memory, 'ANON')];
    while (readUsage(memory).freePages > 1000) {
      if (growOwner(memory, program, 7) + growOwner(memory, others, 9) < 16) break;
    }
    shrinkOwner(memory, others, ownerPages(memory, others) - 512, 'NEWEST');
    take(memory, program);
    const wanted = collapsiblePages(memory, program);
    expect(collapsePages(memory, program)).toBe('COLLAPSED');
    expect(memory.events[EV_COMPACT_STALL]).toBeGreaterThan(0);
    expect(collapsiblePages(memory, program)).toBe(wanted - 512);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('stay what they are when there is no block to be had, and nobody is killed for it', () => {
    const memory = aMemory();
    const program = createOwner(memory, 'ANON');
    const kernel = createOwner(memory, 'KERNEL');
    while (readUsage(memory).freePages > 600) {
      if (growOwner(memory, program, 31) + growOwner(memory, kernel, 1) < 32) break;
    }
    const held = ownerPages(memory, program);
    expect(collapsePages(memory, program)).toBe('NO_BLOCK');
    expect(collapsesOf(memory)).toEqual([0, 1]);
    expect(ownerPages(memory, program)).toBe(held);
    expect(auditMemory(memory)).toEqual([]);
  });
});
