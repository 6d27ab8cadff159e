/**
 * kswapd, a thread for each node: woken when a request finds less than the low watermark, it reclaims until the high one.
 * Source: mm/vmscan.c of Linux 6.12 (wakeup_kswapd, balance_pgdat, kswapd_try_to_sleep), as described in the reference,
 * sections 6.1 and 12.1.14.
 */
import { clearPcpFlag, setPcpFlag } from '../allocator/pcp-flags.js';
import { wakeKcompactd } from '../compaction/kcompactd.js';
import { compactGap } from '../compaction/suitability.js';
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EV_KSWAPD_HIGH_WMARK_HIT_QUICKLY, EV_KSWAPD_LOW_WMARK_HIT_QUICKLY, EV_PAGEOUTRUN } from '../layout/events.js';
import { GFP_BIT_DIRECT_RECLAIM } from '../layout/gfp.js';
import { S_KSWAPD_WAKES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  NODE_FIELDS,
  N_KSWAPD_FAILURES,
  N_KSWAPD_HIGHEST_TYPE_PLUS_ONE,
  N_KSWAPD_NAPS,
  N_KSWAPD_ORDER,
} from '../layout/node-fields.js';
import { ZONE_FIELDS, ZONE_RECLAIM_ACTIVE, Z_BOOST, Z_NODE, Z_WMARK_HIGH } from '../layout/zone-fields.js';
import { runToEnd } from '../tasks/task.js';
import type { Task } from '../tasks/task.js';
import { isNodeBalanced, isNodeBoosted, isNodeHopeless, managedZones } from './balance.js';
import { DEF_PRIORITY, SWAP_CLUSTER_MAX } from './reclaim-control.js';
import type { ReclaimControl } from './reclaim-control.js';
import { noteRefaults, shrinkNode } from './shrink-node.js';
import { stallOfKswapd } from './stall.js';

/** kswapd naps this long after a run before it sleeps in earnest (endKswapdNap). */
export const KSWAPD_NAP_US = 100_000;
/**
 * Others go on while kswapd works, so it says how long each round took (as a wait of that length): for each page it looked at.
 * An estimate: recorded guests are emulated, and slower.
 */
const KSWAPD_PAGE_US = 2;
const EVERY_ZONE_TYPE = 3;

/**
 * Wakes the kswapd of each node whose zones are on `list`, for a request of 2^order pages in zones up to `highestType`. A
 * hopeless node, or one that is balanced and not boosted, is left alone; its kcompactd is woken instead for requests that
 * cannot reclaim themselves.
 */
export function wakeKswapd(memory: Memory, list: Int32Array, order: number, highestType: number, gfp: number): void {
  let before = -1;
  for (const zone of list) {
    const node = memory.zones[zone * ZONE_FIELDS + Z_NODE];
    if (node !== before) wakeNode(memory, node, order, highestType, gfp);
    before = node;
  }
}

function wakeNode(memory: Memory, node: number, order: number, highestType: number, gfp: number): void {
  const { nodes, scalars } = memory;
  const row = node * NODE_FIELDS;
  nodes[row + N_KSWAPD_HIGHEST_TYPE_PLUS_ONE] = Math.max(nodes[row + N_KSWAPD_HIGHEST_TYPE_PLUS_ONE], highestType + 1);
  nodes[row + N_KSWAPD_ORDER] = Math.max(nodes[row + N_KSWAPD_ORDER], order);
  if (((scalars[S_KSWAPD_WAKES] >> node) & 1) === 1) return;
  if (isNodeHopeless(memory, node) || hasEnough(memory, node, order, highestType)) {
    if ((gfp & GFP_BIT_DIRECT_RECLAIM) === 0) wakeKcompactd(memory, node, order, highestType);
    return;
  }
  scalars[S_KSWAPD_WAKES] |= 1 << node;
}

function hasEnough(memory: Memory, node: number, order: number, highestType: number): boolean {
  return isNodeBalanced(memory, node, order, highestType) && !isNodeBoosted(memory, node, highestType);
}

/** True when some node's kswapd was woken and has not run since. */
export function isKswapdWoken(memory: Memory): boolean {
  return memory.scalars[S_KSWAPD_WAKES] !== 0;
}

/** True when some node's kswapd naps after a run. */
export function isKswapdNapping(memory: Memory): boolean {
  for (let node = 0; node < memory.nodeCount; node++) {
    if (memory.nodes[node * NODE_FIELDS + N_KSWAPD_NAPS] === 1) return true;
  }
  return false;
}

/** Runs the kswapd of every node that was woken, to the end. */
export function runPendingKswapd(memory: Memory): void {
  if (memory.scalars[S_KSWAPD_WAKES] === 0) return;
  for (let node = 0; node < memory.nodeCount; node++) {
    if (((memory.scalars[S_KSWAPD_WAKES] >> node) & 1) === 1) runToEnd(memory, runKswapd(memory, node));
  }
}

/**
 * One waking of the node's kswapd, until it goes to sleep again: not before the node is balanced or hopeless, so that one with
 * nothing to reclaim is given up at its first waking. Afterwards it naps: call endKswapdNap when KSWAPD_NAP_US
 * have passed, unless it was woken before.
 */
export function* runKswapd(memory: Memory, node: number): Task<void> {
  const { nodes, scalars } = memory;
  const row = node * NODE_FIELDS;
  if (nodes[row + N_KSWAPD_NAPS] === 1) memory.events[EV_KSWAPD_LOW_WMARK_HIT_QUICKLY]++;
  nodes[row + N_KSWAPD_NAPS] = 0;
  let highestType = EVERY_ZONE_TYPE;
  for (;;) {
    const order = nodes[row + N_KSWAPD_ORDER];
    const asked = nodes[row + N_KSWAPD_HIGHEST_TYPE_PLUS_ONE];
    if (asked > 0) highestType = asked - 1;
    nodes[row + N_KSWAPD_ORDER] = 0;
    nodes[row + N_KSWAPD_HIGHEST_TYPE_PLUS_ONE] = 0;
    const reclaimedFor = yield* balanceNode(memory, node, order, highestType);
    const maySleep = isNodeHopeless(memory, node) || isNodeBalanced(memory, node, 0, highestType);
    // The block is kcompactd's to make when there is enough now to make it of, and only then: recorded guests without anything to
    // reclaim never wake it.
    if (maySleep && reclaimedFor < order) wakeKcompactd(memory, node, order, highestType);
    if (maySleep) break;
    memory.events[EV_KSWAPD_HIGH_WMARK_HIT_QUICKLY]++;
  }
  scalars[S_KSWAPD_WAKES] &= ~(1 << node);
  nodes[row + N_KSWAPD_NAPS] = 1;
}

/** The nap is over: a node that is short again is seen to at once (its kswapd counts as woken). */
export function endKswapdNap(memory: Memory, node: number): void {
  const { nodes } = memory;
  const row = node * NODE_FIELDS;
  if (nodes[row + N_KSWAPD_NAPS] === 0) return;
  nodes[row + N_KSWAPD_NAPS] = 0;
  if (isNodeHopeless(memory, node) || isNodeBalanced(memory, node, 0, EVERY_ZONE_TYPE)) return;
  memory.events[EV_KSWAPD_HIGH_WMARK_HIT_QUICKLY]++;
  memory.scalars[S_KSWAPD_WAKES] |= 1 << node;
}

/** Returns the order that it reclaimed for in the end: 0 once it had reclaimed enough for a block. */
function* balanceNode(memory: Memory, node: number, order: number, highestType: number): Task<number> {
  const { zones } = memory;
  const near = managedZones(memory, node, highestType);
  const boosts = near.map((zone) => zones[zone * ZONE_FIELDS + Z_BOOST]);
  const boosted = boosts.some((boost) => boost > 0);
  memory.events[EV_PAGEOUTRUN]++;
  for (const zone of near) setPcpFlag(memory, zone, ZONE_RECLAIM_ACTIVE);

  const control: ReclaimControl = {
    node,
    highestType,
    byKswapd: true,
    targetPages: targetOf(memory, near),
    priority: DEF_PRIORITY,
    maySwap: true,
    reclaimed: 0,
    scanned: 0,
    allScanned: 0,
    written: 0,
  };
  const reached = yield* reclaimUntilBalanced(
    memory,
    control,
    order,
    boosts.reduce((sum, boost) => sum + boost, 0),
  );
  if (!reached && control.reclaimed === 0) memory.nodes[node * NODE_FIELDS + N_KSWAPD_FAILURES]++;

  for (const zone of near) clearPcpFlag(memory, zone, ZONE_RECLAIM_ACTIVE);
  noteRefaults(memory, node);
  stallOfKswapd(memory, control);
  const reclaimedFor = control.reclaimed >= compactGap(order) ? 0 : order;
  if (!boosted) return reclaimedFor;
  near.forEach((zone, index) => {
    const row = zone * ZONE_FIELDS;
    zones[row + Z_BOOST] -= Math.min(zones[row + Z_BOOST], boosts[index]);
  });
  wakeKcompactd(memory, node, PAGEBLOCK_ORDER, highestType);
  return reclaimedFor;
}

function targetOf(memory: Memory, near: readonly number[]): number {
  return near.reduce(
    (sum, zone) => sum + Math.max(memory.zones[zone * ZONE_FIELDS + Z_WMARK_HIGH], SWAP_CLUSTER_MAX),
    0,
  );
}

/**
 * Rounds of rising effort. A boost is worked off without swapping and without much effort, unless the node is short as well.
 * True when the node is balanced and no boost is left.
 */
function* reclaimUntilBalanced(
  memory: Memory,
  control: ReclaimControl,
  askedOrder: number,
  boostPages: number,
): Task<boolean> {
  let order = askedOrder;
  let boostLeft = boostPages;
  while (control.priority >= 1) {
    const balanced = isNodeBalanced(memory, control.node, order, control.highestType);
    if (!balanced && boostLeft > 0) {
      boostLeft = 0;
      control.priority = DEF_PRIORITY;
      continue;
    }
    if (boostLeft === 0 && balanced) return true;
    control.maySwap = boostLeft === 0;
    const before = control.reclaimed;
    control.scanned = 0;
    const wanted = control.targetPages;
    control.targetPages = before + wanted;
    shrinkNode(memory, control);
    control.targetPages = wanted;
    yield { kind: 'SLEEP', us: control.scanned * KSWAPD_PAGE_US };

    const got = control.reclaimed - before;
    // A block of the order is kcompactd's to make, once there is enough to make it of.
    if (order > 0 && control.reclaimed >= compactGap(order)) order = 0;
    boostLeft -= Math.min(boostLeft, got);
    if (boostLeft > 0 && got === 0) return false;
    const keepsPriority = control.scanned >= wanted || (boostLeft > 0 && control.priority === DEF_PRIORITY - 2);
    if (!keepsPriority || got === 0) control.priority--;
  }
  return false;
}
