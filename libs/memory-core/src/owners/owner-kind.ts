/**
 * Who can hold pages inside a guest, and what the kernel may do with such pages. A row of Memory.owners per owner:
 * kind + 1 (0: unused row), pages held. The kinds follow the lines of /proc/meminfo.
 */
import { OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_OWNER, isBalloonTag } from '../layout/tags.js';

export const OWNER_KINDS = ['ANON', 'FILE', 'SLAB_RECLAIMABLE', 'SLAB_UNRECLAIMABLE', 'PAGE_TABLE', 'KERNEL'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

export const KIND_ANON = 0;
export const KIND_FILE = 1;
export const KIND_SLAB_RECLAIMABLE = 2;
export const KIND_SLAB_UNRECLAIMABLE = 3;
export const KIND_PAGE_TABLE = 4;
export const KIND_KERNEL = 5;

export const O_KIND_PLUS_ONE = 0;
export const O_PAGES = 1;
/** Pages off their list while somebody moves them; not among O_PAGES. */
export const O_ISOLATED = 15;

/** True when compaction could move a frame with this tag: an LRU page, or a balloon page if those are movable here. */
export function isMovableTag(memory: Memory, tag: number): boolean {
  if (tag >= TAG_OWNER) return memory.owners[(tag - TAG_OWNER) * OWNER_FIELDS + O_KIND_PLUS_ONE] <= KIND_FILE + 1;
  return isBalloonTag(tag) && memory.config.balloonCompaction;
}
