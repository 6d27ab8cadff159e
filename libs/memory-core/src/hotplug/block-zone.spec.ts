import { describe, expect, it } from '@jest/globals';
import { allocatePages } from '../request/allocate.js';
import { createMemory } from '../boot/create.js';
import { compactMemory } from '../compaction/manual.js';
import { EBUSY, EINVAL } from '../layout/errno.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_RESERVE } from '../layout/zone-fields.js';
import { digestMemory, restoreMemory, snapshotMemory } from '../state/snapshot.js';
import { runToEnd } from '../tasks/task.js';
import { procText } from '../views/proc-text.js';
import { readUsage } from '../views/usage.js';
import { expectSound } from '../../test/support/zone.js';
import { offlineMemoryBlock } from './offline.js';
import { onlineMemoryBlock } from './online.js';
import type { OnlineKind } from './block-zone.js';

/** As the guest of 1 GiB with kernelcore=384M whose blocks were recorded: Movable from page 99,328 on. */
function aGuest(): Memory {
  return createMemory({ ramBytes: 2 ** 30, movableBytes: 162_816 * 4096, transparentHugepages: true });
}

const offline = (memory: Memory, block: number): number =>
  runToEnd(
    memory,
    offlineMemoryBlock(memory, block, (passes) => passes > 100),
  );

function cycle(memory: Memory, block: number, kind: OnlineKind): number {
  expect(offline(memory, block)).toBe(0);
  return onlineMemoryBlock(memory, block, kind);
}

/** Start, spanned and present pages by zone. */
function zonesOf(memory: Memory): Record<string, number[]> {
  return Object.fromEntries(
    readUsage(memory).zones.map((zone) => [zone.name, [zone.startPfn, zone.spannedPages, zone.presentPages]]),
  );
}

describe('the zone that a memory block comes online in', () => {
  it('is its own, unless kernel memory is asked for: then a Movable block makes a Normal zone', () => {
    const memory = aGuest();
    const before = digestMemory(memory);
    expect(zonesOf(memory)['Normal']).toBeUndefined();
    expect([cycle(memory, 4, 'online'), cycle(memory, 4, 'online_movable')]).toEqual([0, 0]);
    expect(zonesOf(memory)['Movable']).toEqual([99_328, 162_816, 162_784]);
    expect(cycle(memory, 4, 'online_kernel')).toBe(0);
    expect([zonesOf(memory)['Movable'], zonesOf(memory)['Normal']]).toEqual([
      [99_328, 162_816, 130_016],
      [131_072, 32_768, 32_768],
    ]);
    expect(digestMemory(memory)).not.toBe(before);
    expectSound(memory);
  });

  it('grows and shrinks with its blocks, and a block between two zones goes where it reaches', () => {
    const memory = aGuest();
    cycle(memory, 4, 'online_kernel');
    expect(cycle(memory, 5, 'online')).toBe(0);
    expect(zonesOf(memory)['Normal']).toEqual([131_072, 32_768, 32_768]);
    expect(cycle(memory, 5, 'online_kernel')).toBe(0);
    expect(zonesOf(memory)['Normal']).toEqual([131_072, 65_536, 65_536]);
    expect(offline(memory, 5)).toBe(0);
    expect(zonesOf(memory)['Normal']).toEqual([131_072, 32_768, 32_768]);
    expect(onlineMemoryBlock(memory, 5, 'online_movable')).toBe(0);
    expect(zonesOf(memory)['Movable'][2]).toBe(130_016);
    expect(offline(memory, 4)).toBe(0);
    expect(zonesOf(memory)['Normal']).toBeUndefined();
    expect(onlineMemoryBlock(memory, 4)).toBe(0);
    expect(zonesOf(memory)['Movable'][2]).toBe(162_784);
    expectSound(memory);
  });

  it('keeps memory from requests that could use zones above it, as recorded', () => {
    const memory = aGuest();
    cycle(memory, 4, 'online_kernel');
    const normal = 3 * ZONE_FIELDS + Z_RESERVE;
    const movable = readUsage(memory).zones.find(({ name }) => name === 'Movable');
    expect(Array.from(memory.zones.subarray(normal, normal + 4))).toEqual([
      0,
      0,
      0,
      Math.floor((movable?.managedPages ?? 0) / 32),
    ]);
    expect([...procText(memory, 'BUDDYINFO').matchAll(/zone +(\w+)/g)].map(([, name]) => name)).toEqual([
      'DMA',
      'DMA32',
      'Normal',
      'Movable',
    ]);
  });

  it('serves the kernel, is compacted, survives a snapshot, and cannot be taken away while the kernel is in it', () => {
    const memory = aGuest();
    cycle(memory, 4, 'online_kernel');
    const restored = restoreMemory(snapshotMemory(memory));
    for (const guest of [memory, restored]) {
      const pfn = allocatePages(guest, 3, Gfp.KERNEL);
      expect(pfn >= 131_072 && pfn < 163_840).toBe(true);
      runToEnd(guest, compactMemory(guest));
      expect(offline(guest, 4)).toBe(-EBUSY);
    }
    expect(digestMemory(restored)).toBe(digestMemory(memory));
    expectSound(memory);
  });

  it('cannot be a Movable zone that the guest was not booted with', () => {
    const memory = createMemory({ ramBytes: 2 ** 29 });
    expect(offline(memory, 2)).toBe(0);
    expect([onlineMemoryBlock(memory, 2, 'online_movable'), onlineMemoryBlock(memory, 2, 'online_kernel')]).toEqual([
      -EINVAL,
      0,
    ]);
    expectSound(memory);
  });
});
