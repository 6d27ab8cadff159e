/** The closed lists of the contracts as GraphQL enums. */
import {
  BALLOON_STATES,
  COMPACT_MODES,
  GUEST_STATES,
  HOST_STATES,
  MEMORY_METRICS,
  OPERATION_KINDS,
  OPERATION_OUTCOMES,
  OPERATION_STATUSES,
  PROC_FILES,
  TRACE_FORMATS,
  type MemoryMetric,
  type WorkloadSpec,
} from '#contracts';
import { AGGREGATES, CELL_STATUSES, EXPERIMENT_STATUSES, GUEST_ORDERS } from '#persistence';
import { PLACEMENT_STRATEGIES } from '#policy';
import { registerEnumType } from '@nestjs/graphql';

type EnumOf<Name extends string> = Readonly<Record<Name, Name>>;

function enumOf<Name extends string>(name: string, values: readonly Name[], description?: string): EnumOf<Name> {
  const type = Object.fromEntries(values.map((value) => [value, value])) as EnumOf<Name>;
  registerEnumType(type, { name, ...(description === undefined ? {} : { description }) });
  return type;
}

export const BalloonStateEnum = enumOf(
  'BalloonState',
  BALLOON_STATES,
  'STALLED: the balloon wants pages and the guest has none to give.',
);
export const CompactModeEnum = enumOf(
  'CompactMode',
  COMPACT_MODES,
  'How hard a compaction tries; SYNC waits for pages that are locked.',
);
export const GuestStateEnum = enumOf(
  'GuestState',
  GUEST_STATES,
  'PAUSED: its time stands. OOM_KILLED: its kernel panicked for want of memory. KERNEL_BUG: its books were found wrong. stateReason says more.',
);
export const HostStateEnum = enumOf(
  'HostState',
  HOST_STATES,
  'How short of memory a host is, by the free share of its capacity, with hysteresis.',
);
export const OperationKindEnum = enumOf(
  'OperationKind',
  OPERATION_KINDS,
  'The first three move the balloon and have a target; the others say in work what is to be done.',
);
export const OperationStatusEnum = enumOf(
  'OperationStatus',
  OPERATION_STATUSES,
  'SUCCEEDED: REACHED or DONE. FAILED: STALLED, TIMED_OUT or REFUSED. CANCELLED: called off, or superseded by a newer operation of the guest.',
);
export const OperationOutcomeEnum = enumOf(
  'OperationOutcome',
  OPERATION_OUTCOMES,
  'How an operation ended. REACHED: the balloon stands at the target; DONE: other work was done.',
);
export const ProcFileEnum = enumOf(
  'ProcFile',
  PROC_FILES,
  'Files as Linux shows them under /proc and, of fragmentation, /sys/kernel/debug/extfrag.',
);
export const TraceFormatEnum = enumOf('TraceFormat', TRACE_FORMATS);
export const AggregateEnum = enumOf('Aggregate', AGGREGATES, 'What a bucket of history shows of its samples.');
export const GuestOrderEnum = enumOf(
  'GuestOrder',
  GUEST_ORDERS,
  'CREATED and NAME ascend; USED, BALLOON and PRESSURE show the largest first.',
);

export const PlacementEnum = enumOf(
  'Placement',
  PLACEMENT_STRATEGIES,
  'How a host is chosen among those with room: SPREAD takes the one promised least, PACK the fullest, PRESSURE the one that suffers least now.',
);

const WORKLOAD_KINDS = ['IDLE', 'TRACE', 'SYNTHETIC'] as const satisfies readonly WorkloadSpec['kind'][];
export const WorkloadKindEnum = enumOf('WorkloadKind', WORKLOAD_KINDS);

/** USED_BYTES for usedBytes. */
function constantCase(metric: string): string {
  return metric.replaceAll(/[A-Z]/g, '_$&').toUpperCase();
}

/** GraphQL names on the left, metrics on the right: inside, a metric is called what it is called everywhere. */
function metricEnum(name: string, metrics: readonly MemoryMetric[], description: string): object {
  const type = Object.fromEntries(metrics.map((metric) => [constantCase(metric), metric]));
  registerEnumType(type, { name, description });
  return type;
}

export const MemoryMetricEnum = metricEnum(
  'MemoryMetric',
  MEMORY_METRICS,
  'Bytes where the name says so; RATIO: 0 to 1; TOTAL: counters in pages.',
);

/** Sizes that can be added up over guests. */
export const FLEET_METRICS = MEMORY_METRICS.filter((metric) => metric.endsWith('Bytes'));
export const FleetMetricEnum = metricEnum('FleetMetric', FLEET_METRICS, 'Sums over the guests of the fleet, in bytes.');
export const ExperimentStatusEnum = enumOf('ExperimentStatus', EXPERIMENT_STATUSES);
export const CellStatusEnum = enumOf('CellStatus', CELL_STATUSES);
