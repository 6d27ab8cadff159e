import { NIL, PAGEBLOCK_ORDER, ZONE_NORMAL } from '../../src/layout/constants.js';
import { auditMemory } from '../../src/state/audit.js';
import { createMemoryOn } from '../../src/boot/create.js';
import { MIGRATETYPES, ORDERS } from '../../src/layout/constants.js';
import { freeBlocks } from '../../src/compaction/fragmentation.js';
import { OWNER_FIELDS, S_KSWAPD_WAKES, freeListNode, ownerListNode } from '../../src/layout/memory.js';
import type { Memory } from '../../src/layout/memory.js';
import { O_PAGES } from '../../src/layout/owner-fields.js';
import { disablePcp } from '../../src/allocator/pcp-setup.js';
import { pushRunAtHead } from '../../src/allocator/page-list.js';
import type { KernelProfile } from '../../src/layout/profile.js';
import { TAG_ALLOCATED, TAG_OWNER } from '../../src/layout/tags.js';
import { createOwner, growOwner } from '../../src/owners/owner.js';
import { ZONE_FIELDS, Z_FREE, Z_WMARK_MIN } from '../../src/layout/zone-fields.js';

export interface ZoneSpec {
  readonly pages: number;
  /** Default 0. */
  readonly node?: number;
  readonly type?: number;
  /** Default: where the zone before ends. */
  readonly startPfn?: number;
}

export interface MachineSpec {
  readonly kernelProfile?: KernelProfile;
  readonly balloonCompaction?: boolean;
  readonly memoryBallooning?: boolean;
  readonly cpus?: number;
  readonly addressSpaces?: boolean;
  readonly swapPages?: number;
  readonly filePages?: number;
  /** Keep the per-CPU lists; without it everything goes straight to and from the buddy. */
  readonly pcp?: boolean;
  /** Keep the watermarks that boot computes; without it all of them are 0. */
  readonly watermarks?: boolean;
}

/** A machine of adjacent zones without reserved pages, all free and movable. */
export function zonesOf(specs: readonly ZoneSpec[], machine: MachineSpec = {}): Memory {
  let startPfn = 0;
  const zones = specs.map(({ pages, node = 0, type = ZONE_NORMAL, startPfn: from = startPfn }) => {
    const range = { startPfn: from, endPfn: from + pages };
    startPfn = from + pages;
    return { node, type, range, holes: [], reserved: [], lateManagedPages: 0 };
  });
  const memory = createMemoryOn({
    kernelProfile: machine.kernelProfile ?? '6.12',
    memoryBallooning: machine.memoryBallooning ?? true,
    balloonCompaction: machine.balloonCompaction ?? true,
    transparentHugepages: false,
    cpus: machine.cpus ?? 1,
    addressSpaces: machine.addressSpaces ?? false,
    swapPages: machine.swapPages ?? 0,
    filePages: machine.filePages ?? 0,
    machine: { zones, holeStartPfn: startPfn, holePages: 0 },
  });
  if (machine.pcp !== true) withoutPcp(memory);
  if (machine.watermarks !== true) {
    for (let zone = 0; zone < memory.zoneCount; zone++) {
      memory.zones.fill(0, zone * ZONE_FIELDS + Z_WMARK_MIN, zone * ZONE_FIELDS + Z_WMARK_MIN + 4);
    }
  }
  return memory;
}

/** Empties and switches off the per-CPU lists of all zones. */
export function withoutPcp(memory: Memory): Memory {
  for (let zone = 0; zone < memory.zoneCount; zone++) disablePcp(memory, zone);
  return memory;
}

/** One Normal zone: the Z of the reference's test cases. */
export function aZone(pages: number, machine: MachineSpec = {}): Memory {
  return zonesOf([{ pages }], machine);
}

/** One zone whose free memory stands at `free` pages, with a cache of `cachePages` and kernel memory for the rest. */
export function aShortZone(free: number, cachePages: number, options: MachineSpec = {}): Memory {
  const memory = aZone(16_384, { watermarks: true, ...options });
  growOwner(memory, createOwner(memory, 'FILE'), cachePages);
  const kernel = createOwner(memory, 'KERNEL');
  const marks = memory.zones.slice();
  memory.zones.fill(0, Z_WMARK_MIN, Z_WMARK_MIN + 4);
  growOwner(memory, kernel, freeCountOf(memory) - free);
  memory.zones.set(marks.subarray(Z_WMARK_MIN, Z_WMARK_MIN + 4), Z_WMARK_MIN);
  memory.scalars[S_KSWAPD_WAKES] = 0;
  return memory;
}

/** First pfns of the blocks on a free list, head first. */
export function freeList(memory: Memory, order: number, type: number, zone = 0): number[] {
  const sentinel = freeListNode(memory, zone, order * MIGRATETYPES + type);
  const pfns: number[] = [];
  for (let node = memory.links[2 * sentinel]; node !== sentinel; node = memory.links[2 * node]) {
    pfns.push(order < PAGEBLOCK_ORDER ? node : (node - memory.spanPages) << PAGEBLOCK_ORDER);
  }
  return pfns;
}

export function nrFree(memory: Memory, zone = 0): number[] {
  return Array.from({ length: ORDERS }, (_, order) => freeBlocks(memory, zone, order));
}

export function zoneField(memory: Memory, field: number, zone = 0): number {
  return memory.zones[zone * ZONE_FIELDS + field];
}

export function freeCountOf(memory: Memory, zone = 0): number {
  return zoneField(memory, Z_FREE, zone);
}

/** Gives held frames to an owner, as if it had allocated just these. */
export function adoptPages(memory: Memory, owner: number, startPfn: number, pages: number): void {
  for (let pfn = startPfn; pfn < startPfn + pages; pfn++) {
    if (memory.tag[pfn] !== TAG_ALLOCATED) throw new Error(`pfn ${pfn} is not held`);
    memory.tag[pfn] = TAG_OWNER + owner;
  }
  pushRunAtHead(memory.links, ownerListNode(memory, owner, 0), startPfn, pages, 1);
  memory.owners[owner * OWNER_FIELDS + O_PAGES] += pages;
}

/** Throws with the audit's findings unless the memory is sound. */
export function expectSound(memory: Memory): void {
  const problems = auditMemory(memory);
  if (problems.length > 0) throw new Error(`audit: ${problems.join('; ')}`);
}

export { NIL };
