/** Everything that can be asked of a guest's memory, in random order, audited after each request. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RandomStream } from '#units';
import { createMemory } from '../../src/boot/create.js';
import { drainAllPages, refreshVmstat } from '../../src/allocator/pcp-setup.js';
import {
  balloonPageAllocList,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  createBalloonDevice,
} from '../../src/balloon/balloon.js';
import { freePageList } from '../../src/allocator/free.js';
import { kcompactd } from '../../src/compaction/kcompactd.js';
import { compactMemory } from '../../src/compaction/manual.js';
import { createHugePool, resizeHugePool } from '../../src/hotplug/huge-pool.js';
import { offlineMemoryBlock } from '../../src/hotplug/offline.js';
import { onlineMemoryBlock } from '../../src/hotplug/online.js';
import { allocContigRange } from '../../src/isolation/contig-range.js';
import { freePages } from '../../src/allocator/free.js';
import type { Memory } from '../../src/layout/memory.js';
import { S_PANIC } from '../../src/layout/memory.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { createMapping, dropRange, touchRange } from '../../src/owners/address-space.js';
import { createOwner, growOwner, isOwnerKilled, ownerPages, shrinkOwner } from '../../src/owners/owner.js';
import { runPendingKswapd } from '../../src/reclaim/kswapd.js';
import { registerPageReporting, reportFreePages } from '../../src/reporting/page-reporting.js';
import { auditMemory } from '../../src/state/audit.js';
import { digestMemory, restoreMemory, snapshotMemory } from '../../src/state/snapshot.js';
import { runToEnd } from '../../src/tasks/task.js';
import { SmallDriver } from './small-driver.js';

const RAM_BYTES = 320 * 2 ** 20;
const BLOCK = 1; // the memory block from 128 to 256 MiB
const SPACE_PAGES = 30_000;
const MOST_PAGES = 20_000;

class Guest {
  readonly memory: Memory;
  readonly #random: RandomStream;
  readonly #device: number;
  readonly #mapping: number;
  readonly #pool: number;
  #owners: number[];

  constructor(seed: number, kernelProfile: KernelProfile) {
    this.memory = createMemory({
      ramBytes: RAM_BYTES,
      kernelProfile,
      cpus: 2,
      addressSpaces: true,
      swapBytes: 2 ** 26,
    });
    this.#random = RandomStream.of(seed, 'verbs');
    this.#device = createBalloonDevice(this.memory, true);
    new SmallDriver(this.memory, this.#device); // it moves pages
    this.#mapping = createMapping(this.memory, { pages: SPACE_PAGES });
    this.#pool = createHugePool(this.memory);
    this.#owners = [createOwner(this.memory, 'FILE'), createOwner(this.memory, 'SLAB_RECLAIMABLE')];
    registerPageReporting(this.memory);
  }

  step(): string | null {
    const [name, run] = this.#draw();
    try {
      run();
    } catch (error) {
      return `${name} threw ${error instanceof Error ? String(error.stack) : String(error)}`;
    }
    const problems = auditMemory(this.memory);
    return problems.length === 0 ? null : `${name}: ${problems.join('; ')}`;
  }

  #draw(): [string, () => void] {
    const { memory } = this;
    const verbs: [string, () => void][] = [
      ['inflate', () => this.#inflate()],
      ['deflate', () => this.#deflate()],
      ['touch', () => this.#touch()],
      ['drop', () => dropRange(memory, this.#mapping, ...this.#range())],
      ['grow', () => growOwner(memory, this.#owner(), this.#pages())],
      ['shrink', () => this.#shrink()],
      ['compact', () => runToEnd(memory, compactMemory(memory))],
      ['kcompactd', () => runToEnd(memory, kcompactd(memory, 0, true))],
      ['kswapd', () => runPendingKswapd(memory)],
      [
        'offline',
        () =>
          runToEnd(
            memory,
            offlineMemoryBlock(memory, BLOCK, (passes) => passes > 20),
          ),
      ],
      ['online', () => onlineMemoryBlock(memory, BLOCK)],
      ['huge pool', () => resizeHugePool(memory, this.#pool, this.#below(20))],
      ['contiguous range', () => this.#contiguous()],
      [
        'report',
        () =>
          runToEnd(
            memory,
            reportFreePages(memory, () => this.#below(5) > 0),
          ),
      ],
      ['vmstat', () => (this.#below(2) === 0 ? refreshVmstat(memory) : drainAllPages(memory))],
      ['snapshot', () => this.#snapshot()],
    ];
    return verbs[this.#below(verbs.length)];
  }

  #below(bound: number): number {
    return this.#random.nextBelow(bound);
  }

  #pages(): number {
    return 1 + this.#below(MOST_PAGES);
  }

  #range(): [first: number, pages: number] {
    const first = this.#below(SPACE_PAGES - 1);
    return [first, 1 + this.#below(SPACE_PAGES - first - 1)];
  }

  #owner(): number {
    const at = this.#below(this.#owners.length);
    if (isOwnerKilled(this.memory, this.#owners[at])) this.#owners[at] = createOwner(this.memory, 'ANON');
    return this.#owners[at];
  }

  #touch(): void {
    if (!isOwnerKilled(this.memory, this.#mapping)) touchRange(this.memory, this.#mapping, ...this.#range(), true);
  }

  #shrink(): void {
    const owner = this.#owner();
    shrinkOwner(this.memory, owner, Math.min(this.#pages(), ownerPages(this.memory, owner)), 'OLDEST');
  }

  #inflate(): void {
    const pfns = new Int32Array(this.#pages());
    balloonPageListEnqueue(this.memory, this.#device, pfns, balloonPageAllocList(this.memory, pfns, pfns.length));
  }

  #deflate(): void {
    const pfns = new Int32Array(this.#pages());
    freePageList(this.memory, pfns, balloonPageListDequeue(this.memory, this.#device, pfns, pfns.length));
  }

  #contiguous(): void {
    const start = 512 * (40 + this.#below(100));
    if (runToEnd(this.memory, allocContigRange(this.memory, start, start + 512)) !== 0) return;
    freePages(this.memory, start, 9);
  }

  #snapshot(): void {
    expect(digestMemory(restoreMemory(snapshotMemory(this.memory)))).toBe(digestMemory(this.memory));
  }
}

function runVerbs(seed: number, kernelProfile: KernelProfile, count: number): string | null {
  const guest = new Guest(seed, kernelProfile);
  for (let done = 1; done <= count && guest.memory.scalars[S_PANIC] === 0; done++) {
    const problem = guest.step();
    if (problem !== null) return `seed ${seed}, Linux ${kernelProfile}, request ${done}: ${problem}`;
  }
  return null;
}

describe('random requests of every kind', () => {
  it.each(['6.1', '6.12', '7.0'] as const)('leave the memory sound, Linux %s', (kernelProfile) => {
    for (const seed of [1, 2, fc.sample(fc.nat(), 1)[0]]) expect(runVerbs(seed, kernelProfile, 60)).toBeNull();
  });
});
