/**
 * Lists, mappings and the swap device: each page is marked with the list that it is on, there is one slot for each page that is in
 * swap or has a copy there, and a page of a mapping is in one place.
 */
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../../layout/constants.js';
import { BLOCK_HUGE, OWNER_FIELDS, OWNER_LISTS, S_SWAP_USED, ownerListNode } from '../../layout/memory.js';
import type { Memory } from '../../layout/memory.js';
import { MAX_OWNERS, TAG_OWNER, TAG_OWNER_ISOLATED } from '../../layout/tags.js';
import { listOfPage, pagesOnList } from '../../owner-pages/lru.js';
import { O_SWAPPED, O_VIRTUAL_PAGES } from '../../layout/owner-fields.js';
import { report, same, walk } from './findings.js';
import type { Findings } from './findings.js';

export function auditSwap(memory: Memory, findings: Findings): void {
  auditLists(memory, findings);
  auditSlots(memory, findings);
  auditMappings(memory, findings);
}

function auditLists(memory: Memory, findings: Findings): void {
  const listed = [0, 0, 0, 0];
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    for (let list = 0; list < OWNER_LISTS; list++) {
      let pages = 0;
      for (const pfn of walk(memory, ownerListNode(memory, owner, list), `owner ${owner}`, findings)) {
        listed[list]++;
        pages += (memory.blockFlags[pfn >> PAGEBLOCK_ORDER] & BLOCK_HUGE) === 0 ? 1 : PAGEBLOCK_PAGES;
        const marked = listOfPage(memory, pfn);
        if (marked !== list) report(findings, `pfn ${pfn} is on list ${list} and marked for list ${marked}`);
      }
      same(findings, `pages on list ${list} of owner ${owner}`, pagesOnList(memory, owner, list), pages);
    }
  }
  same(findings, 'pages marked for lists 1 and 3', countBits(memory.listLow), listed[1] + listed[3]);
  same(findings, 'pages marked for lists 2 and 3', countBits(memory.listHigh), listed[2] + listed[3]);
}

function countBits(words: Uint32Array): number {
  let bits = 0;
  for (let word of words) for (; word !== 0; word &= word - 1) bits++;
  return bits;
}

function auditSlots(memory: Memory, findings: Findings): void {
  const { swapOwner, frameSlot } = memory;
  const used = new Float64Array(MAX_OWNERS + 1);
  for (const owner of swapOwner) used[owner]++;
  same(findings, 'slots in use', memory.scalars[S_SWAP_USED], swapOwner.length - used[0]);
  const copies = new Float64Array(MAX_OWNERS + 1);
  for (let pfn = 0; pfn < frameSlot.length; pfn++) {
    if (frameSlot[pfn] === 0) continue;
    const owner = swapOwner[Math.abs(frameSlot[pfn]) - 1];
    copies[owner]++;
    const tag = memory.tag[pfn];
    if (owner === 0 || (tag !== TAG_OWNER + owner - 1 && tag !== TAG_OWNER_ISOLATED))
      report(findings, `pfn ${pfn} (tag ${tag}) has a copy in a slot of owner ${owner - 1}`);
  }
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    const swapped = memory.owners[owner * OWNER_FIELDS + O_SWAPPED];
    same(findings, `slots of owner ${owner}`, swapped + copies[owner + 1], used[owner + 1]);
  }
}

function auditMappings(memory: Memory, findings: Findings): void {
  const { virtualPage, owners, tag } = memory;
  const places = new Map<number, Set<number>>();
  for (let pfn = 0; pfn < virtualPage.length; pfn++) {
    const owner = tag[pfn] - TAG_OWNER;
    const length = owner < 0 ? 0 : owners[owner * OWNER_FIELDS + O_VIRTUAL_PAGES];
    const page = virtualPage[pfn];
    if (tag[pfn] === TAG_OWNER_ISOLATED) continue;
    if (length === 0 ? page !== 0 : page < 1 || page > length)
      report(findings, `pfn ${pfn}: is page ${page} of ${length}`);
    if (length > 0) claimPage(findings, places, owner, page);
  }
}

function claimPage(findings: Findings, places: Map<number, Set<number>>, owner: number, page: number): void {
  const known = places.get(owner) ?? new Set<number>();
  places.set(owner, known);
  if (known.has(page)) report(findings, `owner ${owner}: page ${page} is in two frames`);
  known.add(page);
}
