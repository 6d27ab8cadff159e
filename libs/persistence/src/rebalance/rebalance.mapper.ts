import type { OperationOutcome, OperationStatus } from '#contracts';
import type {
  RebalanceHost as HostRow,
  RebalanceRun as RunRow,
  RebalanceSchedule as ScheduleRow,
} from '../generated/client.js';

/** PLANNED: a dry run, or nothing to do. */
export const REBALANCE_STATUSES = ['WAITING', 'PLANNED', 'FREEING', 'GIVING', 'DONE', 'SKIPPED', 'FAILED'] as const;
export type RebalanceStatus = (typeof REBALANCE_STATUSES)[number];

/** What a run was asked for. */
export interface RebalanceRunRecord {
  readonly id: string;
  readonly scheduleId: string | null;
  readonly dryRun: boolean;
  /** Null: each host's own. */
  readonly policy: string | null;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly reason: string | null;
  readonly requestedBy: string;
  /** Simulated time for which the guests that were moved are left alone afterwards. */
  readonly holdForMs: number;
  readonly createdAt: Date;
}

/** One host of a run. `view`, `memory` and `plan` are as libs/policy has them. */
export interface RebalanceHostRecord {
  readonly runId: string;
  readonly hostId: string;
  readonly status: RebalanceStatus;
  readonly note: string | null;
  readonly policy: string | null;
  readonly parameters: unknown;
  readonly view: unknown;
  readonly memory: unknown;
  readonly plan: unknown;
  readonly decisionMs: number | null;
  readonly appliedBytes: number | null;
  readonly plannedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** One guest of a plan with what became of it. */
export interface RebalanceMoveRecord {
  readonly runId: string;
  readonly guestId: string;
  readonly hostId: string;
  readonly phase: number;
  readonly fromBytes: number;
  readonly toBytes: number;
  readonly reason: string;
  readonly operationId: string | null;
  /** Why there is no operation. */
  readonly notApplied: string | null;
  readonly status: OperationStatus | null;
  readonly outcome: OperationOutcome | null;
  readonly achievedBytes: number | null;
  readonly deficitBytes: number | null;
}

export interface RebalanceScheduleRecord {
  readonly id: string;
  /** Null: every host. */
  readonly hostId: string | null;
  readonly everyMs: number | null;
  readonly cron: string | null;
  readonly timeZone: string | null;
  readonly jitterMs: number;
  readonly policy: string | null;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly reason: string | null;
  readonly holdForMs: number;
  readonly requestedBy: string;
  readonly createdAt: Date;
}

export function toRun(row: RunRow): RebalanceRunRecord {
  return {
    id: row.id,
    scheduleId: row.scheduleId,
    dryRun: row.dryRun,
    policy: row.policy,
    parameters: row.parameters as Record<string, unknown> | null,
    reason: row.reason,
    requestedBy: row.requestedBy,
    holdForMs: Number(row.holdForMs),
    createdAt: row.createdAt,
  } satisfies Record<keyof RunRow, unknown>;
}

export function toRunHost(row: HostRow): RebalanceHostRecord {
  return {
    runId: row.runId,
    hostId: row.hostId,
    status: row.status as RebalanceStatus,
    note: row.note,
    policy: row.policy,
    parameters: row.parameters,
    view: row.view,
    memory: row.memory,
    plan: row.plan,
    decisionMs: row.decisionMs,
    appliedBytes: row.appliedBytes === null ? null : Number(row.appliedBytes),
    plannedAt: row.plannedAt,
    finishedAt: row.finishedAt,
  } satisfies Record<keyof HostRow, unknown>;
}

export function toSchedule(row: ScheduleRow): RebalanceScheduleRecord {
  return {
    id: row.id,
    hostId: row.hostId,
    everyMs: row.everyMs === null ? null : Number(row.everyMs),
    cron: row.cron,
    timeZone: row.timeZone,
    jitterMs: row.jitterMs,
    policy: row.policy,
    parameters: row.parameters as Record<string, unknown> | null,
    reason: row.reason,
    holdForMs: Number(row.holdForMs),
    requestedBy: row.requestedBy,
    createdAt: row.createdAt,
  } satisfies Record<keyof ScheduleRow, unknown>;
}
