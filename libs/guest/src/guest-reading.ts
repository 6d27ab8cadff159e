import {
  fragmentationIndex,
  readUsage,
  unusableIndex,
  vmstat,
  type Memory,
  type MemoryUsage,
  type ZoneUsage,
} from '#memory-core';
import type { GuestRunState, GuestState } from './guest-state.js';
import { SummaryDigest } from './summary-digest.js';

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

/** What is known of a guest at the end of a tick; sizes in pages. */
export interface GuestReading extends Omit<MemoryUsage, 'zones'> {
  readonly tick: number;
  readonly run: GuestRunState;
  readonly balloon: BalloonReading;
  readonly isolatedPages: number;
  readonly zones: readonly ZoneReading[];
  readonly vmstat: readonly (readonly [name: string, value: number])[];
  /** Share of all free memory in blocks below 2 MiB. */
  readonly unusableIndex9Ratio: number;
  readonly stateDigest: string;
}

const ORDERS = Array.from({ length: 11 }, (_, order) => order);
const HUGE_ORDER = 9;

export function readGuest(
  memory: Memory,
  state: GuestState,
  balloon: BalloonReading,
  isolatedPages: number,
): GuestReading {
  const usage = readUsage(memory);
  const counters = vmstat(memory);
  const zones = usage.zones.map((zone, at) => ({
    ...zone,
    fragmentationIndex: ORDERS.map((order) => fragmentationIndex(memory, at, order) / 1000),
    unusableIndex: ORDERS.map((order) => unusableIndex(memory, at, order) / 1000),
  }));
  return {
    ...usage,
    tick: state.tick,
    run: state.run,
    balloon,
    isolatedPages,
    zones,
    vmstat: counters,
    unusableIndex9Ratio: unusableRatio(usage, HUGE_ORDER),
    stateDigest: digestOf(state, usage, counters),
  };
}

function unusableRatio(usage: MemoryUsage, order: number): number {
  let usable = 0;
  for (const zone of usage.zones) {
    for (let at = order; at < zone.nrFree.length; at++) usable += (zone.nrFree[at] ?? 0) << at;
  }
  return usage.freePages === 0 ? 1 : 1 - usable / usage.freePages;
}

function digestOf(state: GuestState, usage: MemoryUsage, counters: readonly (readonly [string, number])[]): string {
  const digest = new SummaryDigest().addText(JSON.stringify(state));
  for (const [, value] of counters) digest.add(value);
  for (const zone of usage.zones) for (const blocks of zone.nrFree) digest.add(blocks);
  return digest.add(usage.residentPages).toString();
}
