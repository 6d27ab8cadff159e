/** Which VMs of a trace become the guests of a run, and how their series are turned: all of it follows from the seed. */
import { DomainError, type TraceSeries } from '#contracts';
import { RandomStream } from '#units';
import type { TraceSource } from './trace-source.js';
import { loadSeries, type TraceIndex, type TraceVm } from './trace-index.js';

/** Rows of a trace that are in memory at a time, about 100 bytes each, unless one host needs more. */
const MOST_ROWS = 600_000;

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

/**
 * The series of the guests of each host. Hosts are asked for in turn: one pass over the files reads those of as many hosts as
 * fit into a bounded number of rows, so that a file with the VMs of all hosts is not read once for each.
 */
export class HostSeries {
  /** Of the hosts from `#first` to before `#end`. */
  #loaded: ReadonlyMap<string, TraceSeries> = new Map();
  #first = 0;
  #end = 0;

  constructor(
    private readonly index: TraceIndex,
    private readonly source: TraceSource,
    private readonly hosts: readonly (readonly ChosenVm[])[],
    private readonly seed: number,
    private readonly mostRows = MOST_ROWS,
  ) {}

  /** Copies are turned by a drawn time, or they would peak as one. */
  of(host: number): TraceSeries[] {
    if (host < this.#first || host >= this.#end) this.#load(host);
    return (this.hosts[host] ?? []).flatMap((chosen) => {
      const original = this.#loaded.get(chosen.vm);
      return original === undefined ? [] : [asChosen(original, chosen, this.index, this.source, this.seed)];
    });
  }

  #load(host: number): void {
    const rowsOf = new Map(this.index.vms.map(({ vm, rowCount }) => [vm, rowCount]));
    const names = new Set<string>();
    let rows = 0;
    this.#first = host;
    this.#end = host;
    for (; this.#end < this.hosts.length; this.#end++) {
      const added = (this.hosts[this.#end] ?? []).map(({ vm }) => vm).filter((vm) => !names.has(vm));
      for (const vm of new Set(added)) rows += rowsOf.get(vm) ?? 0;
      if (this.#end > host && rows > this.mostRows) break;
      for (const vm of added) names.add(vm);
    }
    this.#loaded = new Map();
    this.#loaded = new Map(loadSeries(this.index, [...names]).map((series) => [series.vm, series]));
  }
}

function asChosen(
  original: TraceSeries,
  { name, isCopy }: ChosenVm,
  { stepMs }: TraceIndex,
  source: TraceSource,
  seed: number,
): TraceSeries {
  const one = { ...scaled(original, source.scale), vm: name };
  if (source.peaks === 'ALIGNED') return peakingInTheMiddle(one, stepMs);
  if (source.peaks === 'AS_RECORDED' && !isCopy) return one;
  return turned(one, RandomStream.of(seed, `turn ${name}`).nextFloat() * periodMs(one, stepMs), stepMs);
}

/** The series of all guests under `seed`, in the order of the source. */
export function populationOf(index: TraceIndex, source: TraceSource, count: number, seed: number): TraceSeries[] {
  return new HostSeries(index, source, [choosePopulation(index, source, count, seed)], seed).of(0);
}

/** Guests as they share hosts: in order, or in one drawn from the seed; the last host may have fewer. */
export function dealToHosts<T>(
  guests: readonly T[],
  spec: { readonly hosts: { readonly perHost: number }; readonly shuffle: boolean },
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
