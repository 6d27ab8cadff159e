/** The recorder's worker processes: `map`, `touch`, `punch`, `rpunch`, `unmap` … on mappings of their own. */
import {
  Gfp,
  allocatePages,
  createMapping,
  createOwner,
  destroyMapping,
  dropRange,
  freePages,
  growOwner,
  migrateToNode,
  runOnCpu,
  runToEnd,
  touchRange,
  touchRun,
  type Memory,
} from '#memory-core';
import type { Disks } from './disks.js';
import { isKept } from './kept-pages.js';
import { endProcess, startProcess, type Process } from './processes.js';
import type { Work } from './work.js';

const PAGES_PER_MIB = 256;
/** A program's own pages, which can be moved like any others: of its start, its first mapping, and its first touch. */
const PROGRAM_PAGES = 11;
const FIRST_MAPPING_PAGES = 20;
const FIRST_TOUCH_PAGES = 1;
/** Stack and slab pages of a process, which serve the next one when it has gone. */
const CACHED_PAGES = 6;
/** What is touched before others have their turn: 16 MiB. */
const SLICE_PAGES = 4096;
/** A pipe's page, and its part in pages of slabs with 16 files (it has two) and 21 pipes. */
const PAGES_PER_PIPE = 1 + 2 / 16 + 1 / 21;
/** Slabs that it has a part in besides, and how many share one: rings; inodes; entries of directories. */
const PIPE_SLABS = [
  { gfp: Gfp.KERNEL, order: 1, pipes: 8 },
  { gfp: Gfp.RECLAIMABLE, order: 1, pipes: 12 },
  { gfp: Gfp.RECLAIMABLE, order: 0, pipes: 21 },
] as const;

/** What a program that runs beside does at a time: 1 MiB. */
const BESIDE_PAGES = 256;
/** Of a page that is there: as the recorded guests, which are emulated. */
const TOUCH_US = 0.5;

/** Done in one piece when its turn comes. */
const AT_ONCE: readonly string[] = ['touch', 'read', 'seq'];

export class Workers {
  /** Owner ids by worker and slot. */
  readonly #mappings = new Map<string, { readonly owner: number; readonly pages: number }>();

  /** By worker; its mappings belong to the process of its program. */
  readonly #processes = new Map<number, Process>();
  /** Pages of slabs by worker, oldest first. */
  readonly #slabs = new Map<number, { readonly pfn: number; readonly order: number }[]>();
  readonly #hasMapped = new Set<number>();
  readonly #hasTouched = new Set<number>();
  /** What the kernel keeps for as many processes as there have been at a time. */
  readonly #cache: number;
  #cachedFor = 0;
  /** CPUs that workers have bound themselves to. */
  readonly #cpus = new Map<number, number>();

  constructor(
    private readonly memory: Memory,
    private readonly disks: Disks,
    /** What a page that comes from swap with its neighbours takes. */
    private readonly majorFaultUs: number,
  ) {
    this.#cache = createOwner(memory, 'KERNEL');
  }

  spawn(worker: number): void {
    const { memory } = this;
    if (this.#processes.size === this.#cachedFor) {
      this.#cachedFor++;
      growOwner(memory, this.#cache, CACHED_PAGES);
    }
    this.#processes.set(worker, startProcess(memory, PROGRAM_PAGES));
  }

  isAlive(worker: number): boolean {
    return this.#processes.has(worker);
  }

  /** The worker has the machine from now on. */
  run(worker: number): void {
    runOnCpu(this.memory, this.#cpus.get(worker) ?? 0);
  }

  /** Work that goes on beside what the recorder does next; null for a command that is not known as such. */
  beside(worker: number, text: string): Work | null {
    const [name = '', ...words] = text.split(' ');
    const [slot = 0, mib = 0, ms = 0] = words.map(Number);
    if (name === 'cyc') return this.#cycle(`${worker}/${slot}`, mib * PAGES_PER_MIB, ms * 1000);
    if (AT_ONCE.includes(name)) return this.#atOnce(worker, text);
    if (name !== 'frand') return null;
    const [device = '', ...numbers] = words;
    const [diskMib = 0, count = 0, seed = 0] = numbers.map(Number);
    return this.disks.randomReads(device, diskMib, count, seed);
  }

  /** `elapse` is told now and then how much of a long command is done. False for a command that is not known. */
  command(worker: number, text: string, elapse: (ratio: number) => void): boolean {
    const [name = '', ...words] = text.split(' ');
    const [slot = 0, ...numbers] = words.map(Number);
    const key = `${worker}/${slot}`;
    this.run(worker);
    switch (name) {
      case 'map':
        this.#mapFor(worker, key, numbers[0] ?? 0, words[2] === 'h');
        return true;
      case 'touch':
      case 'read':
        this.#touch(key, numbers, name === 'touch', elapse);
        return true;
      case 'punch':
        this.#punch(key, (page) => page % (numbers[0] ?? 1) === (numbers[1] ?? 0));
        return true;
      case 'rpunch':
        this.#punch(key, (page) => isKept(page, numbers[0] ?? 1, numbers[1] ?? 0));
        return true;
      case 'unmap':
        this.#unmap(key);
        return true;
      case 'pipe':
        this.#pipe(worker, slot);
        return true;
      case 'seq':
        this.disks.readAll(words[0] ?? '', numbers[0] ?? 0);
        return true;
      case 'frand':
        this.disks.readAtRandom(words[0] ?? '', numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0);
        return true;
      case 'cpu':
        this.#cpus.set(worker, slot);
        return true;
      case 'migr':
        this.#migrate(worker, numbers[0] ?? 0, slot);
        return true;
      case 'move':
        this.#migrateSlot(key, numbers[0] ?? 0);
        return true;
      case 'bind':
        // Recorded programs bind themselves to the node of their CPU, which comes first anyhow.
        return true;
      case 'check':
      case 'rcheck':
      case 'where':
        return true;
      default:
        return false;
    }
  }

  kill(worker: number): void {
    const process = this.#processes.get(worker);
    const unmap = (): void => {
      for (const key of [...this.#mappings.keys()]) if (key.startsWith(`${worker}/`)) this.#unmap(key);
    };
    if (process !== undefined) endProcess(this.memory, process, unmap);
    this.#freeSlabs(worker);
    this.#processes.delete(worker);
    this.#hasMapped.delete(worker);
    this.#hasTouched.delete(worker);
    this.#cpus.delete(worker);
  }

  #mapFor(worker: number, key: string, mib: number, huge: boolean): void {
    const process = this.#processes.get(worker);
    if (process === undefined) return;
    if (!this.#hasMapped.has(worker)) growOwner(this.memory, process.program, FIRST_MAPPING_PAGES);
    this.#hasMapped.add(worker);
    const pages = mib * PAGES_PER_MIB;
    const owner = createMapping(this.memory, { pages, huge, process: process.program });
    this.#mappings.set(key, { owner, pages });
  }

  #touch(key: string, [fromMib, toMib]: readonly number[], write: boolean, elapse: (ratio: number) => void): void {
    const mapping = this.#mappings.get(key);
    if (mapping === undefined) return;
    this.#noteTouch(Number(key.split('/')[0]));
    const first = (fromMib ?? 0) * PAGES_PER_MIB;
    const end = toMib === undefined ? mapping.pages : toMib * PAGES_PER_MIB;
    for (let page = first; page < end; page += SLICE_PAGES) {
      const pages = Math.min(SLICE_PAGES, end - page);
      const { outcome } = touchRange(this.memory, mapping.owner, page, pages, write);
      if (outcome === 'KILLED') this.#forget(Number(key.split('/')[0]));
      if (outcome !== 'DONE') return;
      elapse((page + pages - first) / (end - first));
    }
  }

  #noteTouch(worker: number): void {
    const process = this.#processes.get(worker);
    if (process === undefined || this.#hasTouched.has(worker)) return;
    this.#hasTouched.add(worker);
    growOwner(this.memory, process.program, FIRST_TOUCH_PAGES);
  }

  /** The OOM killer has freed all that the process had mapped; what the kernel kept for it goes with it. */
  #forget(worker: number): void {
    for (const key of [...this.#mappings.keys()]) if (key.startsWith(`${worker}/`)) this.#mappings.delete(key);
    this.kill(worker);
  }

  /** All pages of a process that lie on one node. */
  #migrate(worker: number, toNode: number, fromNode: number): void {
    for (const [key, { owner }] of this.#mappings) {
      if (key.startsWith(`${worker}/`)) runToEnd(this.memory, migrateToNode(this.memory, owner, toNode, fromNode));
    }
  }

  #migrateSlot(key: string, toNode: number): void {
    const mapping = this.#mappings.get(key);
    if (mapping !== undefined) runToEnd(this.memory, migrateToNode(this.memory, mapping.owner, toNode));
  }

  /** What needs no pace of its own. */
  #atOnce(worker: number, text: string): Work {
    let isLeft = true;
    const go = (): number => {
      if (!isLeft) return 0;
      isLeft = false;
      this.command(worker, text, () => undefined);
      return 1;
    };
    return { isEndless: false, go };
  }

  /** Writes to the first pages of a mapping, in order, again and again. */
  #cycle(key: string, pages: number, forUs: number): Work {
    let [page, leftUs] = [0, forUs];
    const go = (): number => {
      const mapping = this.#mappings.get(key);
      if (mapping === undefined || leftUs <= 0) return 0;
      const end = Math.min(page + BESIDE_PAGES, pages, mapping.pages);
      const { outcome, majorFaults } = touchRange(this.memory, mapping.owner, page, end - page, true);
      if (outcome === 'KILLED') this.#forget(Number(key.split('/')[0]));
      const tookUs = Math.ceil((end - page) * TOUCH_US + majorFaults * this.majorFaultUs);
      page = end === Math.min(pages, mapping.pages) ? 0 : end;
      leftUs -= tookUs;
      return tookUs;
    };
    return { isEndless: true, go };
  }

  /** Each run of pages that is not kept is dropped by one call. */
  #punch(key: string, keeps: (page: number) => boolean): void {
    const mapping = this.#mappings.get(key);
    if (mapping === undefined) return;
    for (let page = 0; page < mapping.pages;) {
      const first = page;
      while (page < mapping.pages && !keeps(page)) page++;
      if (page > first) dropRange(this.memory, mapping.owner, first, page - first);
      else page++;
    }
  }

  #pipe(worker: number, pipes: number): void {
    const process = this.#processes.get(worker);
    if (process === undefined) return;
    const slabs = this.#slabs.get(worker) ?? [];
    this.#slabs.set(worker, slabs);
    let pages = 0;
    for (let pipe = 1; pipe <= pipes; pipe++) {
      const due = Math.round(pipe * PAGES_PER_PIPE);
      growOwner(this.memory, process.kernel, due - pages);
      pages = due;
      for (const { gfp, order, pipes: sharing } of PIPE_SLABS) {
        if (pipe % sharing !== 1) continue;
        const pfn = allocatePages(this.memory, order, gfp);
        if (pfn < 0) return;
        touchRun(this.memory, pfn, 2 ** order);
        slabs.push({ pfn, order });
      }
    }
  }

  /** Inodes outlive their pipes by a grace period: slabs of one size then go in a row. */
  #freeSlabs(worker: number): void {
    const slabs = this.#slabs.get(worker) ?? [];
    for (const { pfn, order } of slabs.toSorted((a, b) => a.order - b.order)) freePages(this.memory, pfn, order);
    this.#slabs.delete(worker);
  }

  #unmap(key: string): void {
    const mapping = this.#mappings.get(key);
    if (mapping === undefined) return;
    this.#mappings.delete(key);
    destroyMapping(this.memory, mapping.owner);
  }
}
