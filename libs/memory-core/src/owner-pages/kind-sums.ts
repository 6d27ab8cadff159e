/** What the owners of one kind hold together: the sums behind the lines of /proc/meminfo. */
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { BLOCK_HUGE, OWNER_FIELDS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { KIND_ANON, O_ISOLATED, O_KIND_PLUS_ONE, O_PAGES } from '../layout/owner-fields.js';
import { MAX_OWNERS, TAG_OWNER } from '../layout/tags.js';
import { activePages } from './lru.js';

/** Pages held by all owners of one kind, without those that are isolated. */
export function pagesOfKind(memory: Memory, kind: number): number {
  return sumOfKind(memory, kind, O_PAGES);
}

/** Of those, the pages on active lists. */
export function activePagesOfKind(memory: Memory, kind: number): number {
  let pages = 0;
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    if (memory.owners[owner * OWNER_FIELDS + O_KIND_PLUS_ONE] === kind + 1) pages += activePages(memory, owner);
  }
  return pages;
}

/** Pages of owners of one kind that somebody moves or reclaims. */
export function isolatedPagesOfKind(memory: Memory, kind: number): number {
  return sumOfKind(memory, kind, O_ISOLATED);
}

/** Pages of huge pages that owners of anonymous memory hold. Cost: one step a pageblock. */
export function anonHugePages(memory: Memory): number {
  let pages = 0;
  for (let block = 0; block < memory.blockCount; block++) {
    if ((memory.blockFlags[block] & BLOCK_HUGE) === 0) continue;
    const owner = memory.tag[block << PAGEBLOCK_ORDER] - TAG_OWNER;
    if (owner >= 0 && memory.owners[owner * OWNER_FIELDS + O_KIND_PLUS_ONE] === KIND_ANON + 1) pages += PAGEBLOCK_PAGES;
  }
  return pages;
}

function sumOfKind(memory: Memory, kind: number, field: number): number {
  let sum = 0;
  for (let row = 0; row < MAX_OWNERS * OWNER_FIELDS; row += OWNER_FIELDS) {
    if (memory.owners[row + O_KIND_PLUS_ONE] === kind + 1) sum += memory.owners[row + field];
  }
  return sum;
}
