/**
 * The statistics queue: one buffer of numbers that the driver parks at the device; whenever the host gives it back, the driver
 * fills it anew and parks it again. Source: virtio specification 1.2, section 5.5.6.3; virtio_balloon.c (update_balloon_stats),
 * as described in the reference, section 3.11.
 *
 * An entry is 10 bytes, packed: tag (16 bits) and value (64 bits), both little-endian.
 */
import { readUsage, vmstat } from '#memory-core';
import type { KernelProfile, Memory } from '#memory-core';
import { PAGE_SIZE_BYTES } from '#units';
import type { BalloonDevice } from './balloon-device.js';

const ENTRY_BYTES = 10;

/** Tag (its place here), name in Linux's tools, unit. */
export const BALLOON_STATISTICS = [
  { name: 'swap-in', unit: 'bytes' },
  { name: 'swap-out', unit: 'bytes' },
  { name: 'major-faults', unit: 'count' },
  { name: 'minor-faults', unit: 'count' },
  { name: 'free-memory', unit: 'bytes' },
  { name: 'total-memory', unit: 'bytes' },
  { name: 'available-memory', unit: 'bytes' },
  { name: 'disk-caches', unit: 'bytes' },
  { name: 'hugetlb-allocations', unit: 'count' },
  { name: 'hugetlb-failures', unit: 'count' },
  { name: 'oom-kills', unit: 'count' },
  { name: 'alloc-stalls', unit: 'count' },
  { name: 'async-scans', unit: 'bytes' },
  { name: 'direct-scans', unit: 'bytes' },
  { name: 'async-reclaims', unit: 'bytes' },
  { name: 'direct-reclaims', unit: 'bytes' },
] as const;

export interface BalloonStatistic {
  readonly tag: number;
  readonly name: (typeof BALLOON_STATISTICS)[number]['name'];
  readonly unit: 'bytes' | 'count';
  readonly value: number;
}

/** Tags in the order in which Linux writes them. 10 to 15 came with 6.12. */
const TAGS = [0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 8, 9, 4, 5, 6, 7] as const;
const OLD_TAGS = [0, 1, 2, 3, 8, 9, 4, 5, 6, 7] as const;

function tagsOf(profile: KernelProfile): readonly number[] {
  return profile === '5.15' || profile === '6.1' ? OLD_TAGS : TAGS;
}

/** The part of a driver that the statistics queue needs. */
interface StatisticsDriver {
  readonly memory: Memory;
  readonly device: BalloonDevice;
}

/** Fills a buffer with fresh values and parks it at the device. */
export function parkStatistics({ memory, device }: StatisticsDriver): void {
  const values = valuesOf(memory);
  const tags = tagsOf(memory.config.kernelProfile);
  const buffer = new Uint8Array(tags.length * ENTRY_BYTES);
  const view = new DataView(buffer.buffer);
  tags.forEach((tag, at) => {
    view.setUint16(at * ENTRY_BYTES, tag, true);
    view.setBigUint64(at * ENTRY_BYTES + 2, BigInt(values[tag] ?? 0), true);
  });
  device.statistics = buffer;
}

/**
 * The host asks for fresh values: it takes the parked buffer, the driver parks the next one. Returns what was parked before,
 * which is as old as the last request; null without STATS_VQ.
 */
export function requestStatistics(driver: StatisticsDriver): Uint8Array | null {
  const buffer = driver.device.takeStatistics();
  if (buffer !== null) parkStatistics(driver);
  return buffer;
}

/** The entries of a buffer, in their order. Tags that nobody knows are left out. */
export function readStatistics(buffer: Uint8Array): readonly BalloonStatistic[] {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const entries: BalloonStatistic[] = [];
  for (let at = 0; at + ENTRY_BYTES <= buffer.length; at += ENTRY_BYTES) {
    const tag = view.getUint16(at, true);
    const known = BALLOON_STATISTICS[tag];
    if (known !== undefined) entries.push({ tag, ...known, value: Number(view.getBigUint64(at + 2, true)) });
  }
  return entries;
}

/** By tag. */
function valuesOf(memory: Memory): number[] {
  const counters = new Map(vmstat(memory));
  const usage = readUsage(memory);
  const count = (name: string): number => counters.get(name) ?? 0;
  const bytes = (pages: number): number => pages * PAGE_SIZE_BYTES;
  let stalls = 0;
  for (const [name, value] of counters) if (name.startsWith('allocstall_')) stalls += value;
  return [
    bytes(count('pswpin')),
    bytes(count('pswpout')),
    count('pgmajfault'),
    count('pgfault'), // all faults, as Linux counts them
    bytes(usage.freePages),
    bytes(usage.totalPages),
    bytes(usage.availablePages),
    bytes(usage.filePages),
    count('htlb_buddy_alloc_success'),
    count('htlb_buddy_alloc_fail'),
    count('oom_kill'),
    stalls,
    bytes(count('pgscan_kswapd')),
    bytes(count('pgscan_direct')),
    bytes(count('pgsteal_kswapd')),
    bytes(count('pgsteal_direct')),
  ];
}
