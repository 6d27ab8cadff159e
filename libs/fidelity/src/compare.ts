/**
 * Recorded against simulated, metric by metric, each with its bound. A metric's verdict is over the whole recording: how many
 * of its values lie within the bound, and how many must.
 */
import type { Observation } from './observe.js';
import type { RecordedSnapshot, RecordedStep, Recording } from './recording.js';
import type { Replay, ReplayedStep } from './replay.js';

/** One value of one metric at one step (−1: boot). */
export interface Comparison {
  readonly metric: string;
  readonly step: number;
  /** Zone, order or counter that is meant; empty for the whole guest. */
  readonly of: string;
  readonly recorded: number;
  readonly simulated: number;
  /** |simulated − recorded|, in the metric's unit. */
  readonly error: number;
  readonly bound: number;
  readonly isWithin: boolean;
}

export interface Verdict {
  readonly metric: string;
  readonly unit: string;
  readonly compared: number;
  readonly within: number;
  /** Share of the comparisons that must lie within their bound. */
  readonly requiredRatio: number;
  readonly worst: Comparison;
  readonly holds: boolean;
}

const PAGE_BYTES = 4096;
const KB_PER_PAGE = 4;
const PAGES_PER_MIB = 256;
/** Orders ≥ this are what manual compaction is for. */
const LARGE_ORDER = 9;
/** A zone's unusable index says something only where so much of it is free. */
const FREE_RATIO = 0.1;
/** At least 94 % of the neighbours must be the same. */
const ORDER_TOLERANCE = 0.06;

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly requiredRatio: number;
}

const METRICS = {
  balloon: { name: 'balloon pages of a target that was reached', unit: 'pages', requiredRatio: 1 },
  inflate: { name: 'balloon_inflate and balloon_deflate of such a step', unit: 'pages', requiredRatio: 1 },
  boot: {
    name: 'MemTotal, managed pages, watermarks and min_free_kbytes at boot',
    unit: 'pages or kB',
    requiredRatio: 1,
  },
  managed: { name: 'MemTotal after each step', unit: 'pages', requiredRatio: 1 },
  freeAndPerCpu: { name: 'free pages and pages on per-CPU lists', unit: 'pages', requiredRatio: 1 },
  free: { name: 'MemFree', unit: 'pages', requiredRatio: 0.95 },
  freeAlways: { name: 'MemFree, always', unit: 'pages', requiredRatio: 1 },
  obtained: { name: 'balloon pages obtained when more is asked', unit: 'pages', requiredRatio: 1 },
  largeBlocks: { name: 'free blocks of order ≥ 9 after a manual compaction', unit: 'blocks', requiredRatio: 0.9 },
  migrated: { name: 'pages migrated and isolated by a compaction of hashed holes', unit: 'pages', requiredRatio: 1 },
  migratedSum: { name: 'the same, summed over the run', unit: 'pages', requiredRatio: 1 },
  resident: { name: 'host-resident memory', unit: 'pages', requiredRatio: 1 },
  order: { name: 'frames in the order the device saw them', unit: 'share of neighbours', requiredRatio: 1 },
  unusable: { name: 'unusable index per order', unit: 'ratio', requiredRatio: 0.9 },
  unusableAlways: { name: 'unusable index per order, always', unit: 'ratio', requiredRatio: 1 },
} as const satisfies Readonly<Record<string, Metric>>;
type MetricKey = keyof typeof METRICS;

export function compare(recording: Recording, replay: Replay): Comparison[] {
  const comparisons: Comparison[] = [];
  const add = (key: MetricKey, step: number, of: string, recorded: number, simulated: number, bound: number): void => {
    const error = Math.abs(simulated - recorded);
    comparisons.push({
      metric: METRICS[key].name,
      step,
      of,
      recorded,
      simulated,
      error,
      bound,
      isWithin: error <= bound,
    });
  };
  compareBoot(recording, replay.boot, add);
  const sums = new Map<string, { recorded: number; simulated: number }>();
  let before: RecordedSnapshot = recording.boot.snapshot;
  let observedBefore = replay.boot;
  let isStuck = false;
  let isShaken = false;
  for (const step of replay.steps) {
    const recorded = recording.steps[step.index];
    const after = recorded?.after;
    if (recorded === undefined || after == null) continue;
    isStuck = recorded.op.startsWith('balloon') ? recorded.reached_ms === null : isStuck;
    isShaken ||= isStuck || change(before, after, 'oom_kill') > 0;
    const at: Moment = { recording, recorded, step, before, after, observedBefore, isStuck, isShaken };
    compareBalloon(at, add);
    compareFree(at, add);
    if (recorded.op === 'compact_memory') compareCompaction(at, add, sums);
    compareUnusable(at, add);
    compareResident(at, add);
    before = after;
    observedBefore = step.observed;
  }
  compareOrder(recording, replay, add);
  for (const [counter, { recorded, simulated }] of sums) {
    add('migratedSum', replay.steps.length, counter, recorded, simulated, recorded * 0.05);
  }
  return comparisons;
}

export function verdicts(comparisons: readonly Comparison[]): Verdict[] {
  return Object.values(METRICS).flatMap(({ name, unit, requiredRatio }) => {
    const of = comparisons.filter(({ metric }) => metric === name);
    const worst = of.toSorted((a, b) => excess(b) - excess(a))[0];
    if (worst === undefined) return [];
    const within = of.filter(({ isWithin }) => isWithin).length;
    const holds = within >= of.length * requiredRatio;
    return [{ metric: name, unit, compared: of.length, within, requiredRatio, worst, holds }];
  });
}

function excess({ error, bound }: Comparison): number {
  return error - bound;
}

type Add = (key: MetricKey, step: number, of: string, recorded: number, simulated: number, bound: number) => void;

interface Moment {
  readonly recording: Recording;
  readonly recorded: RecordedStep;
  readonly step: ReplayedStep;
  readonly before: RecordedSnapshot;
  readonly after: RecordedSnapshot;
  readonly observedBefore: Observation;
  /** The balloon wants more than the guest can give. */
  readonly isStuck: boolean;
  /** Now or before, the balloon was stuck or a process was killed for memory. */
  readonly isShaken: boolean;
}

function compareBoot({ boot: { snapshot } }: Recording, observed: Observation, add: Add): void {
  add('boot', -1, 'MemTotal', (snapshot.meminfo['MemTotal'] ?? 0) / KB_PER_PAGE, observed.totalPages, 0);
  for (const zone of observed.zones) {
    const recorded = snapshot.zoneinfo[zone.name];
    if (recorded === undefined) continue;
    const { boost } = recorded;
    add('boot', -1, `${zone.name} managed`, recorded.managed, zone.managedPages, 0);
    add('boot', -1, `${zone.name} min`, recorded.min + boost, zone.minPages, 0);
    add('boot', -1, `${zone.name} low`, recorded.low + boost, zone.lowPages, 0);
    add('boot', -1, `${zone.name} high`, recorded.high + boost, zone.highPages, 0);
  }
}

function compareBalloon({ recording, recorded, step, before, after, observedBefore, isStuck }: Moment, add: Add): void {
  const ramPages = recording.ram_mib * PAGES_PER_MIB;
  const held = ramPages - after.qmp_actual / PAGE_BYTES;
  // MemTotal follows the balloon, and a stuck one may hold a few pages more or less.
  const totalPages = (after.meminfo['MemTotal'] ?? 0) / KB_PER_PAGE;
  add('managed', step.index, '', totalPages, step.observed.totalPages, isStuck ? ramPages * 0.01 : 0);
  if (!recorded.op.startsWith('balloon')) return;
  if (recorded.reached_ms === null) {
    add('obtained', step.index, '', held, step.observed.balloonPages, ramPages * 0.01);
    return;
  }
  add('balloon', step.index, '', held, step.observed.balloonPages, 0);
  // From a stuck balloon the way is as long as it had come.
  if (observedBefore.balloonPages !== ramPages - before.qmp_actual / PAGE_BYTES) return;
  for (const counter of ['balloon_inflate', 'balloon_deflate']) {
    add(
      'inflate',
      step.index,
      counter,
      change(before, after, counter),
      moved(observedBefore, step.observed, counter),
      0,
    );
  }
}

function compareFree({ recording, step, after, isShaken }: Moment, add: Add): void {
  const ramPages = recording.ram_mib * PAGES_PER_MIB;
  const free = after.vmstat['nr_free_pages'] ?? 0;
  const perCpu = Object.values(after.zoneinfo).reduce(
    (sum, { pagesets }) => sum + pagesets.reduce((pages, { count }) => pages + count, 0),
    0,
  );
  const { freePages, perCpuPages } = step.observed;
  add('freeAndPerCpu', step.index, '', free + perCpu, freePages + perCpuPages, ramPages * (isShaken ? 0.02 : 0.005));
  const tunes = !recording.kernel.startsWith('6.1.') && !recording.kernel.startsWith('5.');
  add('free', step.index, '', free, freePages, ramPages * (tunes ? 0.03 : 0.01));
  add('freeAlways', step.index, '', free, freePages, ramPages * (tunes ? 0.05 : 0.01));
}

function compareCompaction(
  { recording, step, before, after, observedBefore }: Moment,
  add: Add,
  sums: Map<string, { recorded: number; simulated: number }>,
): void {
  if (!recording.steps.some(({ args }) => String(args['cmd']).startsWith('rpunch'))) return;
  const recordedBlocks = Object.values(after.buddyinfo).reduce((sum, counts) => sum + large(counts), 0);
  const simulatedBlocks = step.observed.zones.reduce((sum, { freeBlocks }) => sum + large(freeBlocks), 0);
  add('largeBlocks', step.index, '', recordedBlocks, simulatedBlocks, Math.max(8, recordedBlocks * 0.1));
  const ramPages = recording.ram_mib * PAGES_PER_MIB;
  for (const counter of ['balloon_migrate', 'pgmigrate_success', 'compact_isolated']) {
    const recorded = change(before, after, counter);
    const simulated = moved(observedBefore, step.observed, counter);
    const floor = ramPages * (counter === 'compact_isolated' ? 0.02 : 0.01);
    add('migrated', step.index, counter, recorded, simulated, Math.max(recorded * 0.15, floor));
    const sum = sums.get(counter) ?? { recorded: 0, simulated: 0 };
    sums.set(counter, { recorded: sum.recorded + recorded, simulated: sum.simulated + simulated });
  }
}

function compareUnusable({ step, after }: Moment, add: Add): void {
  for (const zone of step.observed.zones) {
    const recorded = after.unusable_index?.[zone.name];
    const { free = 0, managed = 0 } = after.zoneinfo[zone.name] ?? {};
    if (recorded === undefined || free <= managed * FREE_RATIO) continue;
    recorded.forEach((value, order) => {
      const simulated = zone.unusableRatio[order] ?? 0;
      add('unusable', step.index, `${zone.name} order ${order}`, value, simulated, 0.05);
      add('unusableAlways', step.index, `${zone.name} order ${order}`, value, simulated, 0.1);
    });
  }
}

function compareResident({ recording, step, after }: Moment, add: Add): void {
  const residentKb = after.host?.['guest_ram_Rss_kB'];
  if (residentKb === undefined) return;
  const bound = recording.ram_mib * PAGES_PER_MIB * 0.1;
  add('resident', step.index, '', residentKb / KB_PER_PAGE, step.observed.residentPages, bound);
}

/** Share of the recorded neighbours that are neighbours in the simulation too: for guests that did nothing else. */
function compareOrder(recording: Recording, replay: Replay, add: Add): void {
  if (recording.boot.pagemap_rle === undefined || recording.steps.some(({ op }) => !/^(balloon|wait)/.test(op))) return;
  const recorded = recording.steps.flatMap(({ qemu_trace: trace }) => expand(trace?.pfns?.runs_start_len_step ?? []));
  if (recorded.length < 2) return;
  const neighbours = new Set<number>();
  const simulated = replay.steps.flatMap(({ devicePfns }) => devicePfns);
  for (let at = 1; at < simulated.length; at++) neighbours.add(pairOf(simulated[at - 1] ?? 0, simulated[at] ?? 0));
  let same = 0;
  for (let at = 1; at < recorded.length; at++) {
    if (neighbours.has(pairOf(recorded[at - 1] ?? 0, recorded[at] ?? 0))) same++;
  }
  add('order', replay.steps.length, '', 1, same / (recorded.length - 1), ORDER_TOLERANCE);
}

function expand(runs: readonly (readonly number[])[]): number[] {
  return runs.flatMap(([start = 0, length = 0, step = 0]) => Array.from({ length }, (_, at) => start + at * step));
}

function pairOf(one: number, other: number): number {
  return one * 2 ** 26 + other;
}

function large(counts: readonly number[]): number {
  return counts.slice(LARGE_ORDER).reduce((sum, count) => sum + count, 0);
}

function change(before: RecordedSnapshot, after: RecordedSnapshot, counter: string): number {
  return (after.vmstat[counter] ?? 0) - (before.vmstat[counter] ?? 0);
}

function moved(before: Observation, after: Observation, counter: string): number {
  return (after.vmstat[counter] ?? 0) - (before.vmstat[counter] ?? 0);
}
