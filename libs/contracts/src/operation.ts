import type { GuestWorkKind } from './guest-work.js';

/** Work that moves the balloon: it has a target. */
export const BALLOON_KINDS = ['SET_BALLOON_TARGET', 'INFLATE', 'DEFLATE'] as const;
export type BalloonKind = (typeof BALLOON_KINDS)[number];

/** Work on one guest. A row before it is a job: see ARCHITECTURE.md, "One operation". */
export const OPERATION_KINDS = [
  ...BALLOON_KINDS,
  'COMPACT',
  'OFFLINE_MEMORY_BLOCK',
  'ONLINE_MEMORY_BLOCK',
  'PAUSE',
  'RESUME',
] as const satisfies readonly (BalloonKind | GuestWorkKind)[];
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const OPERATION_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

/**
 * How an operation ended. REACHED: the balloon stands at the target. DONE: other work was done. STALLED: the guest gave no more
 * pages for a while. TIMED_OUT: the caller's limit passed. REFUSED: the guest cannot do it (no balloon, a kernel bug, pages that
 * cannot be moved). SUPERSEDED: a newer
 * operation of the same guest took over. CANCELLED: the caller called it off.
 */
export const OPERATION_OUTCOMES = [
  'REACHED',
  'DONE',
  'STALLED',
  'TIMED_OUT',
  'REFUSED',
  'SUPERSEDED',
  'CANCELLED',
] as const;
export type OperationOutcome = (typeof OPERATION_OUTCOMES)[number];

/** The status that each outcome ends in. */
export const STATUS_OF_OUTCOME: Readonly<Record<OperationOutcome, OperationStatus>> = {
  REACHED: 'SUCCEEDED',
  DONE: 'SUCCEEDED',
  STALLED: 'FAILED',
  TIMED_OUT: 'FAILED',
  REFUSED: 'FAILED',
  SUPERSEDED: 'CANCELLED',
  CANCELLED: 'CANCELLED',
};
