/** Work on one guest. A row before it is a job: see ARCHITECTURE.md, "One operation". */
export const OPERATION_KINDS = ['SET_BALLOON_TARGET', 'INFLATE', 'DEFLATE'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const OPERATION_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/**
 * How an operation ended. REACHED: the balloon stands at the target. STALLED: the guest gave no more pages for a while.
 * TIMED_OUT: the caller's limit passed. REFUSED: the guest cannot do it (no balloon, kernel bug). SUPERSEDED: a newer
 * operation of the same guest took over. CANCELLED: the caller called it off.
 */
export const OPERATION_OUTCOMES = ['REACHED', 'STALLED', 'TIMED_OUT', 'REFUSED', 'SUPERSEDED', 'CANCELLED'] as const;
export type OperationOutcome = (typeof OPERATION_OUTCOMES)[number];

/** The status that each outcome ends in. */
export const STATUS_OF_OUTCOME: Readonly<Record<OperationOutcome, OperationStatus>> = {
  REACHED: 'SUCCEEDED',
  STALLED: 'FAILED',
  TIMED_OUT: 'FAILED',
  REFUSED: 'FAILED',
  SUPERSEDED: 'CANCELLED',
  CANCELLED: 'CANCELLED',
};
