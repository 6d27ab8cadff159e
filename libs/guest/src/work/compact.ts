/** Compaction of a guest's memory on request, and what it came to in figures. */
import { compactRequested, readUsage, runToEnd, vmstat, type Memory, type ZoneUsage } from '#memory-core';
import type { KernelWork, WorkAnswer } from './guest-work.js';

/** The figures of the answer, by the counter of vmstat that they are the growth of. */
const FIGURES = {
  migrateScannedPages: 'compact_migrate_scanned',
  freeScannedPages: 'compact_free_scanned',
  isolatedPages: 'compact_isolated',
  migratedPages: 'pgmigrate_success',
  failedPages: 'pgmigrate_fail',
  balloonMigratedPages: 'balloon_migrate',
} as const;

type Figures = Readonly<Record<keyof typeof FIGURES, number>>;

/** Throws KernelBugError. */
export function compact(memory: Memory, work: Extract<KernelWork, { kind: 'COMPACT' }>): WorkAnswer {
  const zonesBefore = readUsage(memory).zones;
  const before = figures(memory);
  const done = runToEnd(memory, compactRequested(memory, work));
  if (done.length === 0) return { outcome: 'REFUSED', reason: noSuchZone(zonesBefore, work), result: null };
  const after = figures(memory);
  const zonesAfter = readUsage(memory).zones;
  const grown = Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - before[name as keyof Figures]]),
  ) as Figures;
  const zones = done.map(({ node, zone, result }) => {
    const isIt = (usage: ZoneUsage): boolean => usage.node === node && usage.name === zone;
    const freeBlocksBefore = zonesBefore.find(isIt)?.nrFree ?? [];
    return { node, zone, result, freeBlocksBefore, freeBlocksAfter: zonesAfter.find(isIt)?.nrFree ?? [] };
  });
  const result = {
    scannedPages: grown.migrateScannedPages + grown.freeScannedPages,
    ...grown,
    freeBlocksBefore: sumByOrder(zones.map((zone) => zone.freeBlocksBefore)),
    freeBlocksAfter: sumByOrder(zones.map((zone) => zone.freeBlocksAfter)),
    zones,
  };
  return { outcome: 'DONE', reason: summary(result), result };
}

function figures(memory: Memory): Figures {
  const counters = new Map(vmstat(memory));
  return Object.fromEntries(
    Object.entries(FIGURES).map(([name, counter]) => [name, counters.get(counter) ?? 0]),
  ) as Figures;
}

function sumByOrder(zones: readonly (readonly number[])[]): number[] {
  return (zones[0] ?? []).map((_, order) => zones.reduce((sum, blocks) => sum + (blocks[order] ?? 0), 0));
}

const HUGE_ORDER = 9;

function summary(result: {
  readonly migratedPages: number;
  readonly freeBlocksBefore: readonly number[];
  readonly freeBlocksAfter: readonly number[];
}): string {
  const huge = (blocks: readonly number[]): number => blocks.slice(HUGE_ORDER).reduce((sum, count) => sum + count, 0);
  const { migratedPages, freeBlocksBefore, freeBlocksAfter } = result;
  return `${migratedPages} pages moved; free blocks of 2 MiB and more: ${huge(freeBlocksBefore)} before, ${huge(freeBlocksAfter)} after`;
}

function noSuchZone(zones: readonly ZoneUsage[], work: { node: number | null; zone: string | null }): string {
  const wanted = [work.zone === null ? 'zone' : `zone ${work.zone}`, work.node === null ? '' : `on node ${work.node}`];
  const has = zones.map(({ node, name }) => `${name} on node ${node}`).join(', ');
  return `the guest has no ${wanted.join(' ').trim()}; it has ${has}`;
}
