/**
 * Zones: every present frame is free or held (B12), managed pages add up (B8), offline memory is nobody's, and what is said
 * of pageblocks is true of their frames.
 */
import { ISOLATE, ORDERS, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES } from '../../layout/constants.js';
import { BLOCK_REPORTED, S_LOCKED_PAGES, S_RESIDENT, S_TOTAL_RAM } from '../../layout/memory.js';
import type { Memory } from '../../layout/memory.js';
import {
  MAX_BALLOON_DEVICES,
  TAG_ALLOCATED,
  TAG_BALLOON_ISOLATED,
  TAG_DEFLATED,
  TAG_HOLE,
  TAG_OFFLINE,
  TAG_OWNER_ISOLATED,
  TAG_RESERVED,
} from '../../layout/tags.js';
import {
  ZONE_FIELDS,
  Z_END,
  Z_ISOLATED_BLOCKS,
  Z_MANAGED,
  Z_PRESENT,
  Z_START,
  Z_WMARK_MIN,
} from '../../layout/zone-fields.js';
import { isUnmanagedBalloonTag } from './balloons.js';
import { report, same } from './findings.js';
import type { Findings } from './findings.js';

export function auditZones(memory: Memory, findings: Findings): void {
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    auditFrames(memory, zone, findings);
    auditPageblocks(memory, zone, findings);
    auditWatermarks(memory, zone, findings);
  }
  auditTotals(memory, findings);
}

function auditFrames(memory: Memory, zone: number, findings: Findings): void {
  const row = zone * ZONE_FIELDS;
  const { zones, tag, blockZone } = memory;
  let present = 0;
  let reserved = 0;
  let adjusted = 0;
  for (let pfn = zones[row + Z_START]; pfn < zones[row + Z_END]; pfn++) {
    if (blockZone[pfn >> PAGEBLOCK_ORDER] !== zone) continue;
    const state = tag[pfn];
    const absent = state === TAG_HOLE || state === TAG_OFFLINE;
    if (!absent) present++;
    if (state === TAG_RESERVED) reserved++;
    if ((findings.seen[pfn] === 1) === (absent || isHeld(state))) {
      report(findings, `pfn ${pfn} (tag ${state}) is ${findings.seen[pfn] === 1 ? 'listed' : 'lost'}`);
    }
    if (isUnmanagedBalloonTag(memory, state)) adjusted++;
  }
  same(findings, `zone ${zone} present pages`, zones[row + Z_PRESENT], present);
  same(findings, `zone ${zone} managed pages`, zones[row + Z_MANAGED], present - reserved - adjusted);
}

/** In use, and on no list of the memory's: whoever has such a frame keeps a record of it. */
function isHeld(tag: number): boolean {
  if (tag >= TAG_BALLOON_ISOLATED && tag < TAG_BALLOON_ISOLATED + MAX_BALLOON_DEVICES) return true;
  return tag === TAG_RESERVED || tag === TAG_ALLOCATED || tag === TAG_DEFLATED || tag === TAG_OWNER_ISOLATED;
}

function auditPageblocks(memory: Memory, zone: number, findings: Findings): void {
  const row = zone * ZONE_FIELDS;
  const { zones, blockFlags, blockFree, blockType, tag } = memory;
  let isolated = 0;
  const endBlock = Math.ceil(zones[row + Z_END] / PAGEBLOCK_PAGES);
  for (let block = zones[row + Z_START] >> PAGEBLOCK_ORDER; block < endBlock; block++) {
    if (memory.blockZone[block] !== zone) continue;
    const offline = tag[block << PAGEBLOCK_ORDER] === TAG_OFFLINE;
    if (blockType[block] === ISOLATE && !offline) isolated++;
    if (blockFree[block] > ORDERS) report(findings, `pageblock ${block} has a free order that cannot be`);
    if ((blockFlags[block] & BLOCK_REPORTED) !== 0 && blockFree[block] === 0)
      report(findings, `pageblock ${block} is reported and heads no free block`);
  }
  same(findings, `zone ${zone} isolated pageblocks`, zones[row + Z_ISOLATED_BLOCKS], isolated);
}

function auditWatermarks(memory: Memory, zone: number, findings: Findings): void {
  const row = zone * ZONE_FIELDS;
  for (let mark = row + Z_WMARK_MIN; mark < row + Z_WMARK_MIN + 3; mark++) {
    if (memory.zones[mark] > memory.zones[mark + 1]) report(findings, `zone ${zone}: watermarks do not rise`);
  }
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
