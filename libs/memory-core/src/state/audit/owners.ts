/**
 * Owners: each page of an owner is on one of its lists or isolated by somebody; a huge page is one entry of a list, and
 * all 512 frames of its pageblock say whose they are. A file knows each of its pages that went.
 */
import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../../layout/constants.js';
import { BLOCK_HUGE, OWNER_FIELDS, OWNER_LISTS, ownerListNode } from '../../layout/memory.js';
import type { Memory } from '../../layout/memory.js';
import { MAX_OWNERS, TAG_OWNER, TAG_OWNER_ISOLATED } from '../../layout/tags.js';
import {
  KIND_FILE,
  O_EVICTED,
  O_FILE_START,
  O_ISOLATED,
  O_KIND_PLUS_ONE,
  O_PAGES,
  O_VIRTUAL_PAGES,
} from '../../layout/owner-fields.js';
import { claimFrames, report, same, walk } from './findings.js';
import type { Findings } from './findings.js';

const LISTS = Array.from({ length: OWNER_LISTS }, (_, list) => list);

export function auditOwners(memory: Memory, findings: Findings): void {
  const { owners } = memory;
  let isolated = 0;
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    const row = owner * OWNER_FIELDS;
    const kept = owners[row + O_PAGES];
    const listed = LISTS.reduce((pages, list) => pages + auditList(memory, owner, list, findings), 0);
    same(findings, `pages of owner ${owner}`, kept, listed);
    same(findings, `frames of owner ${owner}`, kept, findings.frames[TAG_OWNER + owner]);
    if (owners[row + O_KIND_PLUS_ONE] === 0 && kept > 0)
      report(findings, `owner ${owner} is gone and keeps ${kept} pages`);
    if (owners[row + O_ISOLATED] < 0) report(findings, `owner ${owner}: ${owners[row + O_ISOLATED]} isolated pages`);
    isolated += owners[row + O_ISOLATED];
    if (owners[row + O_KIND_PLUS_ONE] === KIND_FILE + 1) auditFile(memory, owner, findings);
  }
  same(findings, 'isolated pages of owners', isolated, findings.frames[TAG_OWNER_ISOLATED]);
  auditHugePages(memory, findings);
}

/** Base pages on one of the owner's lists. */
function auditList(memory: Memory, owner: number, which: number, findings: Findings): number {
  const name = `owner ${owner}`;
  let pages = 0;
  for (const pfn of walk(memory, ownerListNode(memory, owner, which), name, findings)) {
    if (memory.tag[pfn] !== TAG_OWNER + owner) report(findings, `${name}: lists pfn ${pfn} of somebody else`);
    const huge = (memory.blockFlags[pfn >> PAGEBLOCK_ORDER] & BLOCK_HUGE) !== 0;
    const length = huge ? PAGEBLOCK_PAGES : 1;
    if (huge && pfn % PAGEBLOCK_PAGES !== 0) report(findings, `${name}: lists pfn ${pfn} inside a huge page`);
    else claimFrames(pfn, length, name, findings);
    pages += length;
  }
  return pages;
}

function auditFile({ owners, fileShadow }: Memory, owner: number, findings: Findings): void {
  const row = owner * OWNER_FIELDS;
  const pages = owners[row + O_VIRTUAL_PAGES];
  if (pages === 0) return;
  const start = owners[row + O_FILE_START];
  const gone = fileShadow.subarray(start, start + pages).filter((shadow) => shadow !== 0).length;
  same(findings, `pages of file ${owner} that went`, owners[row + O_EVICTED], gone);
}

/** Every frame of a huge page carries the same owner's tag, isolated or not. */
function auditHugePages(memory: Memory, findings: Findings): void {
  for (let block = 0; block < memory.blockCount; block++) {
    if ((memory.blockFlags[block] & BLOCK_HUGE) === 0) continue;
    const start = block << PAGEBLOCK_ORDER;
    const owner = memory.tag[start];
    if (owner < TAG_OWNER && owner !== TAG_OWNER_ISOLATED) report(findings, `huge page ${start} has tag ${owner}`);
    const mixed = memory.tag.subarray(start, start + PAGEBLOCK_PAGES).findIndex((tag) => tag !== owner);
    if (mixed >= 0) report(findings, `huge page ${start}: pfn ${start + mixed} has tag ${memory.tag[start + mixed]}`);
  }
}
