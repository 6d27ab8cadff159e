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
  markBroken,
  recoverableGuests,
  type GuestMember,
  type RecoverableGuest,
} from './members.js';
export { maintainPartitions } from './partitions.js';
export type { TimedSample } from './sample-writer.js';
export { saveSnapshots, type StoredSnapshot } from './snapshots.js';
export { commitStep, type GuestStateChange } from './step-commit.js';
