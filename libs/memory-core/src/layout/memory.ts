/**
 * The memory of one guest: every mutable number lives in one ArrayBuffer, in typed-array columns; the files beside this
 * one are the verbs. A snapshot is that buffer, a digest is a hash of it (see snapshot.ts).
 *
 *   fixed part (a few KiB)
 *     scalars   Int32[SCALARS]               counts of the whole machine
 *     events    Float64[EV_COUNT]            vmstat event counters
 *     sysctls   Int32[SYSCTLS]
 *     zones     Int32[zones × ZONE_FIELDS]   see zone-fields.ts
 *     freeCount Int32[zones × LISTS_PER_ZONE] blocks on each free list
 *     nodes     Int32[nodes × NODE_FIELDS]   see node-fields.ts
 *     owners    Int32[MAX_OWNERS × OWNER_FIELDS]
 *     devices   Int32[MAX_BALLOON_DEVICES × DEVICE_FIELDS]
 *     locks     Int32[MAX_PAGE_LOCKS]        pfns whose page lock is held
 *     pcp       Int32[zones × cpus × PCP_FIELDS]  see pcp-fields.ts
 *     pcpRuns   Int32[zones × cpus × 3 × PCP_RUNS × 2]  see pcp-list.ts
 *     psi       Float64[PSI_FIELDS]          pressure, see reclaim/psi.ts
 *   in the fixed part, too, though not short
 *     swapOwner, swapShadow Uint8, swapVirtual Int32  per slot of the swap device
 *     fileShadow Uint16  per page of all files
 *     lru       Float64[LRU_FIELDS]          generations, see lru-fields.ts
 *     virtualPage, frameSlot Int32           per frame, only with address spaces (and swap)
 *     use       Uint8   per frame, only with address spaces: see reclaim/page-use.ts
 *   per pageblock
 *     blockZone Uint8   zone index
 *     blockType Uint8   migratetype
 *     blockFlags Uint8  BLOCK_… bits below
 *     blockFree Uint8   order + 1 when the pageblock heads a free block of order 9 or 10, else 0
 *   per frame
 *     links      Int32 × 2  next and previous node of the list the frame is on (page-list.ts)
 *     tag        Uint8  what the frame is (tags.ts)
 *     listLow, listHigh bit  number of its owner's list that a page is on (owner-pages/lru.ts), 0 elsewhere
 *     backed     bit    the host holds a page for the frame
 *
 * Lists are circular and doubly linked through sentinels, so that unlinking needs neither branch nor list. Node numbers:
 * frame p is node p; a free block of order 9 or 10 is linked by its pageblock's node, spanPages + (p >> 9), which keeps
 * the per-frame columns of idle memory untouched; sentinels follow. Free lists come first among the sentinels, then four
 * lists per owner, one per balloon device, and PCP_LISTS per set of per-CPU lists.
 *
 * Cost: 9.375 bytes a frame, 11 a pageblock, about 30 KiB fixed.
 */
import { invariant } from '#units';
import {
  ISOLATE,
  LISTS_PER_ZONE,
  MAX_ORDER_PAGES,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  ZONE_MOVABLE,
  ZONE_NORMAL,
  ZONE_TYPES,
} from './constants.js';
import { EV_COUNT } from './events.js';
import { gfpHighestZoneType } from './gfp.js';
import type { MachinePlan } from './machine.js';
import { LRU_FIELDS } from './lru-fields.js';
import { NODE_FIELDS } from './node-fields.js';
import { PCP_FIELDS, PCP_LISTS, PCP_RUNS } from './pcp-fields.js';
import { kernelRules } from './profile.js';
import type { KernelProfile, KernelRules } from './profile.js';
import { MAX_BALLOON_DEVICES, MAX_OWNERS } from './tags.js';
import { Z_END, Z_NODE, Z_START, Z_TYPE, ZONE_FIELDS } from './zone-fields.js';

/** What a memory is made of: never changes, and a snapshot carries it. */
export interface MemoryConfig {
  readonly kernelProfile: KernelProfile;
  readonly memoryBallooning: boolean;
  readonly balloonCompaction: boolean;
  readonly transparentHugepages: boolean;
  readonly cpus: number;
  /** Owners' pages know their virtual page: programs can map, touch and punch by address (owners/address-space.ts). */
  readonly addressSpaces: boolean;
  /** Size of the swap device; 0 for none. */
  readonly swapPages: number;
  /** Length of all files together whose pages reclaim remembers when they go; 0 without address spaces. */
  readonly filePages: number;
  readonly machine: MachinePlan;
}

export interface Memory {
  readonly config: MemoryConfig;
  readonly rules: KernelRules;
  readonly buffer: ArrayBuffer;
  /** Length of the fixed and per-pageblock part, which a snapshot copies as it is. */
  readonly fixedBytes: number;
  /** Frames in the columns: the machine's last pfn + 1, rounded up to 1024. */
  readonly spanPages: number;
  readonly blockCount: number;
  readonly zoneCount: number;
  readonly nodeCount: number;
  readonly cpuCount: number;
  /** Node number of the first sentinel. */
  readonly sentinelBase: number;
  readonly scalars: Int32Array;
  readonly events: Float64Array;
  readonly sysctls: Int32Array;
  readonly zones: Int32Array;
  readonly freeCount: Int32Array;
  readonly nodes: Int32Array;
  readonly owners: Int32Array;
  readonly devices: Int32Array;
  readonly locks: Int32Array;
  readonly pcp: Int32Array;
  readonly pcpRuns: Int32Array;
  /** See reclaim/psi.ts. */
  readonly psi: Float64Array;
  /** Owner + 1 of what each slot of the swap device holds; 0 for a free slot. */
  readonly swapOwner: Uint8Array;
  /** Virtual page of what a slot holds; empty without address spaces. */
  readonly swapVirtual: Int32Array;
  /** What reclaim knew of a page when it went to its slot (reclaim/refaults.ts); empty without address spaces. */
  readonly swapShadow: Uint8Array;
  /** The same of a page of a file, by its place among all files (O_FILE_START); 0: it has not gone. */
  readonly fileShadow: Uint16Array;
  /** Two bits a frame: the number of its owner's list that the page is on (owner-pages/lru.ts). */
  readonly listLow: Uint32Array;
  readonly listHigh: Uint32Array;
  /** See lru-fields.ts. */
  readonly lru: Float64Array;
  /** Virtual page of an owner's frame, 0 elsewhere; empty without address spaces. */
  readonly virtualPage: Int32Array;
  /** Slot + 1 of the copy in swap that is still right, else 0 (the swap cache); empty without address spaces or swap. */
  readonly frameSlot: Int32Array;
  /** How an owner's frame was used (reclaim/page-use.ts), 0 elsewhere; empty without address spaces. */
  readonly use: Uint8Array;
  readonly blockZone: Uint8Array;
  readonly blockType: Uint8Array;
  readonly blockFlags: Uint8Array;
  readonly blockFree: Uint8Array;
  readonly links: Int32Array;
  readonly tag: Uint8Array;
  readonly backed: Uint32Array;
  /** Zones an allocation may try, best first: index node × ZONE_TYPES + highest zone type. */
  readonly zonelists: Int32Array[];
  /** First zone of a zonelist × 4 + its highest zone type: index node × 16 + the four zone bits of a request. */
  readonly preferred: Int32Array;
}

/** Bits of a pageblock's flags. */
/** The scanners found nothing here lately (PB_migrate_skip). */
export const BLOCK_SKIP = 0x01;
/** The pageblock is one huge page of an owner: all of its frames carry the owner's tag, the first one is linked. */
export const BLOCK_HUGE = 0x02;
/** The free block of order 9 or 10 that starts here was reported to the host and has not changed since. */
export const BLOCK_REPORTED = 0x04;

/** Scalars of the machine. */
export const S_TOTAL_RAM = 0; // managed pages of all zones: MemTotal
export const S_TOTAL_RESERVE = 1; // pages MemAvailable never counts
export const S_RESIDENT = 2; // frames the host backs
export const S_KSWAPD_WAKES = 3; // nodes whose kswapd was woken and has not run since, one bit each
export const S_LOCKED_PAGES = 4; // length of `locks`
export const S_CPU = 5; // the CPU that runs: its lists are used, its node's zones are tried first
export const S_REPORTING = 6; // free page reporting: REPORTING_OFF … REPORTING_ACTIVE
/** Direct compaction waits for a block: zone + 1 (0: nobody waits), order, migratetype; pfn + 1 once it was caught. */
export const S_CAPTURE_ZONE = 8;
export const S_CAPTURE_ORDER = 9;
export const S_CAPTURE_TYPE = 10;
export const S_CAPTURED = 11;
/** Why the guest's kernel has panicked: 0 not at all, else PANIC_… (reclaim/oom.ts). */
export const S_PANIC = 7;
export const S_SWAP_USED = 12; // slots of the swap device in use
/** Where the next free slot of the swap device is looked for. */
export const S_SWAP_NEXT = 13;
/** Owner whose pages reclaim scans next; for two lists an owner. */
export const S_RECLAIM_CURSOR = 14;
/** Owner + 1 that the OOM killer chose last. */
export const S_OOM_VICTIM = 15;
/** Rows of owners from the first to the last that was ever used. */
export const S_OWNER_ROWS = 16;
export const SCALARS = 24;

/** No device wants to hear of free pages. */
export const REPORTING_OFF = 0;
export const REPORTING_IDLE = 1;
/** A block of order 9 or more was freed: a pass is due two seconds later. */
export const REPORTING_REQUESTED = 2;
/** A pass is under way. */
export const REPORTING_ACTIVE = 3;

export const SYSCTL_MIN_FREE_KBYTES = 0;
export const SYSCTL_WATERMARK_SCALE_FACTOR = 1;
export const SYSCTL_WATERMARK_BOOST_FACTOR = 2;
export const SYSCTL_COMPACTION_PROACTIVENESS = 3;
export const SYSCTL_COMPACT_UNEVICTABLE_ALLOWED = 4;
export const SYSCTL_EXTFRAG_THRESHOLD = 5;
export const SYSCTL_SWAPPINESS = 6;
export const SYSCTL_PANIC_ON_OOM = 7;
/** 1: a fault takes a huge page only when one is free (transparent_hugepage/defrag is `never`). */
export const SYSCTL_HUGEPAGE_DEFRAG_NEVER = 13;
/** Huge pages enabled: 1, always or on advice. */
export const SYSCTL_TRANSPARENT_HUGEPAGES = 14;
/** What somebody wrote to vm.min_free_kbytes, + 1; 0: nobody did. */
export const SYSCTL_USER_MIN_FREE_KBYTES_PLUS_ONE = 15;
export const SYSCTLS = 16;

/** Words of an owner's row; the first ones are named in layout/owner-fields.ts. */
export const OWNER_FIELDS = 19;
/** Lists of an owner; which is for what, see owner-pages/lru.ts. */
export const OWNER_LISTS = 4;
export const DEVICE_FIELDS = 4;
export const PSI_FIELDS = 16;
export const MAX_PAGE_LOCKS = 128;
/** Words of the three rings of runs of a set. */
export const PCP_RUN_WORDS = 3 * PCP_RUNS * 2;

/** Sentinel of free list `list` (order × MIGRATETYPES + migratetype) of a zone. */
export function freeListNode(memory: Memory, zone: number, list: number): number {
  return memory.sentinelBase + zone * LISTS_PER_ZONE + list;
}

/** Sentinel of an owner's list 0 … 3. */
export function ownerListNode(memory: Memory, owner: number, which: number): number {
  return memory.sentinelBase + memory.zoneCount * LISTS_PER_ZONE + owner * OWNER_LISTS + which;
}

/** Sentinel of a balloon device's page list. */
export function balloonListNode(memory: Memory, device: number): number {
  return memory.sentinelBase + memory.zoneCount * LISTS_PER_ZONE + MAX_OWNERS * OWNER_LISTS + device;
}

/** Sentinel of per-CPU list `list` of a set. */
export function pcpListNode(memory: Memory, slot: number, list: number): number {
  return balloonListNode(memory, MAX_BALLOON_DEVICES) + slot * PCP_LISTS + list;
}

/** CPUs are dealt to the nodes in turn. */
export function nodeOfCpu(memory: Memory, cpu: number): number {
  return cpu % memory.nodeCount;
}

/** From now on the guest's work runs on `cpu`. */
export function runOnCpu(memory: Memory, cpu: number): void {
  invariant(cpu >= 0 && cpu < memory.cpuCount, 'no such CPU');
  memory.scalars[S_CPU] = cpu;
}

function sentinelCount(zoneCount: number, cpus: number): number {
  return zoneCount * LISTS_PER_ZONE + MAX_OWNERS * OWNER_LISTS + MAX_BALLOON_DEVICES + zoneCount * cpus * PCP_LISTS;
}

interface ColumnCounts {
  readonly zoneCount: number;
  readonly nodeCount: number;
  /** Sets of per-CPU lists. */
  readonly slots: number;
  readonly spanPages: number;
  readonly blockCount: number;
  /** List nodes. */
  readonly nodes: number;
}

/** Where each column starts in the buffer, in bytes, each on a multiple of 8. */
function layColumns(config: MemoryConfig, counts: ColumnCounts) {
  const { zoneCount, nodeCount, slots, spanPages, blockCount, nodes } = counts;
  const lengths = {
    swapVirtual: config.addressSpaces ? config.swapPages : 0,
    swapShadow: config.addressSpaces ? config.swapPages : 0,
    virtualPage: config.addressSpaces ? spanPages : 0,
    frameSlot: config.addressSpaces && config.swapPages > 0 ? spanPages : 0,
    use: config.addressSpaces ? spanPages : 0,
  };
  let offset = 0;
  const carve = (bytes: number): number => {
    const at = offset;
    offset = Math.ceil((offset + bytes) / 8) * 8;
    return at;
  };
  const at = {
    events: carve(EV_COUNT * 8),
    scalars: carve(SCALARS * 4),
    sysctls: carve(SYSCTLS * 4),
    zones: carve(zoneCount * ZONE_FIELDS * 4),
    freeCount: carve(zoneCount * LISTS_PER_ZONE * 4),
    nodes: carve(nodeCount * NODE_FIELDS * 4),
    owners: carve(MAX_OWNERS * OWNER_FIELDS * 4),
    devices: carve(MAX_BALLOON_DEVICES * DEVICE_FIELDS * 4),
    locks: carve(MAX_PAGE_LOCKS * 4),
    pcp: carve(slots * PCP_FIELDS * 4),
    pcpRuns: carve(slots * PCP_RUN_WORDS * 4),
    psi: carve(PSI_FIELDS * 8),
    lru: carve(LRU_FIELDS * 8),
    swapOwner: carve(config.swapPages),
    swapVirtual: carve(lengths.swapVirtual * 4),
    swapShadow: carve(lengths.swapShadow),
    fileShadow: carve(config.filePages * 2),
    virtualPage: carve(lengths.virtualPage * 4),
    frameSlot: carve(lengths.frameSlot * 4),
    use: carve(lengths.use),
    blockZone: carve(blockCount),
    blockType: carve(blockCount),
    blockFlags: carve(blockCount),
    blockFree: carve(blockCount),
  };
  const fixedBytes = offset;
  const frames = {
    links: carve(nodes * 8),
    tag: carve(spanPages),
    listLow: carve(spanPages / 8),
    listHigh: carve(spanPages / 8),
    backed: carve(spanPages / 8),
  };
  return { at, fixedBytes, frames, lengths, bytes: offset };
}

/**
 * Columns for the machine, all zero but for the zones' identity and the empty lists. The only place that allocates:
 * `restored` hands in a buffer of the right size instead (see snapshot.ts).
 */
export function allocateMemory(config: MemoryConfig): Memory {
  const plans = config.machine.zones;
  const spares = spareZones(config.machine);
  const zoneCount = plans.length + spares.length;
  const nodeCount = plans.reduce((most, plan) => Math.max(most, plan.node + 1), 0);
  const lastPfn = plans[plans.length - 1].range.endPfn;
  const spanPages = Math.ceil(lastPfn / MAX_ORDER_PAGES) * MAX_ORDER_PAGES;
  const blockCount = spanPages >> PAGEBLOCK_ORDER;
  const nodes = spanPages + blockCount + sentinelCount(zoneCount, config.cpus);

  const slots = zoneCount * config.cpus;
  const counts = { zoneCount, nodeCount, slots, spanPages, blockCount, nodes };
  const { at, fixedBytes, frames, lengths, bytes } = layColumns(config, counts);
  const buffer = new ArrayBuffer(bytes);

  const memory: Memory = {
    config,
    rules: kernelRules(config.kernelProfile),
    buffer,
    fixedBytes,
    spanPages,
    blockCount,
    zoneCount,
    nodeCount,
    cpuCount: config.cpus,
    sentinelBase: spanPages + blockCount,
    events: new Float64Array(buffer, at.events, EV_COUNT),
    scalars: new Int32Array(buffer, at.scalars, SCALARS),
    sysctls: new Int32Array(buffer, at.sysctls, SYSCTLS),
    zones: new Int32Array(buffer, at.zones, zoneCount * ZONE_FIELDS),
    freeCount: new Int32Array(buffer, at.freeCount, zoneCount * LISTS_PER_ZONE),
    nodes: new Int32Array(buffer, at.nodes, nodeCount * NODE_FIELDS),
    owners: new Int32Array(buffer, at.owners, MAX_OWNERS * OWNER_FIELDS),
    devices: new Int32Array(buffer, at.devices, MAX_BALLOON_DEVICES * DEVICE_FIELDS),
    locks: new Int32Array(buffer, at.locks, MAX_PAGE_LOCKS),
    pcp: new Int32Array(buffer, at.pcp, slots * PCP_FIELDS),
    pcpRuns: new Int32Array(buffer, at.pcpRuns, slots * PCP_RUN_WORDS),
    psi: new Float64Array(buffer, at.psi, PSI_FIELDS),
    swapOwner: new Uint8Array(buffer, at.swapOwner, config.swapPages),
    swapVirtual: new Int32Array(buffer, at.swapVirtual, lengths.swapVirtual),
    swapShadow: new Uint8Array(buffer, at.swapShadow, lengths.swapShadow),
    fileShadow: new Uint16Array(buffer, at.fileShadow, config.filePages),
    lru: new Float64Array(buffer, at.lru, LRU_FIELDS),
    virtualPage: new Int32Array(buffer, at.virtualPage, lengths.virtualPage),
    frameSlot: new Int32Array(buffer, at.frameSlot, lengths.frameSlot),
    use: new Uint8Array(buffer, at.use, lengths.use),
    blockZone: new Uint8Array(buffer, at.blockZone, blockCount),
    blockType: new Uint8Array(buffer, at.blockType, blockCount),
    blockFlags: new Uint8Array(buffer, at.blockFlags, blockCount),
    blockFree: new Uint8Array(buffer, at.blockFree, blockCount),
    links: new Int32Array(buffer, frames.links, nodes * 2),
    tag: new Uint8Array(buffer, frames.tag, spanPages),
    listLow: new Uint32Array(buffer, frames.listLow, spanPages / 32),
    listHigh: new Uint32Array(buffer, frames.listHigh, spanPages / 32),
    backed: new Uint32Array(buffer, frames.backed, spanPages / 32),
    zonelists: [],
    preferred: new Int32Array(nodeCount * 16),
  };
  for (let node = memory.sentinelBase; node < nodes; node++) {
    memory.links[2 * node] = node;
    memory.links[2 * node + 1] = node;
  }
  layZones(memory);
  spares.forEach(({ node, type }, index) => {
    const row = (plans.length + index) * ZONE_FIELDS;
    memory.zones[row + Z_NODE] = node;
    memory.zones[row + Z_TYPE] = type;
  });
  layZonelists(memory);
  return memory;
}

/** Rows for zones that memory blocks may make: where a node's Movable blocks can come online as Normal memory. */
function spareZones({ zones }: MachinePlan): { node: number; type: number }[] {
  const has = (node: number, type: number): boolean => zones.some((plan) => plan.node === node && plan.type === type);
  const nodes = [...new Set(zones.map(({ node }) => node))];
  return nodes
    .filter((node) => has(node, ZONE_MOVABLE) && !has(node, ZONE_NORMAL))
    .map((node) => ({ node, type: ZONE_NORMAL }));
}

/** Lays the zonelists anew: after boot, a restore, and when a zone gets its first or loses its last memory. */
export function layZonelists(memory: Memory): void {
  zonelists(memory).forEach((list, at) => {
    memory.zonelists[at] = list;
  });
  for (let at = 0; at < memory.preferred.length; at++) {
    const highestType = gfpHighestZoneType(at & 15);
    memory.preferred[at] = memory.zonelists[(at >> 4) * ZONE_TYPES + highestType][0] * 4 + highestType;
  }
}

function layZones(memory: Memory): void {
  const { zones, blockZone, blockType, config } = memory;
  blockType.fill(ISOLATE);
  config.machine.zones.forEach((plan, zone) => {
    const row = zone * ZONE_FIELDS;
    const { startPfn, endPfn } = plan.range;
    zones[row + Z_NODE] = plan.node;
    zones[row + Z_TYPE] = plan.type;
    zones[row + Z_START] = startPfn;
    zones[row + Z_END] = endPfn;
    blockZone.fill(zone, startPfn >> PAGEBLOCK_ORDER, Math.ceil(endPfn / PAGEBLOCK_PAGES));
  });
}

/** Self first, then the other nodes round from it; within a node from the highest allowed zone type down. */
function zonelists({ zones, zoneCount, nodeCount }: Memory): Int32Array[] {
  const lists: Int32Array[] = [];
  for (let home = 0; home < nodeCount; home++) {
    for (let highest = 0; highest < ZONE_TYPES; highest++) {
      const list: number[] = [];
      for (let step = 0; step < nodeCount; step++) {
        const node = (home + step) % nodeCount;
        for (let type = highest; type >= 0; type--) {
          for (let row = 0; row < zoneCount * ZONE_FIELDS; row += ZONE_FIELDS) {
            const fits = zones[row + Z_NODE] === node && zones[row + Z_TYPE] === type;
            if (fits && zones[row + Z_END] > zones[row + Z_START]) list.push(row / ZONE_FIELDS);
          }
        }
      }
      lists.push(Int32Array.from(list));
    }
  }
  return lists;
}
