import { DomainError } from '#contracts';
import { openTextFiles } from '#platform';
import { indexTrace, requireIndex, type ExperimentSpec, type TraceIndex } from '#simulation';

/** A spec with the traces it names. */
export interface Experiment {
  readonly spec: ExperimentSpec;
  /** Null for synthetic guests. */
  readonly index: TraceIndex | null;
  /** Where the traces of the index lie; null with it. */
  readonly tracePath: string | null;
}

/** `tracePath`: a file or folder; null for synthetic guests. Throws DomainError with file and line of what is wrong with the traces. */
export function openExperiment(spec: ExperimentSpec, tracePath: string | null): Experiment {
  const { source } = spec.guests;
  if (source.kind !== 'traces' || tracePath === null) return { spec, index: null, tracePath: null };
  const files = openTextFiles(tracePath);
  if (files.length === 0) throw new DomainError('BAD_INPUT', `guests.source.path: ${source.path} has no .csv file`);
  return { spec, index: requireIndex(indexTrace(source.format, files)), tracePath };
}
