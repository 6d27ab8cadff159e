/**
 * One frame as the kernel would describe it: for tests, page maps and people who debug a guest.
 */
import { MIGRATETYPE_NAMES, NIL, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { isBacked } from '../host/backing.js';
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { OWNER_KINDS, O_KIND_PLUS_ONE } from '../layout/owner-fields.js';
import type { OwnerKind } from '../layout/owner-fields.js';
import { isPageLocked } from '../tasks/page-lock.js';
import {
  TAG_ALLOCATED,
  TAG_BALLOON,
  TAG_DEFLATED,
  TAG_FREE_HEAD,
  TAG_HOLE,
  TAG_OWNER,
  TAG_RESERVED,
  isBalloonTag,
} from '../layout/tags.js';

export type PageState = 'FREE' | 'RESERVED' | 'HOLE' | 'ALLOCATED' | 'DEFLATED' | 'BALLOON' | OwnerKind;

export interface PageInfo {
  readonly state: PageState;
  /** Order of the free block the frame heads, or NIL. */
  readonly freeOrder: number;
  readonly migratetype: string;
  readonly refcount: number;
  /** The page type that marks balloon pages. */
  readonly offline: boolean;
  /** Balloon device or owner that holds the frame, or NIL. */
  readonly device: number;
  readonly owner: number;
  readonly locked: boolean;
  readonly backed: boolean;
}

export function inspectPage(memory: Memory, pfn: number): PageInfo {
  const tag = memory.tag[pfn];
  const state = pageState(memory, pfn);
  const device = isBalloonTag(tag) ? tag - TAG_BALLOON : NIL;
  return {
    state,
    freeOrder: freeOrderOf(memory, pfn, tag),
    migratetype: MIGRATETYPE_NAMES[memory.blockType[pfn >> PAGEBLOCK_ORDER]],
    refcount: state === 'FREE' || state === 'HOLE' ? 0 : 1,
    offline: device !== NIL || tag === TAG_DEFLATED,
    device,
    owner: tag >= TAG_OWNER ? tag - TAG_OWNER : NIL,
    locked: isPageLocked(memory, pfn),
    backed: isBacked(memory, pfn),
  };
}

/** Whose page it is, alone: one look at its tag. */
export function pageState(memory: Memory, pfn: number): PageState {
  const tag = memory.tag[pfn];
  if (tag >= TAG_OWNER) return OWNER_KINDS[memory.owners[(tag - TAG_OWNER) * OWNER_FIELDS + O_KIND_PLUS_ONE] - 1];
  if (isBalloonTag(tag)) return 'BALLOON';
  if (tag === TAG_ALLOCATED) return 'ALLOCATED';
  if (tag === TAG_DEFLATED) return 'DEFLATED';
  if (tag === TAG_RESERVED) return 'RESERVED';
  return tag === TAG_HOLE ? 'HOLE' : 'FREE';
}

function freeOrderOf(memory: Memory, pfn: number, tag: number): number {
  if (tag >= TAG_FREE_HEAD && tag < TAG_FREE_HEAD + PAGEBLOCK_ORDER) return tag - TAG_FREE_HEAD;
  const block = pfn >> PAGEBLOCK_ORDER;
  return block << PAGEBLOCK_ORDER === pfn ? memory.blockFree[block] - 1 : NIL;
}
