/**
 * What runs in a guest, as owners of the memory core: programs, page cache, slab, page tables, kernel. All pages come
 * through the real allocator in the order they are asked for.
 *
 * Sizes follow the model of the reference (workloads, A.2): all but the anonymous part are set by it.
 *
 *   kernel 64 MiB, slab 40 MiB, daemons 64 MiB     each at most 1/32 of RAM; with the kernel's own tables, which the core
 *                                                  reserves, about the 0.25 GiB + 1.56 % that an idle Debian uses
 *   boot cache 112 MiB, at most 1/16 of RAM        an idle 16 GiB Debian 12 shows 0.11 GiB
 *   unreclaimable slab      + 1 % of anonymous memory
 *   reclaimable slab        a ratio of the page cache, at most 0.15 of RAM; the ratio is drawn per guest
 *   page tables             1.5 × (anonymous + 0.15 × page cache) / 512
 *
 * Shortage is the kernel's affair: requests reclaim page cache, slab and, where there is swap, programs' pages; then a balloon
 * with deflate-on-OOM gives back; then the OOM killer takes the largest program. Daemons are never killed. What was killed
 * starts again (programs.ts).
 */
import {
  createOwner,
  destroyOwner,
  growOwner,
  growOwnerHuge,
  readAhead,
  isOwnerKilled,
  joinProcess,
  ownerPages,
  readUsage,
  shrinkOwner,
} from '#memory-core';
import type { Memory, OwnerKind } from '#memory-core';
import { MIB, PAGE_SIZE_BYTES, RandomStream, invariant } from '#units';

/** Programs that grow and shrink by themselves; the pages of each are together, as address spaces are. */
export const PROCESSES = 4;

/** Owners in the order they are created, so that an owner's id is its place here. */
const OWNERS: readonly OwnerKind[] = [
  'ANON',
  'ANON',
  'ANON',
  'ANON',
  'ANON',
  'FILE',
  'SLAB_RECLAIMABLE',
  'SLAB_UNRECLAIMABLE',
  'PAGE_TABLE',
  'KERNEL',
];
const DAEMONS = PROCESSES;
export const CACHE = 5;
const SLAB_RECLAIMABLE = 6;
const SLAB_UNRECLAIMABLE = 7;
const PAGE_TABLES = 8;
const KERNEL = 9;

const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const KERNEL_PAGES = 64 * MIB_PAGES;
const SLAB_PAGES = 40 * MIB_PAGES;
const DAEMON_PAGES = 64 * MIB_PAGES;
const BOOT_CACHE_PAGES = 112 * MIB_PAGES;
const FIXED_PART_RATIO = 1 / 32;
const BOOT_CACHE_PART_RATIO = 1 / 16;
const SLAB_OF_ANON_RATIO = 0.01;
/** Bounds of slabRatio (model A.2: 0.06 for large files; 0.25 of those files that have slab). */
const LEAST_SLAB_RATIO = 0.06;
const MOST_SLAB_RATIO = 0.25;
const SLAB_OF_RAM_RATIO = 0.15;
const PAGE_TABLES_PER_MAPPED_PAGE = 1.5 / 512;
export const MAPPED_OF_CACHE_RATIO = 0.15;
/** Slab and page tables are brought up to date once they are this far off. */
const SETTLE_PAGES = 32;
/** Pages of a huge page. */
export const HUGE_PAGES = 512;
/** Boot takes memory in this many rounds, so that what runs is mixed as it would be. */
const BOOT_ROUNDS = 16;

/** oom_score_adj of what must not be killed, as sshd and the like set it for themselves. */
const NEVER_KILLED = -1000;

export interface Software {
  readonly memory: Memory;
  readonly ramPages: number;
  /** Reclaimable slab for each page of page cache. */
  readonly slabPerCachePage: number;
}

/** What the software's owner with this id holds. */
export function kindOfOwner(owner: number): OwnerKind {
  return OWNERS[owner] ?? 'KERNEL';
}

/** Reclaimable slab for each page of page cache, drawn for a guest: large files have little of it, many small ones more. */
export function slabRatio(seed: number): number {
  const draw = RandomStream.of(seed, 'slab').nextFloat();
  return LEAST_SLAB_RATIO + (MOST_SLAB_RATIO - LEAST_SLAB_RATIO) * draw * draw;
}

/** The fixed sizes of a guest with `ramPages` of RAM, without the page cache. */
export function fixedPages(ramPages: number): number {
  return capped(KERNEL_PAGES, ramPages) + capped(SLAB_PAGES, ramPages) + capped(DAEMON_PAGES, ramPages);
}

/**
 * Starts a freshly booted guest's software: its fixed part, `anonPages` for its programs, `hugeRatio` of them in huge pages, and
 * `cachePages` of page cache on top of what booting reads; what does not fit stays away. Returns the anonymous pages it could not get.
 */
export function startSoftware(
  software: Software,
  { anonPages, cachePages, hugeRatio }: { anonPages: number; cachePages: number; hugeRatio: number },
): number {
  const { memory, ramPages } = software;
  OWNERS.forEach((kind, id) => invariant(createOwner(memory, kind) === id, 'owners are numbered as they are created'));
  joinProcess(memory, DAEMONS, DAEMONS, NEVER_KILLED);
  const cache = Math.min(bootCache(ramPages) + cachePages, roomForCache(software, anonPages));
  let missing = 0;
  let hugeDebt = 0;
  for (let round = 0; round < BOOT_ROUNDS; round++) {
    growOwner(memory, KERNEL, share(capped(KERNEL_PAGES, ramPages), round));
    growOwner(memory, DAEMONS, share(capped(DAEMON_PAGES, ramPages), round));
    for (let process = 0; process < PROCESSES; process++) {
      const wanted = share(share(anonPages, process, PROCESSES), round);
      const hugePages = Math.floor(Math.min(hugeDebt + wanted * hugeRatio, wanted) / HUGE_PAGES);
      hugeDebt += wanted * hugeRatio - hugePages * HUGE_PAGES;
      missing += wanted - growProcess(software, process, wanted, hugePages);
    }
    growOwner(memory, CACHE, share(cache, round));
    settle(software, 0);
  }
  return missing;
}

/** Anonymous pages of the programs. */
export function programPages(software: Software): number {
  let pages = 0;
  for (let process = 0; process < PROCESSES; process++) pages += ownerPages(software.memory, process);
  return pages;
}

/** Pages of the page cache. */
export function cachePages({ memory }: Software): number {
  return ownerPages(memory, CACHE);
}

/**
 * Gives a program up to `pages` more, in up to `hugePages` huge pages as far as there are any; returns how many it got: fewer when it was
 * killed for them, or the kernel panicked.
 */
export function growProcess(software: Software, process: number, pages: number, hugePages: number): number {
  let got = 0;
  for (let left = hugePages; left > 0; left--) if (growOwnerHuge(software.memory, process)) got += HUGE_PAGES;
  got += growOwner(software.memory, process, pages - got);
  settle(software, SETTLE_PAGES);
  return got;
}

/** True when the OOM killer has killed a program that was not cleared away yet. */
export function hasKilled({ memory }: Software): boolean {
  for (let process = 0; process < PROCESSES; process++) if (isOwnerKilled(memory, process)) return true;
  return false;
}

/** Clears away the programs that the OOM killer has killed, so that they can start again; true when there was one. */
export function buryKilled({ memory }: Software): boolean {
  let buried = false;
  for (let process = 0; process < PROCESSES; process++) {
    if (!isOwnerKilled(memory, process)) continue;
    destroyOwner(memory, process);
    invariant(createOwner(memory, 'ANON') === process, 'the lowest free id is the one that was given back');
    buried = true;
  }
  return buried;
}

/** A program ends: its pages are freed in the order in which it got them, and another of its kind takes its place. */
export function endProgram(software: Software, process: number): void {
  destroyOwner(software.memory, process);
  invariant(createOwner(software.memory, 'ANON') === process, 'the lowest free id is the one that was given back');
  settle(software, SETTLE_PAGES);
}

/** The program that holds least; the first of equals. */
export function smallestProgram({ memory }: Software): number {
  let smallest = 0;
  for (let process = 1; process < PROCESSES; process++) {
    if (ownerPages(memory, process) < ownerPages(memory, smallest)) smallest = process;
  }
  return smallest;
}

/** Takes `pages` from the programs, the youngest first, from `process` on; returns how many there were. */
export function shrinkPrograms(software: Software, process: number, pages: number): number {
  let freed = 0;
  for (let turn = 0; turn < PROCESSES && freed < pages; turn++) {
    freed += shrinkOwner(software.memory, (process + turn) % PROCESSES, pages - freed, 'NEWEST');
  }
  settle(software, SETTLE_PAGES);
  return freed;
}

/** Brings `pages` into the page cache; where memory is short, reclaim takes the oldest for it, or they go by unkept. */
export function growCache(software: Software, pages: number): void {
  readAhead(software.memory, CACHE, pages);
  settle(software, SETTLE_PAGES);
}

/** Brings slab and page tables to what anonymous memory and page cache ask for, if they are `tolerancePages` off. */
function settle(software: Software, tolerancePages: number): void {
  const { memory, ramPages } = software;
  const anon = programPages(software) + ownerPages(memory, DAEMONS);
  const mapped = anon + MAPPED_OF_CACHE_RATIO * ownerPages(memory, CACHE);
  resize(memory, SLAB_RECLAIMABLE, wantedSlab(software), tolerancePages);
  resize(memory, SLAB_UNRECLAIMABLE, capped(SLAB_PAGES, ramPages) + SLAB_OF_ANON_RATIO * anon, tolerancePages);
  resize(memory, PAGE_TABLES, PAGE_TABLES_PER_MAPPED_PAGE * mapped, tolerancePages);
}

function resize(memory: Memory, owner: number, wanted: number, tolerancePages: number): void {
  const change = Math.floor(wanted) - ownerPages(memory, owner);
  if (change > tolerancePages) growOwner(memory, owner, change);
  else if (change < -tolerancePages) shrinkOwner(memory, owner, -change, 'OLDEST');
}

function wantedSlab(software: Software): number {
  const wanted = software.slabPerCachePage * ownerPages(software.memory, CACHE);
  return Math.floor(Math.min(wanted, SLAB_OF_RAM_RATIO * software.ramPages));
}

/** Free pages above the high watermarks: below them kswapd would drop old page cache again. */
export function roomAboveHigh(memory: Memory): number {
  const { zones, freePages } = readUsage(memory);
  return zones.reduce((room, zone) => room - zone.watermarks.highPages, freePages);
}

/** Page cache that fits beside everything else when a guest boots. */
function roomForCache(software: Software, anonPages: number): number {
  const { memory, ramPages } = software;
  const perAnonPage = 1 + SLAB_OF_ANON_RATIO + PAGE_TABLES_PER_MAPPED_PAGE;
  const room = roomAboveHigh(memory) - fixedPages(ramPages) - perAnonPage * anonPages;
  return Math.max(0, Math.floor(room / (1 + software.slabPerCachePage + PAGE_TABLES_PER_MAPPED_PAGE)));
}

/** What booting reads: the files that programs run from. */
export function bootCache(ramPages: number): number {
  return Math.min(BOOT_CACHE_PAGES, Math.floor(ramPages * BOOT_CACHE_PART_RATIO));
}

function capped(pages: number, ramPages: number): number {
  return Math.min(pages, Math.floor(ramPages * FIXED_PART_RATIO));
}

/** Part `index` of `pages` dealt evenly into `parts`. */
function share(pages: number, index: number, parts = BOOT_ROUNDS): number {
  return Math.floor((pages * (index + 1)) / parts) - Math.floor((pages * index) / parts);
}
