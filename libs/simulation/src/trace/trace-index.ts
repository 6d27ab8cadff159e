/**
 * A trace set that need not fit into memory: one pass over its files finds every VM and everything that is wrong, and keeps a
 * line for each VM; rows are read again when a VM's series is asked for.
 */
import { DomainError, TRACE_MEANINGS, type MemoryMeaning, type TraceFormat, type TraceSeries } from '#contracts';
import { TICK_MS, invariant } from '#units';
import { FORMAT_READERS, MOST_PROBLEMS } from './formats.js';
import { seriesSink } from './read-trace.js';
import {
  ProblemList,
  type RowSink,
  type SeriesBuilder,
  type TraceFile,
  type TraceProblem,
  type TraceRow,
} from './trace-reading.js';

/** One VM of an index; times are absolute. */
export interface TraceVm {
  readonly vm: string;
  /** Largest provisioned size. */
  readonly assignedBytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly rowCount: number;
  readonly meanBytes: number;
  readonly peakBytes: number;
  /** Places of the files that have rows of it. */
  readonly files: readonly number[];
}

export interface TraceIndex {
  readonly format: TraceFormat;
  readonly meaning: MemoryMeaning;
  readonly files: readonly TraceFile[];
  /** Those that ever had memory, in the order of the files. */
  readonly vms: readonly TraceVm[];
  readonly skippedVms: readonly string[];
  readonly rowCount: number;
  /** First row of all; series count their times from it. */
  readonly startMs: number;
  /** Usual distance of neighbouring rows of a VM: the median. */
  readonly stepMs: number;
}

export type TraceIndexing =
  | { readonly outcome: 'INDEXED'; readonly index: TraceIndex }
  | { readonly outcome: 'REJECTED'; readonly problems: readonly TraceProblem[] };

export function indexTrace(
  format: TraceFormat,
  files: readonly TraceFile[],
  mostProblems: number = MOST_PROBLEMS,
): TraceIndexing {
  const problems = new ProblemList(mostProblems);
  const sink = new IndexSink();
  FORMAT_READERS[format](files, sink, problems);
  const all = sink.vms();
  const vms = all.filter(({ assignedBytes }) => assignedBytes > 0);
  if (problems.problems.length === 0 && vms.length === 0) {
    problems.add(files[0]?.name ?? 'trace', 0, 'no VM in it ever has memory');
  }
  if (problems.problems.length > 0) return { outcome: 'REJECTED', problems: problems.problems };
  const index = {
    format,
    meaning: TRACE_MEANINGS[format],
    files,
    vms,
    skippedVms: all.filter(({ assignedBytes }) => assignedBytes === 0).map(({ vm }) => vm),
    rowCount: vms.reduce((sum, { rowCount }) => sum + rowCount, 0),
    startMs: vms.reduce((first, { firstMs }) => Math.min(first, firstMs), Infinity),
    stepMs: sink.stepMs(),
  };
  return { outcome: 'INDEXED', index };
}

/** The index. Throws DomainError BAD_INPUT with file and line of everything that is wrong. */
export function requireIndex(indexing: TraceIndexing): TraceIndex {
  if (indexing.outcome === 'INDEXED') return indexing.index;
  const lines = indexing.problems.map(({ file, line, message }) => `${file}${line > 0 ? `:${line}` : ''}: ${message}`);
  throw new DomainError('BAD_INPUT', `the trace is not accepted\n  ${lines.join('\n  ')}`, 'guests.source.path');
}

/** The series of VMs of the index, in the order of `names`: one pass over the files that have them. */
export function loadSeries(index: TraceIndex, names: readonly string[]): TraceSeries[] {
  const wanted = new Set(names);
  const needed = new Set(index.vms.filter(({ vm }) => wanted.has(vm)).flatMap(({ files }) => files));
  // Azure's sizes and readings lie in different files.
  const files = index.format === 'AZURE_V2' ? index.files : index.files.filter((_, at) => needed.has(at));
  const builders = new Map<string, SeriesBuilder>();
  FORMAT_READERS[index.format](files, seriesSink(builders, wanted), new ProblemList(1));
  return names.map((name) => {
    const builder = builders.get(name);
    invariant(builder !== undefined, `the index has VM ${name}`);
    return builder.build(index.startMs, index.meaning);
  });
}

interface Line {
  assignedBytes: number;
  firstMs: number;
  lastMs: number;
  rowCount: number;
  sumBytes: number;
  peakBytes: number;
  readonly files: number[];
}

class IndexSink implements RowSink {
  readonly #lines = new Map<string, Line>();
  /** How often neighbouring rows are so many ms apart. */
  readonly #steps = new Map<number, number>();

  has(vm: string): boolean {
    return this.#lines.has(vm);
  }

  add(vm: string, row: TraceRow, fileAt: number): boolean {
    const line = this.#lines.get(vm);
    if (line === undefined) {
      const { timeMs, bytes, assignedBytes } = row;
      const first = { assignedBytes, firstMs: timeMs, lastMs: timeMs, rowCount: 1, sumBytes: bytes, peakBytes: bytes };
      this.#lines.set(vm, { ...first, files: [fileAt] });
      return true;
    }
    const stepMs = row.timeMs - line.lastMs;
    if (stepMs <= 0) return false;
    this.#steps.set(stepMs, (this.#steps.get(stepMs) ?? 0) + 1);
    line.lastMs = row.timeMs;
    line.rowCount++;
    line.sumBytes += row.bytes;
    line.peakBytes = Math.max(line.peakBytes, row.bytes);
    line.assignedBytes = Math.max(line.assignedBytes, row.assignedBytes);
    if (line.files.at(-1) !== fileAt) line.files.push(fileAt);
    return true;
  }

  vms(): TraceVm[] {
    return [...this.#lines].map(([vm, { sumBytes, ...line }]) => ({
      vm,
      ...line,
      meanBytes: sumBytes / line.rowCount,
    }));
  }

  stepMs(): number {
    const steps = [...this.#steps].sort(([one], [other]) => one - other);
    let left = steps.reduce((sum, [, count]) => sum + count, 0) / 2;
    for (const [stepMs, count] of steps) if ((left -= count) <= 0) return stepMs;
    return TICK_MS;
  }
}
