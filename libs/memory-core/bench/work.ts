/**
 * The work that is timed, each piece on a fresh memory, in the units of bench/core.bench.ts. It is what a plain C buddy allocator
 * with a balloon list does in the reference program, done by the whole core: migratetypes, watermarks, per-CPU lists, counters.
 */
import { allocatePages } from '../src/request/allocate.js';
import { freePages } from '../src/allocator/free.js';
import { createBalloonDevice } from '../src/balloon/balloon.js';
import {
  balloonBatchAlloc,
  balloonBatchDequeue,
  balloonBatchEnqueue,
  createPageBatch,
  freeBatch,
} from '../src/balloon/stretches.js';
import { createMemory, createMemoryOn } from '../src/boot/create.js';
import { compactMemory } from '../src/compaction/manual.js';
import { ZONE_NORMAL } from '../src/layout/constants.js';
import { EV_COMPACT_FREE_SCANNED, EV_COMPACT_MIGRATE_SCANNED } from '../src/layout/events.js';
import { Gfp } from '../src/layout/gfp.js';
import type { Memory } from '../src/layout/memory.js';
import { createOwner, growOwner, shrinkOwner } from '../src/owners/owner.js';
import { runToEnd } from '../src/tasks/task.js';

export const GIB_PAGES = 262_144;
const BATCH_PAGES = 256;
const CHURN_PAIRS = 2_000_000;
const SEED = 12_345;
const USER = Gfp.HIGHUSER_MOVABLE;

/** One zone of `pages` pages, all free in order-10 blocks. */
function freshZone(pages: number): Memory {
  const range = { startPfn: 0, endPfn: pages };
  return createMemoryOn({
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    transparentHugepages: false,
    addressSpaces: false,
    swapPages: 0,
    filePages: 0,
    cpus: 1,
    machine: {
      zones: [{ node: 0, type: ZONE_NORMAL, range, holes: [], reserved: [], lateManagedPages: 0 }],
      holeStartPfn: pages,
      holePages: 0,
    },
  });
}

/** Milliseconds for three quarters of 4 GiB into the balloon, 256 pages at a time as the driver does, and out again. */
export function ballooning(): { readonly inflateNsPage: number; readonly deflateNsPage: number } {
  const memory = freshZone(4 * GIB_PAGES);
  const device = createBalloonDevice(memory, true);
  const moved = 3 * GIB_PAGES;
  const batch = createPageBatch(BATCH_PAGES);
  const start = performance.now();
  for (let left = moved; left > 0; left -= BATCH_PAGES) {
    balloonBatchAlloc(memory, batch, BATCH_PAGES);
    balloonBatchEnqueue(memory, device, batch);
  }
  const middle = performance.now();
  for (let left = moved; left > 0; left -= BATCH_PAGES) {
    balloonBatchDequeue(memory, device, batch, BATCH_PAGES);
    freeBatch(memory, batch);
  }
  const end = performance.now();
  return { inflateNsPage: ((middle - start) * 1e6) / moved, deflateNsPage: ((end - middle) * 1e6) / moved };
}

/** Nanoseconds a pair of free and allocate, with half of the pages (a power of two) held singly. */
export function churn(pages: number): number {
  const memory = freshZone(pages);
  const held = new Int32Array(pages >> 1);
  for (let at = 0; at < held.length; at++) held[at] = allocatePages(memory, 0, USER);
  const start = performance.now();
  churnPairs(memory, held);
  return ((performance.now() - start) * 1e6) / CHURN_PAIRS;
}

/**
 * Nanoseconds a pair when nothing is done but what no allocator can leave out: the page drawn is looked up, its byte is read and
 * written, and two of the held pages trade places. What the machine and the language ask for touching `pages` pages at random.
 */
export function touch(pages: number): number {
  const held = Int32Array.from({ length: pages >> 1 }, (_, at) => at);
  const start = performance.now();
  touchPairs(new Uint8Array(pages), held);
  return ((performance.now() - start) * 1e6) / CHURN_PAIRS;
}

/** Draws as the reference does: xorshift32 from 12345, modulo the number of held pages, which is a power of two. */
function churnPairs(memory: Memory, held: Int32Array): void {
  const mask = held.length - 1;
  let state = SEED;
  for (let pair = 0; pair < CHURN_PAIRS; pair++) {
    state = xorshift(state);
    const at = state & mask;
    freePages(memory, held[at], 0);
    held[at] = allocatePages(memory, 0, USER);
    if ((pair & 1) !== 0) continue;
    state = xorshift(state);
    trade(held, at, state & mask);
  }
}

function touchPairs(tag: Uint8Array, held: Int32Array): void {
  const mask = held.length - 1;
  let state = SEED;
  for (let pair = 0; pair < CHURN_PAIRS; pair++) {
    state = xorshift(state);
    const at = state & mask;
    tag[held[at]] ^= 1;
    if ((pair & 1) !== 0) continue;
    state = xorshift(state);
    trade(held, at, state & mask);
  }
}

function xorshift(state: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  return state ^ (state << 5);
}

function trade(held: Int32Array, at: number, other: number): void {
  const pfn = held[other];
  held[other] = held[at];
  held[at] = pfn;
}

/** A guest of 4 GiB as fleets have them: half in use, some of it given back in pieces, a balloon of half a GiB. */
export function typicalGuest(): Memory {
  const memory = createMemory({ ramBytes: 4 * GIB_PAGES * 4096 });
  const [anon, file] = [createOwner(memory, 'ANON'), createOwner(memory, 'FILE')];
  for (let round = 0; round < 20; round++) {
    growOwner(memory, anon, 18_000);
    growOwner(memory, file, 9000);
    shrinkOwner(memory, anon, 2600, 'OLDEST');
    shrinkOwner(memory, file, 2600, 'NEWEST');
  }
  const device = createBalloonDevice(memory, true);
  const batch = createPageBatch(BATCH_PAGES);
  for (let pages = 0; pages < GIB_PAGES / 2; pages += BATCH_PAGES) {
    balloonBatchAlloc(memory, batch, BATCH_PAGES);
    balloonBatchEnqueue(memory, device, batch);
  }
  return memory;
}

/**
 * Pages that the scanners look at in a second: 4 GiB, three quarters of it kernel pages with a hole at every eighth, so that
 * there is everything to look at and nothing to move.
 */
export function compactPagesPerSecond(): number {
  const memory = freshZone(4 * GIB_PAGES);
  const [kept, dropped] = [createOwner(memory, 'KERNEL'), createOwner(memory, 'KERNEL')];
  for (let pages = 0; pages < 3 * GIB_PAGES; pages += 8) {
    growOwner(memory, kept, 7);
    growOwner(memory, dropped, 1);
  }
  shrinkOwner(memory, dropped, GIB_PAGES, 'OLDEST');
  const scanned = (): number => memory.events[EV_COMPACT_MIGRATE_SCANNED] + memory.events[EV_COMPACT_FREE_SCANNED];
  let most = 0;
  for (let run = 0; run < 5; run++) {
    const before = scanned();
    const start = performance.now();
    runToEnd(memory, compactMemory(memory));
    most = Math.max(most, (scanned() - before) / ((performance.now() - start) / 1000));
  }
  return most;
}
