import { describe, expect, it } from '@jest/globals';
import {
  auditMemory,
  createMemory,
  createOwner,
  destroyOwner,
  drainAllPages,
  growOwner,
  readUsage,
  type Memory,
} from '#memory-core';
import { RandomStream } from '#units';
import { compact } from './compact.js';
import type { KernelWork } from './guest-work.js';

function request(some: Partial<Extract<KernelWork, { kind: 'COMPACT' }>> = {}) {
  return { kind: 'COMPACT', node: null, zone: null, order: null, mode: 'SYNC', ...some } as const;
}

/** Two owners take turns of all lengths (periodic ones would alias with the scanner's stride); then one of them goes. */
function fragmented(numaNodes = 1): Memory {
  const random = RandomStream.of(7, 'turns');
  const memory = createMemory({ ramBytes: 2 ** 28, numaNodes });
  const [kept, gone] = [createOwner(memory, 'ANON'), createOwner(memory, 'ANON')];
  for (let turn = 0; turn < 2000; turn++) {
    growOwner(memory, kept, 1 + Math.floor(random.nextFloat() * 4));
    growOwner(memory, gone, 1 + Math.floor(random.nextFloat() * 30));
  }
  destroyOwner(memory, gone);
  drainAllPages(memory);
  return memory;
}

interface Result {
  readonly scannedPages: number;
  readonly migrateScannedPages: number;
  readonly freeScannedPages: number;
  readonly isolatedPages: number;
  readonly migratedPages: number;
  readonly failedPages: number;
  readonly freeBlocksBefore: readonly number[];
  readonly freeBlocksAfter: readonly number[];
  readonly zones: readonly { readonly node: number; readonly zone: string; readonly result: string }[];
}

const huge = (blocks: readonly number[]): number => (blocks[9] ?? 0) + 2 * (blocks[10] ?? 0);

describe('compaction on request', () => {
  it('gathers free memory, and says in figures what it did', () => {
    const memory = fragmented();
    const answer = compact(memory, request());
    const result = answer.result as unknown as Result;
    expect(answer.outcome).toBe('DONE');
    expect(result.migratedPages).toBeGreaterThan(1000);
    expect(result.scannedPages).toBe(result.migrateScannedPages + result.freeScannedPages);
    expect(result.isolatedPages).toBeGreaterThanOrEqual(result.migratedPages);
    // What was moved from waits on the per-CPU lists until they are drained, as in Linux.
    drainAllPages(memory);
    const drained = readUsage(memory).zones.reduce((sum, { nrFree }) => sum + huge(nrFree), 0);
    expect(drained).toBeGreaterThan(huge(result.freeBlocksBefore) + 10);
    expect(result.freeBlocksBefore).toHaveLength(11);
    expect(result.zones.map(({ node, zone, result: how }) => [node, zone, how])).toEqual([
      [0, 'DMA', 'complete'],
      [0, 'DMA32', 'complete'],
    ]);
    expect(answer.reason).toMatch(/^\d+ pages moved; free blocks of 2 MiB and more: \d+ before, \d+ after$/);
    expect(auditMemory(memory)).toEqual([]);
  });

  it('keeps to one zone of one node', () => {
    const result = compact(fragmented(2), request({ node: 1, zone: 'DMA32' })).result as unknown as Result;
    expect(result.zones).toMatchObject([{ node: 1, zone: 'DMA32', result: 'complete' }]);
  });

  it('does nothing for an order that is there', () => {
    const result = compact(fragmented(), request({ order: 1, mode: 'ASYNC' })).result as unknown as Result;
    expect(result).toMatchObject({ migratedPages: 0, zones: [{ result: 'success' }, { result: 'success' }] });
    expect(result.freeBlocksAfter).toEqual(result.freeBlocksBefore);
  });

  it.each([
    [{ zone: 'Normal' }, 'the guest has no zone Normal; it has DMA on node 0, DMA32 on node 0'],
    [{ node: 3 }, 'the guest has no zone on node 3; it has DMA on node 0, DMA32 on node 0'],
    [{ node: 1, zone: 'DMA' }, 'the guest has no zone DMA on node 1; it has DMA on node 0, DMA32 on node 0'],
  ])('refuses %j', (some, reason) => {
    expect(compact(fragmented(), request(some))).toEqual({ outcome: 'REFUSED', reason, result: null });
  });
});
