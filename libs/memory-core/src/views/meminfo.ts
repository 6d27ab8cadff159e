/**
 * The lines of /proc/meminfo. Values are KiB unless the line is a count of huge pages.
 */
import { S_SWAP_USED, S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  KIND_ANON,
  KIND_FILE,
  KIND_PAGE_TABLE,
  KIND_SLAB_RECLAIMABLE,
  KIND_SLAB_UNRECLAIMABLE,
} from '../layout/owner-fields.js';
import { activePagesOfKind, anonHugePages, isolatedPagesOfKind, pagesOfKind } from '../owner-pages/kind-sums.js';
import { allBalloonPages, availablePages, freePagesOf } from './usage.js';
import { lastPfn } from './zone-names.js';

export interface MeminfoLine {
  /** Without the colon. */
  readonly label: string;
  readonly value: number;
  /** Columns that the number is right-aligned in. */
  readonly width: 6 | 8;
  readonly unit: ' kB' | '';
}

const KIB_PER_PAGE = 4;
const HUGEPAGE_KIB = 2048;
/** The x86-64 vmalloc area, 32 TiB. */
const VMALLOC_TOTAL_KIB = 34_359_738_367;
/** What 4 KiB mappings cover in the recorded 256 MiB guest: the kernel's own sections and the low 2 MiB. */
const DIRECT_MAP_4K_KIB = 22_400;

/** Lines that a release before the one named does not print. */
const NOT_IN_5_15 = ['Zswap', 'Zswapped', 'SecPageTables'];
const NOT_BEFORE_6_12 = ['Unaccepted'];

/** All lines in the order Linux prints them. */
export function meminfo(memory: Memory): MeminfoLine[] {
  const { kernelProfile } = memory.config;
  const missing = kernelProfile === '5.15' ? [...NOT_IN_5_15, ...NOT_BEFORE_6_12] : [];
  if (kernelProfile === '6.1') missing.push(...NOT_BEFORE_6_12);
  return allLines(memory).filter(({ label }) => !missing.includes(label));
}

function allLines(memory: Memory): MeminfoLine[] {
  const lines: MeminfoLine[] = [];
  const kib = (label: string, value: number): void => {
    lines.push({ label, value, width: label === 'HardwareCorrupted' ? 6 : 8, unit: ' kB' });
  };
  for (const [label, pages] of Object.entries(pageLines(memory))) kib(label, pages * KIB_PER_PAGE);
  kib('VmallocTotal', VMALLOC_TOTAL_KIB);
  for (const label of ['VmallocUsed', 'VmallocChunk', 'Percpu', 'HardwareCorrupted']) kib(label, 0);
  kib('AnonHugePages', anonHugePages(memory) * KIB_PER_PAGE);
  for (const label of OTHER_HUGE_LINES) kib(label, 0);
  if (memory.rules.countsBalloonPages) kib('Balloon', allBalloonPages(memory) * KIB_PER_PAGE);
  for (const label of ['HugePages_Total', 'HugePages_Free', 'HugePages_Rsvd', 'HugePages_Surp']) {
    lines.push({ label, value: 0, width: 8, unit: '' });
  }
  kib('Hugepagesize', HUGEPAGE_KIB);
  kib('Hugetlb', 0);
  kib('DirectMap4k', DIRECT_MAP_4K_KIB);
  kib(
    'DirectMap2M',
    Math.max(0, Math.floor((lastPfn(memory) * KIB_PER_PAGE - DIRECT_MAP_4K_KIB) / HUGEPAGE_KIB) * HUGEPAGE_KIB),
  );
  return lines;
}

const OTHER_HUGE_LINES = ['ShmemHugePages', 'ShmemPmdMapped', 'FileHugePages', 'FilePmdMapped', 'Unaccepted'] as const;

/** The lines from MemTotal to Committed_AS, in pages. */
function pageLines(memory: Memory): Record<string, number> {
  const anon = pagesOfKind(memory, KIND_ANON);
  const file = pagesOfKind(memory, KIND_FILE);
  const activeAnon = activePagesOfKind(memory, KIND_ANON);
  const activeFile = activePagesOfKind(memory, KIND_FILE);
  const { swapPages } = memory.config;
  const slabReclaimable = pagesOfKind(memory, KIND_SLAB_RECLAIMABLE);
  const slabUnreclaimable = pagesOfKind(memory, KIND_SLAB_UNRECLAIMABLE);
  return {
    MemTotal: memory.scalars[S_TOTAL_RAM],
    MemFree: freePagesOf(memory),
    MemAvailable: availablePages(memory),
    Buffers: 0,
    Cached: file + isolatedPagesOfKind(memory, KIND_FILE),
    SwapCached: 0,
    Active: activeAnon + activeFile,
    Inactive: anon + file - activeAnon - activeFile,
    'Active(anon)': activeAnon,
    'Inactive(anon)': anon - activeAnon,
    'Active(file)': activeFile,
    'Inactive(file)': file - activeFile,
    Unevictable: 0,
    Mlocked: 0,
    SwapTotal: swapPages,
    SwapFree: swapPages - memory.scalars[S_SWAP_USED],
    Zswap: 0,
    Zswapped: 0,
    Dirty: 0,
    Writeback: 0,
    AnonPages: anon + isolatedPagesOfKind(memory, KIND_ANON),
    Mapped: 0,
    Shmem: 0,
    KReclaimable: slabReclaimable,
    Slab: slabReclaimable + slabUnreclaimable,
    SReclaimable: slabReclaimable,
    SUnreclaim: slabUnreclaimable,
    KernelStack: 0,
    PageTables: pagesOfKind(memory, KIND_PAGE_TABLE),
    SecPageTables: 0,
    NFS_Unstable: 0,
    Bounce: 0,
    WritebackTmp: 0,
    CommitLimit: Math.floor(memory.scalars[S_TOTAL_RAM] / 2) + swapPages,
    Committed_AS: anon + memory.scalars[S_SWAP_USED],
  };
}
