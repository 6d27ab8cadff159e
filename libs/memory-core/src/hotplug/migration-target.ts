/**
 * Where pages go that have to leave a range of memory. Source: mm/migrate.c of Linux 6.12 (alloc_migration_target) with the
 * node mask of mm/memory_hotplug.c (do_migrate_range), as described in the reference, §5.2 and §5.3.
 */
import { allocatePages } from '../request/allocate.js';
import { freePages } from '../allocator/free.js';
import { NIL, ZONE_MOVABLE } from '../layout/constants.js';
import {
  GFP_BIT_HIGHMEM,
  GFP_BIT_MOVABLE,
  GFP_BIT_HARDWALL,
  GFP_BIT_RETRY_MAYFAIL,
  GFP_BIT_THISNODE,
  Gfp,
} from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import type { MigrationTargets } from '../migration/migrate-pages.js';
import { RESCHEDULE } from '../tasks/task.js';
import { ZONE_FIELDS, Z_NODE, Z_PRESENT, Z_TYPE } from '../layout/zone-fields.js';

const USER_MOVABLE = Gfp.KERNEL | GFP_BIT_HARDWALL | GFP_BIT_MOVABLE | GFP_BIT_RETRY_MAYFAIL;

/**
 * Targets for pages of `zone`: on the other nodes where there are any, never on its own then. Only pages of a Movable zone may
 * go to one.
 */
export function otherNodesFirst(memory: Memory, zone: number): MigrationTargets {
  const row = zone * ZONE_FIELDS;
  const home = memory.zones[row + Z_NODE];
  const others = nodesWithMemory(memory).filter((node) => node !== home);
  const nodes = others.length > 0 ? others : [home];
  return targetsOn(memory, nodes, memory.zones[row + Z_TYPE] === ZONE_MOVABLE ? GFP_BIT_HIGHMEM : 0);
}

/** Targets on one node and nowhere else, in any zone. */
export function onNode(memory: Memory, node: number): MigrationTargets {
  return targetsOn(memory, [node], GFP_BIT_HIGHMEM);
}

/** `bits`: what the pages may use besides kernel zones. */
function targetsOn(memory: Memory, nodes: readonly number[], bits: number): MigrationTargets {
  const base = USER_MOVABLE | GFP_BIT_THISNODE | bits;
  return {
    take(order) {
      const gfp = order === 0 ? base : base | Gfp.TRANSHUGE_LIGHT;
      for (const node of nodes) {
        const pfn = allocatePages(memory, order, gfp, node);
        if (pfn !== NIL) return pfn;
      }
      return NIL;
    },
    // The allocator has tried all it may.
    *refill() {
      yield RESCHEDULE;
    },
    give(pfn, order) {
      freePages(memory, pfn, order);
    },
  };
}

function nodesWithMemory(memory: Memory): number[] {
  const nodes = new Set<number>();
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (memory.zones[zone * ZONE_FIELDS + Z_PRESENT] > 0) nodes.add(memory.zones[zone * ZONE_FIELDS + Z_NODE]);
  }
  return [...nodes].sort((one, other) => one - other);
}
