import { describe, expect, it } from '@jest/globals';
import { balloonPageAllocList, balloonPageListEnqueue, createBalloonDevice } from '../balloon/balloon.js';
import { createMemory } from '../boot/create.js';
import { TAG_OFFLINE } from '../layout/tags.js';
import { createOwner, growOwner, ownerPages } from '../owners/owner.js';
import { aZone } from '../../test/support/zone.js';
import { PAGE_CLASSES, pageMap } from './page-map.js';
import { freePagesOf, perCpuPagesOf } from './usage.js';

describe('page map', () => {
  it('tells what the frames of each cell are', () => {
    const memory = aZone(4096);
    const device = createBalloonDevice(memory, true);
    const pfns = new Int32Array(1024);
    balloonPageListEnqueue(memory, device, pfns, balloonPageAllocList(memory, pfns, 1024));
    growOwner(memory, createOwner(memory, 'FILE'), 512);
    growOwner(memory, createOwner(memory, 'SLAB_RECLAIMABLE'), 10);
    memory.tag.fill(TAG_OFFLINE, 3584, 4096);
    const { pagesPerCell, cells } = pageMap(memory, 8);
    expect(PAGE_CLASSES).toEqual(['FREE', 'BALLOON', 'MOVABLE', 'UNMOVABLE', 'RECLAIMABLE', 'OFFLINE']);
    expect(pagesPerCell).toBe(512);
    expect([cells[0], cells[1], cells[2], cells[7]]).toEqual([
      [0, 512, 0, 0, 0, 0],
      [0, 512, 0, 0, 0, 0],
      [0, 0, 512, 0, 0, 0],
      [0, 0, 0, 0, 0, 512],
    ]);
    expect(cells.reduce((sum, cell) => sum + (cell[4] ?? 0), 0)).toBe(10);
  });

  it('adds up to what the counters say, in any number of cells', () => {
    const memory = createMemory({ ramBytes: 2 ** 28 });
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 5000);
    for (const columns of [1, 7, 256, 100_000]) {
      const { pagesPerCell, cells } = pageMap(memory, columns);
      const sums = PAGE_CLASSES.map((_, at) => cells.reduce((sum, cell) => sum + (cell[at] ?? 0), 0));
      expect(cells.length).toBeLessThanOrEqual(columns);
      expect(pagesPerCell * cells.length).toBeGreaterThanOrEqual(65_536);
      expect(sums[0]).toBe(freePagesOf(memory) + perCpuPagesOf(memory));
      expect(sums[2]).toBe(ownerPages(memory, owner));
    }
  });

  it('has one cell a page when there are more columns than pages', () => {
    expect(pageMap(aZone(1024), 5000)).toMatchObject({ pagesPerCell: 1, cells: { length: 1024 } });
  });
});
