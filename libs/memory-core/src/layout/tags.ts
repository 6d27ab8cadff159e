/**
 * The tag column: one byte a frame that says what the frame is. It replaces the kernel's refcount, page type and flags
 * for all that the core must tell apart; a refcount is derived from it (0 when free, 1 when held, 2 while a balloon page
 * is isolated).
 *
 *   0            free and not the head of a free block below order 9 (see blockFree for orders 9 and 10)
 *   1 … 9        head of a free block of order tag − 1, on a buddy free list
 *   10 … 63      single states, listed below
 *   64 … 255     page of owner tag − 64
 *
 * 0 is the state of most frames of an idle guest, so that its columns stay untouched (and cost no host memory).
 */
export const TAG_FREE = 0;
/** Tag of the head of a free block of order n, n < 9: TAG_FREE_HEAD + n. */
export const TAG_FREE_HEAD = 1;
/** Firmware and kernel image, struct pages: present, never managed by the buddy. */
export const TAG_RESERVED = 10;
/** Inside a zone's span but no memory. */
export const TAG_HOLE = 11;
/** Held by a caller that keeps its own record of it; refcount 1, on no list. */
export const TAG_ALLOCATED = 12;
/** Dequeued from a balloon and not freed yet. */
export const TAG_DEFLATED = 13;
/** Order-0 page on a per-CPU list, in one of the list's runs (pcp-list.ts). */
export const TAG_PCP = 14;
/** Order-0 page on a per-CPU list, linked behind the runs. */
export const TAG_PCP_LINKED = 15;
/** Listed on balloon device d: TAG_BALLOON + d. */
export const TAG_BALLOON = 16;
export const MAX_BALLOON_DEVICES = 4;

/** Head of a block of order 1 … 3 or 9 on a per-CPU list: TAG_PCP_BLOCK + order. The other frames of it are TAG_FREE. */
export const TAG_PCP_BLOCK = 20;

/** Isolated page of balloon device d, on a migration list: TAG_BALLOON_ISOLATED + d. Refcount 2. */
export const TAG_BALLOON_ISOLATED = 32;
/** Page of an owner while it is isolated for migration or reclaim: whoever isolated it keeps its owner and returns it. */
export const TAG_OWNER_ISOLATED = 36;
/** In memory that is offline: neither managed nor present. */
export const TAG_OFFLINE = 37;
/** Head of a free block of order n that compaction took for its targets: TAG_COMPACT_FREE + n, n ≤ 10. */
export const TAG_COMPACT_FREE = 40;

export const TAG_OWNER = 64;
export const MAX_OWNERS = 192;

/** True for a frame that one of the balloon devices lists. */
export function isBalloonTag(tag: number): boolean {
  return tag >= TAG_BALLOON && tag < TAG_BALLOON + MAX_BALLOON_DEVICES;
}
