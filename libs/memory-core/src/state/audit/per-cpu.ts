/** Per-CPU lists: the pages of a set are on a run or linked, tagged so, in its zone, and as many as the set says. */
import { PAGEBLOCK_ORDER } from '../../layout/constants.js';
import { PCP_RUN_WORDS, pcpListNode } from '../../layout/memory.js';
import type { Memory } from '../../layout/memory.js';
import { PCP_FIELDS, PCP_HUGE_LIST, PCP_LISTS, PCP_RUNS, P_COUNT, P_RUNS } from '../../layout/pcp-fields.js';
import { TAG_FREE, TAG_PCP, TAG_PCP_BLOCK, TAG_PCP_LINKED } from '../../layout/tags.js';
import { claimFrames, report, same, walk } from './findings.js';
import type { Findings } from './findings.js';

export function auditPerCpuLists(memory: Memory, findings: Findings): void {
  for (let slot = 0; slot < memory.zoneCount * memory.cpuCount; slot++) auditSet(memory, slot, findings);
}

function auditSet(memory: Memory, slot: number, findings: Findings): void {
  const zone = Math.floor(slot / memory.cpuCount);
  const name = `per-CPU set ${slot}`;
  let pages = 0;
  const claim = (pfn: number, order: number, tag: number): void => {
    if (memory.tag[pfn] !== tag) report(findings, `${name}: pfn ${pfn} has tag ${memory.tag[pfn]}, not ${tag}`);
    if (memory.blockZone[pfn >> PAGEBLOCK_ORDER] !== zone) report(findings, `${name}: pfn ${pfn} is of another zone`);
    for (let at = pfn + 1; at < pfn + 2 ** order; at++) {
      if (memory.tag[at] !== TAG_FREE) report(findings, `${name}: pfn ${at} has tag ${memory.tag[at]}`);
    }
    claimFrames(pfn, 2 ** order, name, findings);
    pages += 2 ** order;
  };
  for (let list = 0; list < PCP_LISTS; list++) {
    const order = list < PCP_HUGE_LIST ? Math.floor(list / 3) : PAGEBLOCK_ORDER;
    const nodes = walk(memory, pcpListNode(memory, slot, list), name, findings);
    for (const pfn of nodes) claim(pfn, order, order === 0 ? TAG_PCP_LINKED : TAG_PCP_BLOCK + order);
    if (order === 0) for (const pfn of pagesInRuns(memory, slot, list)) claim(pfn, 0, TAG_PCP);
  }
  same(findings, `${name} pages`, memory.pcp[slot * PCP_FIELDS + P_COUNT], pages);
}

function pagesInRuns(memory: Memory, slot: number, list: number): number[] {
  const [top, runs] = memory.pcp.subarray(slot * PCP_FIELDS + P_RUNS + list * 2);
  const pfns: number[] = [];
  for (let index = top - runs; index < top; index++) {
    const at = slot * PCP_RUN_WORDS + list * 2 * PCP_RUNS + (index & (PCP_RUNS - 1)) * 2;
    const [first, signed] = memory.pcpRuns.subarray(at);
    for (let page = 0; page < Math.abs(signed); page++) pfns.push(first + page * Math.sign(signed));
  }
  return pfns;
}
