export { NIL } from './layout/constants.js';
export { createMemory } from './boot/create.js';
export type { MemoryOptions } from './boot/create.js';
export { FRAME_USES, createMemoryFromMap } from './boot/from-map.js';
export type { FrameUse, PerCpuLists } from './boot/from-map.js';
export { runOnCpu } from './layout/memory.js';
export type { Memory, MemoryConfig } from './layout/memory.js';
export type { KernelProfile } from './layout/profile.js';
export { Gfp } from './layout/gfp.js';
export { allocatePages } from './request/allocate.js';
export { freePageList, freePages } from './allocator/free.js';
export {
  setHugepageDefrag,
  setTransparentHugepages,
  writeMinFreeKbytes,
  writeWatermarkScaleFactor,
} from './allocator/sysctl.js';
export { drainAllPages, isVmstatFresh, refreshVmstat } from './allocator/pcp-setup.js';
export { createMapping, destroyMapping, dropRange, touchRange } from './owners/address-space.js';
export {
  createOwner,
  destroyOwner,
  growOwner,
  readAhead,
  isOwnerKilled,
  joinProcess,
  ownerPages,
  shrinkOwner,
} from './owners/owner.js';
export { collapsePages, collapsiblePages, type Collapse } from './owners/collapse.js';
export { growOwnerHuge } from './owners/huge-page.js';
export { evictedPages, readAgain } from './owners/read-again.js';
export { setPageUse } from './owner-pages/page-use.js';
export type { PageUse } from './owner-pages/page-use.js';
export type { OwnerKind } from './layout/owner-fields.js';
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
} from './balloon/balloon.js';
export {
  balloonBatchAlloc,
  balloonBatchDequeue,
  balloonBatchEnqueue,
  createPageBatch,
  discardBatch,
  fillBackwards,
  freeBatch,
  pagesBackwards,
} from './balloon/stretches.js';
export type { PageBatch } from './balloon/stretches.js';
export { setBalloonDriver } from './balloon-list/driver.js';
export type { MigrateMode } from './layout/migrate-mode.js';
export type { BalloonDriver } from './balloon-list/driver.js';
export { endBalloonMove, startBalloonMove } from './balloon-list/move.js';
export { EAGAIN, EBUSY, EINTR, EINVAL, ENOENT } from './layout/errno.js';
export { KernelBugError } from './layout/kernel-bug.js';
export { discardRun, isBacked, touchRun } from './host/backing.js';
export { compactMemory } from './compaction/manual.js';
export type { CompactionEvent } from './compaction/result.js';
export { KSWAPD_NAP_US, endKswapdNap, isKswapdNapping, isKswapdWoken, runPendingKswapd } from './reclaim/kswapd.js';
export { BALLOON_OOM_PRIORITY, panicReason, registerOomNotifier } from './reclaim/oom.js';
export type { PanicReason } from './reclaim/oom.js';
export { advancePsi, isPsiSettled, memoryPressure } from './reclaim/psi.js';
export type { Pressure } from './reclaim/psi.js';
export { registerShrinker } from './reclaim/shrinkers.js';
export {
  PROACTIVE_CHECK_US,
  isKcompactdWoken,
  kcompactd,
  writeCompactionProactiveness,
} from './compaction/kcompactd.js';
export { createHugePool, resizeHugePool } from './hotplug/huge-pool.js';
export {
  REPORTING_CAPACITY,
  REPORTING_DELAY_US,
  isReportingRequested,
  registerPageReporting,
  reportFreePages,
  unregisterPageReporting,
} from './reporting/page-reporting.js';
export type { ReportedBlocks } from './reporting/page-reporting.js';
export { memoryBlocks } from './hotplug/memory-block.js';
export { migrateToNode } from './hotplug/migrate-to-node.js';
export { offlineMemoryBlock } from './hotplug/offline.js';
export { onlineMemoryBlock } from './hotplug/online.js';
export type { OnlineKind } from './hotplug/block-zone.js';
export { compactRequested } from './compaction/requested.js';
export { RESCHEDULE, runToEnd } from './tasks/task.js';
export type { Mutex, Task, Wait } from './tasks/task.js';
export { fragmentationIndex, unusableIndex } from './compaction/fragmentation.js';
export { freePagesOf, lruPagesOf, perCpuPagesOf, readUsage, residentPagesOf } from './views/usage.js';
export type { MemoryUsage, ZoneUsage } from './views/usage.js';
export { memoryVitals } from './views/vitals.js';
export type { MemoryVitals } from './views/vitals.js';
export { digestMemory, restoreMemory, snapshotMemory } from './state/snapshot.js';
export { SnapshotError } from './state/snapshot-error.js';
export { auditMemory } from './state/audit.js';
export { vmstat } from './views/vmstat.js';
export { PAGE_CLASSES, pageMap } from './views/page-map.js';
export type { PageMap } from './views/page-map.js';
export { procText } from './views/proc-text.js';
export type { ProcFile } from './views/proc-text.js';
export { inspectPage, pageState } from './views/inspect.js';
export type { PageInfo, PageState } from './views/inspect.js';
