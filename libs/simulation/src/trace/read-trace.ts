/** Traces from text: all or nothing, with the place of everything that is wrong. */
import { TRACE_MEANINGS, type TraceFormat } from '#contracts';
import { FORMAT_READERS, MOST_PROBLEMS } from './formats.js';
import { ProblemList, SeriesBuilder, type RowSink, type TraceFile, type TraceReading } from './trace-reading.js';

/**
 * Reads the files of one trace; VMs come in the order of the files, their times counted from the trace's first row. Rejects all of it
 * when a row is wrong, naming up to `mostProblems` of them.
 */
export function readTrace(
  format: TraceFormat,
  files: readonly TraceFile[],
  mostProblems: number = MOST_PROBLEMS,
): TraceReading {
  const problems = new ProblemList(mostProblems);
  const builders = new Map<string, SeriesBuilder>();
  FORMAT_READERS[format](files, seriesSink(builders), problems);
  const all = [...builders.values()];
  const alive = all.filter((builder) => builder.assignedBytes > 0);
  if (problems.problems.length === 0 && alive.length === 0) {
    problems.add(files[0]?.name ?? 'trace', 0, 'no VM in it ever has memory');
  }
  if (problems.problems.length > 0) return { outcome: 'REJECTED', problems: problems.problems };
  const startMs = alive.reduce((first, builder) => Math.min(first, builder.firstMs), Infinity);
  return {
    outcome: 'READ',
    series: alive.map((builder) => builder.build(startMs, TRACE_MEANINGS[format])),
    rowCount: alive.reduce((rows, builder) => rows + builder.rowCount, 0),
    skippedVms: all.filter((builder) => builder.assignedBytes === 0).map((builder) => builder.vm),
  };
}

/** Gathers the rows of every VM, or of the `wanted` ones. */
export function seriesSink(builders: Map<string, SeriesBuilder>, wanted?: ReadonlySet<string>): RowSink {
  return {
    has: (vm) => builders.has(vm),
    add: (vm, row) => {
      if (wanted?.has(vm) === false) return true;
      let builder = builders.get(vm);
      if (builder === undefined) builders.set(vm, (builder = new SeriesBuilder(vm)));
      return builder.add(row);
    },
  };
}
