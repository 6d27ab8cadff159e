/** Which VMs of a trace become the guests of a run, and how their series are turned: all of it follows from the seed. */
import { DomainError, type TraceSeries } from '#contracts';
import { RandomStream } from '#units';
import type { ExperimentSpec, TraceSource } from '../experiment/model/spec.js';
import { loadSeries, type TraceIndex, type TraceVm } from './trace-index.js';

/** A guest-to-be: a VM of the trace, and which copy of it. */
export interface ChosenVm {
  /** The VM's; `vm~2`, `vm~3` … for further copies. */
  readonly name: string;
  readonly vm: string;
  readonly isCopy: boolean;
}

/** The VMs of `count` guests under `seed`, in the order of the source. Throws DomainError BAD_INPUT when there are too few. */
export function choosePopulation(index: TraceIndex, source: TraceSource, count: number, seed: number): ChosenVm[] {
  const copies = new Map<string, number>();
  return choose(index.vms, source, count, RandomStream.of(seed, 'population')).map(({ vm }) => {
    const copy = (copies.get(vm) ?? 0) + 1;
    copies.set(vm, copy);
    return { vm, name: copy === 1 ? vm : `${vm}~${copy}`, isCopy: copy > 1 };
  });
}

/** The series of chosen VMs, in one pass over their files. Copies are turned by a drawn time, or they would peak as one. */
export function seriesOf(
  index: TraceIndex,
  source: TraceSource,
  chosen: readonly ChosenVm[],
  seed: number,
): TraceSeries[] {
  const vms = [...new Set(chosen.map(({ vm }) => vm))];
  const loaded = new Map(loadSeries(index, vms).map((series) => [series.vm, scaled(series, source.scale)]));
  return chosen.flatMap(({ vm, name, isCopy }) => {
    const original = loaded.get(vm);
    if (original === undefined) return [];
    const one = { ...original, vm: name };
    if (source.peaks === 'ALIGNED') return [peakingInTheMiddle(one, index.stepMs)];
    if (source.peaks === 'AS_RECORDED' && !isCopy) return [one];
    return [turned(one, RandomStream.of(seed, `turn ${name}`).nextFloat() * periodMs(one, index.stepMs), index.stepMs)];
  });
}

/** The series of all guests under `seed`, in the order of the source. */
export function populationOf(index: TraceIndex, source: TraceSource, count: number, seed: number): TraceSeries[] {
  return seriesOf(index, source, choosePopulation(index, source, count, seed), seed);
}

/** Guests as they share hosts: in order, or in one drawn from the seed; the last host may have fewer. */
export function dealToHosts<T>(
  guests: readonly T[],
  spec: Pick<ExperimentSpec, 'hosts' | 'shuffle'>,
  seed: number,
): T[][] {
  const order = [...guests];
  if (spec.shuffle) {
    const random = RandomStream.of(seed, 'deal');
    for (let at = order.length - 1; at > 0; at--) {
      const other = random.nextBelow(at + 1);
      [order[at], order[other]] = [order[other] as T, order[at] as T];
    }
  }
  const { perHost } = spec.hosts;
  return Array.from({ length: Math.ceil(order.length / perHost) }, (_, host) =>
    order.slice(host * perHost, (host + 1) * perHost),
  );
}

function choose(vms: readonly TraceVm[], { sampling }: TraceSource, count: number, random: RandomStream): TraceVm[] {
  if (sampling === 'RESAMPLE') {
    const places = Array.from({ length: count }, () => random.nextBelow(vms.length)).sort((one, other) => one - other);
    return places.flatMap((at) => vms[at] ?? []);
  }
  if (count > vms.length) {
    const message = `guests.count must be at most ${vms.length}, the VMs of the source, unless sampling is RESAMPLE; got ${count}`;
    throw new DomainError('BAD_INPUT', message, 'guests.count');
  }
  if (sampling === 'ORDER') return vms.slice(0, count);
  const use = (vm: TraceVm): number => vm.meanBytes / vm.assignedBytes;
  const byUse = vms
    .map((_, at) => at)
    .sort((one, other) => use(vms[one] as TraceVm) - use(vms[other] as TraceVm) || one - other);
  const places = Array.from({ length: count }, (_, stratum) => {
    const from = Math.floor((stratum * vms.length) / count);
    const to = Math.floor(((stratum + 1) * vms.length) / count);
    return byUse[from + random.nextBelow(to - from)] ?? 0;
  });
  return places.sort((one, other) => one - other).flatMap((at) => vms[at] ?? []);
}

function scaled(series: TraceSeries, factor: number): TraceSeries {
  if (factor === 1) return series;
  const most = series.assignedBytes;
  return { ...series, activeBytes: series.activeBytes.map((bytes) => Math.min(most, Math.round(bytes * factor))) };
}

/** The largest value in the middle of the series' life. */
function peakingInTheMiddle(series: TraceSeries, stepMs: number): TraceSeries {
  const peak = series.activeBytes.reduce((best, bytes, at) => (bytes > (series.activeBytes[best] ?? 0) ? at : best), 0);
  const period = periodMs(series, stepMs);
  const wantedMs = (series.timesMs[0] ?? 0) + period / 2;
  return turned(series, (wantedMs - (series.timesMs[peak] ?? 0) + period) % period, stepMs);
}

/** The series as going round, begun later by `byMs` (taken in whole steps): what falls off its end comes first. */
function turned(series: TraceSeries, byMs: number, stepMs: number): TraceSeries {
  const startMs = series.timesMs[0] ?? 0;
  const period = periodMs(series, stepMs);
  const shiftMs = Math.floor(byMs / stepMs) * stepMs;
  const times = series.timesMs.map((timeMs) => startMs + ((timeMs - startMs + shiftMs) % period));
  const order = times.map((_, at) => at).sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0));
  const pick = (column: readonly number[]): number[] => order.map((at) => column[at] ?? 0);
  return {
    ...series,
    timesMs: pick(times),
    activeBytes: pick(series.activeBytes),
    diskReadBytesPerSec: pick(series.diskReadBytesPerSec),
    diskWriteBytesPerSec: pick(series.diskWriteBytesPerSec),
    cpuRatio: pick(series.cpuRatio),
  };
}

function periodMs({ timesMs }: TraceSeries, stepMs: number): number {
  return (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0) + stepMs;
}
