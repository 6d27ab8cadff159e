import { describe, expect, it } from '@jest/globals';
import { DEFAULT_MIX } from '#guest';
import { createMemory, createOwner, destroyOwner, freePagesOf, growOwner, ownerPages } from '#memory-core';
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { Container } from './container.js';

const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const PLAN = { anonPages: 48 * MIB_PAGES, filePages: 48 * MIB_PAGES, mix: DEFAULT_MIX, seed: 1 };
/** Of the default mixture, what is used within a minute. */
const USED_IN_MINUTE = 0.61;

function squeezed(kernelProfile: '5.15' | '6.12'): { container: Container; goneRatio: number } {
  const memory = createMemory({
    ramBytes: 160 * MIB,
    addressSpaces: true,
    swapBytes: GIB,
    fileBytes: 48 * MIB,
    kernelProfile,
  });
  const container = new Container(memory, PLAN);
  const before = container.residentPages;
  const other = createOwner(memory, 'KERNEL');
  growOwner(memory, other, freePagesOf(memory) + 92 * MIB_PAGES);
  const goneRatio = 1 - container.residentPages / before;
  expect(ownerPages(memory, other)).toBeGreaterThan(92 * MIB_PAGES);
  destroyOwner(memory, other);
  return { container, goneRatio };
}

describe('a container by address', () => {
  it('waits for nothing while all of it is in memory', () => {
    const memory = createMemory({ ramBytes: 160 * MIB, addressSpaces: true, swapBytes: GIB, fileBytes: 48 * MIB });
    const container = new Container(memory, PLAN);
    expect(container.residentPages).toBe(96 * MIB_PAGES);
    expect(container.work(3600)).toEqual({ swapIns: 0, fileReads: 0 });
  });

  it.each(['5.15', '6.12'] as const)('comes back to what its mixture says within a minute, on %s', (profile) => {
    const { container, goneRatio } = squeezed(profile);
    expect(goneRatio).toBeGreaterThan(0.85);
    const { swapIns, fileReads } = container.work(60);
    const runs = PLAN.filePages / 16;
    expect(fileReads / runs).toBeGreaterThan(0.8 * USED_IN_MINUTE);
    expect(fileReads / runs).toBeLessThan(1.05 * USED_IN_MINUTE);
    // A fault reads eight slots of swap: two for each run of sixteen pages that lie there in a row, up to sixteen when none do.
    expect(swapIns / runs).toBeGreaterThan(1.6 * USED_IN_MINUTE);
    expect(swapIns / runs).toBeLessThan(16 * USED_IN_MINUTE);
  });
});
