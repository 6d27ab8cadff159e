export { DEFAULT_BALLOON_COSTS, type BalloonCosts } from './balloon/balloon-costs.js';
export type { BalloonOutcome, BalloonRequestEnd } from './balloon/balloon-request.js';
export type { BalloonReading, GuestReading, ZoneReading } from './guest-reading.js';
export { GuestSnapshotError } from './guest-snapshot-error.js';
export { Guest, type GuestOptions } from './guest.js';
export { StateHash } from './state-hash.js';
export { SyntheticWorkload, type SyntheticPattern } from './workload/synthetic-workload.js';
export { TraceWorkload, type ActivitySeries } from './workload/trace-workload.js';
export { IDLE_WORKLOAD, type Workload } from './workload/workload.js';
