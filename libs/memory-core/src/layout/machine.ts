/**
 * Where a machine's RAM lies and what of it the kernel keeps: the input from which memory.ts lays out zones.
 *
 * Pfns in the core are dense: RAM above the PCI hole (3 GiB … 4 GiB on a PC with more) follows RAM below it without a
 * gap, so that no column is spent on a hole. physicalPfn() gives the guest-physical number where one is printed.
 */
import {
  DMA_END_PFN,
  MAX_ORDER_PAGES,
  PAGEBLOCK_PAGES,
  ZONE_DMA,
  ZONE_DMA32,
  ZONE_MOVABLE,
  ZONE_NORMAL,
} from './constants.js';
import type { KernelRules } from './profile.js';

/** A half-open range of pfns. */
export interface PfnRange {
  readonly startPfn: number;
  readonly endPfn: number;
}

export interface ZonePlan {
  readonly node: number;
  /** ZONE_DMA … ZONE_MOVABLE. */
  readonly type: number;
  /** The start is pageblock aligned but for the machine's first zone; the end need not be. */
  readonly range: PfnRange;
  /** Parts of the span that are no memory. */
  readonly holes: readonly PfnRange[];
  /** Parts that firmware and kernel keep. */
  readonly reserved: readonly PfnRange[];
  /** Managed pages that the kernel freed only after it had computed its watermarks. */
  readonly lateManagedPages: number;
}

export interface MachinePlan {
  /** Ascending by pfn; two neighbours never share a pageblock. */
  readonly zones: readonly ZonePlan[];
  /** Dense pfn from which physical numbers are `holePages` higher. */
  readonly holeStartPfn: number;
  readonly holePages: number;
}

export interface PcOptions {
  readonly ramPages: number;
  readonly nodes: number;
  /** Cut from the top of the highest zone, as the kernel parameter movablecore does; 0 for none. */
  readonly movablePages: number;
  readonly rules: KernelRules;
}

/** Smallest machine: below it the kernel image and its tables leave too little to boot. */
export const MIN_RAM_PAGES = 64 * 256;
/** Largest machine: 1 TiB, 2^28 pages, keeps every page count and list index in 32 bits with room to spare. */
export const MAX_RAM_PAGES = 2 ** 28;

const GIB_PAGES = 262_144;
/** The i440fx board keeps 3 GiB below the hole once RAM reaches 3.5 GiB (QEMU hw/i386/pc_piix.c). */
const HOLE_FROM_RAM_PAGES = 3.5 * GIB_PAGES;
const LOW_MEMORY_PAGES = 3 * GIB_PAGES;
/** ACPI tables in the last 128 KiB below the hole. */
const FIRMWARE_TAIL_PAGES = 32;
/** Linux keeps the first MiB to itself; page 0 belongs to no zone, and from 0x9f on there is the video hole. */
const FIRST_MIB_PAGES = 256;
const LOW_HOLE: PfnRange = { startPfn: 0x9f, endPfn: FIRST_MIB_PAGES };
/** Bounce buffers (swiotlb, 64 MiB) exist once there is memory above 4 GiB. */
const BOUNCE_BUFFER_PAGES = 16_384;
/** struct page: 64 bytes for each 4 KiB page, 1.56 % of RAM. */
const PAGES_PER_STRUCT_PAGE_PAGE = 64;
/**
 * Hash tables (dentries, inodes, futexes …) grow with RAM. Fitted with kernelImagePages to the boot values of recorded
 * 6.12 guests: 10,800 pages unmanaged at 256 MiB, 11,920 at 512 MiB, 44,246 at 4 GiB (all without the first MiB).
 */
const PAGES_PER_HASH_TABLE_PAGE = 640;

/** A PC with `ramPages` of RAM spread evenly over its nodes. Throws RangeError, naming the field, when that cannot be. */
export function planPc(options: PcOptions): MachinePlan {
  const { ramPages, nodes, movablePages } = options;
  checkPc(options);
  const lowEnd = ramPages >= HOLE_FROM_RAM_PAGES ? LOW_MEMORY_PAGES : ramPages;
  const spans: { type: number; range: PfnRange }[] = [
    { type: ZONE_DMA, range: { startPfn: 1, endPfn: DMA_END_PFN } },
    { type: ZONE_DMA32, range: { startPfn: DMA_END_PFN, endPfn: lowEnd } },
  ];
  if (ramPages > lowEnd) spans.push({ type: ZONE_NORMAL, range: { startPfn: lowEnd, endPfn: ramPages } });
  if (movablePages > 0) cutMovable(spans, movablePages);

  const nodePages = Math.ceil(ramPages / nodes / PAGEBLOCK_PAGES) * PAGEBLOCK_PAGES;
  const zones: ZonePlan[] = [];
  for (let node = 0; node < nodes; node++) {
    for (const span of spans) {
      const startPfn = Math.max(span.range.startPfn, node * nodePages);
      const endPfn = Math.min(span.range.endPfn, (node + 1) * nodePages, ramPages);
      if (startPfn >= endPfn) continue;
      const range = { startPfn, endPfn };
      zones.push({ node, type: span.type, range, holes: holesIn(range, lowEnd), reserved: [], lateManagedPages: 0 });
    }
  }
  return {
    zones: reserve(zones, options, ramPages > lowEnd),
    holeStartPfn: lowEnd,
    holePages: ramPages > lowEnd ? 4 * GIB_PAGES - lowEnd : 0,
  };
}

function checkPc({ ramPages, nodes, movablePages }: PcOptions): void {
  if (!Number.isInteger(ramPages) || ramPages < MIN_RAM_PAGES || ramPages > MAX_RAM_PAGES) {
    throw new RangeError(`ramBytes must be from 64 MiB to 1 TiB, got ${ramPages * 4096}`);
  }
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 8 || ramPages / nodes < 16_384) {
    throw new RangeError(`numaNodes must be from 1 to 8 with at least 64 MiB each, got ${nodes}`);
  }
  if (!Number.isInteger(movablePages) || movablePages < 0 || movablePages > ramPages - MIN_RAM_PAGES) {
    throw new RangeError(`movableBytes must leave at least 64 MiB of other memory, got ${movablePages * 4096}`);
  }
}

/** Turns the top `pages` into the Movable zone, at an order-10 boundary as the kernel aligns it. */
function cutMovable(spans: { type: number; range: PfnRange }[], pages: number): void {
  const top = spans[spans.length - 1].range;
  const wanted = top.endPfn - pages;
  const startPfn = Math.max(top.startPfn, Math.ceil(wanted / MAX_ORDER_PAGES) * MAX_ORDER_PAGES);
  if (startPfn >= top.endPfn) return;
  spans.pop();
  const type = spans.length === 1 ? ZONE_DMA32 : ZONE_NORMAL;
  if (startPfn > top.startPfn) spans.push({ type, range: { startPfn: top.startPfn, endPfn: startPfn } });
  spans.push({ type: ZONE_MOVABLE, range: { startPfn, endPfn: top.endPfn } });
}

function holesIn(range: PfnRange, lowEnd: number): PfnRange[] {
  const tail = { startPfn: lowEnd - FIRMWARE_TAIL_PAGES, endPfn: lowEnd };
  return [LOW_HOLE, tail].filter((hole) => hole.startPfn >= range.startPfn && hole.endPfn <= range.endPfn);
}

/** Kernel image at 16 MiB, the rest from the top of the highest ordinary zone down, as memblock hands it out. */
function reserve(zones: readonly ZonePlan[], options: PcOptions, bounceBuffers: boolean): ZonePlan[] {
  const { ramPages, rules } = options;
  const tables = Math.ceil(ramPages / PAGES_PER_STRUCT_PAGE_PAGE) + Math.ceil(ramPages / PAGES_PER_HASH_TABLE_PAGE);
  const image = zones.findIndex((zone) => zone.type !== ZONE_DMA);
  const highest = zones.findLastIndex((zone) => zone.type !== ZONE_MOVABLE);
  return zones.map((zone, index) => {
    const reserved: PfnRange[] = [];
    const { startPfn } = zone.range;
    if (zone.type === ZONE_DMA) reserved.push({ startPfn, endPfn: LOW_HOLE.startPfn });
    if (index === image) reserved.push({ startPfn, endPfn: startPfn + rules.kernelImagePages });
    let top = zone.holes.reduce((end, hole) => (hole.endPfn === end ? hole.startPfn : end), zone.range.endPfn);
    const takeTop = (pages: number): void => {
      reserved.push({ startPfn: top - pages, endPfn: top });
      top -= pages;
    };
    if (bounceBuffers && index === image) takeTop(BOUNCE_BUFFER_PAGES);
    if (index === highest) takeTop(tables);
    if (top <= startPfn + (index === image ? rules.kernelImagePages : 0)) {
      throw new RangeError(`ramBytes leaves no room beside the kernel's ${tables} pages of tables; use more`);
    }
    return { ...zone, reserved, lateManagedPages: index === image ? rules.lateManagedPages : 0 };
  });
}
