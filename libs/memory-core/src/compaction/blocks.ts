/** What a pageblock is good for in a run of compaction, told from its first frame. */
import { MOVABLE, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { TAG_FREE, TAG_FREE_HEAD, TAG_OFFLINE } from '../layout/tags.js';
import type { CompactControl } from './control.js';

/** True when the pageblock of `pfn` is online memory of the run's zone. */
export function isUsableBlock(cc: CompactControl, pfn: number): boolean {
  return cc.memory.blockZone[pfn >> PAGEBLOCK_ORDER] === cc.zone && cc.memory.tag[pfn] !== TAG_OFFLINE;
}

/** False for a pageblock that begins with a large free block, and for one whose type does not take movable pages. */
export function isMigrationTarget(cc: CompactControl, start: number): boolean {
  const { memory } = cc;
  const block = start >> PAGEBLOCK_ORDER;
  const spared = memory.rules.sparesWantedOrder && cc.order > 0 ? cc.order : PAGEBLOCK_ORDER;
  if (freeOrder(memory.tag[start], memory.blockFree[block]) >= spared) return false;
  return cc.ignoreBlockSuitable || memory.blockType[block] === MOVABLE;
}

/** Order of the free block at a pageblock's first frame, or −1. */
function freeOrder(tag: number, large: number): number {
  if (tag === TAG_FREE) return large - 1;
  return tag < TAG_FREE_HEAD + PAGEBLOCK_ORDER ? tag - TAG_FREE_HEAD : -1;
}
