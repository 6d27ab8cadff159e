/** The recorder's disks, read through the page cache of the block device. */
import { createMapping, dropRange, touchRange, type Memory } from '#memory-core';

const PAGES_PER_MIB = 256;
/** Large enough for every disk of the recordings. */
const DISK_MIB = 1024;

export class Disks {
  /** Owner ids by device. */
  readonly #caches = new Map<string, number>();

  constructor(private readonly memory: Memory) {}

  /** Reads the first MiB of a device in order. */
  readAll(device: string, mib: number): void {
    touchRange(this.memory, this.#cacheOf(device), 0, mib * PAGES_PER_MIB, false);
  }

  /** Reads single pages at random within the first MiB. The recorder's own choice of pages is not known. */
  readAtRandom(device: string, mib: number, count: number, seed: number): void {
    const cache = this.#cacheOf(device);
    let state = seed >>> 0;
    for (let read = 0; read < count; read++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      touchRange(this.memory, cache, Math.floor((state / 2 ** 32) * mib * PAGES_PER_MIB), 1, false);
    }
  }

  /** A write to vm.drop_caches. */
  drop(): void {
    for (const cache of this.#caches.values()) dropRange(this.memory, cache, 0, DISK_MIB * PAGES_PER_MIB);
  }

  #cacheOf(device: string): number {
    let cache = this.#caches.get(device);
    if (cache === undefined) {
      cache = createMapping(this.memory, { pages: DISK_MIB * PAGES_PER_MIB, kind: 'FILE', blockDevice: true });
      this.#caches.set(device, cache);
    }
    return cache;
  }
}
