import {
  fragmentationIndex,
  isolatedPages,
  readUsage,
  unusableIndex,
  vmstat,
  type Memory,
  type Pressure,
  type MemoryUsage,
  type MemoryVitals,
  type ZoneUsage,
} from '#memory-core';
import { isStalled } from './balloon/balloon-request.js';
import { distance, type VirtioBalloon } from './balloon/virtio-balloon.js';
import type { GuestRunState } from './guest-state.js';
import { StateHash } from './state-hash.js';

/** The balloon as it stands. */
export interface BalloonReading {
  readonly targetPages: number;
  readonly heldPages: number;
  readonly state: 'IDLE' | 'INFLATING' | 'DEFLATING' | 'STALLED';
}

export interface ZoneReading extends ZoneUsage {
  /** By order 0 to 10; −1 when a request would succeed, else 0 (lack of memory) to 1 (fragmentation). */
  readonly fragmentationIndex: readonly number[];
  /** By order 0 to 10: share of free memory that is in blocks too small. */
  readonly unusableIndex: readonly number[];
}

/** The part of a reading that stands as long as memory does; sizes in pages. */
export interface MemoryReading extends Omit<MemoryUsage, 'zones'> {
  readonly isolatedPages: number;
  readonly zones: readonly ZoneReading[];
  readonly vmstat: readonly (readonly [name: string, value: number])[];
  /** Share of all free memory in blocks below 2 MiB; 1 when nothing is free. */
  readonly unusableIndex9Ratio: number;
  /** Of counters and free lists. */
  readonly digest: string;
}

/** What is known of a guest at the end of a tick. */
export interface GuestReading extends MemoryReading {
  readonly tick: number;
  readonly run: GuestRunState;
  /** What stopped it; null while it runs. */
  readonly stateReason: string | null;
  readonly balloon: BalloonReading;
  /** Time lost waiting for memory. */
  readonly pressure: { readonly some: Pressure; readonly full: Pressure };
  /** Memory that programs asked for in the last tick and did not get. */
  readonly unmetPages: number;
  /** Share of sampled pages that were not touched in the last period, or in the one that runs when it shows less. */
  readonly idleRatio: number;
  /** Of all that changes in the guest besides its pages: what a replay must reach again. */
  readonly stateDigest: string;
}

/** What hosts and policies watch, cheap enough for every decision. */
export interface GuestVitals extends MemoryVitals {
  readonly run: GuestRunState;
  readonly pressure: GuestReading['pressure'];
  readonly idleRatio: number;
}

const ORDERS = Array.from({ length: 11 }, (_, order) => order);
const HUGE_ORDER = 9;
const PER_MILLE = 1000;

/** Cost: tens of microseconds, and one step a pageblock. */
export function readMemory(memory: Memory, balloon: VirtioBalloon | null): MemoryReading {
  const usage = readUsage(memory);
  const counters = vmstat(memory);
  const zones = usage.zones.map((zone, at) => ({
    ...zone,
    fragmentationIndex: ORDERS.map((order) => fragmentationIndex(memory, at, order) / PER_MILLE),
    unusableIndex: ORDERS.map((order) => unusableIndex(memory, at, order) / PER_MILLE),
  }));
  return {
    ...usage,
    isolatedPages: balloon === null ? 0 : isolatedPages(memory, balloon.list),
    zones,
    vmstat: counters,
    unusableIndex9Ratio: unusableRatio(usage, HUGE_ORDER),
    digest: digestOf(usage, counters),
  };
}

/**
 * `running` is null for a stopped kernel: its balloon rests. So does a balloon that deflate-on-OOM pushed below its target while
 * no run was queued.
 */
export function readBalloon(
  running: VirtioBalloon | null,
  balloon: VirtioBalloon | null,
  nowUs: number,
): BalloonReading {
  return {
    targetPages: balloon?.device.targetPages ?? 0,
    heldPages: balloon?.device.actualPages ?? 0,
    state: running === null ? 'IDLE' : activityOf(running, nowUs),
  };
}

function activityOf(balloon: VirtioBalloon, nowUs: number): BalloonReading['state'] {
  if (balloon.phase === 'IDLE') return 'IDLE';
  if (isStalled(balloon, nowUs)) return 'STALLED';
  if (balloon.phase === 'LEAK_SENT') return 'DEFLATING';
  return balloon.phase === 'FILL_SENT' || distance(balloon) > 0 ? 'INFLATING' : 'DEFLATING';
}

function unusableRatio(usage: MemoryUsage, order: number): number {
  let usable = 0;
  for (const zone of usage.zones) {
    for (let at = order; at < zone.nrFree.length; at++) usable += (zone.nrFree[at] ?? 0) * 2 ** at;
  }
  return usage.freePages === 0 ? 1 : 1 - usable / usage.freePages;
}

function digestOf(usage: MemoryUsage, counters: readonly (readonly [string, number])[]): string {
  const hash = new StateHash().addNumber(usage.residentPages).addNumber(usage.totalPages);
  for (const [, value] of counters) hash.addNumber(value);
  for (const zone of usage.zones) hash.addNumbers(zone.nrFree);
  return hash.finish();
}
