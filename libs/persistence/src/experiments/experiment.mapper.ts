import type { Experiment as ExperimentRow, ExperimentCell as CellRow } from '../generated/client.js';

export const EXPERIMENT_STATUSES = ['QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'] as const;
export type ExperimentStatus = (typeof EXPERIMENT_STATUSES)[number];
export const CELL_STATUSES = ['WAITING', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'] as const;
export type CellStatus = (typeof CELL_STATUSES)[number];

/** What was asked for, and how far it has come. `spec` is as libs/simulation has it; the answer, which may be megabytes, is asked for by itself. */
export interface ExperimentRecord {
  readonly id: string;
  readonly name: string;
  readonly spec: unknown;
  /** File or folder of its traces, below the trace folder of the workers; null for synthetic guests. */
  readonly tracePath: string | null;
  readonly status: ExperimentStatus;
  /** Why it failed. */
  readonly reason: string | null;
  readonly isAnswered: boolean;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface ExperimentCellRecord {
  readonly experimentId: string;
  /** In the order of the answer. */
  readonly place: number;
  readonly policyAt: number;
  readonly ratioAt: number;
  readonly seedAt: number;
  readonly status: CellStatus;
  /** 0 to 1. */
  readonly progress: number;
  readonly attempts: number;
  readonly error: string | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export function toExperiment(
  row: Omit<ExperimentRow, 'idempotencyKey' | 'answer'>,
  isAnswered: boolean,
): ExperimentRecord {
  const { id, name, spec, tracePath, reason, requestedBy, createdAt, startedAt, finishedAt } = row;
  const status = row.status as ExperimentStatus;
  return { id, name, spec, tracePath, status, reason, isAnswered, requestedBy, createdAt, startedAt, finishedAt };
}

export function toCell(row: Omit<CellRow, 'result'>): ExperimentCellRecord {
  return { ...row, status: row.status as CellStatus };
}
