/** What a run and its threads say to each other. */
import type { CellKey, CellResult, ExperimentSpec, TraceIndex } from '#simulation';

/** All that a thread is made of. Files do not travel: the thread opens them itself. */
export interface CellThreadData {
  readonly spec: ExperimentSpec;
  readonly traces: { readonly path: string; readonly index: Omit<TraceIndex, 'files'> } | null;
}

/** To a thread: a cell to run. */
export type CellRequest = CellKey;

export type CellReply =
  { readonly kind: 'PROGRESS'; readonly share: number } | { readonly kind: 'ENDED'; readonly result: CellResult };
