/** The recorder's worker processes: `map`, `touch`, `punch`, `rpunch`, `unmap` … on mappings of their own. */
import {
  createMapping,
  createOwner,
  destroyMapping,
  destroyOwner,
  dropRange,
  growOwner,
  runOnCpu,
  touchRange,
  type Memory,
} from '#memory-core';
import type { Disks } from './disks.js';
import { isKept } from './kept-pages.js';

const PAGES_PER_MIB = 256;
/** What the kernel keeps for a process: stacks, tables, the program's own pages; and for its first mapping. */
const PROCESS_PAGES = 27;
const FIRST_MAPPING_PAGES = 20;
/** What is touched before others have their turn: 16 MiB. */
const SLICE_PAGES = 4096;
/** A pipe's ring and its inode. */
const PAGES_PER_PIPE = 5 / 3;

export class Workers {
  /** Owner ids by worker and slot. */
  readonly #mappings = new Map<string, { readonly owner: number; readonly pages: number }>();

  /** Kernel pages by worker. */
  readonly #processes = new Map<number, number>();
  readonly #hasMapped = new Set<number>();

  constructor(
    private readonly memory: Memory,
    private readonly disks: Disks,
  ) {}

  spawn(worker: number): void {
    const owner = createOwner(this.memory, 'KERNEL');
    this.#processes.set(worker, owner);
    growOwner(this.memory, owner, PROCESS_PAGES);
  }

  /** `elapse` is told now and then how much of a long command is done. False for a command that is not known. */
  command(worker: number, text: string, elapse: (ratio: number) => void): boolean {
    const [name = '', ...words] = text.split(' ');
    const [slot = 0, ...numbers] = words.map(Number);
    const key = `${worker}/${slot}`;
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
        runOnCpu(this.memory, slot);
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
      // The OOM killer has freed all of the process.
      if (outcome === 'KILLED') this.#forget(key.split('/')[0] ?? '');
      if (outcome !== 'DONE') return;
      elapse((page + pages - first) / (end - first));
    }
  }

  #forget(worker: string): void {
    for (const key of [...this.#mappings.keys()]) if (key.startsWith(`${worker}/`)) this.#mappings.delete(key);
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
