/**
 * Giving a memory block back to a zone. Source: mm/memory_hotplug.c of Linux 6.12 (online_pages), as described in the
 * reference, §5.4: the block's memory joins the free lists at their tails, in the largest blocks there are.
 */
import { freeBlock } from '../allocator/buddy.js';
import { recomputeZones } from '../allocator/sysctl.js';
import { MAX_ORDER, MAX_ORDER_PAGES, MOVABLE, NIL, PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EINVAL } from '../layout/errno.js';
import { REPORTING_OFF, REPORTING_REQUESTED, S_REPORTING, S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_FREE } from '../layout/tags.js';
import { ZONE_FIELDS, Z_MANAGED, Z_PRESENT } from '../layout/zone-fields.js';
import { joinZone, zoneToJoin } from './block-zone.js';
import type { OnlineKind } from './block-zone.js';
import { memoryBlock } from './memory-block.js';

/**
 * 0, or −EINVAL for a block that is no such block or not offline, and when there is no zone of that kind: a Movable zone
 * that the guest was not booted with cannot be made.
 */
export function onlineMemoryBlock(memory: Memory, block: number, kind: OnlineKind = 'online'): number {
  const place = memoryBlock(memory, block);
  if (place?.state !== 'OFFLINE') return -EINVAL;
  const { startPfn, endPfn } = place;
  const zone = zoneToJoin(memory, startPfn, endPfn, kind);
  if (zone === NIL) return -EINVAL;
  const { zones, scalars } = memory;
  memory.tag.fill(TAG_FREE, startPfn, endPfn);
  memory.blockType.fill(MOVABLE, startPfn >> PAGEBLOCK_ORDER, endPfn >> PAGEBLOCK_ORDER);
  memory.blockFlags.fill(0, startPfn >> PAGEBLOCK_ORDER, endPfn >> PAGEBLOCK_ORDER);
  joinZone(memory, zone, startPfn, endPfn);
  for (let pfn = startPfn; pfn < endPfn; pfn += MAX_ORDER_PAGES) freeBlock(memory, pfn, MAX_ORDER, true);
  zones[zone * ZONE_FIELDS + Z_PRESENT] += endPfn - startPfn;
  zones[zone * ZONE_FIELDS + Z_MANAGED] += endPfn - startPfn;
  scalars[S_TOTAL_RAM] += endPfn - startPfn;
  if (scalars[S_REPORTING] !== REPORTING_OFF) scalars[S_REPORTING] = REPORTING_REQUESTED;
  recomputeZones(memory);
  return 0;
}
