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
/** Listed on balloon device d: TAG_BALLOON + d. */
export const TAG_BALLOON = 16;
export const MAX_BALLOON_DEVICES = 4;

export const TAG_OWNER = 64;
export const MAX_OWNERS = 192;

/** True for a frame that one of the balloon devices lists. */
export function isBalloonTag(tag: number): boolean {
  return tag >= TAG_BALLOON && tag < TAG_BALLOON + MAX_BALLOON_DEVICES;
}
