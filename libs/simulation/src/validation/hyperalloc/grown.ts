/** An owner that programs outside the guest's own workload give pages to and take them from. */
import { createOwner, growOwner, ownerPages, shrinkOwner, type Memory, type OwnerKind } from '#memory-core';

/** What processors' lists are refilled with: those that grow at once take turns by it, so finely their pages are mixed. */
export const SLICE_PAGES = 63;

export interface Grown {
  readonly owner: number;
  /** Pages that it was given: what reclaim takes of it is not asked for again. */
  given: number;
}

export function nothingYet(memory: Memory, kind: OwnerKind): Grown {
  return { owner: createOwner(memory, kind), given: 0 };
}

/** Until it was given `pages`. */
export function growTo(memory: Memory, grown: Grown, pages: number): void {
  const missing = Math.floor(pages) - grown.given;
  if (missing <= 0) return;
  growOwner(memory, grown.owner, missing);
  grown.given += missing;
}

/** Until it has no more than `pages`, the oldest first; what goes may be given again. */
export function shrinkTo(memory: Memory, grown: Grown, pages: number): void {
  shrinkOwner(memory, grown.owner, Math.max(0, ownerPages(memory, grown.owner) - Math.floor(pages)), 'OLDEST');
  grown.given = ownerPages(memory, grown.owner);
}
