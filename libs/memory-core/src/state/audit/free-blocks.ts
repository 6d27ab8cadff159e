/**
 * Free memory: the buddy's lists, and the blocks that were taken off them whole (compaction's targets, reporting's
 * scatterlist). Both are counted by what their frames say, not by what their holders remember.
 */
import {
  HIGHATOMIC,
  ISOLATE,
  LISTS_PER_ZONE,
  MAX_ORDER,
  MERGEABLE_TYPES,
  MIGRATETYPES,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
} from '../../layout/constants.js';
import { freeListNode } from '../../layout/memory.js';
import type { Memory } from '../../layout/memory.js';
import { TAG_COMPACT_FREE, TAG_FREE, TAG_FREE_HEAD } from '../../layout/tags.js';
import { ZONE_FIELDS, Z_FREE, Z_HIGHATOMIC_FREE } from '../../layout/zone-fields.js';
import { claimFrames, report, same, walk } from './findings.js';
import type { Findings } from './findings.js';

export function auditFreeBlocks(memory: Memory, findings: Findings): void {
  for (let zone = 0; zone < memory.zoneCount; zone++) auditFreeLists(memory, zone, findings);
  auditMerging(memory, findings);
  auditTakenBlocks(memory, findings);
}

function auditFreeLists(memory: Memory, zone: number, findings: Findings): void {
  const row = zone * ZONE_FIELDS;
  let free = 0;
  let highatomic = 0;
  for (let list = 0; list < LISTS_PER_ZONE; list++) {
    const order = Math.floor(list / MIGRATETYPES);
    const type = list % MIGRATETYPES;
    const name = `zone ${zone} order ${order} type ${type}`;
    const nodes = walk(memory, freeListNode(memory, zone, list), name, findings);
    same(findings, `${name} blocks`, memory.freeCount[zone * LISTS_PER_ZONE + list], nodes.length);
    for (const node of nodes) auditFreeBlock(memory, { zone, order, type, node }, findings);
    if (type !== ISOLATE) free += nodes.length * 2 ** order;
    if (type === HIGHATOMIC) highatomic += nodes.length * 2 ** order;
  }
  same(findings, `zone ${zone} free pages`, memory.zones[row + Z_FREE], free);
  same(findings, `zone ${zone} free high-atomic pages`, memory.zones[row + Z_HIGHATOMIC_FREE], highatomic);
}

interface ListedBlock {
  readonly zone: number;
  readonly order: number;
  readonly type: number;
  readonly node: number;
}

function auditFreeBlock(memory: Memory, { zone, order, type, node }: ListedBlock, findings: Findings): void {
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
  requirePlainFrames(memory, big ? pfn : pfn + 1, pfn + 2 ** order, name, findings);
  for (let block = pfn >> PAGEBLOCK_ORDER; block << PAGEBLOCK_ORDER < pfn + 2 ** order; block++) {
    if (memory.blockZone[block] !== zone) report(findings, `${name}: lies in another zone`);
    if (memory.blockType[block] !== type) report(findings, `${name}: is on a list of type ${type}`);
  }
  claimFrames(pfn, 2 ** order, name, findings);
}

/** B7: what lies inside a free block is nothing else. */
function requirePlainFrames(memory: Memory, from: number, to: number, name: string, findings: Findings): void {
  for (let at = from; at < to; at++) {
    if (memory.tag[at] !== TAG_FREE) report(findings, `${name}: pfn ${at} has tag ${memory.tag[at]}`);
  }
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

/** Order of the free block that `pfn` heads, or −1. */
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
  // Pageblocks that are isolated one after the other stay apart until they are let go.
  if (typeA === ISOLATE) return false;
  return typeA === typeB || (typeA < MERGEABLE_TYPES && typeB < MERGEABLE_TYPES);
}

/** Blocks on compaction's private lists, caught for a request, or with the reporting device: whole, aligned, in one zone. */
function auditTakenBlocks(memory: Memory, findings: Findings): void {
  if (!hasTakenBlocks(findings)) return;
  for (let pfn = 0; pfn < memory.spanPages; pfn++) {
    const order = memory.tag[pfn] - TAG_COMPACT_FREE;
    if (order < 0 || order > MAX_ORDER) continue;
    const name = `taken block ${pfn} of order ${order}`;
    const endPfn = pfn + 2 ** order;
    if (pfn % 2 ** order !== 0) report(findings, `${name}: cannot be there`);
    requirePlainFrames(memory, pfn + 1, Math.min(endPfn, memory.spanPages), name, findings);
    const zone = memory.blockZone[pfn >> PAGEBLOCK_ORDER];
    if (memory.blockZone[(endPfn - 1) >> PAGEBLOCK_ORDER] !== zone) report(findings, `${name}: spans two zones`);
    claimFrames(pfn, 2 ** order, name, findings);
  }
}

function hasTakenBlocks({ frames }: Findings): boolean {
  return frames.subarray(TAG_COMPACT_FREE, TAG_COMPACT_FREE + MAX_ORDER + 1).some((count) => count > 0);
}
