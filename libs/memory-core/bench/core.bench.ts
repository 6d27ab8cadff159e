/**
 * Times the whole core (migratetypes, watermarks, counters on) doing the work of a plain C buddy allocator with a balloon
 * list, so that the two can be run in turn and compared as a ratio. Prints one JSON line:
 *
 *   inflate_ns_page   fresh 4 GiB zone, three quarters of its pages into the balloon, 256 at a time as the driver does
 *   deflate_ns_page   all of them back
 *   churn_ns_pair     half of the pages held singly; 2,000,000 times free a random one and allocate one (xorshift32, 12345)
 *   scaling           churn_ns_pair for 256 MiB, 4 GiB and 64 GiB
 *   bytes_per_page    of all columns of a 4 GiB guest
 *   snapshot_mib_per_s, restore_mib_per_s, digest_mib_per_s   of guest memory, half of it in use
 *
 * Best of 5. Run it from the built tree: node dist/libs/memory-core/bench/core.bench.js
 */
import { allocatePages } from '../src/allocator/allocate.js';
import {
  balloonPageAllocList,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  createBalloonDevice,
} from '../src/balloon/balloon.js';
import { ZONE_NORMAL } from '../src/layout/constants.js';
import { createMemory, createMemoryOn } from '../src/boot/create.js';
import { freePageList, freePages } from '../src/allocator/free.js';
import { Gfp } from '../src/layout/gfp.js';
import type { Memory } from '../src/layout/memory.js';
import { createOwner, growOwner } from '../src/owners/owner.js';
import { digestMemory, restoreMemory, snapshotMemory } from '../src/state/snapshot.js';

const REPEATS = 5;
const BATCH_PAGES = 256;
const CHURN_PAIRS = 2_000_000;
const GIB_PAGES = 262_144;

/** One zone of `pages` pages, all free in order-10 blocks. */
function freshZone(pages: number): Memory {
  const range = { startPfn: 0, endPfn: pages };
  return createMemoryOn({
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    transparentHugepages: false,
    cpus: 1,
    addressSpaces: false,
    swapPages: 0,
    machine: {
      zones: [{ node: 0, type: ZONE_NORMAL, range, holes: [], reserved: [], lateManagedPages: 0 }],
      holeStartPfn: pages,
      holePages: 0,
    },
  });
}

function inflate(memory: Memory, device: number, pages: number, pfns: Int32Array): void {
  for (let left = pages; left > 0; left -= BATCH_PAGES) {
    const got = balloonPageAllocList(memory, pfns, BATCH_PAGES);
    pfns.subarray(0, got).reverse(); // the driver's list is a stack
    balloonPageListEnqueue(memory, device, pfns, got);
  }
}

function deflate(memory: Memory, device: number, pages: number, pfns: Int32Array): void {
  for (let left = pages; left > 0; left -= BATCH_PAGES) {
    freePageList(memory, pfns, balloonPageListDequeue(memory, device, pfns, BATCH_PAGES));
  }
}

/** Nanoseconds a pair. */
function churn(memory: Memory, pages: number): number {
  const held = new Int32Array(pages >> 1);
  for (let at = 0; at < held.length; at++) held[at] = allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
  let state = 12_345;
  const random = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % held.length;
  };
  const start = performance.now();
  for (let pair = 0; pair < CHURN_PAIRS; pair++) {
    const at = random();
    freePages(memory, held[at], 0);
    held[at] = allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE);
    if ((pair & 1) !== 0) continue;
    const other = random();
    const pfn = held[other];
    held[other] = held[at];
    held[at] = pfn;
  }
  return ((performance.now() - start) * 1e6) / CHURN_PAIRS;
}

function best(run: () => number): number {
  let least = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) least = Math.min(least, run());
  return least;
}

function ballooning(): { inflate: number; deflate: number } {
  const pages = 4 * GIB_PAGES;
  const moved = (pages * 3) / 4;
  const pfns = new Int32Array(BATCH_PAGES);
  let [inflateMs, deflateMs] = [Infinity, Infinity];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const memory = freshZone(pages);
    const device = createBalloonDevice(memory, true);
    const start = performance.now();
    inflate(memory, device, moved, pfns);
    const middle = performance.now();
    deflate(memory, device, moved, pfns);
    inflateMs = Math.min(inflateMs, middle - start);
    deflateMs = Math.min(deflateMs, performance.now() - middle);
  }
  return { inflate: (inflateMs * 1e6) / moved, deflate: (deflateMs * 1e6) / moved };
}

/** MiB of guest memory a second for an action on a 4 GiB guest that uses half of it. */
function guestMibPerSecond(action: (memory: Memory) => unknown): number {
  const memory = createMemory({ ramBytes: 2 ** 32 });
  growOwner(memory, createOwner(memory, 'ANON'), 2 * GIB_PAGES);
  const ms = best(() => {
    const start = performance.now();
    action(memory);
    return performance.now() - start;
  });
  return 4096 / (ms / 1000);
}

const round = (value: number): number => Math.round(value * 100) / 100;

const { inflate: inflateNs, deflate: deflateNs } = ballooning();
const churnAt = (gib: number): number => round(best(() => churn(freshZone(gib * GIB_PAGES), gib * GIB_PAGES)));
const scaling = { '256MiB': churnAt(0.25), '4GiB': churnAt(4), '64GiB': churnAt(64) };
let snapshot: Uint8Array = new Uint8Array(0);
console.log(
  JSON.stringify({
    inflate_ns_page: round(inflateNs),
    deflate_ns_page: round(deflateNs),
    churn_ns_pair: scaling['4GiB'],
    bytes_per_page: round(createMemory({ ramBytes: 2 ** 32 }).buffer.byteLength / (4 * GIB_PAGES)),
    snapshot_mib_per_s: Math.round(guestMibPerSecond((memory) => (snapshot = snapshotMemory(memory)))),
    restore_mib_per_s: Math.round(guestMibPerSecond(() => restoreMemory(snapshot))),
    digest_mib_per_s: Math.round(guestMibPerSecond(digestMemory)),
    scaling,
    node: process.version,
  }),
);
