/** What a run of compaction came to; over several zones the largest counts. Values and order are the kernel's. */
export const COMPACT_SKIPPED = 1;
export const COMPACT_DEFERRED = 2;
/** Only in traces: goes on like COMPACT_CONTINUE. */
export const COMPACT_NO_SUITABLE_PAGE = 3;
export const COMPACT_CONTINUE = 4;
/** The scanners met in a run over the whole zone. */
export const COMPACT_COMPLETE = 5;
/** The scanners met in a run that had started from cached positions. */
export const COMPACT_PARTIAL_SKIPPED = 6;
export const COMPACT_CONTENDED = 7;
export const COMPACT_SUCCESS = 8;

/** The tracepoints of compaction that say what the scanners did, with the kernel's numbers. */
export type CompactionEvent =
  | { readonly kind: 'BEGIN' | 'END'; readonly zone: number; readonly migratePfn: number; readonly freePfn: number }
  | { readonly kind: 'FINISHED'; readonly zone: number; readonly order: number; readonly result: number }
  | {
      readonly kind: 'ISOLATE_MIGRATEPAGES' | 'ISOLATE_FREEPAGES' | 'FAST_ISOLATE_FREEPAGES';
      readonly startPfn: number;
      readonly endPfn: number;
      readonly scanned: number;
      readonly taken: number;
    }
  | { readonly kind: 'MIGRATEPAGES'; readonly moved: number; readonly failed: number };

/** Hears of every step of a run; must not touch the memory. */
export type CompactionTrace = (event: CompactionEvent) => void;
