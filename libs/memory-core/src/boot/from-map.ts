/**
 * A memory in the state that a real machine was seen in: which frame was used for what, the migratetypes of the pageblocks,
 * what lay on the per-CPU lists. Free lists come out as boot leaves them: ascending, in the largest aligned blocks.
 */
import { invariant } from '#units';
import { pushFront } from '../allocator/pcp-list.js';
import { pcpSlot } from '../allocator/pcp.js';
import { setupLowmemReserve } from '../allocator/watermark.js';
import { touchRun } from '../host/backing.js';
import { parseConfig } from '../layout/memory-config.js';
import { OWNER_FIELDS, allocateMemory, ownerListNode } from '../layout/memory.js';
import type { Memory, MemoryConfig } from '../layout/memory.js';
import { PCP_FIELDS, P_COUNT, P_HIGH } from '../layout/pcp-fields.js';
import { TAG_ALLOCATED, TAG_HOLE, TAG_OWNER, TAG_RESERVED } from '../layout/tags.js';
import { ZONE_FIELDS, Z_LATE_MANAGED, Z_MANAGED, Z_PRESENT } from '../layout/zone-fields.js';
import { pushHead } from '../allocator/page-list.js';
import { O_PAGES } from '../layout/owner-fields.js';
import type { OwnerKind } from '../layout/owner-fields.js';
import { createOwner, joinProcess } from '../owners/owner.js';
import { finishBoot, releaseRange } from './create.js';

/** What a frame was used for. PER_CPU: on a per-CPU list, see PerCpuLists. HELD: by the caller, TAG_ALLOCATED. */
export const FRAME_USES = [
  'FREE',
  'ANON',
  'FILE',
  'SLAB',
  'PAGE_TABLE',
  'KERNEL',
  'RESERVED',
  'HOLE',
  'PER_CPU',
  'HELD',
] as const;
export type FrameUse = (typeof FRAME_USES)[number];

/** The running CPU's lists in a zone, the page taken first at index 0. */
export interface PerCpuLists {
  readonly unmovablePfns: readonly number[];
  readonly movablePfns: readonly number[];
  readonly reclaimablePfns: readonly number[];
  /** Pages the set may hold at this moment. */
  readonly highPages: number;
}

export interface MappedMachine {
  /** `reserved` and `holes` of its zones are left empty: the map says them. */
  readonly config: MemoryConfig;
  /** Index into FRAME_USES for each frame up to the last zone's end. */
  readonly frames: Uint8Array;
  /** Migratetype of each pageblock. */
  readonly blockTypes: Uint8Array;
  /** By zone. */
  readonly managedPages: readonly number[];
  readonly perCpu: readonly PerCpuLists[];
  /** Somebody has read vm.lowmem_reserve_ratio since boot, which recomputes the reserves. */
  readonly reserveWasRead: boolean;
}

const OWNER_OF_USE: Readonly<Partial<Record<FrameUse, OwnerKind>>> = {
  ANON: 'ANON',
  FILE: 'FILE',
  SLAB: 'SLAB_UNRECLAIMABLE',
  PAGE_TABLE: 'PAGE_TABLE',
  KERNEL: 'KERNEL',
};

/** oom_score_adj of a process that the OOM killer leaves alone. */
const NEVER_KILLED = -1000;

/** Throws RangeError when the configuration cannot be, InvariantError when the map contradicts itself. */
export function createMemoryFromMap(machine: MappedMachine): Memory {
  const memory = allocateMemory(parseConfig(JSON.stringify(machine.config)));
  const { zones, blockType } = memory;
  blockType.set(machine.blockTypes.subarray(0, blockType.length));
  machine.config.machine.zones.forEach((plan, zone) => {
    const row = zone * ZONE_FIELDS;
    zones[row + Z_MANAGED] = machine.managedPages[zone];
    zones[row + Z_LATE_MANAGED] = plan.lateManagedPages;
  });
  const owners = createOwners(memory);
  placeFrames(memory, machine.frames, owners);
  machine.perCpu.forEach((lists, zone) => fillPerCpu(memory, zone, lists));
  finishBoot(memory);
  machine.perCpu.forEach(({ highPages }, zone) => {
    memory.pcp[pcpSlot(memory, zone) * PCP_FIELDS + P_HIGH] = highPages;
  });
  if (machine.reserveWasRead) setupLowmemReserve(memory);
  return memory;
}

function createOwners(memory: Memory): ReadonlyMap<number, number> {
  const owners = new Map<number, number>();
  FRAME_USES.forEach((use, index) => {
    const kind = OWNER_OF_USE[use];
    if (kind === undefined) return;
    const owner = createOwner(memory, kind);
    owners.set(index, owner);
    // What runs at boot is the first process and what it started: it has nobody killed but others.
    if (kind === 'ANON') joinProcess(memory, owner, owner, NEVER_KILLED);
  });
  return owners;
}

/** Runs of equal use, cut at the zones' ends; free ones go to the free lists in ascending order. */
function placeFrames(memory: Memory, frames: Uint8Array, owners: ReadonlyMap<number, number>): void {
  const { zones } = memory;
  memory.config.machine.zones.forEach(({ range }, zone) => {
    const row = zone * ZONE_FIELDS;
    for (let pfn = range.startPfn; pfn < range.endPfn;) {
      const use = frames[pfn];
      let end = pfn + 1;
      while (end < range.endPfn && frames[end] === use) end++;
      if (FRAME_USES[use] !== 'HOLE') zones[row + Z_PRESENT] += end - pfn;
      placeRun(memory, use, pfn, end, owners);
      pfn = end;
    }
  });
}

function placeRun(
  memory: Memory,
  use: number,
  startPfn: number,
  endPfn: number,
  owners: ReadonlyMap<number, number>,
): void {
  const owner = owners.get(use);
  if (owner !== undefined) {
    memory.tag.fill(TAG_OWNER + owner, startPfn, endPfn);
    for (let pfn = startPfn; pfn < endPfn; pfn++) pushHead(memory.links, ownerListNode(memory, owner, 0), pfn);
    memory.owners[owner * OWNER_FIELDS + O_PAGES] += endPfn - startPfn;
    touchRun(memory, startPfn, endPfn - startPfn);
    return;
  }
  switch (FRAME_USES[use]) {
    case 'FREE':
      releaseRange(memory, { startPfn, endPfn });
      break;
    case 'RESERVED':
      memory.tag.fill(TAG_RESERVED, startPfn, endPfn);
      touchRun(memory, startPfn, endPfn - startPfn);
      break;
    case 'HOLE':
      memory.tag.fill(TAG_HOLE, startPfn, endPfn);
      break;
    case 'HELD':
      memory.tag.fill(TAG_ALLOCATED, startPfn, endPfn);
      break;
    default:
      invariant(FRAME_USES[use] === 'PER_CPU', `frame ${startPfn} has no use`);
  }
}

function fillPerCpu(memory: Memory, zone: number, lists: PerCpuLists): void {
  const slot = pcpSlot(memory, zone);
  [lists.unmovablePfns, lists.movablePfns, lists.reclaimablePfns].forEach((pfns, list) => {
    for (let at = pfns.length - 1; at >= 0; at--) pushFront(memory, slot, list, pfns[at], 1, 1);
    memory.pcp[slot * PCP_FIELDS + P_COUNT] += pfns.length;
  });
}
