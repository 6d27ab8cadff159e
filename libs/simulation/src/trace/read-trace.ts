/** Traces from text: all or nothing, with the place of everything that is wrong. */
import { DomainError, type TraceFormat } from '#contracts';
import { readBallastFile } from './ballast-format.js';
import { readGwaFile } from './gwa-t-12.js';
import { ProblemList, type SeriesBuilder, type TraceFile, type TraceReading } from './trace-reading.js';

/** Formats that can be read. */
export const READABLE_FORMATS = ['GWA_T_12', 'BALLAST'] as const satisfies readonly TraceFormat[];

const MOST_PROBLEMS = 20;

/**
 * Reads the files of one trace; VMs come in the order of the files, their times counted from the trace's first row. Rejects all of it
 * when a row is wrong, naming up to `mostProblems` of them. Throws DomainError BAD_INPUT for a format it cannot read.
 */
export function readTrace(
  format: TraceFormat,
  files: readonly TraceFile[],
  mostProblems: number = MOST_PROBLEMS,
): TraceReading {
  const problems = new ProblemList(mostProblems);
  const builders = new Map<string, SeriesBuilder>();
  for (const file of files) {
    if (problems.isFull) break;
    switch (format) {
      case 'GWA_T_12':
        addVm(builders, readGwaFile(file, problems), file, problems);
        break;
      case 'BALLAST':
        readBallastFile(file, builders, problems);
        break;
      case 'AZURE_V2':
      case 'GOOGLE_2011':
        throw new DomainError('BAD_INPUT', `format must be ${READABLE_FORMATS.join(' or ')}, got ${format}`, 'format');
    }
  }
  const all = [...builders.values()];
  const alive = all.filter((builder) => builder.assignedBytes > 0);
  if (problems.problems.length === 0 && alive.length === 0) {
    problems.add(files[0]?.name ?? 'trace', 0, 'no VM in it ever has memory');
  }
  if (problems.problems.length > 0) return { outcome: 'REJECTED', problems: problems.problems };
  const startMs = alive.reduce((first, builder) => Math.min(first, builder.firstMs), Infinity);
  return {
    outcome: 'READ',
    series: alive.map((builder) => builder.build(startMs)),
    rowCount: alive.reduce((rows, builder) => rows + builder.rowCount, 0),
    skippedVms: all.filter((builder) => builder.assignedBytes === 0).map((builder) => builder.vm),
  };
}

function addVm(
  builders: Map<string, SeriesBuilder>,
  builder: SeriesBuilder | null,
  file: TraceFile,
  problems: ProblemList,
): void {
  if (builder === null) return;
  if (builders.has(builder.vm)) problems.add(file.name, 0, `VM ${builder.vm} comes twice`);
  else builders.set(builder.vm, builder);
}
