/**
 * Boot: a machine's RAM becomes zones with free lists, watermarks and reserves.
 * Fresh memory is released in the largest aligned blocks, each to the tail, so that the lowest block is the first one taken.
 */
import { PAGE_SIZE_BYTES } from '#units';
import { freeBlock } from '../allocator/buddy.js';
import { MAX_ORDER, MOVABLE, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { parseConfig } from '../layout/memory-config.js';
import { planPc } from '../layout/machine.js';
import type { MachinePlan, PfnRange, ZonePlan } from '../layout/machine.js';
import {
  SYSCTL_COMPACTION_PROACTIVENESS,
  SYSCTL_COMPACT_UNEVICTABLE_ALLOWED,
  SYSCTL_EXTFRAG_THRESHOLD,
  SYSCTL_MIN_FREE_KBYTES,
  SYSCTL_SWAPPINESS,
  SYSCTL_TRANSPARENT_HUGEPAGES,
  SYSCTL_WATERMARK_BOOST_FACTOR,
  SYSCTL_WATERMARK_SCALE_FACTOR,
  S_TOTAL_RAM,
  allocateMemory,
} from '../layout/memory.js';
import type { Memory, MemoryConfig } from '../layout/memory.js';
import { startGenerations } from '../owner-pages/generations.js';
import { setupPcp } from '../allocator/pcp-setup.js';
import { kernelRules } from '../layout/profile.js';
import type { KernelProfile } from '../layout/profile.js';
import { TAG_HOLE, TAG_RESERVED } from '../layout/tags.js';
import { touchRun } from '../host/backing.js';
import {
  defaultMinFreeKbytes,
  hugepageMinFreeKbytes,
  setupLowmemReserve,
  setupWatermarks,
} from '../allocator/watermark.js';
import { ZONE_FIELDS, Z_LATE_MANAGED, Z_MANAGED, Z_PRESENT } from '../layout/zone-fields.js';

export interface MemoryOptions {
  /** Whole pages, 64 MiB … 1 TiB. */
  readonly ramBytes: number;
  /** Default 6.12. */
  readonly kernelProfile?: KernelProfile;
  /** Default 1. Memory is spread evenly over the nodes. */
  readonly numaNodes?: number;
  /** Default 1, at most 16. CPUs are dealt to the nodes in turn. */
  readonly cpus?: number;
  /** Size of the Movable zone, cut from the top; default 0. */
  readonly movableBytes?: number;
  /** Default true. */
  readonly memoryBallooning?: boolean;
  /** Balloon pages are movable; default true. */
  readonly balloonCompaction?: boolean;
  /** Default as Linux: from 512 MiB of managed memory. */
  readonly transparentHugepages?: boolean;
  /** Programs map and touch memory by address; default false. Costs 4 bytes a page more, 8 with swap. */
  readonly addressSpaces?: boolean;
  /** Size of the swap device, whole pages; default 0, no swap. */
  readonly swapBytes?: number;
  /** Length of all files together that programs map, whole pages; default 0. Needs address spaces. */
  readonly fileBytes?: number;
}

/** Linux leaves huge pages off below this many managed pages (512 MiB). */
const HUGEPAGE_FROM_PAGES = 131_072;
const WATERMARK_SCALE_FACTOR = 10;
const WATERMARK_BOOST_FACTOR = 15_000;
const COMPACTION_PROACTIVENESS = 20;
const EXTFRAG_THRESHOLD = 500;
const SWAPPINESS = 60;

/** A freshly booted guest's memory. Throws RangeError naming the option that cannot be. */
export function createMemory(options: MemoryOptions): Memory {
  const kernelProfile = options.kernelProfile ?? '6.12';
  const machine = planPc({
    ramPages: options.ramBytes / PAGE_SIZE_BYTES,
    nodes: options.numaNodes ?? 1,
    movablePages: (options.movableBytes ?? 0) / PAGE_SIZE_BYTES,
    rules: kernelRules(kernelProfile),
  });
  return createMemoryOn({
    kernelProfile,
    memoryBallooning: options.memoryBallooning ?? true,
    balloonCompaction: options.balloonCompaction ?? true,
    transparentHugepages: options.transparentHugepages ?? managedPages(machine) >= HUGEPAGE_FROM_PAGES,
    cpus: options.cpus ?? 1,
    addressSpaces: options.addressSpaces ?? false,
    swapPages: (options.swapBytes ?? 0) / PAGE_SIZE_BYTES,
    filePages: (options.fileBytes ?? 0) / PAGE_SIZE_BYTES,
    machine,
  });
}

/** The same for any layout of zones. Throws RangeError naming the field that cannot be. */
export function createMemoryOn(config: MemoryConfig): Memory {
  const memory = allocateMemory(parseConfig(JSON.stringify(config)));
  config.machine.zones.forEach((plan, zone) => releaseZone(memory, plan, zone));
  finishBoot(memory);
  return memory;
}

/** What follows once every zone has its pages: sysctls, watermarks, reserves and the bounds of per-CPU lists. */
export function finishBoot(memory: Memory): void {
  const { zones, sysctls, scalars } = memory;
  for (let zone = 0; zone < memory.zoneCount; zone++) scalars[S_TOTAL_RAM] += zones[zone * ZONE_FIELDS + Z_MANAGED];
  sysctls[SYSCTL_WATERMARK_SCALE_FACTOR] = WATERMARK_SCALE_FACTOR;
  sysctls[SYSCTL_WATERMARK_BOOST_FACTOR] = WATERMARK_BOOST_FACTOR;
  sysctls[SYSCTL_COMPACTION_PROACTIVENESS] = COMPACTION_PROACTIVENESS;
  sysctls[SYSCTL_COMPACT_UNEVICTABLE_ALLOWED] = 1;
  sysctls[SYSCTL_EXTFRAG_THRESHOLD] = EXTFRAG_THRESHOLD;
  sysctls[SYSCTL_SWAPPINESS] = SWAPPINESS;
  sysctls[SYSCTL_MIN_FREE_KBYTES] = defaultMinFreeKbytes(memory);
  setupWatermarks(memory);
  if (memory.config.transparentHugepages) {
    sysctls[SYSCTL_TRANSPARENT_HUGEPAGES] = 1;
    sysctls[SYSCTL_MIN_FREE_KBYTES] = Math.max(sysctls[SYSCTL_MIN_FREE_KBYTES], hugepageMinFreeKbytes(memory));
    setupWatermarks(memory);
  }
  setupLowmemReserve(memory);
  setupPcp(memory);
  startGenerations(memory);
  // From here on whoever recomputes them sees all managed pages.
  for (let zone = 0; zone < memory.zoneCount; zone++) zones[zone * ZONE_FIELDS + Z_LATE_MANAGED] = 0;
}

function releaseZone(memory: Memory, plan: ZonePlan, zone: number): void {
  const { zones, blockType } = memory;
  const { startPfn, endPfn } = plan.range;
  const row = zone * ZONE_FIELDS;
  blockType.fill(MOVABLE, startPfn >> PAGEBLOCK_ORDER, Math.ceil(endPfn / PAGEBLOCK_PAGES));

  let absent = 0;
  for (const hole of plan.holes) {
    memory.tag.fill(TAG_HOLE, hole.startPfn, hole.endPfn);
    absent += hole.endPfn - hole.startPfn;
  }
  let kept = 0;
  for (const range of plan.reserved) {
    memory.tag.fill(TAG_RESERVED, range.startPfn, range.endPfn);
    touchRun(memory, range.startPfn, range.endPfn - range.startPfn);
    kept += range.endPfn - range.startPfn;
  }
  zones[row + Z_PRESENT] = endPfn - startPfn - absent;
  zones[row + Z_MANAGED] = zones[row + Z_PRESENT] - kept;
  zones[row + Z_LATE_MANAGED] = plan.lateManagedPages;
  for (const range of gapsBetween(plan)) releaseRange(memory, range);
}

/** What is left of a zone's span without its holes and reserved parts, ascending. */
function gapsBetween(plan: ZonePlan): PfnRange[] {
  const taken = [...plan.holes, ...plan.reserved].sort((one, other) => one.startPfn - other.startPfn);
  const gaps: PfnRange[] = [];
  let startPfn = plan.range.startPfn;
  for (const range of taken) {
    if (range.startPfn > startPfn) gaps.push({ startPfn, endPfn: range.startPfn });
    startPfn = Math.max(startPfn, range.endPfn);
  }
  if (startPfn < plan.range.endPfn) gaps.push({ startPfn, endPfn: plan.range.endPfn });
  return gaps;
}

/** Gives the range to the free lists in the largest aligned blocks, each to the tail. Tags must be TAG_FREE. */
export function releaseRange(memory: Memory, range: PfnRange): void {
  for (let pfn = range.startPfn; pfn < range.endPfn;) {
    let order = MAX_ORDER;
    while ((pfn & ((1 << order) - 1)) !== 0 || pfn + (1 << order) > range.endPfn) order--;
    freeBlock(memory, pfn, order, true);
    pfn += 1 << order;
  }
}

function managedPages(machine: MachinePlan): number {
  let pages = 0;
  for (const { range, holes, reserved } of machine.zones) {
    pages += range.endPfn - range.startPfn;
    for (const part of [...holes, ...reserved]) pages -= part.endPfn - part.startPfn;
  }
  return pages;
}
