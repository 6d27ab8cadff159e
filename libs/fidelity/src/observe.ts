/** The simulated guest in the recorder's terms. */
import { readUsage, unusableIndex, vmstat } from '#memory-core';
import type { VirtioBalloon } from '#guest';
import type { InitialState } from './initial-state.js';

export interface ObservedZone {
  readonly name: string;
  readonly managedPages: number;
  readonly freePages: number;
  readonly minPages: number;
  readonly lowPages: number;
  readonly highPages: number;
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
  readonly zones: readonly ObservedZone[];
  readonly vmstat: Readonly<Record<string, number>>;
}

export function observe({ memory, zones }: InitialState, balloon: VirtioBalloon): Observation {
  const usage = readUsage(memory);
  return {
    totalPages: usage.totalPages,
    freePages: usage.freePages,
    perCpuPages: usage.perCpuPages,
    availablePages: usage.availablePages,
    residentPages: usage.residentPages,
    balloonPages: balloon.numPages,
    zones: usage.zones.map((zone, index) => ({
      name: zones[index]?.name ?? zone.name,
      managedPages: zone.managedPages,
      freePages: zone.freePages,
      minPages: zone.watermarks.minPages,
      lowPages: zone.watermarks.lowPages,
      highPages: zone.watermarks.highPages,
      freeBlocks: zone.nrFree,
      unusableRatio: zone.nrFree.map((_, order) => unusableIndex(memory, index, order) / 1000),
    })),
    vmstat: Object.fromEntries(vmstat(memory)),
  };
}
