/**
 * Sizes of the per-CPU lists, and what empties them: the second's refresh, draining on purpose, and switching them off.
 * Source: mm/page_alloc.c of Linux 6.12 (zone_batchsize, zone_highsize, decay_pcp_high, zone_pcp_disable), as described in
 * the reference.
 */
import { NIL } from '../layout/constants.js';
import { nodeOfCpu } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { drain, pcpSlot } from './pcp.js';
import {
  PCP_BATCH_SCALE_MAX,
  PCP_FIELDS,
  P_BATCH,
  P_COUNT,
  P_HIGH,
  P_HIGH_MAX,
  P_HIGH_MIN,
  P_LIMIT,
  P_MOST_FREE_COUNT,
} from '../layout/pcp-fields.js';
import { bootManaged } from './watermark.js';
import {
  ZONE_FIELDS,
  Z_BOOST,
  Z_NODE,
  Z_PCP_BATCH,
  Z_PCP_HIGH_MAX,
  Z_PCP_HIGH_MIN,
  Z_WMARK_LOW,
} from '../layout/zone-fields.js';

/** 256 KiB: a batch is half as much again, rounded down to a power of two, minus one. */
const MOST_BATCH_BASE_PAGES = 64;
/** Without percpu_pagelist_high_fraction the lists may grow to 1/8 of the zone. */
const HIGH_FRACTION = 8;

/** Pages per batch for a zone of `managed` pages: 15 at 256 MiB, 31 at 512 MiB, 63 from 1 GiB. */
export function pcpBatch(managed: number): number {
  const base = Math.min(managed >> 12, MOST_BATCH_BASE_PAGES);
  if (base <= 1) return 1;
  return (1 << (31 - Math.clz32(base + (base >> 1)))) - 1;
}

/** Recomputes the bounds of all sets, as the kernel does whenever watermarks change; pages stay where they are. */
export function setupPcp(memory: Memory): void {
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const row = zone * ZONE_FIELDS;
    const managed = bootManaged(memory, zone);
    const batch = pcpBatch(managed);
    const low = memory.zones[row + Z_WMARK_LOW] + memory.zones[row + Z_BOOST];
    const cpus = cpusOfNode(memory, memory.zones[row + Z_NODE]);
    const lowest = Math.max(Math.floor(low / cpus), batch * 4);
    const highest = memory.rules.tunesPcp
      ? Math.max(Math.floor(Math.floor(managed / HIGH_FRACTION) / cpus), batch * 4)
      : lowest;
    memory.zones[row + Z_PCP_BATCH] = batch;
    memory.zones[row + Z_PCP_HIGH_MIN] = lowest;
    memory.zones[row + Z_PCP_HIGH_MAX] = highest;
    enablePcp(memory, zone);
  }
}

/** Gives the zone's sets their bounds (back): zone_pcp_enable. */
export function enablePcp(memory: Memory, zone: number): void {
  const row = zone * ZONE_FIELDS;
  const { zones } = memory;
  setBounds(memory, zone, zones[row + Z_PCP_BATCH], zones[row + Z_PCP_HIGH_MIN], zones[row + Z_PCP_HIGH_MAX]);
}

/** Where sets tune themselves, their high mark comes between the bounds when it is next used. */
function setBounds(memory: Memory, zone: number, batch: number, lowest: number, highest: number): void {
  for (let cpu = 0; cpu < memory.cpuCount; cpu++) {
    const row = (zone * memory.cpuCount + cpu) * PCP_FIELDS;
    memory.pcp[row + P_BATCH] = batch;
    memory.pcp[row + P_HIGH_MIN] = lowest;
    memory.pcp[row + P_HIGH_MAX] = highest;
    memory.pcp[row + P_LIMIT] = 0;
    memory.pcp[row + P_MOST_FREE_COUNT] = memory.rules.tunesPcp ? batch << PCP_BATCH_SCALE_MAX : 0;
    if (!memory.rules.tunesPcp) memory.pcp[row + P_HIGH] = lowest;
  }
}

/** A node without CPUs of its own counts all of them. */
function cpusOfNode(memory: Memory, node: number): number {
  let cpus = 0;
  for (let cpu = 0; cpu < memory.cpuCount; cpu++) if (nodeOfCpu(memory, cpu) === node) cpus++;
  return cpus === 0 ? memory.cpuCount : cpus;
}

/**
 * What the refresh of vmstat does once a second, and on demand: lets high marks that have grown sink again and gives back
 * what lies above them (6.7 and later; before, nothing).
 */
export function refreshVmstat(memory: Memory): void {
  if (!memory.rules.tunesPcp) return;
  const { pcp } = memory;
  for (let slot = 0; slot < memory.zoneCount * memory.cpuCount; slot++) {
    const row = slot * PCP_FIELDS;
    const high = pcp[row + P_HIGH];
    if (high > pcp[row + P_HIGH_MIN]) {
      const burst = pcp[row + P_BATCH] << PCP_BATCH_SCALE_MAX;
      pcp[row + P_HIGH] = Math.max(pcp[row + P_COUNT] - burst, high - (high >> 3), pcp[row + P_HIGH_MIN]);
      pcp[row + P_LIMIT] = 0;
    }
    const above = pcp[row + P_COUNT] - pcp[row + P_HIGH];
    if (above > 0) drain(memory, Math.floor(slot / memory.cpuCount), slot, above, 0);
  }
}

/** True when refreshVmstat would change nothing. */
export function isVmstatFresh(memory: Memory): boolean {
  if (!memory.rules.tunesPcp) return true;
  const { pcp } = memory;
  for (let row = 0; row < pcp.length; row += PCP_FIELDS) {
    if (pcp[row + P_HIGH] > pcp[row + P_HIGH_MIN] || pcp[row + P_COUNT] > pcp[row + P_HIGH]) return false;
  }
  return true;
}

/** Empties the lists of all CPUs in a zone, or in all zones: drain_all_pages. */
export function drainAllPages(memory: Memory, zone = NIL): void {
  for (let slot = 0; slot < memory.zoneCount * memory.cpuCount; slot++) {
    const of = Math.floor(slot / memory.cpuCount);
    if (zone === NIL || of === zone) drain(memory, of, slot, memory.pcp[slot * PCP_FIELDS + P_COUNT], 0);
  }
}

/** Empties the running CPU's lists in a zone. */
export function drainLocalPages(memory: Memory, zone: number): void {
  const slot = pcpSlot(memory, zone);
  drain(memory, zone, slot, memory.pcp[slot * PCP_FIELDS + P_COUNT], 0);
}

/**
 * From now on every free in the zone goes straight to the buddy, and every allocation comes from it, until enablePcp:
 * zone_pcp_disable.
 */
export function disablePcp(memory: Memory, zone: number): void {
  setBounds(memory, zone, 1, 0, 0);
  drainAllPages(memory, zone);
}
