export type { GuestCommand, OperationResult } from './command.js';
export { DomainError, ERROR_CODES, type ErrorCode } from './errors.js';
export {
  BALLOON_STATES,
  DEFAULT_GUEST_FEATURES,
  GUEST_STATES,
  HOST_STATES,
  type BalloonState,
  type GuestConfiguration,
  type GuestFeatures,
  type GuestState,
  type HostState,
  type WorkloadSpec,
} from './guest.js';
export {
  COMPACT_MODES,
  parseGuestWork,
  ZONE_NAMES,
  type CompactMode,
  type GuestWork,
  type GuestWorkKind,
  type ZoneName,
} from './guest-work.js';
export {
  MAX_PAGE_MAP_COLUMNS,
  PROC_FILES,
  type InspectionAnswer,
  type InspectionAnswers,
  type InspectionQuestion,
  type PageMapAnswer,
  type ProcFile,
} from './inspection.js';
export {
  PAYLOAD_PARSERS,
  QUEUE_NAMES,
  type ExperimentJob,
  type JobPayloads,
  type QueueName,
  type RebalanceJob,
} from './jobs.js';
export { DEFAULT_KERNEL_PROFILE, KERNEL_PROFILES, type KernelProfile } from './kernel-profile.js';
export {
  BALLOON_KINDS,
  OPERATION_KINDS,
  OPERATION_OUTCOMES,
  OPERATION_STATUSES,
  STATUS_OF_OUTCOME,
  type BalloonKind,
  type OperationKind,
  type OperationOutcome,
  type OperationStatus,
} from './operation.js';
export { MEMORY_METRICS, type GuestSample, type MemoryMetric, type MemoryValues, type ZoneSample } from './sample.js';
export { TOPICS, type Topic, type TopicPayloads } from './topics.js';
export { TRACE_FORMATS, TRACE_MEANINGS, type MemoryMeaning, type TraceFormat, type TraceSeries } from './trace.js';
