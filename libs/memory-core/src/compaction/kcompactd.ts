/**
 * kcompactd, a thread for each node: compacts for requests that cannot do it themselves, and proactively while free memory is
 * badly fragmented. Source: mm/compaction.c of Linux 6.12 (kcompactd, kcompactd_do_work, wakeup_kcompactd,
 * should_proactive_compact_node), as described in the reference, §4.15, §4.16 and §12.1.11.
 */
import { drainAllPages } from '../allocator/pcp-setup.js';
import { ALLOC_WMARK_MIN } from '../allocator/watermark.js';
import { MIGRATE_SYNC_LIGHT } from '../layout/migrate-mode.js';
import { UNMOVABLE, ZONE_NORMAL } from '../layout/constants.js';
import { EINVAL } from '../layout/errno.js';
import {
  EV_COMPACT_DAEMON_FREE_SCANNED,
  EV_COMPACT_DAEMON_MIGRATE_SCANNED,
  EV_COMPACT_DAEMON_WAKE,
} from '../layout/events.js';
import { SYSCTL_COMPACTION_PROACTIVENESS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  NODE_FIELDS,
  N_KCOMPACTD_HIGHEST_TYPE,
  N_KCOMPACTD_ORDER,
  N_KCOMPACTD_WOKEN,
  N_PROACTIVE_SKIPS,
} from '../layout/node-fields.js';
import { ZONE_FIELDS, Z_NODE, Z_PRESENT, Z_TYPE } from '../layout/zone-fields.js';
import type { Task } from '../tasks/task.js';
import { compactZone, isKswapdRunning } from './compact-zone.js';
import { VIA_COMPACT_MEMORY, createControl } from './control.js';
import type { CompactControl } from './control.js';
import { COMPACT_COMPLETE, COMPACT_CONTINUE, COMPACT_PARTIAL_SKIPPED, COMPACT_SUCCESS } from './result.js';
import type { CompactionTrace } from './result.js';
import { nodeScore, proactiveHighMark } from './score.js';
import { deferCompaction, isCompactionDeferred, resetDeferral, suitabilityFor } from './suitability.js';

/** The thread looks at its node's score this often. */
export const PROACTIVE_CHECK_US = 500_000;
/** After a proactive round without progress it does not for 32 s. */
const FUTILE_CHECKS = 64;
/** N_KCOMPACTD_WOKEN of a thread that was woken to look at its node's score, not for a request. */
const TRIGGERED = 2;

/**
 * Asks the node's kcompactd for a block of `order` in zones up to `highestType`. The request is remembered in any case; the
 * thread wakes, true, when compaction could help in one of the zones.
 */
export function wakeKcompactd(memory: Memory, node: number, order: number, highestType: number): boolean {
  if (order === 0) return false;
  const { nodes } = memory;
  const row = node * NODE_FIELDS;
  const idle = nodes[row + N_KCOMPACTD_ORDER] === 0;
  nodes[row + N_KCOMPACTD_HIGHEST_TYPE] = idle
    ? highestType
    : Math.min(nodes[row + N_KCOMPACTD_HIGHEST_TYPE], highestType);
  nodes[row + N_KCOMPACTD_ORDER] = Math.max(nodes[row + N_KCOMPACTD_ORDER], order);
  if (nodes[row + N_KCOMPACTD_WOKEN] !== 0 || !isNodeSuitable(memory, node)) return false;
  nodes[row + N_KCOMPACTD_WOKEN] = 1;
  return true;
}

/**
 * A write to vm.compaction_proactiveness: 0, or −EINVAL outside 0 … 100. Any value but 0 has every node's score looked at
 * now, whatever was put off.
 */
export function writeCompactionProactiveness(memory: Memory, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 100) return -EINVAL;
  memory.sysctls[SYSCTL_COMPACTION_PROACTIVENESS] = value;
  if (value === 0) return 0;
  for (let node = 0; node < memory.nodeCount; node++) memory.nodes[node * NODE_FIELDS + N_KCOMPACTD_WOKEN] = TRIGGERED;
  return 0;
}

/** True when the node's kcompactd was woken and has not run since. */
export function isKcompactdWoken(memory: Memory, node: number): boolean {
  return memory.nodes[node * NODE_FIELDS + N_KCOMPACTD_WOKEN] !== 0;
}

/**
 * One round of the node's kcompactd: when it was woken, and, with `timedOut`, every PROACTIVE_CHECK_US. Works on what was
 * asked for, else, when the time has come, checks whether to compact proactively.
 */
export function* kcompactd(memory: Memory, node: number, timedOut: boolean, trace?: CompactionTrace): Task<void> {
  const { nodes } = memory;
  const row = node * NODE_FIELDS;
  const triggered = nodes[row + N_KCOMPACTD_WOKEN] === TRIGGERED;
  nodes[row + N_KCOMPACTD_WOKEN] = 0;
  if (nodes[row + N_KCOMPACTD_ORDER] > 0 && !triggered) {
    nodes[row + N_PROACTIVE_SKIPS] = 0;
    yield* doWork(memory, node, trace);
    return;
  }
  if (triggered) nodes[row + N_PROACTIVE_SKIPS] = 0;
  if ((!timedOut && !triggered) || memory.sysctls[SYSCTL_COMPACTION_PROACTIVENESS] === 0) return;
  if (nodes[row + N_PROACTIVE_SKIPS] > 0) nodes[row + N_PROACTIVE_SKIPS]--;
  else yield* compactProactively(memory, node, trace);
}

/** Compacts the node while its score is high; a check without effect is not repeated for 32 s. */
export function* compactProactively(memory: Memory, node: number, trace?: CompactionTrace): Task<void> {
  if (memory.sysctls[SYSCTL_COMPACTION_PROACTIVENESS] === 0 || isKswapdRunning(memory, node)) return;
  const before = nodeScore(memory, node);
  if (before <= proactiveHighMark(memory)) return;
  for (const zone of zonesOf(memory, node)) {
    const cc = createControl(memory, {
      zone,
      order: VIA_COMPACT_MEMORY,
      mode: MIGRATE_SYNC_LIGHT,
      migratetype: UNMOVABLE,
      highestType: ZONE_NORMAL,
      rights: 0,
      wholeZone: true,
      ignoreSkipHint: true,
      proactive: true,
      trace,
    });
    yield* compactZone(cc);
    if (memory.rules.proactiveCountsAsDaemon) countScanned(cc);
  }
  // The check after this one is due in 500 ms anyway.
  if (nodeScore(memory, node) >= before) memory.nodes[node * NODE_FIELDS + N_PROACTIVE_SKIPS] = FUTILE_CHECKS - 1;
}

function* doWork(memory: Memory, node: number, trace: CompactionTrace | undefined): Task<void> {
  const { nodes, zones } = memory;
  const row = node * NODE_FIELDS;
  const order = nodes[row + N_KCOMPACTD_ORDER];
  const highestType = nodes[row + N_KCOMPACTD_HIGHEST_TYPE];
  memory.events[EV_COMPACT_DAEMON_WAKE]++;
  for (const zone of zonesOf(memory, node)) {
    const type = zones[zone * ZONE_FIELDS + Z_TYPE];
    if (type > highestType || isCompactionDeferred(memory, zone, order)) continue;
    const suitable = suitabilityFor(memory, zone, order, type, ALLOC_WMARK_MIN, MIGRATE_SYNC_LIGHT);
    if (suitable === COMPACT_CONTINUE) yield* compactFor(memory, zone, order, highestType, trace);
  }
  if (nodes[row + N_KCOMPACTD_ORDER] <= order) nodes[row + N_KCOMPACTD_ORDER] = 0;
}

function* compactFor(
  memory: Memory,
  zone: number,
  order: number,
  highestType: number,
  trace: CompactionTrace | undefined,
): Task<void> {
  const cc = createControl(memory, {
    zone,
    order,
    mode: MIGRATE_SYNC_LIGHT,
    migratetype: UNMOVABLE,
    highestType,
    rights: ALLOC_WMARK_MIN,
    trace,
  });
  const result = yield* compactZone(cc);
  if (result === COMPACT_SUCCESS) {
    resetDeferral(memory, zone, order, false);
  } else if (result === COMPACT_COMPLETE || result === COMPACT_PARTIAL_SKIPPED) {
    drainAllPages(memory, zone);
    deferCompaction(memory, zone, order);
  }
  countScanned(cc);
}

function countScanned(cc: CompactControl): void {
  cc.memory.events[EV_COMPACT_DAEMON_MIGRATE_SCANNED] += cc.migrateScanned;
  cc.memory.events[EV_COMPACT_DAEMON_FREE_SCANNED] += cc.freeScanned;
}

function isNodeSuitable(memory: Memory, node: number): boolean {
  const { nodes, zones } = memory;
  const row = node * NODE_FIELDS;
  const order = nodes[row + N_KCOMPACTD_ORDER];
  const highest = nodes[row + N_KCOMPACTD_HIGHEST_TYPE];
  return zonesOf(memory, node).some(
    (zone) =>
      zones[zone * ZONE_FIELDS + Z_TYPE] <= highest &&
      suitabilityFor(memory, zone, order, highest, ALLOC_WMARK_MIN, MIGRATE_SYNC_LIGHT) === COMPACT_CONTINUE,
  );
}

/** The node's populated zones, lowest first. */
function zonesOf(memory: Memory, node: number): number[] {
  const found: number[] = [];
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ZONE_FIELDS;
    if (memory.zones[row + Z_NODE] === node && memory.zones[row + Z_PRESENT] > 0) found.push(zone);
  }
  return found;
}
