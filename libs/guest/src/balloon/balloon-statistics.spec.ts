import { describe, expect, it } from '@jest/globals';
import { KERNEL_PROFILES } from '#contracts';
import { createOwner, growOwner } from '#memory-core';
import { BalloonRig } from '../../test/balloon-rig.js';
import { BalloonFeature } from './balloon-features.js';
import { BALLOON_STATISTICS, readStatistics, requestStatistics } from './balloon-statistics.js';

/** MemTotal and the like, in bytes, as the guest's /proc/meminfo prints them. */
function meminfoBytes(rig: BalloonRig, label: string): number {
  const found = new RegExp(`^${label}: +(\\d+) kB$`, 'm').exec(rig.meminfo());
  return Number(found?.[1]) * 1024;
}

describe('the statistics queue', () => {
  const rigOf = (profile: (typeof KERNEL_PROFILES)[number]): BalloonRig =>
    new BalloonRig({ profile, features: BalloonFeature.STATS_VQ });
  const ask = (rig: BalloonRig) => readStatistics(requestStatistics(rig.driver) ?? new Uint8Array());

  it('case 77: MEMFREE and MEMTOT are MemFree and MemTotal, ten bytes an entry, fresh once the host gave the buffer back', () => {
    const rig = rigOf('6.12');
    const first = rig.driver.device.statistics;
    expect(first).toHaveLength(160);
    rig.ask(10_000).run(1000);
    const value = (name: string): number | undefined => ask(rig).find((entry) => entry.name === name)?.value;
    ask(rig); // what was parked before the inflation
    expect(value('free-memory')).toBe(meminfoBytes(rig, 'MemFree'));
    expect(value('total-memory')).toBe(meminfoBytes(rig, 'MemTotal'));
    expect(value('available-memory')).toBe(meminfoBytes(rig, 'MemAvailable'));
    growOwner(rig.memory, createOwner(rig.memory, 'FILE'), 100);
    expect(value('disk-caches')).toBe(0); // as old as the last request
    expect(value('disk-caches')).toBe(100 * 4096);
  });

  it('case 77: while the host has the buffer there is none to take', () => {
    const rig = rigOf('6.12');
    expect(rig.driver.device.takeStatistics()).toHaveLength(160);
    expect(rig.driver.device.takeStatistics()).toBeNull();
    expect(requestStatistics(rig.driver)).toBeNull();
    expect(new BalloonRig().driver.device.statistics).toBeNull(); // not negotiated
  });

  it.each(KERNEL_PROFILES)('Linux %s: tags in its order', (profile) => {
    const old = [0, 1, 2, 3, 8, 9, 4, 5, 6, 7];
    const tags = [0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 8, 9, 4, 5, 6, 7];
    expect(ask(rigOf(profile)).map((entry) => entry.tag)).toEqual(profile === '5.15' || profile === '6.1' ? old : tags);
  });

  it('packs little-endian tag and value, and names all sixteen', () => {
    const rig = rigOf('6.12');
    const buffer = rig.driver.device.statistics!;
    const total = 13 * 10; // MEMTOT is the 14th that Linux writes
    expect([...buffer.subarray(total, total + 2)]).toEqual([5, 0]);
    const value = [...buffer.subarray(total + 2, total + 10)].reduce((sum, byte, at) => sum + byte * 256 ** at, 0);
    expect(value).toBe(meminfoBytes(rig, 'MemTotal'));
    expect(BALLOON_STATISTICS.map(({ name }) => name)).toEqual([
      'swap-in',
      'swap-out',
      'major-faults',
      'minor-faults',
      'free-memory',
      'total-memory',
      'available-memory',
      'disk-caches',
      'hugetlb-allocations',
      'hugetlb-failures',
      'oom-kills',
      'alloc-stalls',
      'async-scans',
      'direct-scans',
      'async-reclaims',
      'direct-reclaims',
    ]);
  });

  it('passes over tags that nobody knows', () => {
    const buffer = new Uint8Array(20);
    buffer.set([200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 2, 1]);
    expect(readStatistics(buffer)).toEqual([{ tag: 4, name: 'free-memory', unit: 'bytes', value: 258 }]);
  });
});
