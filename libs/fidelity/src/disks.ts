/** The recorder's disks, read through the page cache of the block device. */
import { Gfp, allocatePages, createMapping, dropRange, freePages, touchRange, vmstat, type Memory } from '#memory-core';
import type { Work } from './work.js';

const PAGES_PER_MIB = 256;
const KB_PER_PAGE = 4;
const READS_AT_A_TIME = 256;
/** Of a page that is there, and of one that is not (140 to 210 µs in the recorded guests, which are emulated). */
const READ_US = 3.5;
const DISK_US = 200;
/**
 * The kernel's index of a cache: a node for 64 pages, 28 of them in a slab of four pages (recorded: 112 pages of slab for 49,152 of
 * cache). Nodes outlive the pages that reclaim drops.
 */
const PAGES_PER_INDEX_SLAB = 64 * 28;
const INDEX_SLAB_ORDER = 2;
/** Large enough for every disk of the recordings. */
export const DISK_PAGES = 1024 * PAGES_PER_MIB;

export class Disks {
  /** Owner ids by device. */
  readonly #caches = new Map<string, number>();
  /** First frames of the slabs of all indexes. */
  readonly #indexSlabs: number[] = [];
  /** Pages that the indexes cover, by device. */
  readonly #indexed = new Map<string, number>();

  constructor(private readonly memory: Memory) {}

  /** Reads the first MiB of a device in order. The index grows as the pages come, out of the same memory. */
  readAll(device: string, mib: number): void {
    const cache = this.#cacheOf(device);
    const pages = mib * PAGES_PER_MIB;
    for (let page = 0; page < pages; page += PAGES_PER_INDEX_SLAB) {
      const end = Math.min(page + PAGES_PER_INDEX_SLAB, pages);
      this.#index(device, end);
      touchRange(this.memory, cache, page, end - page, false);
    }
  }

  /** Reads single pages at random within the first MiB. The recorder's own choice of pages is not known. */
  readAtRandom(device: string, mib: number, count: number, seed: number): void {
    const work = this.randomReads(device, mib, count, seed);
    while (work.go() > 0);
  }

  /** The same beside other things, some reads at a time. */
  randomReads(device: string, mib: number, count: number, seed: number): Work {
    const cache = this.#cacheOf(device);
    let state = seed >>> 0;
    let left = count;
    const go = (): number => {
      const reads = Math.min(left, READS_AT_A_TIME);
      left -= reads;
      const before = this.#readPages();
      for (let read = 0; read < reads; read++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        touchRange(this.memory, cache, Math.floor((state / 2 ** 32) * mib * PAGES_PER_MIB), 1, false);
      }
      return Math.ceil(reads * READ_US + (this.#readPages() - before) * DISK_US);
    };
    return { isEndless: false, go };
  }

  /** Pages that came from disk so far. */
  #readPages(): number {
    const [, readKb = 0] = vmstat(this.memory).find(([name]) => name === 'pgpgin') ?? [];
    return readKb / KB_PER_PAGE;
  }

  /** A write to vm.drop_caches. */
  drop(): void {
    for (const cache of this.#caches.values()) dropRange(this.memory, cache, 0, DISK_PAGES);
    // One slab after the other, a grace period later: what makes the per-CPU lists give all they have back.
    for (const pfn of this.#indexSlabs.splice(0)) freePages(this.memory, pfn, INDEX_SLAB_ORDER);
    this.#indexed.clear();
  }

  /** The device's first pages are about to be read. */
  #index(device: string, pages: number): void {
    this.#indexed.set(device, Math.max(pages, this.#indexed.get(device) ?? 0));
    const covered = [...this.#indexed.values()].reduce((sum, one) => sum + one, 0);
    while (this.#indexSlabs.length < Math.ceil(covered / PAGES_PER_INDEX_SLAB)) {
      const pfn = allocatePages(this.memory, INDEX_SLAB_ORDER, Gfp.RECLAIMABLE);
      if (pfn < 0) return;
      this.#indexSlabs.push(pfn);
    }
  }

  #cacheOf(device: string): number {
    let cache = this.#caches.get(device);
    if (cache === undefined) {
      cache = createMapping(this.memory, { pages: DISK_PAGES, kind: 'FILE', blockDevice: true });
      this.#caches.set(device, cache);
    }
    return cache;
  }
}
