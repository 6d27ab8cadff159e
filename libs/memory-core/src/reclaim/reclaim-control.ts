/**
 * One reclaim: what it may do and how far it is (the kernel's scan_control).
 */
export interface ReclaimControl {
  /** Only pages of this node, in zones up to this type. */
  readonly node: number;
  readonly highestType: number;
  readonly byKswapd: boolean;
  /** Pages after which one may stop. */
  targetPages: number;
  /** 12 … 0: lists are scanned to 1 / 2^priority. */
  priority: number;
  maySwap: boolean;
  reclaimed: number;
  /** Pages looked at: in the round that runs, and in all. */
  scanned: number;
  allScanned: number;
  /** Written to the swap device. */
  written: number;
}

/** Where a reclaim begins. */
export const DEF_PRIORITY = 12;
/** Pages a direct reclaim is after, and pages a list gives at a time. */
export const SWAP_CLUSTER_MAX = 32;
