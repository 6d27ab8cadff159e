/**
 * Recounts a memory the slow way and says what does not hold; an empty list means it is sound. The checks share nothing with
 * the verbs but the layout of the columns. Cost: a few passes over all frames; for tests and for doubt, not for every tick.
 *
 * The numbers B1 … B12 are those of the reference's list of balloon invariants.
 */
import {
  HIGHATOMIC,
  ISOLATE,
  LISTS_PER_ZONE,
  MAX_ORDER,
  MERGEABLE_TYPES,
  MIGRATETYPES,
  ORDERS,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
} from '../layout/constants.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE } from '../layout/events.js';
import {
  DEVICE_FIELDS,
  OWNER_FIELDS,
  PCP_RUN_WORDS,
  S_LOCKED_PAGES,
  S_RESIDENT,
  S_TOTAL_RAM,
  balloonListNode,
  freeListNode,
  ownerListNode,
  pcpListNode,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { O_KIND_PLUS_ONE, O_PAGES } from '../owners/owner-kind.js';
import { PCP_FIELDS, PCP_HUGE_LIST, PCP_LISTS, PCP_RUNS, P_COUNT, P_RUNS } from '../layout/pcp-fields.js';
import {
  MAX_BALLOON_DEVICES,
  MAX_OWNERS,
  TAG_ALLOCATED,
  TAG_BALLOON,
  TAG_DEFLATED,
  TAG_FREE,
  TAG_FREE_HEAD,
  TAG_HOLE,
  TAG_OWNER,
  TAG_PCP,
  TAG_PCP_BLOCK,
  TAG_PCP_LINKED,
  TAG_RESERVED,
  isBalloonTag,
} from '../layout/tags.js';
import {
  ZONE_FIELDS,
  Z_END,
  Z_FREE,
  Z_HIGHATOMIC_FREE,
  Z_ISOLATED_BLOCKS,
  Z_MANAGED,
  Z_PRESENT,
  Z_START,
  Z_WMARK_MIN,
} from '../layout/zone-fields.js';

/** What one audit has found so far. */
interface Findings {
  readonly problems: string[];
  /** 1 for a frame that is in a free block or on a list. */
  readonly seen: Uint8Array;
}

const MAX_PROBLEMS = 20;

export function auditMemory(memory: Memory): string[] {
  const findings: Findings = { problems: [], seen: new Uint8Array(memory.spanPages) };
  for (let zone = 0; zone < memory.zoneCount; zone++) auditFreeLists(memory, zone, findings);
  auditMerging(memory, findings);
  for (let slot = 0; slot < memory.zoneCount * memory.cpuCount; slot++) auditPcp(memory, slot, findings);
  auditOwners(memory, findings);
  auditBalloons(memory, findings);
  for (let zone = 0; zone < memory.zoneCount; zone++) auditZone(memory, zone, findings);
  auditTotals(memory, findings);
  return findings.problems;
}

function report(findings: Findings, problem: string): void {
  if (findings.problems.length < MAX_PROBLEMS) findings.problems.push(problem);
}

/** Reports when the two differ. */
function same(findings: Findings, what: string, kept: number, counted: number): void {
  if (kept !== counted) report(findings, `${what}: ${kept} kept, ${counted} counted`);
}

/** Nodes of a list from its head, with links checked in both directions; stops at `limit` nodes. */
function walk(memory: Memory, sentinel: number, limit: number, name: string, findings: Findings): number[] {
  const { links } = memory;
  const nodes: number[] = [];
  for (let node = links[2 * sentinel]; node !== sentinel; node = links[2 * node]) {
    if (node < 0 || 2 * node >= links.length || nodes.length > limit) {
      report(findings, `${name}: does not come back to its sentinel`);
      return nodes;
    }
    if (links[2 * links[2 * node] + 1] !== node || links[2 * links[2 * node + 1]] !== node)
      report(findings, `${name}: node ${node} is half linked`);
    nodes.push(node);
  }
  return nodes;
}

/** B4: a frame is on at most one list. */
function claimFrames(memory: Memory, pfn: number, pages: number, name: string, findings: Findings): void {
  for (let at = pfn; at < pfn + pages; at++) {
    if (findings.seen[at] === 1) report(findings, `${name}: pfn ${at} is also somewhere else`);
    findings.seen[at] = 1;
  }
}

function auditFreeLists(memory: Memory, zone: number, findings: Findings): void {
  const row = zone * ZONE_FIELDS;
  let free = 0;
  let highatomic = 0;
  for (let list = 0; list < LISTS_PER_ZONE; list++) {
    const order = Math.floor(list / MIGRATETYPES);
    const type = list % MIGRATETYPES;
    const name = `zone ${zone} order ${order} type ${type}`;
    const nodes = walk(memory, freeListNode(memory, zone, list), memory.spanPages, name, findings);
    same(findings, `${name} blocks`, memory.freeCount[zone * LISTS_PER_ZONE + list], nodes.length);
    for (const node of nodes) auditFreeBlock(memory, zone, order, type, node, findings);
    if (type !== ISOLATE) free += nodes.length * 2 ** order;
    if (type === HIGHATOMIC) highatomic += nodes.length * 2 ** order;
  }
  same(findings, `zone ${zone} free pages`, memory.zones[row + Z_FREE], free);
  same(findings, `zone ${zone} free high-atomic pages`, memory.zones[row + Z_HIGHATOMIC_FREE], highatomic);
}

function auditFreeBlock(
  memory: Memory,
  zone: number,
  order: number,
  type: number,
  node: number,
  findings: Findings,
): void {
  const big = order >= PAGEBLOCK_ORDER;
  const pfn = big ? (node - memory.spanPages) << PAGEBLOCK_ORDER : node;
  const name = `free block ${pfn} of order ${order}`;
  if (pfn < 0 || pfn + 2 ** order > memory.spanPages || pfn % 2 ** order !== 0) {
    report(findings, `${name}: cannot be there`);
    return;
  }
  const marked = big
    ? memory.blockFree[pfn >> PAGEBLOCK_ORDER] === order + 1
    : memory.tag[pfn] === TAG_FREE_HEAD + order;
  if (!marked) report(findings, `${name}: is not marked`);
  for (let at = big ? pfn : pfn + 1; at < pfn + 2 ** order; at++) {
    if (memory.tag[at] !== TAG_FREE) report(findings, `${name}: pfn ${at} has tag ${memory.tag[at]}`);
  }
  for (let block = pfn >> PAGEBLOCK_ORDER; block << PAGEBLOCK_ORDER < pfn + 2 ** order; block++) {
    if (memory.blockZone[block] !== zone) report(findings, `${name}: lies in another zone`);
    if (memory.blockType[block] !== type) report(findings, `${name}: is on a list of type ${type}`);
  }
  claimFrames(memory, pfn, 2 ** order, name, findings);
}

/** No two buddies that could merge are left apart, and nothing is marked free that no list holds. */
function auditMerging(memory: Memory, findings: Findings): void {
  for (let pfn = 0; pfn < memory.spanPages; pfn++) {
    const order = freeOrderAt(memory, pfn);
    if (order < 0) continue;
    if (findings.seen[pfn] === 0) report(findings, `pfn ${pfn} is marked free at order ${order} and on no list`);
    const buddy = pfn ^ (2 ** order);
    if (order < MAX_ORDER && buddy > pfn && freeOrderAt(memory, buddy) === order && mayMerge(memory, pfn, buddy)) {
      report(findings, `buddies ${pfn} and ${buddy} of order ${order} lie unmerged`);
    }
  }
}

function freeOrderAt(memory: Memory, pfn: number): number {
  const tag = memory.tag[pfn];
  if (tag >= TAG_FREE_HEAD && tag < TAG_FREE_HEAD + PAGEBLOCK_ORDER) return tag - TAG_FREE_HEAD;
  return pfn % PAGEBLOCK_PAGES === 0 ? memory.blockFree[pfn >> PAGEBLOCK_ORDER] - 1 : -1;
}

function mayMerge(memory: Memory, pfn: number, buddy: number): boolean {
  const one = pfn >> PAGEBLOCK_ORDER;
  const other = buddy >> PAGEBLOCK_ORDER;
  if (memory.blockZone[one] !== memory.blockZone[other]) return false;
  const [typeA, typeB] = [memory.blockType[one], memory.blockType[other]];
  return typeA === typeB || (typeA < MERGEABLE_TYPES && typeB < MERGEABLE_TYPES);
}

/** The pages of a set of per-CPU lists: on a run or linked, tagged so, in the zone, and as many as the set says. */
function auditPcp(memory: Memory, slot: number, findings: Findings): void {
  const zone = Math.floor(slot / memory.cpuCount);
  const name = `per-CPU set ${slot}`;
  let pages = 0;
  const claim = (pfn: number, order: number, tag: number): void => {
    if (memory.tag[pfn] !== tag) report(findings, `${name}: pfn ${pfn} has tag ${memory.tag[pfn]}, not ${tag}`);
    if (memory.blockZone[pfn >> PAGEBLOCK_ORDER] !== zone) report(findings, `${name}: pfn ${pfn} is of another zone`);
    claimFrames(memory, pfn, 2 ** order, name, findings);
    pages += 2 ** order;
  };
  for (let list = 0; list < PCP_LISTS; list++) {
    const order = list < PCP_HUGE_LIST ? Math.floor(list / 3) : PAGEBLOCK_ORDER;
    const nodes = walk(memory, pcpListNode(memory, slot, list), memory.spanPages, name, findings);
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

function auditOwners(memory: Memory, findings: Findings): void {
  const tagged = new Float64Array(MAX_OWNERS);
  for (const tag of memory.tag) if (tag >= TAG_OWNER) tagged[tag - TAG_OWNER]++;
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    const kept = memory.owners[owner * OWNER_FIELDS + O_PAGES];
    let listed = 0;
    for (let which = 0; which < 2; which++) {
      const nodes = walk(memory, ownerListNode(memory, owner, which), memory.spanPages, `owner ${owner}`, findings);
      for (const pfn of nodes) {
        if (memory.tag[pfn] !== TAG_OWNER + owner)
          report(findings, `owner ${owner}: lists pfn ${pfn} of somebody else`);
        claimFrames(memory, pfn, 1, `owner ${owner}`, findings);
      }
      listed += nodes.length;
    }
    same(findings, `pages of owner ${owner}`, kept, listed);
    same(findings, `frames of owner ${owner}`, kept, tagged[owner]);
    if (memory.owners[owner * OWNER_FIELDS + O_KIND_PLUS_ONE] === 0 && kept > 0) {
      report(findings, `owner ${owner} is gone and keeps ${kept} pages`);
    }
  }
}

/** B1, B5, B6, B7, B9. */
function auditBalloons(memory: Memory, findings: Findings): void {
  let held = 0;
  for (let device = 0; device < MAX_BALLOON_DEVICES; device++) {
    const row = device * DEVICE_FIELDS;
    const [listed, isolated] = [memory.devices[row + 1], memory.devices[row + 2]];
    const name = `balloon ${device}`;
    const nodes = walk(memory, balloonListNode(memory, device), memory.spanPages, name, findings);
    for (const pfn of nodes) {
      if (memory.tag[pfn] !== TAG_BALLOON + device)
        report(findings, `${name}: lists pfn ${pfn} of tag ${memory.tag[pfn]}`);
      claimFrames(memory, pfn, 1, name, findings);
    }
    let tagged = 0;
    for (const tag of memory.tag) if (tag === TAG_BALLOON + device) tagged++;
    same(findings, `${name} listed pages`, listed, nodes.length);
    same(findings, `${name} frames`, listed, tagged);
    if (isolated < 0) report(findings, `${name}: ${isolated} isolated pages`);
    held += listed + isolated;
  }
  const { events } = memory;
  same(findings, 'balloon_inflate − balloon_deflate', events[EV_BALLOON_INFLATE] - events[EV_BALLOON_DEFLATE], held);
}

/** B8 and B12: every present frame is free or held, and managed pages add up. */
function auditZone(memory: Memory, zone: number, findings: Findings): void {
  const row = zone * ZONE_FIELDS;
  const { zones, tag } = memory;
  let present = 0;
  let reserved = 0;
  let adjusted = 0;
  for (let pfn = zones[row + Z_START]; pfn < zones[row + Z_END]; pfn++) {
    const state = tag[pfn];
    if (state === TAG_HOLE) continue;
    present++;
    if (state === TAG_RESERVED) reserved++;
    const held = state === TAG_RESERVED || state === TAG_ALLOCATED || state === TAG_DEFLATED;
    if ((findings.seen[pfn] === 1) === held)
      report(findings, `pfn ${pfn} (tag ${state}) is ${held ? 'listed' : 'lost'}`);
    if (isBalloonTag(state) && memory.devices[(state - TAG_BALLOON) * DEVICE_FIELDS + 3] === 1) adjusted++;
  }
  same(findings, `zone ${zone} present pages`, zones[row + Z_PRESENT], present);
  same(findings, `zone ${zone} managed pages`, zones[row + Z_MANAGED], present - reserved - adjusted);
  for (let mark = Z_WMARK_MIN; mark < Z_WMARK_MIN + 3; mark++) {
    if (zones[row + mark] > zones[row + mark + 1]) report(findings, `zone ${zone}: watermarks do not rise`);
  }
  let isolatedBlocks = 0;
  const endBlock = Math.ceil(zones[row + Z_END] / PAGEBLOCK_PAGES);
  for (let block = zones[row + Z_START] >> PAGEBLOCK_ORDER; block < endBlock; block++) {
    if (memory.blockType[block] === ISOLATE) isolatedBlocks++;
    if (memory.blockFree[block] > ORDERS) report(findings, `pageblock ${block} has a free order that cannot be`);
  }
  same(findings, `zone ${zone} isolated pageblocks`, zones[row + Z_ISOLATED_BLOCKS], isolatedBlocks);
}

function auditTotals(memory: Memory, findings: Findings): void {
  let managed = 0;
  for (let zone = 0; zone < memory.zoneCount; zone++) managed += memory.zones[zone * ZONE_FIELDS + Z_MANAGED];
  same(findings, 'managed pages', memory.scalars[S_TOTAL_RAM], managed);
  let backed = 0;
  for (let word of memory.backed) for (; word !== 0; word &= word - 1) backed++;
  same(findings, 'backed frames', memory.scalars[S_RESIDENT], backed);
  const locked = memory.locks.subarray(0, memory.scalars[S_LOCKED_PAGES]);
  if (new Set(locked).size !== locked.length) report(findings, 'a page is locked twice');
}
