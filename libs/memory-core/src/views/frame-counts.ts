/**
 * What the frames of a range are, counted by walking the tag column: for views per zone or node, which are asked for
 * rarely. The machine's sums are kept as counters (usage.ts). Cost: one step a frame.
 */
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { MAX_OWNERS, TAG_OWNER } from '../layout/tags.js';
import { OWNER_FIELDS, OWNER_LISTS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { isActiveList } from '../owner-pages/generations.js';
import { listOfPage } from '../owner-pages/lru.js';
import { O_KIND_PLUS_ONE } from '../layout/owner-fields.js';
import { headOfPage } from '../owner-pages/release.js';
import { ZONE_FIELDS, Z_END, Z_NODE, Z_START } from '../layout/zone-fields.js';

const TAGS = 256;

/** Frames by tag and by the list of their owner that they are on: list × TAGS + tag. */
const COUNTS = OWNER_LISTS * TAGS;

/** Frames by tag in [startPfn, endPfn). */
export function countTags(memory: Memory, startPfn: number, endPfn: number): Int32Array {
  const counts = new Int32Array(COUNTS);
  countInto(counts, memory, startPfn, endPfn);
  return counts;
}

function countInto(counts: Int32Array, memory: Memory, startPfn: number, endPfn: number): void {
  const { tag } = memory;
  for (let pfn = startPfn; pfn < endPfn; pfn++) {
    const list = tag[pfn] < TAG_OWNER ? 0 : listOfPage(memory, headOfPage(memory, pfn));
    counts[list * TAGS + tag[pfn]]++;
  }
}

/** Frames by tag in a zone. */
export function countZoneTags(memory: Memory, zone: number): Int32Array {
  const sum = new Int32Array(COUNTS);
  const row = zone * ZONE_FIELDS;
  const endPfn = memory.zones[row + Z_END];
  // Zones may lie inside one another: whose frames they are, pageblocks say.
  for (let pfn = memory.zones[row + Z_START]; pfn < endPfn;) {
    const block = pfn >> PAGEBLOCK_ORDER;
    const end = Math.min((block + 1) << PAGEBLOCK_ORDER, endPfn);
    if (memory.blockZone[block] === zone) countInto(sum, memory, pfn, end);
    pfn = end;
  }
  return sum;
}

/** Frames by tag in all zones of a node. */
export function countNodeTags(memory: Memory, node: number): Int32Array {
  const sum = new Int32Array(COUNTS);
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    if (memory.zones[zone * ZONE_FIELDS + Z_NODE] !== node) continue;
    const counts = countZoneTags(memory, zone);
    for (let at = 0; at < COUNTS; at++) sum[at] += counts[at];
  }
  return sum;
}

/** Of `counts`, the frames of owners of one kind. */
export function framesOfKind(memory: Memory, counts: Int32Array, kind: number): number {
  let frames = 0;
  for (let list = 0; list < OWNER_LISTS; list++) frames += framesOnList(memory, counts, kind, list);
  return frames;
}

/** Of those, the frames that count as active. */
export function activeFramesOfKind(memory: Memory, counts: Int32Array, kind: number): number {
  let frames = 0;
  for (let list = 0; list < OWNER_LISTS; list++) {
    if (isActiveList(memory, kind, list)) frames += framesOnList(memory, counts, kind, list);
  }
  return frames;
}

function framesOnList(memory: Memory, counts: Int32Array, kind: number, list: number): number {
  let frames = 0;
  for (let owner = 0; owner < MAX_OWNERS; owner++) {
    if (memory.owners[owner * OWNER_FIELDS + O_KIND_PLUS_ONE] === kind + 1)
      frames += counts[list * TAGS + TAG_OWNER + owner];
  }
  return frames;
}
