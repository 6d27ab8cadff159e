/**
 * Memory blocks: the 128 MiB of physical memory that go offline and come online together, numbered from address 0 as
 * /sys/devices/system/memory does. The columns leave the hole below 4 GiB out; blocks above it have numbers behind it.
 */
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { TAG_HOLE, TAG_OFFLINE } from '../layout/tags.js';
import { ZONE_FIELDS, Z_END, Z_START } from '../layout/zone-fields.js';

export const MEMORY_BLOCK_PAGES = 32_768;

export type MemoryBlockState = 'ONLINE' | 'OFFLINE';

export interface MemoryBlock {
  readonly startPfn: number;
  readonly endPfn: number;
  /** The one it was online in last. */
  readonly zone: number;
  readonly state: MemoryBlockState;
}

/** The block where it can be moved in and out as a whole: in one zone and without holes; else null. */
export function memoryBlock(memory: Memory, block: number): MemoryBlock | null {
  const startPfn = columnPfn(memory, block * MEMORY_BLOCK_PAGES);
  const endPfn = startPfn + MEMORY_BLOCK_PAGES;
  if (startPfn < 0 || endPfn > memory.spanPages) return null;
  const zone = memory.blockZone[startPfn >> PAGEBLOCK_ORDER];
  if (memory.tag[startPfn] === TAG_OFFLINE) return { startPfn, endPfn, zone, state: 'OFFLINE' };
  if (
    memory.blockZone.subarray(startPfn >> PAGEBLOCK_ORDER, endPfn >> PAGEBLOCK_ORDER).some((other) => other !== zone)
  ) {
    return null;
  }
  const row = zone * ZONE_FIELDS;
  if (startPfn < memory.zones[row + Z_START] || endPfn > memory.zones[row + Z_END]) return null;
  if (memory.tag.subarray(startPfn, endPfn).includes(TAG_HOLE)) return null;
  return { startPfn, endPfn, zone, state: 'ONLINE' };
}

/** Numbers of the blocks that are in `state` and can be moved in or out as a whole. */
export function memoryBlocks(memory: Memory, state: MemoryBlockState): number[] {
  const { holePages } = memory.config.machine;
  const count = Math.ceil((memory.spanPages + holePages) / MEMORY_BLOCK_PAGES);
  return Array.from({ length: count }, (_, block) => block).filter(
    (block) => memoryBlock(memory, block)?.state === state,
  );
}

/** Where a physical page number lies in the columns; −1 in the hole. */
function columnPfn(memory: Memory, physicalPfn: number): number {
  const { holeStartPfn, holePages } = memory.config.machine;
  if (physicalPfn < holeStartPfn) return physicalPfn;
  return physicalPfn >= holeStartPfn + holePages ? physicalPfn - holePages : -1;
}
