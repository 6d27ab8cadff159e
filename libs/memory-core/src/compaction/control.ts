/**
 * The record of one run of compaction over one zone: what was asked for, and where it stands. It is all the state there is
 * besides the memory, so that a run can stop at any of its yields and go on later.
 * Source: mm/internal.h of Linux 6.12 (struct compact_control), as described in the reference, §4.2.
 */
import type { MigrateMode } from '../layout/migrate-mode.js';
import { ORDERS } from '../layout/constants.js';
import type { Memory } from '../layout/memory.js';
import { createMigrationList } from '../migration/migration-list.js';
import type { MigrationList } from '../migration/migration-list.js';
import type { CompactionTrace } from './result.js';

/** Pages that are isolated before they are moved. */
export const COMPACT_CLUSTER_MAX = 32;
/** Asked from outside, not for an order: runs until the scanners meet. */
export const VIA_COMPACT_MEMORY = -1;

export interface CompactRequest {
  readonly zone: number;
  /** VIA_COMPACT_MEMORY or the order that is wanted free. */
  readonly order: number;
  readonly mode: MigrateMode;
  /** Migratetype of the request. */
  readonly migratetype: number;
  /** Highest zone type and rights of the request, for the watermark. */
  readonly highestType: number;
  readonly rights: number;
  /** The task that wants the page compacts itself. */
  readonly direct?: boolean;
  readonly wholeZone?: boolean;
  readonly ignoreSkipHint?: boolean;
  readonly noSetSkipHint?: boolean;
  readonly ignoreBlockSuitable?: boolean;
  readonly proactive?: boolean;
  readonly trace?: CompactionTrace | undefined;
}

export interface CompactControl {
  readonly memory: Memory;
  readonly zone: number;
  readonly order: number;
  readonly mode: MigrateMode;
  readonly migratetype: number;
  readonly highestType: number;
  readonly rights: number;
  readonly direct: boolean;
  readonly ignoreSkipHint: boolean;
  readonly noSetSkipHint: boolean;
  readonly ignoreBlockSuitable: boolean;
  readonly proactive: boolean;
  readonly trace: CompactionTrace | undefined;
  wholeZone: boolean;
  /** The migrate scanner's next frame, going up, and the free scanner's, going down. */
  migratePfn: number;
  freePfn: number;
  /** The pageblock of the migrate scanner is to be emptied to its end. */
  finishPageblock: boolean;
  /** Pages collected and not yet given a target; free pages collected and not yet used. */
  migratePages: number;
  freePages: number;
  migrateScanned: number;
  freeScanned: number;
  /** Fast searches: lowest pfn seen (NIL: used up, 0: none yet), failures in a row, order to begin with. */
  fastStartPfn: number;
  fastSearchFail: number;
  searchOrder: number;
  readonly sources: MigrationList;
  /** Targets by order, then those not yet cut into pages: first and last frame of each list, linked by Memory.links. */
  readonly targetHeads: Int32Array;
  readonly targetTails: Int32Array;
}

export function createControl(memory: Memory, request: CompactRequest): CompactControl {
  return {
    memory,
    zone: request.zone,
    order: request.order,
    mode: request.mode,
    migratetype: request.migratetype,
    highestType: request.highestType,
    rights: request.rights,
    direct: request.direct ?? false,
    ignoreSkipHint: request.ignoreSkipHint ?? false,
    noSetSkipHint: request.noSetSkipHint ?? false,
    ignoreBlockSuitable: request.ignoreBlockSuitable ?? false,
    proactive: request.proactive ?? false,
    trace: request.trace,
    wholeZone: request.wholeZone ?? false,
    migratePfn: 0,
    freePfn: 0,
    finishPageblock: false,
    migratePages: 0,
    freePages: 0,
    migrateScanned: 0,
    freeScanned: 0,
    fastStartPfn: 0,
    fastSearchFail: 0,
    searchOrder: request.order,
    sources: createMigrationList(),
    targetHeads: new Int32Array(ORDERS + 1).fill(-1),
    targetTails: new Int32Array(ORDERS + 1).fill(-1),
  };
}
