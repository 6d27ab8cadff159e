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
 *     owners    Int32[MAX_OWNERS × OWNER_FIELDS]
 *     devices   Int32[MAX_BALLOON_DEVICES × DEVICE_FIELDS]
 *     locks     Int32[MAX_PAGE_LOCKS]        pfns whose page lock is held
 *   per pageblock
 *     blockZone Uint8   zone index
 *     blockType Uint8   migratetype
 *     blockFree Uint8   order + 1 when the pageblock heads a free block of order 9 or 10, else 0
 *   per frame
 *     links      Int32 × 2  next and previous node of the list the frame is on (page-list.ts)
 *     tag        Uint8  what the frame is (tags.ts)
 *     backed     bit    the host holds a page for the frame
 *
 * Lists are circular and doubly linked through sentinels, so that unlinking needs neither branch nor list. Node numbers:
 * frame p is node p; a free block of order 9 or 10 is linked by its pageblock's node, spanPages + (p >> 9), which keeps
 * the per-frame columns of idle memory untouched; sentinels follow. Free lists come first among the sentinels, then two
 * lists per owner, then one per balloon device.
 *
 * Cost: 9.125 bytes a frame, 11 a pageblock, about 22 KiB fixed.
 */
import { ISOLATE, LISTS_PER_ZONE, MAX_ORDER_PAGES, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, ZONE_TYPES } from './constants.js';
import { EV_COUNT } from './events.js';
import type { MachinePlan } from './machine.js';
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
  /** Node number of the first sentinel. */
  readonly sentinelBase: number;
  readonly scalars: Int32Array;
  readonly events: Float64Array;
  readonly sysctls: Int32Array;
  readonly zones: Int32Array;
  readonly freeCount: Int32Array;
  readonly owners: Int32Array;
  readonly devices: Int32Array;
  readonly locks: Int32Array;
  readonly blockZone: Uint8Array;
  readonly blockType: Uint8Array;
  readonly blockFree: Uint8Array;
  readonly links: Int32Array;
  readonly tag: Uint8Array;
  readonly backed: Uint32Array;
  /** Zones an allocation may try, best first: index node × ZONE_TYPES + highest zone type. */
  readonly zonelists: readonly Int32Array[];
}

/** Scalars of the machine. */
export const S_TOTAL_RAM = 0; // managed pages of all zones: MemTotal
export const S_TOTAL_RESERVE = 1; // pages MemAvailable never counts
export const S_RESIDENT = 2; // frames the host backs
export const S_KSWAPD_WAKES = 3; // nodes whose kswapd was woken and has not run since, one bit each
export const S_LOCKED_PAGES = 4; // length of `locks`
export const S_HOME_NODE = 5; // node of the CPU that runs: its zones are tried first
export const SCALARS = 16;

export const SYSCTL_MIN_FREE_KBYTES = 0;
export const SYSCTL_WATERMARK_SCALE_FACTOR = 1;
export const SYSCTL_WATERMARK_BOOST_FACTOR = 2;
export const SYSCTLS = 8;

export const OWNER_FIELDS = 4;
export const DEVICE_FIELDS = 4;
export const MAX_PAGE_LOCKS = 128;

/** Sentinel of free list `list` (order × MIGRATETYPES + migratetype) of a zone. */
export function freeListNode(memory: Memory, zone: number, list: number): number {
  return memory.sentinelBase + zone * LISTS_PER_ZONE + list;
}

/** Sentinel of an owner's list 0 or 1. */
export function ownerListNode(memory: Memory, owner: number, which: number): number {
  return memory.sentinelBase + memory.zoneCount * LISTS_PER_ZONE + owner * 2 + which;
}

/** Sentinel of a balloon device's page list. */
export function balloonListNode(memory: Memory, device: number): number {
  return memory.sentinelBase + memory.zoneCount * LISTS_PER_ZONE + MAX_OWNERS * 2 + device;
}

function sentinelCount(zoneCount: number): number {
  return zoneCount * LISTS_PER_ZONE + MAX_OWNERS * 2 + MAX_BALLOON_DEVICES;
}

/**
 * Columns for the machine, all zero but for the zones' identity and the empty lists. The only place that allocates:
 * `restored` hands in a buffer of the right size instead (see snapshot.ts).
 */
export function allocateMemory(config: MemoryConfig): Memory {
  const plans = config.machine.zones;
  const zoneCount = plans.length;
  const lastPfn = plans[zoneCount - 1].range.endPfn;
  const spanPages = Math.ceil(lastPfn / MAX_ORDER_PAGES) * MAX_ORDER_PAGES;
  const blockCount = spanPages >> PAGEBLOCK_ORDER;
  const nodes = spanPages + blockCount + sentinelCount(zoneCount);

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
    owners: carve(MAX_OWNERS * OWNER_FIELDS * 4),
    devices: carve(MAX_BALLOON_DEVICES * DEVICE_FIELDS * 4),
    locks: carve(MAX_PAGE_LOCKS * 4),
    blockZone: carve(blockCount),
    blockType: carve(blockCount),
    blockFree: carve(blockCount),
  };
  const fixedBytes = offset;
  const frames = {
    links: carve(nodes * 8),
    tag: carve(spanPages),
    backed: carve(spanPages / 8),
  };
  const buffer = new ArrayBuffer(offset);

  const memory: Memory = {
    config,
    rules: kernelRules(config.kernelProfile),
    buffer,
    fixedBytes,
    spanPages,
    blockCount,
    zoneCount,
    nodeCount: plans.reduce((most, plan) => Math.max(most, plan.node + 1), 0),
    sentinelBase: spanPages + blockCount,
    events: new Float64Array(buffer, at.events, EV_COUNT),
    scalars: new Int32Array(buffer, at.scalars, SCALARS),
    sysctls: new Int32Array(buffer, at.sysctls, SYSCTLS),
    zones: new Int32Array(buffer, at.zones, zoneCount * ZONE_FIELDS),
    freeCount: new Int32Array(buffer, at.freeCount, zoneCount * LISTS_PER_ZONE),
    owners: new Int32Array(buffer, at.owners, MAX_OWNERS * OWNER_FIELDS),
    devices: new Int32Array(buffer, at.devices, MAX_BALLOON_DEVICES * DEVICE_FIELDS),
    locks: new Int32Array(buffer, at.locks, MAX_PAGE_LOCKS),
    blockZone: new Uint8Array(buffer, at.blockZone, blockCount),
    blockType: new Uint8Array(buffer, at.blockType, blockCount),
    blockFree: new Uint8Array(buffer, at.blockFree, blockCount),
    links: new Int32Array(buffer, frames.links, nodes * 2),
    tag: new Uint8Array(buffer, frames.tag, spanPages),
    backed: new Uint32Array(buffer, frames.backed, spanPages / 32),
    zonelists: zonelists(config.machine),
  };
  for (let node = memory.sentinelBase; node < nodes; node++) {
    memory.links[2 * node] = node;
    memory.links[2 * node + 1] = node;
  }
  layZones(memory);
  return memory;
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
function zonelists(machine: MachinePlan): Int32Array[] {
  const nodeCount = machine.zones.reduce((most, plan) => Math.max(most, plan.node + 1), 0);
  const lists: Int32Array[] = [];
  for (let home = 0; home < nodeCount; home++) {
    for (let highest = 0; highest < ZONE_TYPES; highest++) {
      const list: number[] = [];
      for (let step = 0; step < nodeCount; step++) {
        const node = (home + step) % nodeCount;
        for (let type = highest; type >= 0; type--) {
          const zone = machine.zones.findIndex((plan) => plan.node === node && plan.type === type);
          if (zone >= 0) list.push(zone);
        }
      }
      lists.push(Int32Array.from(list));
    }
  }
  return lists;
}
