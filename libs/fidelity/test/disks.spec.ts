/** What reading a disk through the page cache takes of the guest's memory. */
import { describe, expect, it } from '@jest/globals';
import { PAGE_CLASSES, createMemory, pageMap, type Memory } from '#memory-core';
import { Disks } from '../src/disks.js';

const [RAM_PAGES, DMA_PAGES] = [32_768, 4096];
const UNMOVABLE = PAGE_CLASSES.indexOf('UNMOVABLE');

/** Pages of the kernel in zone DMA and above it. */
function kernelPages(memory: Memory): { dma: number; above: number } {
  const counts = pageMap(memory, RAM_PAGES / DMA_PAGES).cells.map((cell) => cell[UNMOVABLE] ?? 0);
  const [dma = 0, ...rest] = counts;
  return { dma, above: rest.reduce((sum, pages) => sum + pages, 0) };
}

describe('disks', () => {
  // 75 MiB of cache leave nothing of DMA32 above its low watermark: what is asked for after them comes from zone DMA.
  it.each([
    { mib: 75, grown: { dma: 0, above: 44 } },
    { mib: 100, grown: { dma: 16, above: 44 } },
  ])('the index of $mib MiB of cache grows with it, out of the zones that its pages come from', ({ mib, grown }) => {
    const memory = createMemory({ ramBytes: RAM_PAGES * 4096, addressSpaces: true, fileBytes: 2 ** 30 });
    const before = kernelPages(memory);
    new Disks(memory).readAll('/dev/vda', mib);
    const { dma, above } = kernelPages(memory);
    expect({ dma: dma - before.dma, above: above - before.above }).toEqual(grown);
  });
});
