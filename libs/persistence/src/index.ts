export { Database, type DatabaseOptions } from './database.js';
export { migrateDatabase } from './migrate.js';
export { NotificationListener } from './notifications.js';
export { admitOperations, findWaitingWork } from './admission.js';
export { readClockSpeed } from './clock.js';
export { LeaseLostError, releaseLease, renewLease, takeLease, type Lease } from './lease.js';
export {
  commitBirths,
  endWorkOfDeleted,
  loadNewcomers,
  recoverableGuests,
  type GuestMember,
  type RecoverableGuest,
} from './members.js';
export { isId } from './paging/ids.js';
export { maintainPartitions } from './partitions.js';
export type { TimedSample } from './sample-copy.js';
export { saveSnapshots, type StoredSnapshot } from './snapshots.js';
export { commitRevived, commitStopped, type StoppedGuest } from './stopped-guests.js';
export { commitStep, type GuestStateChange } from './step-commit.js';
export { Fleet, type ClockReading, type FleetTotals } from './fleet/fleet.js';
export { Guests } from './guests/guests.js';
export type { GuestRecord, LatestDetail, LatestSample } from './guests/guest.mapper.js';
export { GUEST_ORDERS, type GuestFilter, type GuestOrder } from './guests/list-guests.js';
export type { Admit, GuestDraft, Place, PlacedGuest } from './guests/create-guests.js';
export { AGGREGATES, type Aggregate } from './history/sample-parts.js';
export { History, type GuestUse, type HistoryColumns } from './history/history.js';
export { mostBuckets, type HistoryRange } from './history/buckets.js';
export { rollUpHistory } from './history/roll-up.js';
export { Hosts, type HostUsage } from './hosts/hosts.js';
export type { HostRecord } from './hosts/host.mapper.js';
export { Operations, type OperationFilter } from './operations/operations.js';
export { forgetOperations } from './operations/forget-operations.js';
export type { OperationRequest } from './operations/acknowledge.js';
export type { OperationRecord } from './operations/operation.mapper.js';
export type { CountedPage, Page, PageRequest } from './paging/page.js';
export { Traces } from './traces/traces.js';
export { TraceCopies, importedTraceId } from './traces/trace-copies.js';
export type { TraceRecord } from './traces/trace.mapper.js';
export {
  controllerStandings,
  decisionTimes,
  readControllerCounts,
  type ControllerCount,
  type ControllerCountName,
} from './rebalance/controller-counts.js';
export { DEMAND_STEP_MS, loadHostInputs, type GuestInputs, type HostInputs } from './rebalance/host-inputs.js';
export {
  REBALANCE_STATUSES,
  type RebalanceHostRecord,
  type RebalanceMoveRecord,
  type RebalanceRunRecord,
  type RebalanceScheduleRecord,
  type RebalanceStatus,
} from './rebalance/rebalance.mapper.js';
export { Rebalances, type RebalanceRequest } from './rebalance/rebalances.js';
export {
  endUnplanned,
  recallPolicy,
  storeDecision,
  waitingHosts,
  type PlannedMove,
  type WaitingHost,
} from './rebalance/decision-steps.js';
export {
  adoptOperations,
  availableBytes,
  beginGiving,
  finishHost,
  forgetRuns,
  goingHosts,
  noteMove,
  recentMoves,
  type GoingHost,
  type PastMove,
} from './rebalance/run-steps.js';
export { RebalanceSchedules, type ScheduleDraft } from './rebalance/schedules.js';
export {
  beginCell,
  endCell,
  goingExperiments,
  loadEnded,
  noteProgress,
  storeAnswer,
  type BegunCell,
} from './experiments/cell-steps.js';
export {
  CELL_STATUSES,
  EXPERIMENT_STATUSES,
  type CellStatus,
  type ExperimentCellRecord,
  type ExperimentRecord,
  type ExperimentStatus,
} from './experiments/experiment.mapper.js';
export { Experiments, type ExperimentRequest } from './experiments/experiments.js';
