/**
 * The bookkeeping of a balloon page that moves to another frame. Up to 6.19 the driver does it in two steps, before it tells
 * the host of the new page and before it tells it of the old one; from 7.0 on the core does all of it when the driver is
 * done. A driver calls both steps on every release: where they are the core's, they do nothing.
 */
import { pushHead } from '../allocator/page-list.js';
import { PAGEBLOCK_ORDER } from '../layout/constants.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_MIGRATE } from '../layout/events.js';
import { balloonListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED, TAG_BALLOON, TAG_DEFLATED } from '../layout/tags.js';
import { D_ISOLATED, D_LISTED, adjustManaged, deviceRow } from './device.js';

/** Up to 6.19: the new page takes the old one's place in the balloon, at the head of the list. */
export function startBalloonMove(memory: Memory, device: number, newPfn: number, oldPfn: number): void {
  if (!memory.rules.coreMovesBalloonPages) takePlace(memory, device, newPfn, oldPfn);
}

/** Up to 6.19: the old page is no balloon page any more. */
export function endBalloonMove(memory: Memory, oldPfn: number): void {
  if (!memory.rules.coreMovesBalloonPages) memory.tag[oldPfn] = TAG_ALLOCATED;
}

/** Inserts the new page and lets the old, isolated one go; it is still to be freed. */
export function takePlace(memory: Memory, device: number, newPfn: number, oldPfn: number): void {
  const row = deviceRow(memory, device);
  memory.tag[newPfn] = TAG_BALLOON + device;
  pushHead(memory.links, balloonListNode(memory, device), newPfn);
  memory.devices[row + D_LISTED]++;
  memory.events[EV_BALLOON_MIGRATE]++;
  const { blockZone } = memory;
  if (blockZone[oldPfn >> PAGEBLOCK_ORDER] !== blockZone[newPfn >> PAGEBLOCK_ORDER]) {
    adjustManaged(memory, row, newPfn, 1, -1);
    adjustManaged(memory, row, oldPfn, 1, 1);
  }
  memory.devices[row + D_ISOLATED]--;
  memory.tag[oldPfn] = TAG_DEFLATED;
}

/** The old page was deflated and no new one inflated: the balloon is one page smaller. */
export function shrinkByIsolated(memory: Memory, device: number, oldPfn: number): void {
  const row = deviceRow(memory, device);
  memory.events[EV_BALLOON_DEFLATE]++;
  adjustManaged(memory, row, oldPfn, 1, 1);
  memory.devices[row + D_ISOLATED]--;
  memory.tag[oldPfn] = TAG_DEFLATED;
}
