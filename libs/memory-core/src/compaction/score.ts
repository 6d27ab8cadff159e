/**
 * How much of the free memory is too fragmented for huge pages, in percent: what proactive compaction goes by.
 * Source: mm/compaction.c of Linux 6.12 (fragmentation_score_node and below), as described in the reference, §4.16.
 */
import { ORDERS, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { SYSCTL_COMPACTION_PROACTIVENESS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { ZONE_FIELDS, Z_NODE, Z_PRESENT } from '../layout/zone-fields.js';
import { freeBlocks } from './fragmentation.js';

/** Percentage of the zone's free pages that lie in blocks below 2 MiB; 0 when nothing is free. */
export function zoneScore(memory: Memory, zone: number): number {
  let free = 0;
  let small = 0;
  for (let order = 0; order < ORDERS; order++) {
    const pages = freeBlocks(memory, zone, order) * 2 ** order;
    free += pages;
    if (order < PAGEBLOCK_ORDER) small += pages;
  }
  return free === 0 ? 0 : Math.floor((small * 100) / free);
}

/** The same for a node: the zones' scores by their share of its pages. */
export function nodeScore(memory: Memory, node: number): number {
  const { zones } = memory;
  let nodePages = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ZONE_FIELDS;
    if (zones[row + Z_NODE] === node) nodePages += zones[row + Z_PRESENT];
  }
  let score = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ZONE_FIELDS;
    if (zones[row + Z_NODE] !== node) continue;
    score += Math.floor((zones[row + Z_PRESENT] * zoneScore(memory, zone)) / (nodePages + 1));
  }
  return score;
}

/** Proactive compaction stops once a zone's score is no higher. */
export function proactiveLowMark(memory: Memory): number {
  const low = 100 - memory.sysctls[SYSCTL_COMPACTION_PROACTIVENESS];
  return memory.rules.proactiveLeeway ? low : Math.max(low, 5);
}

/** Proactive compaction starts once a node's score is higher. */
export function proactiveHighMark(memory: Memory): number {
  const low = proactiveLowMark(memory);
  const leeway = memory.rules.proactiveLeeway ? Math.min(10, low >> 1) : 10;
  return Math.min(low + leeway, 100);
}
