/** The simulated guest in the recorder's terms. */
import { panicReason, procText, readUsage, vmstat, type ZoneUsage } from '#memory-core';
import type { VirtioBalloon } from '#guest';
import type { InitialState } from './initial-state.js';

export interface ObservedZone {
  /** As the recordings name it: DMA32, N1.DMA32 … */
  readonly name: string;
  readonly node: number;
  readonly managedPages: number;
  readonly presentPages: number;
  readonly freePages: number;
  /** Boost included. */
  readonly minPages: number;
  readonly lowPages: number;
  readonly highPages: number;
  readonly boostPages: number;
  /** Free blocks of order 0 … 10. */
  readonly freeBlocks: readonly number[];
  /** By order, 0 … 1. */
  readonly unusableRatio: readonly number[];
}

export interface Observation {
  readonly totalPages: number;
  readonly freePages: number;
  readonly perCpuPages: number;
  readonly availablePages: number;
  readonly residentPages: number;
  readonly balloonPages: number;
  readonly hasPanicked: boolean;
  readonly zones: readonly ObservedZone[];
  readonly vmstat: Readonly<Record<string, number>>;
}

/** What does not change from step to step, but by sysctl writes. */
export interface ObservedSettings {
  readonly minFreeKb: number;
  /** By zone as the recordings name it: protection as zoneinfo prints it, batch of the first CPU. */
  readonly zones: Readonly<Record<string, { readonly protection: readonly number[]; readonly batchPages: number }>>;
}

export function observe({ memory }: InitialState, balloon: VirtioBalloon): Observation {
  const usage = readUsage(memory);
  return {
    totalPages: usage.totalPages,
    freePages: usage.freePages,
    perCpuPages: usage.perCpuPages,
    availablePages: usage.availablePages,
    residentPages: usage.residentPages,
    balloonPages: balloon.numPages,
    hasPanicked: panicReason(memory) !== null,
    zones: usage.zones.map((zone) => ({
      name: zoneName(zone.node, zone.name),
      node: zone.node,
      managedPages: zone.managedPages,
      presentPages: zone.presentPages,
      freePages: zone.freePages,
      minPages: zone.watermarks.minPages,
      lowPages: zone.watermarks.lowPages,
      highPages: zone.watermarks.highPages,
      boostPages: zone.watermarks.boostPages,
      freeBlocks: zone.nrFree,
      unusableRatio: unusableRatios(zone),
    })),
    vmstat: Object.fromEntries(vmstat(memory)),
  };
}

export function observeSettings({ memory }: InitialState): ObservedSettings {
  const zones: Record<string, { protection: number[]; batchPages: number }> = {};
  for (const text of procText(memory, 'ZONEINFO').split(/^(?=Node)/m)) {
    const [, node = '0', name = ''] = /^Node (\d+), zone +(\w+)/.exec(text) ?? [];
    const [, protection = ''] = /protection: \(([^)]*)\)/.exec(text) ?? [];
    const [, batch] = /batch: +(\d+)/.exec(text) ?? [];
    if (batch === undefined) continue;
    zones[zoneName(Number(node), name)] = {
      protection: protection.split(', ').map(Number),
      batchPages: Number(batch),
    };
  }
  return { minFreeKb: memory.sysctls[0] ?? 0, zones };
}

function zoneName(node: number, name: string): string {
  return node === 0 ? name : `N${node}.${name}`;
}

/** Share of a zone's free memory that lies in blocks below each order; 1 when nothing is free. */
function unusableRatios({ nrFree }: ZoneUsage): number[] {
  const freePages = nrFree.reduce((pages, count, order) => pages + count * 2 ** order, 0);
  let below = 0;
  return nrFree.map((count, order) => {
    const ratio = freePages === 0 ? 1 : Math.trunc((below * 1000) / freePages) / 1000;
    below += count * 2 ** order;
    return ratio;
  });
}
