/**
 * Owners: the guest's software as the allocator sees it. Each owner's pages hang on one list, newest at the head, and
 * carry the owner's tag, so that a page says whose it is and can be moved or reclaimed without asking its owner.
 *
 * Cost: O(1) a page, and less where pages come and go in runs.
 */
import { invariant } from '#units';
import { allocateRun } from '../allocator/allocate.js';
import { touchRun } from '../host/backing.js';
import { NIL } from '../layout/constants.js';
import { freeRun } from '../allocator/free.js';
import { Gfp } from '../layout/gfp.js';
import { OWNER_FIELDS, ownerListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { OWNER_KINDS, O_KIND_PLUS_ONE, O_PAGES } from './owner-kind.js';
import type { OwnerKind } from './owner-kind.js';
import { pushRunAtHead, stretchFrom } from '../allocator/page-list.js';
import { lowestPfn } from '../allocator/page-stretch.js';
import type { PageStretch } from '../allocator/page-stretch.js';
import { MAX_OWNERS, TAG_OWNER } from '../layout/tags.js';

/** How each kind asks for its pages. */
const KIND_GFP = [
  Gfp.HIGHUSER_MOVABLE,
  Gfp.HIGHUSER_MOVABLE,
  Gfp.RECLAIMABLE,
  Gfp.KERNEL,
  Gfp.KERNEL,
  Gfp.KERNEL,
] as const;

/** A new owner without pages: its id, 0 ≤ id < MAX_OWNERS, or NIL when all ids are taken. */
export function createOwner(memory: Memory, kind: OwnerKind): number {
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    const row = owner * OWNER_FIELDS;
    if (memory.owners[row + O_KIND_PLUS_ONE] !== 0) continue;
    memory.owners[row + O_KIND_PLUS_ONE] = OWNER_KINDS.indexOf(kind) + 1;
    return owner;
  }
  return NIL;
}

/** Pages the owner holds. */
export function ownerPages(memory: Memory, owner: number): number {
  return memory.owners[rowOf(memory, owner) + O_PAGES];
}

/** Allocates and touches up to `pages` more single pages; returns how many there were to get. */
export function growOwner(memory: Memory, owner: number, pages: number): number {
  const row = rowOf(memory, owner);
  const gfp = KIND_GFP[memory.owners[row + O_KIND_PLUS_ONE] - 1];
  const sentinel = ownerListNode(memory, owner, 0);
  const run: PageStretch = { startPfn: NIL, step: 1, pages };
  let gained = 0;
  while (gained < pages && allocateRun(memory, gfp, run)) {
    const lowest = lowestPfn(run);
    memory.tag.fill(TAG_OWNER + owner, lowest, lowest + run.pages);
    pushRunAtHead(memory.links, sentinel, run.startPfn, run.pages, run.step);
    touchRun(memory, lowest, run.pages);
    gained += run.pages;
    run.pages = pages - gained;
  }
  memory.owners[row + O_PAGES] += gained;
  return gained;
}

/** Frees up to `pages` of the owner's pages, one by one from the oldest or the newest; returns how many there were. */
export function shrinkOwner(memory: Memory, owner: number, pages: number, from: 'OLDEST' | 'NEWEST'): number {
  const row = rowOf(memory, owner);
  const wanted = Math.min(pages, memory.owners[row + O_PAGES]);
  const sentinel = ownerListNode(memory, owner, 0);
  const { links } = memory;
  // `away` leads inwards from the end that is freed: to the previous node from the tail, to the next one from the head.
  const away = from === 'OLDEST' ? 1 : 0;
  let pfn = links[2 * sentinel + away];
  for (let left = wanted; left > 0;) {
    const first = pfn;
    const last = stretchFrom(links, first, away, left);
    const count = Math.abs(last - first) + 1;
    pfn = links[2 * last + away];
    links[2 * sentinel + away] = pfn;
    links[2 * pfn + 1 - away] = sentinel;
    freeRun(memory, Math.min(first, last), count, last < first);
    left -= count;
  }
  memory.owners[row + O_PAGES] -= wanted;
  return wanted;
}

/** Frees all pages of the owner, oldest first, and its id. */
export function destroyOwner(memory: Memory, owner: number): void {
  shrinkOwner(memory, owner, ownerPages(memory, owner), 'OLDEST');
  memory.owners[rowOf(memory, owner) + O_KIND_PLUS_ONE] = 0;
}

function rowOf(memory: Memory, owner: number): number {
  const row = owner * OWNER_FIELDS;
  invariant(
    owner >= 0 && owner < MAX_OWNERS && memory.owners[row + O_KIND_PLUS_ONE] !== 0,
    'an owner id must come from createOwner',
  );
  return row;
}
