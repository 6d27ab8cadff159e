/**
 * A balloon device's row in Memory.devices: in use, pages listed (P), pages isolated (I), adjusts managed pages.
 */
import { invariant } from '#units';
import { setupLowmemReserve } from '../allocator/watermark.js';
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { DEVICE_FIELDS, S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { MAX_BALLOON_DEVICES } from '../layout/tags.js';
import { NODE_FIELDS, N_BALLOON_PAGES } from '../layout/node-fields.js';
import { ZONE_FIELDS, Z_MANAGED, Z_NODE } from '../layout/zone-fields.js';

// Re-bound for the loops over pages: an imported constant costs a load and two checks at each use.
const BLOCK_ORDER = PAGEBLOCK_ORDER;

export const D_IN_USE = 0;
export const D_LISTED = 1;
export const D_ISOLATED = 2;
export const D_ADJUSTS_MANAGED = 3;

/** Offset of the device's row. */
export function deviceRow(memory: Memory, device: number): number {
  const row = device * DEVICE_FIELDS;
  invariant(
    device >= 0 && device < MAX_BALLOON_DEVICES && memory.devices[row + D_IN_USE] !== 0,
    'a balloon device must come from createBalloonDevice',
  );
  return row;
}

/**
 * Moves pages in or out of the managed pages of their zones. Up to 6.19 the driver does this, with the same result; only
 * 7.0 recomputes the reserves that depend on it.
 */
export function adjustManaged(memory: Memory, row: number, startPfn: number, pages: number, sign: number): void {
  if (memory.devices[row + D_ADJUSTS_MANAGED] === 0) return;
  const { zones, blockZone } = memory;
  const endPfn = startPfn + pages;
  for (let pfn = startPfn; pfn < endPfn;) {
    const block = pfn >> BLOCK_ORDER;
    const next = Math.min(endPfn, (block + 1) << BLOCK_ORDER);
    zones[blockZone[block] * ZONE_FIELDS + Z_MANAGED] += sign * (next - pfn);
    pfn = next;
  }
  memory.scalars[S_TOTAL_RAM] += sign * pages;
  if (memory.rules.coreAdjustsReserves) setupLowmemReserve(memory);
}

/**
 * Counts pages that enter (sign 1) or leave the balloon for their nodes, where the release does. Moving a page counts
 * nothing, so that a move between nodes leaves each node's number as it was.
 */
export function countNodePages(memory: Memory, startPfn: number, pages: number, sign: number): void {
  if (!memory.rules.countsBalloonPages) return;
  const { nodes, zones, blockZone } = memory;
  const endPfn = startPfn + pages;
  for (let pfn = startPfn; pfn < endPfn;) {
    const block = pfn >> BLOCK_ORDER;
    const next = Math.min(endPfn, (block + 1) << BLOCK_ORDER);
    const node = zones[blockZone[block] * ZONE_FIELDS + Z_NODE];
    nodes[node * NODE_FIELDS + N_BALLOON_PAGES] += sign * (next - pfn);
    pfn = next;
  }
}

/** nr_balloon_pages of a node. */
export function nodeBalloonPages(memory: Memory, node: number): number {
  return memory.nodes[node * NODE_FIELDS + N_BALLOON_PAGES];
}
