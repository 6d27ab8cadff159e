/**
 * Compaction asked for by whoever runs the guest: some zones, for an order or to the end, as hard as wanted. Without an order,
 * in SYNC mode, it is what a write to vm.compact_memory does.
 */
import { MIGRATE_ASYNC, MIGRATE_SYNC, MIGRATE_SYNC_LIGHT } from '../layout/migrate-mode.js';
import { MOVABLE, ZONE_TYPE_NAMES } from '../layout/constants.js';
import type { ZoneName } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_NODE, Z_PRESENT, Z_TYPE } from '../layout/zone-fields.js';
import type { Task } from '../tasks/task.js';
import { compactZone } from './compact-zone.js';
import { VIA_COMPACT_MEMORY, createControl } from './control.js';
import { compactWholeZone } from './manual.js';
import {
  COMPACT_COMPLETE,
  COMPACT_CONTENDED,
  COMPACT_PARTIAL_SKIPPED,
  COMPACT_SKIPPED,
  COMPACT_SUCCESS,
} from './result.js';

export interface CompactionRequest {
  /** Null: all nodes; and all zones. */
  readonly node: number | null;
  readonly zone: string | null;
  /** A run ends when a block of this order can be had; null: when the scanners meet. */
  readonly order: number | null;
  readonly mode: 'ASYNC' | 'SYNC_LIGHT' | 'SYNC';
}

export interface ZoneCompaction {
  readonly node: number;
  readonly zone: ZoneName;
  /** The kernel's word for how the run ended: complete, success, skipped … */
  readonly result: string;
}

const MODES = { ASYNC: MIGRATE_ASYNC, SYNC_LIGHT: MIGRATE_SYNC_LIGHT, SYNC: MIGRATE_SYNC } as const;

const RESULT_NAMES: Readonly<Record<number, string>> = {
  [COMPACT_SKIPPED]: 'skipped',
  [COMPACT_COMPLETE]: 'complete',
  [COMPACT_PARTIAL_SKIPPED]: 'partial_skipped',
  [COMPACT_CONTENDED]: 'contended',
  [COMPACT_SUCCESS]: 'success',
};

/** Compacts the zones that fit, one after the other; nothing when there is none. */
export function* compactRequested(memory: Memory, request: CompactionRequest): Task<ZoneCompaction[]> {
  const done: ZoneCompaction[] = [];
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ZONE_FIELDS;
    const node = memory.zones[row + Z_NODE];
    const name = ZONE_TYPE_NAMES[memory.zones[row + Z_TYPE]];
    if (memory.zones[row + Z_PRESENT] === 0) continue;
    if ((request.node ?? node) !== node || (request.zone ?? name) !== name) continue;
    const result = yield* compactOne(memory, zone, request);
    done.push({ node, zone: name, result: RESULT_NAMES[result] ?? String(result) });
  }
  return done;
}

function compactOne(memory: Memory, zone: number, { order, mode }: CompactionRequest): Task<number> {
  if (order === null && mode === 'SYNC') return compactWholeZone(memory, zone);
  const control = createControl(memory, {
    zone,
    order: order ?? VIA_COMPACT_MEMORY,
    mode: MODES[mode],
    migratetype: MOVABLE,
    highestType: memory.zones[zone * ZONE_FIELDS + Z_TYPE],
    rights: 0,
    wholeZone: true,
    ignoreSkipHint: true,
  });
  return compactZone(control);
}
