/**
 * E10: a container is squeezed until it stalls a little, by the proportional law of transparent memory offloading, once with an
 * SSD behind it and once with compressed memory.
 */
import { DEFAULT_MIX, type AccessMix } from '#guest';
import { createMemory, createOwner, freePagesOf, growOwner, readUsage, type Memory } from '#memory-core';
import { findPolicy, parseParameters, type HostView, type JsonValue } from '#policy';
import { GIB, MIB, PAGE_SIZE_BYTES, invariant } from '#units';
import { Container } from './container.js';
import type { Finding, Target } from './target.js';

/**
 * 32 GiB by a sample: one page of the simulation stands for 64, whose faults come as often and take as long. A sample has fewer
 * faults than the whole, so that the average that the law looks at is taken over longer than ten seconds.
 */
const PAGES_PER_SAMPLED = 64;
const AVERAGED_SEC = 240;
const CONTAINER_PAGES = (512 * MIB) / PAGE_SIZE_BYTES;
/** Mapped files (a guess: from a tenth to two thirds at Meta). */
const FILE_PAGES = Math.floor(CONTAINER_PAGES / 10);
const RAM_BYTES = 640 * MIB;
const KERNEL_PAGES = (24 * MIB) / PAGE_SIZE_BYTES;
const INTERVAL_SEC = 6;
const INTERVALS = 2400;
/** Of these: what is told is the mean of the last hour. */
const TOLD_INTERVALS = 600;

/** Time of a swap-in; files come from the SSD in any case. */
const SSD_US = 100;
const ZSWAP_US = 6;

const DATABASE_MIX: AccessMix = { hot: 0.35, warm: 0.35, cool: 0.2, frozen: 0.1 };

export const SQUEEZED_CONTAINER: Target = {
  id: 'E10',
  title: 'A container squeezed until it stalls a little, by what lies behind it',
  origin:
    'Transparent memory offloading (Weiner et al., ASPLOS 2022), from notes on the paper: 7 to 19 % of the memory of an application saved; more with a faster backend at equal pressure',
  setup:
    "The policy `senpai` in its form of the paper (0.05 % every 6 s, none at 0.1 % of pressure) for four hours on Linux 5.15's reclaim, a tenth of the memory mapped files. 32 GiB are simulated by a sample of 512 MiB. How often which page is used is the workload model's mixture for all guests, and its guess for databases. What is saved is what left memory: the pool of compressed pages, some 40 % of what it holds, is not taken off. Files come back from the SSD in both, which narrows the gap.",
  missed: '',
  run: () => [...findingsFor('average application', DEFAULT_MIX), ...findingsFor('database', DATABASE_MIX)],
};

function findingsFor(application: string, mix: AccessMix): readonly Finding[] {
  const ssd = savedPercent(mix, SSD_US);
  const zswap = savedPercent(mix, ZSWAP_US);
  const saved = (backend: string, ours: number): Finding => ({
    figure: `${application}: saved with ${backend} (%; published: 7 to 19)`,
    published: 13,
    ours,
    accept: { low: 7, high: 19 },
  });
  return [
    saved('an SSD, 100 µs', ssd),
    saved('compressed memory, 6 µs', zswap),
    {
      figure: `${application}: saved more by the faster (points; published: above 0)`,
      published: 0,
      ours: zswap - ssd,
      accept: { low: 0.5, high: 12 },
    },
  ];
}

/** Share of the container that is not in memory once the squeezing has come to rest. */
function savedPercent(mix: AccessMix, swapInUs: number): number {
  const memory = createMemory({
    kernelProfile: '5.15',
    ramBytes: RAM_BYTES,
    addressSpaces: true,
    swapBytes: GIB,
    fileBytes: FILE_PAGES * PAGE_SIZE_BYTES,
  });
  growOwner(memory, createOwner(memory, 'KERNEL'), KERNEL_PAGES);
  const anonPages = CONTAINER_PAGES - FILE_PAGES;
  const container = new Container(memory, { anonPages, filePages: FILE_PAGES, mix, seed: 10 });
  const taken = takeFree(memory);
  const plan = squeezer();
  let targetPages = 0;
  let pressure = 0;
  let told = 0;
  for (let interval = 1; interval <= INTERVALS; interval++) {
    const { swapIns, fileReads } = container.work(INTERVAL_SEC);
    const stalledSec = ((swapIns * swapInUs + fileReads * SSD_US) * PAGES_PER_SAMPLED) / 1e6;
    const newest = Math.min(1, stalledSec / INTERVAL_SEC);
    pressure += (1 - Math.exp(-INTERVAL_SEC / AVERAGED_SEC)) * (newest - pressure);
    const wantedPages = plan(interval, targetPages, pressure);
    // This form of the law never gives back.
    growOwner(memory, taken, wantedPages - targetPages);
    targetPages = wantedPages;
    if (interval > INTERVALS - TOLD_INTERVALS) told += 1 - container.residentPages / CONTAINER_PAGES;
  }
  return (100 * told) / TOLD_INTERVALS;
}

/** Takes the free memory of the machine, so that whatever is taken from now on is the container's. Returns who holds it. */
function takeFree(memory: Memory): number {
  const owner = createOwner(memory, 'KERNEL');
  const highPages = readUsage(memory).zones.reduce((sum, { watermarks }) => sum + watermarks.highPages, 0);
  growOwner(memory, owner, freePagesOf(memory) - 2 * highPages);
  return owner;
}

/** The policy: pages that the container is to be without at the end of an interval, which it is `targetPages` without. */
function squeezer(): (interval: number, targetPages: number, pressure: number) => number {
  const found = findPolicy('senpai');
  invariant(found.ok, 'there is a policy of that name');
  const { value: policy } = found;
  const parsed = parseParameters(policy, { variant: 'tmo' });
  invariant(parsed.ok, 'it has that form');
  let remembered: JsonValue = null;
  return (interval, targetPages, pressure) => {
    const view = viewOf(interval * INTERVAL_SEC * 1000, targetPages * PAGE_SIZE_BYTES, pressure);
    const { guests, memory } = policy.plan(view, parsed.value, remembered);
    remembered = memory;
    const [moved] = guests;
    if (moved === undefined) return targetPages;
    return Math.max(targetPages, Math.floor(moved.rawBalloonTargetBytes / PAGE_SIZE_BYTES));
  };
}

/** A machine with nothing but the container, as a guest whose balloon holds what was taken from it. */
function viewOf(timeMs: number, balloonBytes: number, some10: number): HostView {
  const assignedBytes = CONTAINER_PAGES * PAGE_SIZE_BYTES;
  const usedBytes = assignedBytes - balloonBytes;
  const calm = { some10: 0, some60: 0, full10: 0, full60: 0 };
  return {
    timeMs,
    host: {
      id: 'machine',
      capacityBytes: assignedBytes,
      reservedBytes: 0,
      usedBytes,
      freeBytes: balloonBytes,
      availableBytes: balloonBytes,
      swapTotalBytes: 0,
      swapUsedBytes: 0,
      pressure: calm,
      state: 'HIGH',
    },
    guests: [
      {
        id: 'container',
        state: 'RUNNING',
        migrating: false,
        assignedBytes,
        minBytes: 0,
        maxBytes: assignedBytes,
        shares: 1000,
        balloonTargetBytes: balloonBytes,
        balloonActualBytes: balloonBytes,
        residentBytes: usedBytes,
        swappedBytes: 0,
        stats: {
          ageMs: 0,
          freeBytes: 0,
          availableBytes: 0,
          totalBytes: assignedBytes,
          usedBytes,
          cachedBytes: 0,
          anonBytes: usedBytes,
          swapUsedBytes: 0,
          pressure: { ...calm, some10 },
          idleRatio: 0,
          unusableIndex9: 0,
          lowWatermarkBytes: 0,
        },
        stuckSinceMs: null,
        lastMovedMs: null,
        heldUntilMs: null,
        baselineBytes: null,
        demand: null,
        recentMoves: [],
      },
    ],
  };
}
