/**
 * Programs that use memory by address: a mapping is an owner whose pages have numbers, 0 for the first page of the mapping,
 * which starts at a multiple of 2 MiB. Anonymous mappings have page tables, one unmovable page for each 2 MiB touched, made
 * before the first page of the 2 MiB; mappings of FILE kind are page cache. Needs config.addressSpaces.
 *
 * A fault is what Linux does for it: absent → a page, with a huge page tried first where the mapping is advised to; in swap
 * → swapped in with its neighbours; file page that reclaim has dropped → refault.
 */
import { invariant } from '#units';
import { allocatePages, allocateRun } from '../request/allocate.js';
import { freePages, freeRun } from '../allocator/free.js';
import { lowestPfn } from '../allocator/page-stretch.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { touchRun } from '../host/backing.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_PGFAULT, EV_PGPGIN, EV_THP_FAULT_ALLOC, EV_THP_FAULT_FALLBACK } from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { OWNER_FIELDS, SYSCTL_HUGEPAGE_DEFRAG_NEVER } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER } from '../layout/tags.js';
import { finishGather, startGather } from '../allocator/gather.js';
import { fileRefaults, forgetEvicted } from '../reclaim/refaults.js';
import { runPendingKswapd } from '../reclaim/kswapd.js';
import { INACTIVE, listOfNewPage } from '../owner-pages/generations.js';
import { adoptHugePage } from './huge-page.js';
import { addToList } from '../owner-pages/lru.js';
import { ABSENT, mapFrames, mappingOf } from '../owner-pages/mapping.js';
import { createOwner, destroyOwner } from './owner.js';
import {
  KIND_ANON,
  KIND_FILE,
  O_BLOCK_DEVICE,
  O_FILE_START,
  O_HUGE_ADVICE,
  O_KILLED,
  O_KIND_PLUS_ONE,
  O_PAGES,
  O_PROCESS_PLUS_ONE,
  O_TABLES_PLUS_ONE,
  O_VIRTUAL_PAGES,
} from '../layout/owner-fields.js';
import { ACCESSED, REFERENCED, setAccessed } from '../owner-pages/page-use.js';
import { freeMapped } from '../owner-pages/release.js';
import { swapIn, useFrame } from './swap-in.js';

const KIB_PER_PAGE = 4;
const ROW = OWNER_FIELDS;
/** Page cache of a block device: not movable, and no higher than Normal. */
const BLOCK_DEVICE_GFP = Gfp.KERNEL;

export interface MappingOptions {
  /** Length. */
  readonly pages: number;
  /** Default ANON. */
  readonly kind?: 'ANON' | 'FILE';
  /** Advised to use huge pages; default false. */
  readonly huge?: boolean;
  /** FILE only: the page cache of a block device itself; default false. */
  readonly blockDevice?: boolean;
  /** Owner id of the process it belongs to; default: a process of its own. */
  readonly process?: number;
}

export interface TouchResult {
  /** Pages of the range that are there now. */
  readonly pages: number;
  readonly majorFaults: number;
  /** DONE; KILLED: the OOM killer took the process; FAILED: no memory (the kernel has panicked, or may not kill). */
  readonly outcome: 'DONE' | 'KILLED' | 'FAILED';
}

/** A new mapping without pages: its owner id, or NIL when all ids are taken. */
export function createMapping(memory: Memory, options: MappingOptions): number {
  invariant(memory.config.addressSpaces, 'mappings need a memory with address spaces');
  const kind = options.kind ?? 'ANON';
  const owner = createOwner(memory, kind);
  if (owner === NIL) return NIL;
  const row = owner * ROW;
  memory.owners[row + O_VIRTUAL_PAGES] = options.pages;
  memory.owners[row + O_BLOCK_DEVICE] = options.blockDevice === true ? 1 : 0;
  if (kind === 'FILE') {
    memory.owners[row + O_FILE_START] = placeFile(memory, owner);
    return owner;
  }
  const tables = createOwner(memory, 'PAGE_TABLE');
  if (tables === NIL) {
    destroyOwner(memory, owner);
    return NIL;
  }
  memory.owners[tables * ROW + O_VIRTUAL_PAGES] = Math.ceil(options.pages / PAGEBLOCK_PAGES);
  memory.owners[row + O_TABLES_PLUS_ONE] = tables + 1;
  memory.owners[row + O_HUGE_ADVICE] = options.huge === true ? 1 : 0;
  const process = (options.process ?? owner) + 1;
  memory.owners[row + O_PROCESS_PLUS_ONE] = process;
  memory.owners[tables * ROW + O_PROCESS_PLUS_ONE] = process;
  return owner;
}

/** Files lie one after the other; the place after the last one is the new one's. */
function placeFile(memory: Memory, file: number): number {
  const { owners } = memory;
  let start = 0;
  for (let row = 0; row < owners.length; row += ROW) {
    if (owners[row + O_KIND_PLUS_ONE] !== KIND_FILE + 1 || row === file * ROW) continue;
    if (owners[row + O_VIRTUAL_PAGES] > 0)
      start = Math.max(start, owners[row + O_FILE_START] + owners[row + O_VIRTUAL_PAGES]);
  }
  const end = start + owners[file * ROW + O_VIRTUAL_PAGES];
  invariant(end <= memory.config.filePages, `files need ${end} pages, but filePages is ${memory.config.filePages}`);
  return start;
}

/** Gives all of a mapping back, data in the order of addresses, then its page tables, and its id. */
export function destroyMapping(memory: Memory, owner: number): void {
  if (memory.owners[owner * ROW + O_KIND_PLUS_ONE] === KIND_FILE + 1) {
    forgetEvicted(memory, owner, 0, memory.owners[owner * ROW + O_VIRTUAL_PAGES]);
  }
  destroyOwner(memory, owner);
}

/** Gives pages `first` … back as one call of the kernel does (madvise MADV_DONTNEED). Returns how many were in memory. */
export function dropRange(memory: Memory, owner: number, first: number, pages: number): number {
  const gather = startGather(memory);
  const freed = freeMapped(memory, owner, first, pages, gather);
  finishGather(memory, gather);
  if (memory.owners[owner * ROW + O_KIND_PLUS_ONE] === KIND_FILE + 1) forgetEvicted(memory, owner, first, pages);
  return freed;
}

/** Uses pages `first` …, in ascending order, writing to them or only reading. Page faults make those that are not there. */
export function touchRange(memory: Memory, owner: number, first: number, pages: number, write: boolean): TouchResult {
  invariant(first + pages <= memory.owners[owner * ROW + O_VIRTUAL_PAGES], 'pages of a mapping lie inside it');
  const end = first + pages;
  let page = first;
  let majorFaults = 0;
  while (page < end) {
    const entry = mappingOf(memory, owner)[page];
    let done = 1;
    if (entry >= 0) useFrame(memory, owner, entry, write);
    else if (entry === ABSENT) done = faultIn(memory, owner, page, end);
    else {
      done = swapIn(memory, owner, page, write) ? 1 : 0;
      majorFaults += done;
    }
    if (memory.owners[owner * ROW + O_KILLED] !== 0) return { pages: page - first, majorFaults, outcome: 'KILLED' };
    if (done === 0) return { pages: page - first, majorFaults, outcome: 'FAILED' };
    page += done;
    runPendingKswapd(memory);
  }
  return { pages, majorFaults, outcome: 'DONE' };
}

/** Makes the absent page at `page`, and as many absent ones after it as come in the same stretch. Returns how many; 0: none. */
function faultIn(memory: Memory, owner: number, page: number, end: number): number {
  if (memory.owners[owner * ROW + O_KIND_PLUS_ONE] === KIND_FILE + 1) return readIn(memory, owner, page, end);
  const region = page >> PAGEBLOCK_ORDER;
  if (mappingOf(memory, tablesOf(memory, owner))[region] === ABSENT) {
    if (mayBeHuge(memory, owner, region)) {
      if (makeHugePage(memory, owner, region)) return Math.min(end, (region + 1) * PAGEBLOCK_PAGES) - page;
      if (isGone(memory, owner)) return 0;
      memory.events[EV_THP_FAULT_FALLBACK]++;
    }
    if (!makePageTable(memory, owner, region)) return 0;
  }
  const run = absentRun(memory, owner, page, Math.min(end, (region + 1) * PAGEBLOCK_PAGES));
  if (!allocateRun(memory, Gfp.HIGHUSER_MOVABLE, run)) return 0;
  if (isGone(memory, owner)) return giveBack(memory, run);
  memory.events[EV_PGFAULT] += run.pages;
  return adoptRun(memory, owner, page, run, listOfNewPage(memory, KIND_ANON));
}

/** A page of a file comes from disk; one that reclaim has dropped not long ago is a refault. */
function readIn(memory: Memory, owner: number, page: number, end: number): number {
  const { owners, events } = memory;
  const row = owner * ROW;
  const run = absentRun(memory, owner, page, end);
  const gfp = owners[row + O_BLOCK_DEVICE] === 1 ? BLOCK_DEVICE_GFP : Gfp.HIGHUSER_MOVABLE;
  if (!allocateRun(memory, gfp, run)) return 0;
  events[EV_PGPGIN] += run.pages * KIB_PER_PAGE;
  adoptRun(memory, owner, page, run, listOfNewPage(memory, KIND_FILE));
  fileRefaults(memory, owner, page, run.pages);
  return run.pages;
}

function giveBack(memory: Memory, run: PageStretch): number {
  freeRun(memory, lowestPfn(run), run.pages, run.step < 0);
  return 0;
}

function absentRun(memory: Memory, owner: number, page: number, end: number): PageStretch {
  const entries = mappingOf(memory, owner);
  let pages = 1;
  while (page + pages < end && entries[page + pages] === ABSENT) pages++;
  return { startPfn: NIL, step: 1, pages };
}

/** The frames of a stretch become the mapping's pages from `page` on, in the stretch's order. */
function adoptRun(memory: Memory, owner: number, page: number, run: PageStretch, list: number): number {
  const used = memory.owners[owner * ROW + O_KIND_PLUS_ONE] === KIND_FILE + 1 ? REFERENCED : ACCESSED;
  for (let at = 0; at < run.pages; at++) {
    const pfn = run.startPfn + at * run.step;
    memory.tag[pfn] = TAG_OWNER + owner;
    addToList(memory, owner, pfn, list);
    mapFrames(memory, owner, page + at, pfn, 1);
    memory.use[pfn] = used;
  }
  touchRun(memory, lowestPfn(run), run.pages);
  memory.owners[owner * ROW + O_PAGES] += run.pages;
  return run.pages;
}

function mayBeHuge(memory: Memory, owner: number, region: number): boolean {
  const { owners } = memory;
  const row = owner * ROW;
  return owners[row + O_HUGE_ADVICE] === 1 && (region + 1) * PAGEBLOCK_PAGES <= owners[row + O_VIRTUAL_PAGES];
}

/** The huge page first, then the page table that it may need one day. */
function makeHugePage(memory: Memory, owner: number, region: number): boolean {
  const isLight = memory.sysctls[SYSCTL_HUGEPAGE_DEFRAG_NEVER] === 1;
  const pfn = allocatePages(memory, PAGEBLOCK_ORDER, isLight ? Gfp.TRANSHUGE_LIGHT : Gfp.TRANSHUGE);
  if (pfn === NIL) return false;
  if (isGone(memory, owner) || !makePageTable(memory, owner, region)) {
    freePages(memory, pfn, PAGEBLOCK_ORDER);
    return false;
  }
  adoptHugePage(memory, owner, pfn);
  memory.events[EV_THP_FAULT_ALLOC]++;
  mapFrames(memory, owner, region * PAGEBLOCK_PAGES, pfn, PAGEBLOCK_PAGES);
  setAccessed(memory, pfn);
  memory.events[EV_PGFAULT]++;
  return true;
}

function makePageTable(memory: Memory, owner: number, region: number): boolean {
  const pfn = allocatePages(memory, 0, Gfp.KERNEL);
  if (pfn === NIL) return false;
  if (isGone(memory, owner)) {
    freePages(memory, pfn, 0);
    return false;
  }
  const tables = tablesOf(memory, owner);
  memory.tag[pfn] = TAG_OWNER + tables;
  addToList(memory, tables, pfn, INACTIVE);
  mapFrames(memory, tables, region, pfn, 1);
  touchRun(memory, pfn, 1);
  memory.owners[tables * ROW + O_PAGES]++;
  return true;
}

function tablesOf(memory: Memory, owner: number): number {
  return memory.owners[owner * ROW + O_TABLES_PLUS_ONE] - 1;
}

/** Killed while it waited for memory. */
function isGone(memory: Memory, owner: number): boolean {
  return memory.owners[owner * ROW + O_KILLED] !== 0;
}
