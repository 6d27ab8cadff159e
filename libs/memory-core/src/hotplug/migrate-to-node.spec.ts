import { describe, expect, it } from '@jest/globals';
import { createMapping, touchRange } from '../owners/address-space.js';
import { mappingOf } from '../owner-pages/mapping.js';
import { ENOMEM } from '../layout/errno.js';
import type { Memory } from '../layout/memory.js';
import { runToEnd } from '../tasks/task.js';
import { readUsage } from '../views/usage.js';
import { migrateToNode } from './migrate-to-node.js';
import { createMemoryFromMap } from '../boot/from-map.js';

const NODE_PAGES = 8192;

/** Two nodes of 32 MiB, all of it free. */
function twoNodes(): Memory {
  const zones = [0, 1].map((node) => ({
    node,
    type: 1,
    range: { startPfn: node * NODE_PAGES, endPfn: (node + 1) * NODE_PAGES },
    holes: [],
    reserved: [],
    lateManagedPages: 0,
  }));
  return createMemoryFromMap({
    config: {
      kernelProfile: '6.12',
      memoryBallooning: true,
      balloonCompaction: true,
      transparentHugepages: false,
      cpus: 2,
      addressSpaces: true,
      swapPages: 0,
      filePages: 0,
      machine: { zones, holeStartPfn: 2 * NODE_PAGES, holePages: 0 },
    },
    frames: new Uint8Array(2 * NODE_PAGES),
    blockTypes: new Uint8Array((2 * NODE_PAGES) / 512).fill(1),
    managedPages: [NODE_PAGES, NODE_PAGES],
    perCpu: [0, 1].map(() => ({
      unmovablePfns: [],
      movablePfns: [],
      reclaimablePfns: [],
      highPages: 0,
    })),
    reserveWasRead: false,
  });
}

function pagesByNode(memory: Memory, owner: number): number[] {
  const pages = [0, 0];
  for (const pfn of mappingOf(memory, owner)) if (pfn >= 0) pages[Math.floor(pfn / NODE_PAGES)]++;
  return pages;
}

const aProgram = (memory: Memory, pages: number): number => {
  const owner = createMapping(memory, { pages });
  touchRange(memory, owner, 0, pages, true);
  return owner;
};

describe('moving a program to another node', () => {
  it('moves every page that lies on the node it leaves, in the order of addresses', () => {
    const memory = twoNodes();
    const owner = aProgram(memory, 1000);
    expect(pagesByNode(memory, owner)).toEqual([1000, 0]);
    expect(runToEnd(memory, migrateToNode(memory, owner, 1, 0))).toBe(0);
    expect(pagesByNode(memory, owner)).toEqual([0, 1000]);
    expect(runToEnd(memory, migrateToNode(memory, owner, 1, 0))).toBe(0);
    expect(runToEnd(memory, migrateToNode(memory, owner, 0))).toBe(0);
    expect(pagesByNode(memory, owner)).toEqual([1000, 0]);
  });

  it('fails with ENOMEM when the node has no room, and loses nothing', () => {
    const memory = twoNodes();
    const other = aProgram(memory, 7500);
    expect(runToEnd(memory, migrateToNode(memory, other, 1, 0))).toBe(0);
    const owner = aProgram(memory, 2000);
    expect(runToEnd(memory, migrateToNode(memory, owner, 1, 0))).toBe(-ENOMEM);
    const [stayed = 0, moved = 0] = pagesByNode(memory, owner);
    expect(stayed + moved).toBe(2000);
    expect(stayed).toBeGreaterThan(0);
    expect(readUsage(memory).anonPages).toBe(9500);
  });
});
