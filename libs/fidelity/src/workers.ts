/** The recorder's worker processes: `map`, `touch`, `punch`, `rpunch`, `unmap` … on mappings of their own. */
import {
  createMapping,
  createOwner,
  destroyMapping,
  destroyOwner,
  dropRange,
  growOwner,
  migrateToNode,
  runOnCpu,
  runToEnd,
  touchRange,
  type Memory,
} from '#memory-core';
import type { Disks } from './disks.js';
import { isKept } from './kept-pages.js';
import type { Work } from './work.js';

const PAGES_PER_MIB = 256;
/** What the kernel keeps for a process: stacks, tables, the program's own pages; and for its first mapping. */
const PROCESS_PAGES = 27;
const FIRST_MAPPING_PAGES = 20;
/** What is touched before others have their turn: 16 MiB. */
const SLICE_PAGES = 4096;
/** A pipe's ring and its inode. */
const PAGES_PER_PIPE = 5 / 3;

/** What a program that runs beside does at a time: 1 MiB. */
const BESIDE_PAGES = 256;
/** Of a page that is there: as the recorded guests, which are emulated. */
const TOUCH_US = 0.5;

/** Done in one piece when its turn comes. */
const AT_ONCE: readonly string[] = ['touch', 'read', 'seq'];

export class Workers {
  /** Owner ids by worker and slot. */
  readonly #mappings = new Map<string, { readonly owner: number; readonly pages: number }>();

  /** Kernel pages by worker. */
  readonly #processes = new Map<number, number>();
  readonly #hasMapped = new Set<number>();
  /** CPUs that workers have bound themselves to. */
  readonly #cpus = new Map<number, number>();

  constructor(
    private readonly memory: Memory,
    private readonly disks: Disks,
    /** What a page that comes from swap with its neighbours takes. */
    private readonly majorFaultUs: number,
  ) {}

  spawn(worker: number): void {
    const owner = createOwner(this.memory, 'KERNEL');
    this.#processes.set(worker, owner);
    growOwner(this.memory, owner, PROCESS_PAGES);
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
    for (const key of [...this.#mappings.keys()]) if (key.startsWith(`${worker}/`)) this.#unmap(key);
    const owner = this.#processes.get(worker);
    if (owner !== undefined) destroyOwner(this.memory, owner);
    this.#processes.delete(worker);
    this.#hasMapped.delete(worker);
    this.#cpus.delete(worker);
  }

  #mapFor(worker: number, key: string, mib: number, huge: boolean): void {
    const process = this.#processes.get(worker);
    if (process !== undefined && !this.#hasMapped.has(worker)) growOwner(this.memory, process, FIRST_MAPPING_PAGES);
    this.#hasMapped.add(worker);
    const pages = mib * PAGES_PER_MIB;
    const sibling = [...this.#mappings].find(([other]) => other.startsWith(`${worker}/`))?.[1];
    const owner = createMapping(this.memory, {
      pages,
      huge,
      ...(sibling === undefined ? {} : { process: sibling.owner }),
    });
    this.#mappings.set(key, { owner, pages });
  }

  #touch(key: string, [fromMib, toMib]: readonly number[], write: boolean, elapse: (ratio: number) => void): void {
    const mapping = this.#mappings.get(key);
    if (mapping === undefined) return;
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
    if (process !== undefined) growOwner(this.memory, process, Math.round(pipes * PAGES_PER_PIPE));
  }

  #unmap(key: string): void {
    const mapping = this.#mappings.get(key);
    if (mapping === undefined) return;
    this.#mappings.delete(key);
    destroyMapping(this.memory, mapping.owner);
  }
}
