import { describe, expect, it } from '@jest/globals';
import { aZone, expectSound, freeCountOf, freeList, nrFree } from '../../test/support/zone.js';
import { allocatePages } from '../request/allocate.js';
import { freePages } from '../allocator/free.js';
import { isolateFreeBlock, putbackFreeBlock } from '../allocator/isolate-free.js';
import { pushHead, unlink } from '../allocator/page-list.js';
import { retypePageblock } from '../allocator/pageblock.js';
import { ISOLATE, MIGRATETYPES, MOVABLE, UNMOVABLE } from '../layout/constants.js';
import { Gfp } from '../layout/gfp.js';
import {
  BLOCK_REPORTED,
  REPORTING_ACTIVE,
  REPORTING_IDLE,
  REPORTING_REQUESTED,
  S_REPORTING,
  freeListNode,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { runToEnd } from '../tasks/task.js';
import { Z_ISOLATED_BLOCKS, Z_WMARK_LOW, Z_WMARK_MIN } from '../layout/zone-fields.js';
import {
  isReportingRequested,
  registerPageReporting,
  reportFreePages,
  unregisterPageReporting,
} from './page-reporting.js';
import type { ReportedBlocks } from './page-reporting.js';

/** A zone whose only free memory is `count` blocks of order 9, with a block in use beside each; all movable. */
function apart(count: number): { memory: Memory; held: number[] } {
  const memory = aZone(count * 1024);
  const held: number[] = [];
  for (let block = 0; block < 2 * count; block++) held.push(allocatePages(memory, 9, Gfp.HIGHUSER_MOVABLE));
  held.sort((one, other) => one - other);
  for (let block = 0; block < count; block++) freePages(memory, held.splice(block, 1)[0], 9);
  expect(nrFree(memory)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, count, 0]);
  return { memory, held };
}

const reportedBlocks = (memory: Memory): number[] =>
  Array.from(memory.blockFlags.keys()).filter((block) => (memory.blockFlags[block] & BLOCK_REPORTED) !== 0);

function moveToHead(memory: Memory, pfn: number): void {
  const node = memory.spanPages + (pfn >> 9);
  unlink(memory.links, node);
  pushHead(memory.links, freeListNode(memory, 0, 9 * MIGRATETYPES + MOVABLE), node);
}

/** A device that writes down the sizes of its calls, and each call's pfns in the order of the scatterlist. */
class Host {
  readonly calls: number[][] = [];
  fails = false;
  readonly report = ({ pfns, from }: ReportedBlocks): boolean => {
    this.calls.push([...pfns.subarray(from)]);
    return !this.fails;
  };

  pass(memory: Memory): number[] {
    const before = this.calls.length;
    runToEnd(memory, reportFreePages(memory, this.report));
    return this.calls.slice(before).map((call) => call.length);
  }
}

describe('free page reporting', () => {
  it('case 82: the first pass calls the device for 32 blocks and for the 8 that are left; all stay free', () => {
    const { memory } = apart(40);
    const host = new Host();
    expect(registerPageReporting(memory)).toBe(true);
    expect(isReportingRequested(memory)).toBe(true);
    const order = freeList(memory, 9, MOVABLE);
    expect(host.pass(memory)).toEqual([32, 8]);
    expect(freeCountOf(memory)).toBe(40 * 512);
    expect(reportedBlocks(memory)).toHaveLength(40);
    expect(memory.scalars[S_REPORTING]).toBe(REPORTING_IDLE);
    // The list is filled from its end, and each block is put back at the tail as the list of the call says.
    expect(host.calls[0]).toEqual(order.slice(0, 32).reverse());
    expect(freeList(memory, 9, MOVABLE)).toEqual([...order.slice(0, 32).reverse(), ...order.slice(32).reverse()]);
    expectSound(memory);
    expect(host.pass(memory)).toEqual([]);
  });

  it('takes one sixteenth of a long list in a pass, one call more, and asks for the next pass', () => {
    const { memory } = apart(600);
    const host = new Host();
    registerPageReporting(memory);
    // A budget of ceil(600 / 512) = 2 is below zero after three calls.
    expect(host.pass(memory)).toEqual([32, 32, 32]);
    expect(isReportingRequested(memory)).toBe(true);
    expect(reportedBlocks(memory)).toHaveLength(96);
    const seen = new Set(host.calls.flat());
    expect(seen.has(freeList(memory, 9, MOVABLE)[0])).toBe(false); // the next pass starts with the first one not reported
    for (let pass = 0; pass < 6; pass++) host.pass(memory);
    expect(reportedBlocks(memory)).toHaveLength(600);
    expect(new Set(host.calls.flat()).size).toBe(600);
    expect(host.calls.flat()).toHaveLength(600);
    expect(isReportingRequested(memory)).toBe(false);
    expectSound(memory);
  });

  it('case 83: leaves a zone alone that has no more than low + 16,384 pages free', () => {
    const { memory } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    memory.zones[Z_WMARK_LOW] = 40 * 512 - 16_384;
    expect(host.pass(memory)).toEqual([]);
    memory.zones[Z_WMARK_LOW]--;
    expect(host.pass(memory)).toEqual([32, 8]);
  });

  it('stops at the min watermark, with the blocks it has', () => {
    const { memory } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    // A block more may be taken while more than min + 512 pages are free: 40 … 31 blocks before it is taken.
    memory.zones[Z_WMARK_MIN] = 30 * 512 - 1;
    expect(host.pass(memory)).toEqual([10]);
    expect(freeCountOf(memory)).toBe(40 * 512);
    memory.zones[Z_WMARK_MIN] = 0;
    expectSound(memory);
  });

  it('case 84: a block that is taken is reported no more; freed again it asks for a pass', () => {
    const { memory } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    host.pass(memory);
    const page = allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
    expect(reportedBlocks(memory)).toHaveLength(39);
    expect(isReportingRequested(memory)).toBe(false);
    freePages(memory, page, 0);
    expect(nrFree(memory)[9]).toBe(40);
    expect(isReportingRequested(memory)).toBe(true);
    expect(host.pass(memory)).toEqual([1]);
    expect(host.calls.at(-1)).toEqual([page & ~511]);
  });

  it('a reported block that merges counts as one that was never reported', () => {
    const { memory, held } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    host.pass(memory);
    freePages(memory, held[0], 9);
    expect(nrFree(memory).slice(9)).toEqual([39, 1]);
    expect(reportedBlocks(memory)).toHaveLength(39);
    expect(host.pass(memory)).toEqual([1]);
    expect(reportedBlocks(memory)).toHaveLength(40);
  });

  it('case 85: an order-8 free asks for nothing, unless it completes a block of order 9', () => {
    const { memory } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    host.pass(memory);
    const lower = allocatePages(memory, 8, Gfp.HIGHUSER_MOVABLE);
    const upper = allocatePages(memory, 8, Gfp.HIGHUSER_MOVABLE);
    expect(upper).toBe(lower + 256);
    freePages(memory, lower, 8);
    expect(isReportingRequested(memory)).toBe(false);
    freePages(memory, upper, 8);
    expect(isReportingRequested(memory)).toBe(true);
  });

  it('case 86: when the device fails, the blocks go back unreported and the pass is over', () => {
    const { memory } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    host.fails = true;
    expect(host.pass(memory)).toEqual([32]);
    expect(reportedBlocks(memory)).toEqual([]);
    expect(freeCountOf(memory)).toBe(40 * 512);
    expect(memory.scalars[S_REPORTING]).toBe(REPORTING_IDLE);
    expectSound(memory);
  });

  it('case 87: blocks on ISOLATE lists are never reported', () => {
    const { memory } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    for (const pfn of freeList(memory, 9, MOVABLE).slice(0, 3)) {
      const row = Math.floor(pfn / 512);
      // As page isolation does: the free block moves to the list of the new type.
      isolateFreeBlock(memory, pfn, 9);
      retypePageblock(memory, row, ISOLATE);
      putbackFreeBlock(memory, pfn, 9);
    }
    memory.zones[Z_ISOLATED_BLOCKS] += 3;
    expect(freeList(memory, 9, ISOLATE)).toHaveLength(3);
    expect(host.pass(memory)).toEqual([32, 5]);
    expectSound(memory);
  });

  it('turns pageblocks movable that lie free under another type, as taking large blocks always does', () => {
    const memory = aZone(40 * 1024);
    const host = new Host();
    registerPageReporting(memory);
    freePages(memory, allocatePages(memory, 0, Gfp.KERNEL), 0);
    expect(memory.blockType.subarray(0, 3)).toEqual(Uint8Array.of(UNMOVABLE, UNMOVABLE, MOVABLE));
    expect(host.pass(memory)).toEqual([32, 8]);
    expect(memory.blockType.includes(UNMOVABLE)).toBe(false);
    expect(nrFree(memory)[10]).toBe(40);
    expectSound(memory);
  });

  it('hears of what is freed while a pass is under way, and reports again what merged meanwhile', () => {
    const { memory, held } = apart(40);
    const host = new Host();
    registerPageReporting(memory);
    const [first] = freeList(memory, 9, MOVABLE);
    const pass = reportFreePages(memory, host.report);
    expect(pass.next().value).toEqual({ kind: 'HOST' });
    expect(memory.scalars[S_REPORTING]).toBe(REPORTING_ACTIVE);
    expect(freeCountOf(memory)).toBe(8 * 512);
    expect(held).toContain(first + 512);
    freePages(memory, first + 512, 9); // its neighbour is on its way to the host
    expect(memory.scalars[S_REPORTING]).toBe(REPORTING_REQUESTED);
    while (pass.next().done !== true);
    expect(isReportingRequested(memory)).toBe(true);
    expect(memory.blockFree[first >> 9]).toBe(11);
    expect(host.calls.flat().filter((pfn) => pfn === first)).toHaveLength(2);
    expectSound(memory);
  });

  it('leaves each list with the block at its head that is to be reported next', () => {
    const { memory, held } = apart(600);
    const host = new Host();
    registerPageReporting(memory);
    const order = freeList(memory, 9, MOVABLE);
    host.pass(memory);
    // Three calls of 32: the next block is first, the reported ones are last.
    expect(freeList(memory, 9, MOVABLE)[0]).toBe(order[96]);
    // Reported blocks at the head, as when what was ahead of them was taken: they are passed over and end up last.
    const taken = allocatePages(memory, 9, Gfp.HIGHUSER_MOVABLE);
    expect(taken).toBe(order[96]);
    freePages(memory, taken, 9);
    const reported = freeList(memory, 9, MOVABLE).filter((pfn) => reportedBlocks(memory).includes(pfn >> 9));
    for (const pfn of reported.slice(0, 40)) moveToHead(memory, pfn);
    host.pass(memory);
    expect(
      freeList(memory, 9, MOVABLE)
        .slice(-136, -96)
        .some((pfn) => reported.includes(pfn)),
    ).toBe(true);
    expect(reportedBlocks(memory)).toHaveLength(192);
    const [head] = freeList(memory, 9, MOVABLE);
    expect(reportedBlocks(memory).includes(head >> 9)).toBe(false);
    expect(held).toHaveLength(600);
    // Also where it had to stop behind reported blocks: nothing more may be taken now.
    moveToHead(memory, freeList(memory, 9, MOVABLE).findLast((pfn) => reportedBlocks(memory).includes(pfn >> 9)) ?? -1);
    memory.zones[Z_WMARK_MIN] = 600 * 512;
    expect(host.pass(memory)).toEqual([]);
    expect(freeList(memory, 9, MOVABLE)[0]).toBe(head);
    memory.zones[Z_WMARK_MIN] = 0;
    expectSound(memory);
  });

  it('serves one device at a time', () => {
    const memory = aZone(1024);
    expect([registerPageReporting(memory), registerPageReporting(memory)]).toEqual([true, false]);
    unregisterPageReporting(memory);
    freePages(memory, allocatePages(memory, 9, Gfp.KERNEL), 9);
    expect(isReportingRequested(memory)).toBe(false);
    expect(registerPageReporting(memory)).toBe(true);
  });
});
