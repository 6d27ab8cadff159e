/** What a run and its threads say to each other. */
import type { ReportInput } from '#report';
import type { CellKey, CellResult, ExperimentAnswer, ExperimentSpec, TraceIndex } from '#simulation';

/** All that a thread is made of. Files do not travel: the thread opens them itself. */
export interface CellThreadData {
  readonly spec: ExperimentSpec;
  /** A null index: the thread reads the traces for it. */
  readonly traces: { readonly path: string; readonly index: Omit<TraceIndex, 'files'> | null } | null;
  /** How much the thread gives way to others, 0 to 19. */
  readonly niceness: number;
}

/** What cells came to, to be answered from. */
export interface AnswerRequest {
  readonly results: readonly CellResult[];
}

/** What a report is made of; the thread adds spec and guests. */
export type ReportRequest = Pick<ReportInput, 'answer' | 'results'>;

/** Are the traces such that guests can be made of them? */
export interface CheckRequest {
  readonly isCheck: true;
}

/** To a thread: a cell to run, or one of the others. */
export type CellRequest = CellKey | AnswerRequest | ReportRequest | CheckRequest;

export type CellReply =
  | { readonly kind: 'PROGRESS'; readonly share: number }
  | { readonly kind: 'ENDED'; readonly result: CellResult }
  | { readonly kind: 'ANSWERED'; readonly answer: ExperimentAnswer }
  | { readonly kind: 'REPORTED'; readonly html: string }
  /** Null: nothing is wrong. */
  | { readonly kind: 'CHECKED'; readonly problem: string | null };
