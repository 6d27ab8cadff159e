/**
 * Compaction asked for by the administrator: vm.compact_memory and a node's `compact` file.
 * Source: mm/compaction.c of Linux 6.12 (compact_nodes, compact_node), as described in the reference, §4.17.
 */
import { MIGRATE_SYNC } from '../layout/migrate-mode.js';
import { UNMOVABLE, ZONE_NORMAL } from '../layout/constants.js';
import { EINVAL } from '../layout/errno.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_NODE, Z_PRESENT } from '../layout/zone-fields.js';
import type { Task } from '../tasks/task.js';
import { compactZone } from './compact-zone.js';
import { VIA_COMPACT_MEMORY, createControl } from './control.js';
import type { CompactionTrace } from './result.js';

export interface CompactWhere {
  /** One node's zones only; without it all nodes'. */
  readonly node?: number | undefined;
  /** One zone only. */
  readonly zone?: number | undefined;
  readonly trace?: CompactionTrace | undefined;
}

/** Compacts the zones from end to end, one after the other, whatever earlier runs have found. Counts no stall and no wake. */
export function* compactMemory(memory: Memory, where: CompactWhere = {}): Task<void> {
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ZONE_FIELDS;
    if (where.zone !== undefined && zone !== where.zone) continue;
    if (where.node !== undefined && memory.zones[row + Z_NODE] !== where.node) continue;
    if (memory.zones[row + Z_PRESENT] > 0) yield* compactWholeZone(memory, zone, where.trace);
  }
}

/** The same for one zone; its result. */
export function* compactWholeZone(memory: Memory, zone: number, trace?: CompactionTrace): Task<number> {
  const cc = createControl(memory, {
    zone,
    order: VIA_COMPACT_MEMORY,
    mode: MIGRATE_SYNC,
    migratetype: UNMOVABLE,
    highestType: ZONE_NORMAL,
    rights: 0,
    wholeZone: true,
    ignoreSkipHint: true,
    trace,
  });
  return yield* compactZone(cc);
}

/** A write to vm.compact_memory: 0, or −EINVAL for another value than 1 where the release looks at it. */
export function* writeCompactMemory(memory: Memory, value: number): Task<number> {
  if (memory.rules.checksCompactMemory && value !== 1) return -EINVAL;
  yield* compactMemory(memory);
  return 0;
}
