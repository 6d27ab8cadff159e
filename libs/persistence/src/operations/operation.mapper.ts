import {
  parseGuestWork,
  type GuestWork,
  type OperationKind,
  type OperationOutcome,
  type OperationStatus,
} from '#contracts';
import type { Operation } from '../generated/client.js';

export interface OperationRecord {
  readonly id: string;
  readonly guestId: string;
  /** Place in the guest's order, from 1. */
  readonly sequence: number;
  readonly kind: OperationKind;
  readonly status: OperationStatus;
  readonly outcome: OperationOutcome | null;
  /** Null, as the next one, for work that is not about the balloon. */
  readonly requestedBytes: number | null;
  /** Size of the balloon that it works towards. */
  readonly targetBytes: number | null;
  /** What it does, where that is not to move the balloon. */
  readonly work: GuestWork | null;
  readonly timeoutMs: number | null;
  readonly achievedBytes: number | null;
  readonly deficitBytes: number | null;
  readonly reason: string | null;
  readonly requestedBy: string;
  readonly idempotencyKey: string | null;
  readonly attempts: number;
  readonly result: unknown;
  readonly appliedTick: number | null;
  readonly finishedTick: number | null;
  readonly cancelAskedAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export function toOperation(row: Operation): OperationRecord {
  return {
    id: row.id,
    guestId: row.guestId,
    sequence: row.sequence,
    kind: row.kind as OperationKind,
    status: row.status as OperationStatus,
    outcome: row.outcome as OperationOutcome | null,
    requestedBytes: orNull(row.requestedBytes),
    targetBytes: orNull(row.targetBytes),
    work: row.work === null ? null : parseGuestWork(row.work),
    timeoutMs: row.timeoutMs,
    achievedBytes: orNull(row.achievedBytes),
    deficitBytes: orNull(row.deficitBytes),
    reason: row.reason,
    requestedBy: row.requestedBy,
    idempotencyKey: row.idempotencyKey,
    attempts: row.attempts,
    result: row.result,
    appliedTick: orNull(row.appliedTick),
    finishedTick: orNull(row.finishedTick),
    cancelAskedAt: row.cancelAskedAt,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  } satisfies Record<Exclude<keyof Operation, 'cancelTick' | 'epoch'>, unknown>;
}

function orNull(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}
