/**
 * What perfect knowledge allows: a host must hold the largest sum of its guests' memory in use, and nothing less will do without
 * somebody waiting. The ratio of a host is the assigned memory of its guests over that sum.
 */
import type { TraceSeries } from '#contracts';
import { HostSeries, choosePopulation, dealToHosts } from '../../trace/population.js';
import type { TraceIndex } from '../../trace/trace-index.js';
import type { Bound, HostBound } from '../model/answer.js';
import type { ExperimentSpec } from '../model/spec.js';
import type { TraceSource } from '../../trace/trace-source.js';

/**
 * Of the trace's memory column as it stands, over the whole trace or up to `untilMs` after its start, for the guests of the spec's first seed; the series of a
 * few hosts are held at a time. Samples are joined on their time stamps rounded to the trace's step; a guest without a sample at a step counts
 * with its last one, before its first and after its last with 0.
 */
export function boundOfTrace(
  index: TraceIndex,
  source: TraceSource,
  spec: ExperimentSpec,
  untilMs: number = Infinity,
): Bound {
  const seed = spec.seeds[0] ?? 0;
  const chosen = choosePopulation(index, source, spec.guests.count, seed);
  const dealt = dealToHosts(chosen, spec, seed);
  const hostSeries = new HostSeries(index, source, dealt, seed);
  const hosts = dealt.map((_, host) => {
    const series = hostSeries.of(host);
    const assigned = series.map(({ assignedBytes }) => spec.guests.assignedBytes ?? assignedBytes);
    return {
      vms: series.map(({ vm }) => vm),
      assignedBytes: assigned.reduce((sum, bytes) => sum + bytes, 0),
      peakUsedBytes: peakOfSum(series, index, untilMs),
    };
  });
  return boundOfHosts(hosts);
}

/** Of the column as it stands over the time that is run, when that is what the guests hold; null otherwise. */
export function boundOfExperiment(spec: ExperimentSpec, index: TraceIndex | null): Bound | null {
  const { source, demand } = spec.guests;
  return index === null || source.kind !== 'traces' || demand !== 'DIRECT'
    ? null
    : boundOfTrace(index, source, spec, spec.durationMs);
}

/** Ratios of hosts, and their spread. A host that never needs memory has no bound: its ratio is Infinity, JSON's null. */
export function boundOfHosts(hosts: readonly Omit<HostBound, 'ratio'>[]): Bound {
  const bounds = hosts.map((host) => ({ ...host, ratio: host.assignedBytes / host.peakUsedBytes }));
  const ratios = bounds.map(({ ratio }) => ratio).sort((one, other) => one - other);
  const middle = ratios.length / 2;
  const p50 = ((ratios[Math.ceil(middle) - 1] ?? 0) + (ratios[Math.floor(middle)] ?? 0)) / 2;
  return { hosts: bounds, min: ratios[0] ?? 0, p50, max: ratios.at(-1) ?? 0 };
}

/** Bytes are whole numbers: sums are exact in any order. */
function peakOfSum(series: readonly TraceSeries[], { startMs, stepMs }: TraceIndex, untilMs: number): number {
  const changes = new Map<number, number>();
  const change = (step: number, bytes: number): void => {
    changes.set(step, (changes.get(step) ?? 0) + bytes);
  };
  for (const { timesMs, activeBytes } of series) {
    let held = 0;
    let last = 0;
    for (const [at, timeMs] of timesMs.entries()) {
      if (timeMs >= untilMs) break;
      last = Math.round((startMs + timeMs) / stepMs);
      const bytes = activeBytes[at] ?? 0;
      change(last, bytes - held);
      held = bytes;
    }
    if ((timesMs.at(-1) ?? 0) < untilMs) change(last + 1, -held);
  }
  let sum = 0;
  let peak = 0;
  for (const step of [...changes.keys()].sort((one, other) => one - other)) {
    sum += changes.get(step) ?? 0;
    peak = Math.max(peak, sum);
  }
  return peak;
}
