/**
 * Free page reporting: tells the host which large free blocks nobody uses, so that it can take away what backs them.
 * Source: mm/page_reporting.c of Linux 6.12, as described in the reference, section 3.12.
 *
 * The state is a scalar of the memory (S_REPORTING); the allocator sets it to REQUESTED whenever a block of order 9 or more is
 * freed. Whoever runs the guest's clock then lets REPORTING_DELAY_US pass and runs reportFreePages, and does so again when the
 * pass leaves the state REQUESTED. A block that was reported carries BLOCK_REPORTED until it leaves its list.
 *
 * Only blocks of pageblock order and above are reported, Linux's default: the bit is kept for each pageblock.
 */
import { isolateFreeBlock, putbackFreeBlock } from '../allocator/isolate-free.js';
import { isFreeHead } from '../allocator/buddy.js';
import { ALLOC_WMARK_LOW, effectiveMark, isWatermarkOk } from '../allocator/watermark.js';
import { ISOLATE, LISTS_PER_ZONE, MAX_ORDER, MIGRATETYPES, PAGEBLOCK_ORDER } from '../layout/constants.js';
import {
  BLOCK_REPORTED,
  REPORTING_ACTIVE,
  REPORTING_IDLE,
  REPORTING_OFF,
  REPORTING_REQUESTED,
  S_REPORTING,
  freeListNode,
} from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import type { Task, Wait } from '../tasks/task.js';

/** From the first large block freed to the pass that reports it. */
export const REPORTING_DELAY_US = 2_000_000;
/** Blocks in one call of the device (PAGE_REPORTING_CAPACITY). */
export const REPORTING_CAPACITY = 32;
/** A pass reports about one sixteenth of a list. */
const PASSES_PER_LIST = 16;
const HOST: Wait = { kind: 'HOST' };

/** Blocks on their way to the host: entries `from` up to, not including, REPORTING_CAPACITY. */
export interface ReportedBlocks {
  readonly pfns: Int32Array;
  readonly orders: Uint8Array;
  from: number;
}

/** The device: hands the blocks to the host; false when that failed. The blocks are the caller's again when it returns. */
export type ReportBlocks = (blocks: ReportedBlocks) => boolean;

/** A device wants to hear of free pages; false when there is one already. The first pass is requested at once. */
export function registerPageReporting(memory: Memory): boolean {
  if (memory.scalars[S_REPORTING] !== REPORTING_OFF) return false;
  memory.scalars[S_REPORTING] = REPORTING_REQUESTED;
  return true;
}

export function unregisterPageReporting(memory: Memory): void {
  memory.scalars[S_REPORTING] = REPORTING_OFF;
}

/** True when a pass is due, REPORTING_DELAY_US after this became true. */
export function isReportingRequested(memory: Memory): boolean {
  return memory.scalars[S_REPORTING] === REPORTING_REQUESTED;
}

/** One pass over all zones. Ends early when the device fails. */
export function* reportFreePages(memory: Memory, report: ReportBlocks): Task<void> {
  memory.scalars[S_REPORTING] = REPORTING_ACTIVE;
  const blocks: ReportedBlocks = {
    pfns: new Int32Array(REPORTING_CAPACITY),
    orders: new Uint8Array(REPORTING_CAPACITY),
    from: REPORTING_CAPACITY,
  };
  for (let zone = 0; zone < memory.zoneCount; zone++) {
    const reported = yield* reportZone(memory, zone, blocks, report);
    if (!reported) break;
  }
  if (memory.scalars[S_REPORTING] === REPORTING_ACTIVE) memory.scalars[S_REPORTING] = REPORTING_IDLE;
}

function* reportZone(memory: Memory, zone: number, blocks: ReportedBlocks, report: ReportBlocks): Task<boolean> {
  const spare = effectiveMark(memory, zone, ALLOC_WMARK_LOW) + (REPORTING_CAPACITY << PAGEBLOCK_ORDER);
  if (!isWatermarkOk(memory, zone, 0, spare, 0, 0)) return true;
  for (let order = PAGEBLOCK_ORDER; order <= MAX_ORDER; order++) {
    for (let type = 0; type < MIGRATETYPES; type++) {
      if (type === ISOLATE) continue;
      const reported = yield* reportList(memory, zone, order * MIGRATETYPES + type, blocks, report);
      if (!reported) return false;
    }
  }
  if (blocks.from === REPORTING_CAPACITY) return true;
  return yield* callDevice(memory, blocks, report);
}

/** Reports the head of one free list, as far as the budget goes; false when the device failed. */
function* reportList(
  memory: Memory,
  zone: number,
  list: number,
  blocks: ReportedBlocks,
  report: ReportBlocks,
): Task<boolean> {
  const { links, spanPages, blockFlags } = memory;
  const sentinel = freeListNode(memory, zone, list);
  const order = Math.floor(list / MIGRATETYPES);
  let budget = Math.ceil(freeBlocksOfOrder(memory, zone, order) / (REPORTING_CAPACITY * PASSES_PER_LIST));
  let node = links[2 * sentinel];
  while (node !== sentinel) {
    const block = node - spanPages;
    if ((blockFlags[block] & BLOCK_REPORTED) !== 0) {
      node = links[2 * node];
      continue;
    }
    if (budget < 0) {
      memory.scalars[S_REPORTING] = REPORTING_REQUESTED;
      break;
    }
    if (blocks.from > 0) {
      const next = links[2 * node];
      if (!isolateFreeBlock(memory, block << PAGEBLOCK_ORDER, order)) break;
      blocks.from--;
      blocks.pfns[blocks.from] = block << PAGEBLOCK_ORDER;
      blocks.orders[blocks.from] = order;
      node = next;
      continue;
    }
    rotateToFront(links, sentinel, node);
    budget--;
    const reported = yield* callDevice(memory, blocks, report);
    if (!reported) return false;
    node = links[2 * sentinel];
  }
  rotateToFront(links, sentinel, node);
  return true;
}

/** Over all types, as the kernel counts them. */
function freeBlocksOfOrder(memory: Memory, zone: number, order: number): number {
  const from = zone * LISTS_PER_ZONE + order * MIGRATETYPES;
  let blocks = 0;
  for (let at = from; at < from + MIGRATETYPES; at++) blocks += memory.freeCount[at];
  return blocks;
}

/** Tells the host of all blocks collected and puts them back; those that stay as they were need not be told again. */
function* callDevice(memory: Memory, blocks: ReportedBlocks, report: ReportBlocks): Task<boolean> {
  const reported = report(blocks);
  yield HOST;
  for (let at = blocks.from; at < REPORTING_CAPACITY; at++) {
    const pfn = blocks.pfns[at];
    const order = blocks.orders[at];
    putbackFreeBlock(memory, pfn, order);
    if (reported && isFreeHead(memory, pfn, order)) memory.blockFlags[pfn >> PAGEBLOCK_ORDER] |= BLOCK_REPORTED;
  }
  blocks.from = REPORTING_CAPACITY;
  return reported;
}

/** Turns the list round until `node` is its head; a node that is the sentinel changes nothing. */
function rotateToFront(links: Int32Array, sentinel: number, node: number): void {
  if (node === sentinel || links[2 * sentinel] === node) return;
  const [first, last] = [links[2 * sentinel], links[2 * sentinel + 1]];
  links[2 * last] = first;
  links[2 * first + 1] = last;
  const before = links[2 * node + 1];
  links[2 * before] = sentinel;
  links[2 * sentinel + 1] = before;
  links[2 * sentinel] = node;
  links[2 * node + 1] = sentinel;
}
