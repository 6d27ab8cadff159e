/**
 * Who can hold pages inside a guest, and what the kernel may do with such pages. A row of Memory.owners per owner:
 * kind + 1 (0: unused row), pages held. The kinds follow the lines of /proc/meminfo.
 */
import { OWNER_FIELDS } from './memory.js';
import type { Memory } from './memory.js';
import { TAG_OWNER, isBalloonTag } from './tags.js';

export const OWNER_KINDS = ['ANON', 'FILE', 'SLAB_RECLAIMABLE', 'SLAB_UNRECLAIMABLE', 'PAGE_TABLE', 'KERNEL'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

export const KIND_ANON = 0;
export const KIND_FILE = 1;
export const KIND_SLAB_RECLAIMABLE = 2;
export const KIND_SLAB_UNRECLAIMABLE = 3;
export const KIND_PAGE_TABLE = 4;
export const KIND_KERNEL = 5;

export const O_KIND_PLUS_ONE = 0;
/** Pages on all lists of the owner; those that are isolated are not among them. */
export const O_PAGES = 1;
/** Pages on lists 1, 2 and 3; the others are on list 0. */
export const O_LIST_1 = 2;
export const O_LIST_2 = 16;
export const O_LIST_3 = 17;
/** Pages on the swap device, without those that are in memory as well. */
export const O_SWAPPED = 3;
/** Pages of a FILE owner that reclaim has dropped and that have not come back. */
export const O_EVICTED = 4;
/** Without addresses: of those, the ones dropped while the oldest generation was the one that it is now. */
export const O_EVICTED_NOW = 18;
/** Owner + 1 of the process the pages belong to; 0: nobody whom the OOM killer could choose. */
export const O_PROCESS_PLUS_ONE = 5;
/** −1000 … 1000. */
export const O_OOM_SCORE_ADJ = 6;
/** 1 once the OOM killer has killed the owner's process. */
export const O_KILLED = 7;
/** A mapping's length in pages; 0 for owners without addresses. */
export const O_VIRTUAL_PAGES = 8;
/** Owner + 1 of the mapping's page tables. */
export const O_TABLES_PLUS_ONE = 9;
/** 1: the mapping is advised to use huge pages. */
export const O_HUGE_ADVICE = 10;
/** Huge pages among O_PAGES, each 512 of them. */
export const O_HUGE_PAGES = 11;
/** 1: a FILE mapping of a block device, whose pages are unmovable kernel memory. */
export const O_BLOCK_DEVICE = 13;
/** Where a FILE mapping begins in Memory.fileShadow. */
export const O_FILE_START = 14;
/** 1: the owner has gone while pages of it are isolated; whoever puts them back frees them. */
export const O_GONE = 12;
/** Pages off their list while somebody moves them; not among O_PAGES. */
export const O_ISOLATED = 15;

/** True when compaction could move a frame with this tag: an LRU page, or a balloon page if those are movable here. */
export function isMovableTag(memory: Memory, tag: number): boolean {
  if (tag >= TAG_OWNER) return memory.owners[(tag - TAG_OWNER) * OWNER_FIELDS + O_KIND_PLUS_ONE] <= KIND_FILE + 1;
  return isBalloonTag(tag) && memory.config.balloonCompaction;
}
