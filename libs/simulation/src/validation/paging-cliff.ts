/**
 * E14: what a database does when less of its working set fits into memory than it uses: transactions touch pages of it, and the ones
 * that lie on the swap disk are waited for.
 */
import {
  createMapping,
  createMemory,
  createOwner,
  freePagesOf,
  growOwner,
  touchRange,
  type Memory,
} from '#memory-core';
import { MIB, PAGE_SIZE_BYTES, RandomStream } from '#units';
import { DEFAULT_COSTS } from '../costs/costs.js';
import type { Finding, Target } from './target.js';

const MIB_PAGES = MIB / PAGE_SIZE_BYTES;
const RAM_MIB = 512;
/** About the low watermark: where kswapd begins. */
const SPARE_PAGES = 24 * MIB_PAGES;
const WORKING_SET_MIB = 256;
/** What fits beside the rest, of the working set; the kernel needs some room of its own in any case. */
const FITS = [1, 0.75, 0.5];
const TRANSACTIONS = 100_000;
const WARM_UP = 50_000;
/** As published: 95,000 transactions a second while everything fits. */
const TRANSACTION_US = 1e6 / 95_000;
/** How uneven the use of pages is: the page of rank r is used as r to the power of minus this (the workload model's databases). */
const ZIPF = 0.8;
/** Odd, so that no two ranks share a page of a set whose size is a power of two. */
const SPREAD = 40_503;

export const PAGING_CLIFF: Target = {
  id: 'E14',
  title: 'The paging cliff: a database whose memory is taken away',
  origin:
    'Infiniswap (Gu et al., NSDI 2017): VoltDB on disk swap falls from 95,000 transactions a second to 4,000 when half of its working set fits',
  setup:
    'A guest of 512 MiB on Linux 6.12 with swap; a working set of 256 MiB of which all, three quarters or half fit. A transaction touches a page, by Zipf 0.8 as the workload model has it for databases; a page on disk costs what the cost table says of hard disks, and nothing overlaps. Accepted: the order of magnitude.',
  missed:
    'nothing overlaps here, and every page is read by itself: where several partitions wait at once and swap is read in clusters, the fall is smaller. It is a cliff all the same.',
  run: () => {
    const [all = 0, most = 0, half = 0] = FITS.map(transactionsPerSec);
    const fall = (figure: string, published: number | null, ours: number, low: number, high: number): Finding => ({
      figure,
      published,
      ours,
      accept: { low, high },
    });
    return [
      fall('all fits (thousand a second)', 95, all / 1000, 85, 105),
      fall('three quarters fit: times slower', null, all / most, 2, Infinity),
      fall('half fits: times slower', 24, all / half, 24 / Math.sqrt(10), 24 * Math.sqrt(10)),
    ];
  },
};

function transactionsPerSec(fits: number): number {
  const memory = createMemory({
    ramBytes: RAM_MIB * MIB,
    kernelProfile: '6.12',
    addressSpaces: true,
    swapBytes: 1024 * MIB,
  });
  const pages = WORKING_SET_MIB * MIB_PAGES;
  const set = createMapping(memory, { pages });
  touchRange(memory, set, 0, pages, true);
  takeAwayUntil(memory, Math.floor((1 - fits) * pages));
  const random = RandomStream.of(14, 'transactions');
  for (let at = 0; at < WARM_UP; at++) transact(memory, set, pages, random);
  let faults = 0;
  for (let at = 0; at < TRANSACTIONS; at++) faults += transact(memory, set, pages, random);
  return (TRANSACTIONS / (TRANSACTIONS * TRANSACTION_US + faults * DEFAULT_COSTS.hddFaultUs)) * 1e6;
}

/** Something that cannot be reclaimed takes all free memory, and `pages` of what the database has. */
function takeAwayUntil(memory: Memory, pages: number): void {
  const taken = createOwner(memory, 'KERNEL');
  const room = Math.max(0, freePagesOf(memory) - SPARE_PAGES);
  growOwner(memory, taken, pages === 0 ? Math.floor(room / 2) : room + pages);
}

/** Returns how many pages it had to wait for. Ranks are spread over the set, a page of each rank. */
function transact(memory: Memory, set: number, pages: number, random: RandomStream): number {
  const rank = Math.floor(pages * random.nextFloat() ** (1 / (1 - ZIPF)));
  const page = (rank * SPREAD) % pages;
  return touchRange(memory, set, page, 1, random.nextFloat() < 0.5).majorFaults;
}
