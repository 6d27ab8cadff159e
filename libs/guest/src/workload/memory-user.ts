/**
 * The guest's software: it turns a workload's demand into pages through the allocator, in the order in which they are needed.
 *
 *   anonymous   follows the demand, upwards as a ramp of at most 0.06 GiB a second; of a fall only a share is given
 *               back, the rest stays with the allocators and serves the next rise
 *   page cache  grows with the disk traffic while free memory is above the high watermarks
 *   slab        reclaimable: 6 % of the cache, at most 15 % of RAM; unreclaimable: 40 MiB and 1 % of anonymous memory
 *   page tables 1.15 × a page for every 2 MiB of anonymous memory
 *
 * A guest that is short of memory drops its oldest page cache. That stands in for reclaim, which the core does not have yet;
 * demand that cannot be met stays and is tried again with each tick.
 */
import { createOwner, freePagesOf, growOwner, ownerPages, shrinkOwner, readUsage, type Memory } from '#memory-core';
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';
import type { Demand, Workload } from './workload.js';

const RAMP_PAGES_PER_TICK = Math.floor((0.06 * GIB) / PAGE_SIZE_BYTES);
const RAMP_TICKS = 10;
const SLAB_PER_CACHE_RATIO = 0.06;
const MOST_SLAB_RATIO = 0.15;
const SLAB_PER_ANON_RATIO = 0.01;
const PAGE_TABLE_RATIO = 1.15 / 512;
/** What a freshly booted system holds beside its kernel image; an idle 16 GiB Debian shows about 0.6 GiB in use. */
const BASE_SLAB_PAGES = (40 * MIB) / PAGE_SIZE_BYTES;
const BASE_KERNEL_PAGES = (256 * MIB) / PAGE_SIZE_BYTES;
const BASE_CACHE_PAGES = (112 * MIB) / PAGE_SIZE_BYTES;
/** Each of the three is at most this share of a small guest. */
const MOST_BASE_RATIO = 1 / 16;

/** Owners in the core, by what they hold, and what has not become pages yet. */
export interface MemoryUserState {
  readonly anon: number;
  readonly cache: number;
  readonly slabReclaimable: number;
  readonly slabUnreclaimable: number;
  readonly pageTables: number;
  /** Anonymous memory that processes use; what is held above it lies with the allocators. */
  usedAnonPages: number;
  /** Fraction of a page by which the cache has grown. */
  cacheCarryPages: number;
  /** Demand of the last tick that found no page. */
  unmetPages: number;
}

export class MemoryUser {
  readonly #demand: Demand = { anonPages: 0, cacheGrowthPages: 0, releaseRatio: 0 };
  readonly #highPages: number;

  constructor(
    private readonly memory: Memory,
    private readonly workload: Workload,
    private readonly ramPages: number,
    readonly state: MemoryUserState,
  ) {
    this.#highPages = readUsage(memory).zones.reduce((sum, zone) => sum + zone.watermarks.highPages, 0);
  }

  /** Owners for a guest that is booting, with what its system holds from the start. */
  static boot(memory: Memory, ramPages: number): MemoryUserState {
    const atMost = (pages: number): number => Math.floor(Math.min(pages, ramPages * MOST_BASE_RATIO));
    const slabUnreclaimable = createOwner(memory, 'SLAB_UNRECLAIMABLE');
    const cache = createOwner(memory, 'FILE');
    growOwner(memory, createOwner(memory, 'KERNEL'), atMost(BASE_KERNEL_PAGES));
    growOwner(memory, slabUnreclaimable, atMost(BASE_SLAB_PAGES));
    growOwner(memory, cache, atMost(BASE_CACHE_PAGES));
    return {
      anon: createOwner(memory, 'ANON'),
      cache,
      slabReclaimable: createOwner(memory, 'SLAB_RECLAIMABLE'),
      slabUnreclaimable,
      pageTables: createOwner(memory, 'PAGE_TABLE'),
      usedAnonPages: 0,
      cacheCarryPages: 0,
      unmetPages: 0,
    };
  }

  /** The state in which the guest is first looked at: its demand met, its cache as old as it is. */
  settle(): void {
    this.workload.demandAt(0, this.#demand);
    this.#growAnon(this.#demand.anonPages);
    this.#growCache(this.workload.initialCachePages);
    this.#follow();
  }

  /** One tick of work. */
  advance(ageTicks: number): void {
    const demand = this.#demand;
    this.workload.demandAt(ageTicks, demand);
    this.state.unmetPages = 0;
    const rise = demand.anonPages - this.state.usedAnonPages;
    if (rise > 0) this.#growAnon(Math.min(rise, RAMP_PAGES_PER_TICK, Math.max(1, Math.ceil(rise / RAMP_TICKS))));
    else if (rise < 0) this.#shrinkAnon(-rise, demand.releaseRatio);
    const growth = demand.cacheGrowthPages + this.state.cacheCarryPages;
    this.state.cacheCarryPages = growth % 1;
    if (growth >= 1) this.#growCache(Math.floor(growth));
    if (rise !== 0 || growth >= 1) this.#follow();
  }

  /** Drops up to `pages` of the oldest page cache, down to what a system needs to run; returns how many. */
  dropCache(pages: number): number {
    const floor = Math.floor(Math.min(BASE_CACHE_PAGES, this.ramPages * MOST_BASE_RATIO) / 4);
    const spare = ownerPages(this.memory, this.state.cache) - floor;
    return spare > 0 ? shrinkOwner(this.memory, this.state.cache, Math.min(pages, spare), 'OLDEST') : 0;
  }

  #growAnon(pages: number): void {
    const held = ownerPages(this.memory, this.state.anon) - this.state.usedAnonPages;
    const missing = Math.max(0, pages - held);
    const got = this.#grow(this.state.anon, missing);
    this.state.usedAnonPages += pages - (missing - got);
    this.state.unmetPages += missing - got;
  }

  #shrinkAnon(pages: number, releaseRatio: number): void {
    this.state.usedAnonPages -= pages;
    const freed = Math.floor(pages * releaseRatio);
    if (freed > 0) shrinkOwner(this.memory, this.state.anon, freed, 'NEWEST');
  }

  #growCache(pages: number): void {
    const room = freePagesOf(this.memory) - this.#highPages;
    if (room > 0) growOwner(this.memory, this.state.cache, Math.min(pages, room));
  }

  /** Slab and page tables follow what they serve. */
  #follow(): void {
    const { anon, cache, slabReclaimable, slabUnreclaimable, pageTables } = this.state;
    const anonPages = ownerPages(this.memory, anon);
    const cachePages = ownerPages(this.memory, cache);
    this.#resize(slabReclaimable, Math.min(SLAB_PER_CACHE_RATIO * cachePages, MOST_SLAB_RATIO * this.ramPages));
    const baseSlab = Math.min(BASE_SLAB_PAGES, this.ramPages * MOST_BASE_RATIO);
    this.#resize(slabUnreclaimable, baseSlab + SLAB_PER_ANON_RATIO * anonPages);
    this.#resize(pageTables, PAGE_TABLE_RATIO * anonPages);
  }

  #resize(owner: number, wantedPages: number): void {
    const change = Math.floor(wantedPages) - ownerPages(this.memory, owner);
    if (change > 0) this.state.unmetPages += change - this.#grow(owner, change);
    else if (change < 0) shrinkOwner(this.memory, owner, -change, 'OLDEST');
  }

  /** Gets pages, at the cost of the page cache if need be. */
  #grow(owner: number, pages: number): number {
    let got = growOwner(this.memory, owner, pages);
    while (got < pages && this.dropCache(pages - got) > 0) {
      const more = growOwner(this.memory, owner, pages - got);
      if (more === 0) break;
      got += more;
    }
    return got;
  }
}
