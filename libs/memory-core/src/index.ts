export { NIL } from './constants.js';
export { createMemory } from './create.js';
export type { MemoryOptions } from './create.js';
export type { Memory } from './memory.js';
export type { KernelProfile } from './profile.js';
export { Gfp } from './gfp.js';
export { allocatePages } from './allocate.js';
export { freePageList, freePages } from './free.js';
export { createOwner, destroyOwner, growOwner, ownerPages, shrinkOwner } from './owner.js';
export type { OwnerKind } from './owner-kind.js';
export {
  balloonPageAlloc,
  balloonPageAllocList,
  balloonPageDequeue,
  balloonPageEnqueue,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  balloonPages,
  createBalloonDevice,
  isolatedPages,
} from './balloon.js';
export { KernelBugError } from './kernel-bug.js';
export { discardPages } from './backing.js';
export { fragmentationIndex, unusableIndex } from './fragmentation.js';
export { freePagesOf, readUsage } from './usage.js';
export type { MemoryUsage, ZoneUsage } from './usage.js';
export { digestMemory, restoreMemory, snapshotMemory } from './snapshot.js';
export { SnapshotError } from './snapshot-error.js';
export { auditMemory } from './audit.js';
export { vmstat } from './vmstat.js';
export { procText } from './proc-text.js';
export type { ProcFile } from './proc-text.js';
export { inspectPage } from './inspect.js';
export type { PageInfo } from './inspect.js';
