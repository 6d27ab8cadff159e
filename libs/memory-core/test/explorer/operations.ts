/**
 * Random balloon operations beside a model of what they should do: the device's list as an array, head first, and the
 * counters as plain sums. Together with the audit after each operation this is the reference's case 50.
 */
import { RandomStream } from '#units';
import { allocatePages } from '../../src/request/allocate.js';
import { freePageList, freePages } from '../../src/allocator/free.js';
import { isPageLocked, tryLockPage, unlockPage } from '../../src/tasks/page-lock.js';
import { drainAllPages } from '../../src/allocator/pcp-setup.js';
import {
  balloonPageAlloc,
  balloonPageAllocList,
  balloonPageDequeue,
  balloonPageEnqueue,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  balloonPages,
  createBalloonDevice,
  isolatedPages,
} from '../../src/balloon/balloon.js';
import { nodeBalloonPages } from '../../src/balloon-list/device.js';
import { MIGRATE_ASYNC, MIGRATE_SYNC } from '../../src/layout/migrate-mode.js';
import { isIsolatedBalloonTag } from '../../src/balloon-list/migrate.js';
import { compactWholeZone } from '../../src/compaction/manual.js';
import { NIL } from '../../src/layout/constants.js';
import {
  EV_BALLOON_DEFLATE,
  EV_BALLOON_INFLATE,
  EV_BALLOON_MIGRATE,
  EV_PGMIGRATE_SUCCESS,
} from '../../src/layout/events.js';
import { Gfp } from '../../src/layout/gfp.js';
import { S_LOCKED_PAGES, S_TOTAL_RAM } from '../../src/layout/memory.js';
import type { Memory } from '../../src/layout/memory.js';
import { isolateMovableOpsPage, putbackMovableOpsPage } from '../../src/migration/isolate.js';
import { migratePages } from '../../src/migration/migrate-pages.js';
import { createMigrationList, pushMigration } from '../../src/migration/migration-list.js';
import { createOwner, growOwner, ownerPages, shrinkOwner } from '../../src/owners/owner.js';
import { auditMemory } from '../../src/state/audit.js';
import { runToEnd } from '../../src/tasks/task.js';
import { copyMemory, listedPages, tinyMemory } from './tiny.js';
import type { TinyOptions } from './tiny.js';

const MAX_PAGES_AT_ONCE = 5;
const MAX_LOCKS = 5;
/** Compaction is dear and moves everything: one operation in so many. */
const COMPACT_ONE_IN = 40;

export class RandomOperations {
  readonly memory: Memory;
  readonly #random: RandomStream;
  readonly #device: number;
  readonly #adjusts: boolean;
  readonly #owners: readonly number[];
  readonly #blocks: { pfn: number; order: number }[] = [];
  readonly #totalPages: number;
  /** The model. */
  #listed: number[] = [];
  #isolated: number[] = [];
  #inflated = 0;
  #deflated = 0;
  #migrated = 0;
  #moved = 0;
  readonly #problems: string[] = [];

  constructor(seed: number, options: TinyOptions & { readonly adjustManaged?: boolean } = {}) {
    const { adjustManaged = true, ...tiny } = options;
    this.memory = copyMemory(tinyMemory({ movableZone: true, pagesPerBlock: 24, ...tiny }));
    this.#random = RandomStream.of(seed, 'operations');
    this.#device = createBalloonDevice(this.memory, adjustManaged);
    this.#adjusts = adjustManaged;
    this.#owners = [createOwner(this.memory, 'ANON'), createOwner(this.memory, 'SLAB_RECLAIMABLE')];
    this.#totalPages = this.memory.scalars[S_TOTAL_RAM];
  }

  /** Does one operation and returns what is wrong after it, with its name; null when nothing is. */
  step(): string | null {
    const { name, run } = this.#draw();
    try {
      run.call(this);
    } catch (error) {
      return `${name} threw ${String(error)}`;
    }
    const problems = [...this.#problems, ...auditMemory(this.memory), ...this.#differences()];
    return problems.length === 0 ? null : `${name}: ${problems.join('; ')}`;
  }

  #draw(): { name: string; run: () => void } {
    const operations = [
      { name: 'enqueue', run: this.#enqueue },
      { name: 'list enqueue', run: this.#enqueueList },
      { name: 'dequeue', run: this.#dequeue },
      { name: 'list dequeue', run: this.#dequeueList },
      { name: 'isolate', run: this.#isolate },
      { name: 'putback', run: this.#putback },
      { name: 'migrate', run: this.#migrate },
      { name: 'lock', run: this.#lock },
      { name: 'unlock', run: this.#unlock },
      { name: 'allocate', run: this.#allocate },
      { name: 'free', run: this.#free },
      { name: 'grow', run: this.#grow },
      { name: 'shrink', run: this.#shrink },
      { name: 'compact or drain', run: this.#compactOrDrain },
    ];
    return operations[this.#below(operations.length)];
  }

  #below(bound: number): number {
    return this.#random.nextBelow(bound);
  }

  #some(): number {
    return 1 + this.#below(MAX_PAGES_AT_ONCE);
  }

  #enqueue(): void {
    const pfn = balloonPageAlloc(this.memory);
    if (pfn === NIL) return;
    balloonPageEnqueue(this.memory, this.#device, pfn);
    this.#listed.unshift(pfn);
    this.#inflated++;
  }

  #enqueueList(): void {
    const pfns = new Int32Array(MAX_PAGES_AT_ONCE);
    const count = balloonPageAllocList(this.memory, pfns, this.#some());
    balloonPageListEnqueue(this.memory, this.#device, pfns, count);
    for (const pfn of pfns.subarray(0, count)) this.#listed.unshift(pfn);
    this.#inflated += count;
  }

  #dequeue(): void {
    if (this.#listed.length + this.#isolated.length === 0) return;
    const pfn = balloonPageDequeue(this.memory, this.#device);
    const expected = this.#takeListed(1)[0] ?? NIL;
    if (pfn !== expected) this.#problems.push(`pfn ${pfn} came instead of ${expected}`);
    if (pfn !== NIL) this.#release(Int32Array.of(pfn));
  }

  #dequeueList(): void {
    const pfns = new Int32Array(MAX_PAGES_AT_ONCE);
    const wanted = this.#some();
    const count = balloonPageListDequeue(this.memory, this.#device, pfns, wanted);
    const expected = this.#takeListed(wanted).reverse();
    const got = pfns.subarray(0, count);
    if (got.join() !== expected.join()) this.#problems.push(`pfns ${got.join()} came instead of ${expected.join()}`);
    this.#release(got);
  }

  /** Takes up to `wanted` pages off the model's list; where page locks count, those that are locked stay. */
  #takeListed(wanted: number): number[] {
    const locksCount = this.memory.rules.balloonPageLock;
    const taken: number[] = [];
    for (const pfn of [...this.#listed]) {
      if (taken.length === wanted) break;
      if (!locksCount || !isPageLocked(this.memory, pfn)) taken.push(pfn);
    }
    this.#listed = this.#listed.filter((pfn) => !taken.includes(pfn));
    this.#deflated += taken.length;
    return taken;
  }

  #release(pfns: Int32Array): void {
    for (const pfn of pfns) if (isPageLocked(this.memory, pfn)) unlockPage(this.memory, pfn);
    freePageList(this.memory, pfns, pfns.length);
  }

  /** One page, or now and then all that there are, so that a dequeue finds none. */
  #isolate(): void {
    const pages = this.#below(6) > 0 ? 1 : this.#listed.length;
    for (let page = 0; page < pages; page++) this.#isolateOne();
  }

  #isolateOne(): void {
    const all = [...this.#listed, ...this.#isolated];
    if (all.length === 0) return;
    const pfn = all[this.#below(all.length)];
    const expected =
      this.#listed.includes(pfn) && !isPageLocked(this.memory, pfn) && this.memory.config.balloonCompaction;
    if (isolateMovableOpsPage(this.memory, pfn) !== expected)
      this.#problems.push(`pfn ${pfn} was ${expected ? 'not ' : ''}isolated`);
    if (!expected) return;
    this.#listed = this.#listed.filter((other) => other !== pfn);
    this.#isolated.push(pfn);
  }

  #putback(): void {
    const free = this.#isolated.filter((pfn) => !isPageLocked(this.memory, pfn));
    if (free.length === 0) return;
    const pfn = free[this.#below(free.length)];
    runToEnd(this.memory, putbackMovableOpsPage(this.memory, pfn));
    this.#isolated = this.#isolated.filter((other) => other !== pfn);
    this.#listed.unshift(pfn);
  }

  /** Migrates up to five isolated pages; locked ones stay isolated. Targets are taken from either zone, or not at all. */
  #migrate(): void {
    const { memory } = this;
    const list = createMigrationList(MAX_PAGES_AT_ONCE);
    const sources = this.#isolated.slice(0, this.#some());
    if (sources.length === 0) return;
    for (const pfn of sources) pushMigration(list, pfn, 0);
    const stuck = sources.some((pfn) => isPageLocked(memory, pfn));
    const gfp = this.#below(2) === 0 ? Gfp.HIGHUSER : Gfp.HIGHUSER_MOVABLE;
    const targets = new Map<number, number>();
    const task = migratePages(
      memory,
      list,
      {
        take: (_order, oldPfn) => {
          const pfn = allocatePages(memory, 0, gfp);
          targets.set(oldPfn, pfn);
          return pfn;
        },
        *refill() {},
        give: (pfn) => {
          freePages(memory, pfn, 0);
        },
      },
      { mode: stuck ? MIGRATE_ASYNC : MIGRATE_SYNC, reclaiming: stuck },
    );
    runToEnd(memory, task);
    const left = new Set(list.pfns.subarray(0, list.count));
    for (const pfn of sources.reverse()) {
      if (left.has(pfn)) {
        if (!isPageLocked(memory, pfn) && ![...targets.values()].includes(NIL))
          this.#problems.push(`pfn ${pfn} did not move`);
        continue;
      }
      this.#isolated = this.#isolated.filter((other) => other !== pfn);
      this.#listed.unshift(targets.get(pfn) ?? NIL);
      this.#migrated++;
    }
    this.#moved += sources.length - left.size;
  }

  #lock(): void {
    const all = [...this.#listed, ...this.#isolated];
    if (all.length === 0 || this.memory.scalars[S_LOCKED_PAGES] >= MAX_LOCKS) return;
    tryLockPage(this.memory, all[this.#below(all.length)]);
  }

  #unlock(): void {
    const locked = [...this.#listed, ...this.#isolated].filter((pfn) => isPageLocked(this.memory, pfn));
    if (locked.length > 0) unlockPage(this.memory, locked[this.#below(locked.length)]);
  }

  #allocate(): void {
    const order = this.#below(4);
    const pfn = allocatePages(this.memory, order, this.#below(2) === 0 ? Gfp.KERNEL : Gfp.HIGHUSER_MOVABLE);
    if (pfn !== NIL) this.#blocks.push({ pfn, order });
  }

  #free(): void {
    if (this.#blocks.length === 0) return;
    const [block] = this.#blocks.splice(this.#below(this.#blocks.length), 1);
    freePages(this.memory, block.pfn, block.order);
  }

  #grow(): void {
    growOwner(this.memory, this.#owners[this.#below(2)], this.#some());
  }

  #shrink(): void {
    const owner = this.#owners[this.#below(2)];
    shrinkOwner(this.memory, owner, Math.min(ownerPages(this.memory, owner), this.#some()), 'OLDEST');
  }

  /** Compaction moves the balloon's listed pages behind the model's back, which takes their new order from the list. */
  #compactOrDrain(): void {
    if (this.#below(COMPACT_ONE_IN) > 0) {
      drainAllPages(this.memory);
      return;
    }
    const { events } = this.memory;
    const [moved, migrated] = [events[EV_PGMIGRATE_SUCCESS], events[EV_BALLOON_MIGRATE]];
    runToEnd(this.memory, compactWholeZone(this.memory, this.#below(this.memory.zoneCount)));
    this.#moved += events[EV_PGMIGRATE_SUCCESS] - moved;
    this.#migrated += events[EV_BALLOON_MIGRATE] - migrated;
    const now = listedPages(this.memory, this.#device);
    if (now.length !== this.#listed.length) this.#problems.push('compaction changed the size of the balloon');
    this.#listed = now;
  }

  /** B1, B8, B10, B11 and the order of the list. */
  #differences(): string[] {
    const { memory } = this;
    const { events } = memory;
    const found: string[] = [];
    const same = (what: string, kept: number, expected: number): void => {
      if (kept !== expected) found.push(`${what} is ${kept}, not ${expected}`);
    };
    same('balloon_inflate', events[EV_BALLOON_INFLATE], this.#inflated);
    same('balloon_deflate', events[EV_BALLOON_DEFLATE], this.#deflated);
    same('balloon_migrate', events[EV_BALLOON_MIGRATE], this.#migrated);
    same('pgmigrate_success', events[EV_PGMIGRATE_SUCCESS], this.#moved);
    same('listed pages', balloonPages(memory, this.#device), this.#listed.length);
    same('isolated pages', isolatedPages(memory, this.#device), this.#isolated.length);
    const held = this.#listed.length + this.#isolated.length;
    if (memory.rules.countsBalloonPages) same('nr_balloon_pages', nodeBalloonPages(memory, 0), held);
    same('MemTotal', memory.scalars[S_TOTAL_RAM], this.#totalPages - (this.#adjusts ? held : 0));
    const list = listedPages(memory, this.#device).join();
    if (list !== this.#listed.join()) found.push(`the list is ${list}, not ${this.#listed.join()}`);
    if (this.#isolated.some((pfn) => !isIsolatedBalloonTag(memory.tag[pfn]))) found.push('an isolated page is none');
    return found;
  }
}

/** The first thing wrong in `count` operations, or null. */
export function randomOperations(
  seed: number,
  count: number,
  options: TinyOptions & { readonly adjustManaged?: boolean } = {},
): string | null {
  const operations = new RandomOperations(seed, options);
  for (let done = 1; done <= count; done++) {
    const problem = operations.step();
    if (problem !== null) return `seed ${seed}, operation ${done}: ${problem}`;
  }
  return null;
}
