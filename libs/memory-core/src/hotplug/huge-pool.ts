/**
 * The pool of huge pages (hugetlb): pageblocks that are set aside for programs that ask for huge pages by name.
 * Source: mm/hugetlb.c of Linux 6.12 (set_max_huge_pages, alloc_pool_huge_folio), as described in the reference.
 *
 * The pool is an owner of kernel memory whose pages are huge. They are cleared as they are had, do not move, and come and go
 * at one end.
 */
import { invariant } from '#units';
import { allocatePages } from '../request/allocate.js';
import { freePages } from '../allocator/free.js';
import { touchRun } from '../host/backing.js';
import { NIL, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../layout/constants.js';
import { EV_HTLB_BUDDY_ALLOC_FAIL, EV_HTLB_BUDDY_ALLOC_SUCCESS } from '../layout/events.js';
import { GFP_BIT_COMP, GFP_BIT_NOWARN, GFP_BIT_RETRY_MAYFAIL, Gfp } from '../layout/gfp.js';
import { BLOCK_HUGE, OWNER_FIELDS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED, TAG_OWNER } from '../layout/tags.js';
import { INACTIVE } from '../owner-pages/generations.js';
import { addToList, removeFromList } from '../owner-pages/lru.js';
import { createOwner } from '../owners/owner.js';
import { O_HUGE_PAGES, O_PAGES } from '../layout/owner-fields.js';

/** Tries hard, has nobody killed, and may lie anywhere, since such pages could be moved. */
const HUGETLB = Gfp.HIGHUSER_MOVABLE | GFP_BIT_COMP | GFP_BIT_NOWARN | GFP_BIT_RETRY_MAYFAIL;

/** An empty pool; NIL when all owners' ids are taken. */
export function createHugePool(memory: Memory): number {
  return createOwner(memory, 'KERNEL');
}

/** Huge pages in the pool: nr_hugepages. */
export function hugePoolPages(memory: Memory, pool: number): number {
  return memory.owners[pool * OWNER_FIELDS + O_HUGE_PAGES];
}

/**
 * A write to vm.nr_hugepages: grows the pool one by one until it has `wanted` huge pages or one cannot be had, or gives pages
 * back. Returns how many it has then.
 */
export function resizeHugePool(memory: Memory, pool: number, wanted: number): number {
  invariant(wanted >= 0, 'a pool has no less than no page');
  while (hugePoolPages(memory, pool) < wanted) {
    const pfn = allocatePages(memory, PAGEBLOCK_ORDER, HUGETLB);
    if (pfn === NIL) {
      memory.events[EV_HTLB_BUDDY_ALLOC_FAIL]++;
      break;
    }
    memory.events[EV_HTLB_BUDDY_ALLOC_SUCCESS]++;
    addHugePage(memory, pool, pfn);
  }
  while (hugePoolPages(memory, pool) > wanted) releaseHugePage(memory, pool);
  return hugePoolPages(memory, pool);
}

function addHugePage(memory: Memory, pool: number, pfn: number): void {
  memory.tag.fill(TAG_OWNER + pool, pfn, pfn + PAGEBLOCK_PAGES);
  memory.blockFlags[pfn >> PAGEBLOCK_ORDER] |= BLOCK_HUGE;
  addToList(memory, pool, pfn, INACTIVE);
  touchRun(memory, pfn, PAGEBLOCK_PAGES);
  memory.owners[pool * OWNER_FIELDS + O_PAGES] += PAGEBLOCK_PAGES;
  memory.owners[pool * OWNER_FIELDS + O_HUGE_PAGES]++;
}

function releaseHugePage(memory: Memory, pool: number): void {
  const pfn = memory.links[2 * ownerListNode(memory, pool, INACTIVE)];
  removeFromList(memory, pool, pfn);
  memory.owners[pool * OWNER_FIELDS + O_PAGES] -= PAGEBLOCK_PAGES;
  memory.owners[pool * OWNER_FIELDS + O_HUGE_PAGES]--;
  memory.blockFlags[pfn >> PAGEBLOCK_ORDER] &= ~BLOCK_HUGE;
  memory.tag.fill(TAG_ALLOCATED, pfn, pfn + PAGEBLOCK_PAGES);
  freePages(memory, pfn, PAGEBLOCK_ORDER);
}
