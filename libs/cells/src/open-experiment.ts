import { DomainError } from '#contracts';
import { openTextFiles } from '#platform';
import { indexTrace, requireIndex, type ExperimentSpec, type TraceFile, type TraceIndex } from '#simulation';

/** A spec with the traces it names. */
export interface Experiment {
  readonly spec: ExperimentSpec;
  /** Null for synthetic guests, and where the threads are to read the traces. */
  readonly index: TraceIndex | null;
  /** Where the traces lie; null for synthetic guests. */
  readonly tracePath: string | null;
}

/** `tracePath`: a file or folder; null for synthetic guests. Throws DomainError with file and line of what is wrong with the traces. */
export function openExperiment(spec: ExperimentSpec, tracePath: string | null): Experiment {
  const { source } = spec.guests;
  if (source.kind !== 'traces' || tracePath === null) return { spec, index: null, tracePath: null };
  const files = openFiles(tracePath, source.path);
  if (files.length === 0)
    throw new DomainError('BAD_INPUT', `guests.source.path: ${source.path} has no .csv or .csv.gz file`);
  return { spec, index: requireIndex(indexTrace(source.format, files)), tracePath };
}

/** Where they lie on this machine is nobody's business but its own. */
function openFiles(tracePath: string, toldPath: string): TraceFile[] {
  try {
    return openTextFiles(tracePath);
  } catch (error) {
    if (error instanceof DomainError) throw new DomainError(error.code, `guests.source.path: ${error.message}`);
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new DomainError('BAD_INPUT', `guests.source.path: ${toldPath} cannot be read (${code})`);
  }
}
