import { describe, expect, it } from '@jest/globals';
import { freePages } from '../allocator/free.js';
import { setBalloonDriver } from '../balloon-list/driver.js';
import { EAGAIN, EINVAL } from '../layout/errno.js';
import {
  EV_BALLOON_MIGRATE,
  EV_COMPACT_DAEMON_MIGRATE_SCANNED,
  EV_COMPACT_DAEMON_WAKE,
  EV_COMPACT_MIGRATE_SCANNED,
} from '../layout/events.js';
import { SYSCTL_COMPACTION_PROACTIVENESS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import type { KernelProfile } from '../layout/profile.js';
import { KERNEL_PROFILES } from '../layout/profile.js';
import { runToEnd } from '../tasks/task.js';
import { answering, freeAllBut, inflate, occupyAll } from '../../test/support/movable.js';
import { aZone, expectSound, zonesOf } from '../../test/support/zone.js';
import { isKcompactdWoken, kcompactd, wakeKcompactd, writeCompactionProactiveness } from './kcompactd.js';
import { compactMemory, writeCompactMemory } from './manual.js';
import { nodeScore, proactiveHighMark, proactiveLowMark, zoneScore } from './score.js';

/** Every pageblock has `perBlock` balloon pages, spread evenly; the rest of it is free. */
function spread(blocks: number, perBlock: number, kernelProfile: KernelProfile = '6.12'): Memory {
  const memory = aZone(blocks * 512, { kernelProfile });
  occupyAll(memory);
  const kept: number[] = [];
  for (let block = 0; block < blocks; block++) {
    for (let at = 0; at < perBlock; at++) kept.push(block * 512 + at * Math.floor(512 / perBlock));
  }
  const keep = new Set(kept);
  for (let pfn = 0; pfn < blocks * 512; pfn++) if (!keep.has(pfn)) freePages(memory, pfn, 0);
  inflate(memory, kept);
  return memory;
}

describe('kcompactd', () => {
  it('case 103: wakes when a zone is suitable, not when none is', () => {
    const suitable = spread(32, 8);
    expect(wakeKcompactd(suitable, 0, 9, 2)).toBe(true);
    expect(isKcompactdWoken(suitable, 0)).toBe(true);
    runToEnd(suitable, kcompactd(suitable, 0, false));
    expect(suitable.events[EV_COMPACT_DAEMON_WAKE]).toBe(1);
    expect(suitable.events[EV_BALLOON_MIGRATE]).toBeGreaterThan(0);
    expect(suitable.events[EV_COMPACT_DAEMON_MIGRATE_SCANNED]).toBe(suitable.events[EV_COMPACT_MIGRATE_SCANNED]);
    expect(isKcompactdWoken(suitable, 0)).toBe(false);
    expectSound(suitable);

    const full = aZone(4096);
    occupyAll(full);
    expect(wakeKcompactd(full, 0, 9, 2)).toBe(false);
    expect([isKcompactdWoken(full, 0), full.events[EV_COMPACT_DAEMON_WAKE]]).toEqual([false, 0]);
    expect(wakeKcompactd(full, 0, 0, 2)).toBe(false);
  });

  it.each(KERNEL_PROFILES)('comes to an end while the balloon’s driver is busy all the time, %s', (profile) => {
    const memory = spread(32, 8, profile);
    setBalloonDriver(memory, 0, answering(-EAGAIN));
    wakeKcompactd(memory, 0, 9, 2);
    runToEnd(memory, kcompactd(memory, 0, false));
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(0);
    expectSound(memory);
  });

  it('leaves a free block of the order behind', () => {
    const memory = spread(32, 8);
    wakeKcompactd(memory, 0, 9, 2);
    runToEnd(memory, kcompactd(memory, 0, false));
    expect(memory.blockFree.some((order) => order >= 10)).toBe(true);
  });
});

describe('proactive compaction', () => {
  it('case 102: starts above 90 and stops at 80 with the default proactiveness', () => {
    const memory = spread(64, 16);
    expect([proactiveLowMark(memory), proactiveHighMark(memory)]).toEqual([80, 90]);
    expect(nodeScore(memory, 0)).toBe(99); // (4096·100 / 4097) of 100, rounded down
    runToEnd(memory, kcompactd(memory, 0, true));
    expect(memory.events[EV_BALLOON_MIGRATE]).toBeGreaterThan(0);
    expect(zoneScore(memory, 0)).toBeLessThanOrEqual(80);
    expect(zoneScore(memory, 0)).toBeGreaterThan(70);
    expect(memory.events[EV_COMPACT_DAEMON_WAKE]).toBe(0);
    expect(memory.events[EV_COMPACT_DAEMON_MIGRATE_SCANNED]).toBe(memory.events[EV_COMPACT_MIGRATE_SCANNED]);
    expectSound(memory);
    const moved = memory.events[EV_BALLOON_MIGRATE];
    runToEnd(memory, kcompactd(memory, 0, true));
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(moved);
  });

  it('case 102: a proactiveness of 0 switches it off', () => {
    const memory = spread(64, 16);
    memory.sysctls[SYSCTL_COMPACTION_PROACTIVENESS] = 0;
    runToEnd(memory, kcompactd(memory, 0, true));
    expect(memory.events[EV_COMPACT_MIGRATE_SCANNED]).toBe(0);
  });

  it('case 102: without progress the next check comes 32 s later', () => {
    const memory = aZone(4096);
    occupyAll(memory);
    for (let pfn = 0; pfn < 4096; pfn += 2) freePages(memory, pfn, 0); // kernel pages between: nothing can move
    const scans = (): number => {
      const before = memory.events[EV_COMPACT_MIGRATE_SCANNED];
      runToEnd(memory, kcompactd(memory, 0, true));
      return memory.events[EV_COMPACT_MIGRATE_SCANNED] - before;
    };
    expect(scans()).toBeGreaterThan(0);
    const checks = Array.from({ length: 64 }, scans);
    expect(checks.findIndex((scanned) => scanned > 0)).toBe(63);
  });

  it('a write of the proactiveness has the score looked at now', () => {
    const memory = spread(64, 16);
    expect(writeCompactionProactiveness(memory, 101)).toBe(-EINVAL);
    expect(writeCompactionProactiveness(memory, 0)).toBe(0);
    expect(isKcompactdWoken(memory, 0)).toBe(false);
    expect(writeCompactionProactiveness(memory, 60)).toBe(0);
    expect(isKcompactdWoken(memory, 0)).toBe(true);
    runToEnd(memory, kcompactd(memory, 0, false));
    expect(zoneScore(memory, 0)).toBeLessThanOrEqual(40);
    expect(isKcompactdWoken(memory, 0)).toBe(false);
  });

  it('counts as the daemon’s scanning from 6.12 on', () => {
    const memory = spread(64, 16, '6.1');
    runToEnd(memory, kcompactd(memory, 0, true));
    expect(memory.events[EV_COMPACT_MIGRATE_SCANNED]).toBeGreaterThan(0);
    expect(memory.events[EV_COMPACT_DAEMON_MIGRATE_SCANNED]).toBe(0);
  });
});

describe('manual compaction', () => {
  it.each(KERNEL_PROFILES)('case 104: vm.compact_memory takes 1; other values as the release does, %s', (profile) => {
    const memory = spread(8, 8, profile);
    const strict = profile === '6.12' || profile === '7.0';
    expect(runToEnd(memory, writeCompactMemory(memory, 2))).toBe(strict ? -EINVAL : 0);
    expect(memory.events[EV_COMPACT_MIGRATE_SCANNED] > 0).toBe(!strict);
    expect(runToEnd(memory, writeCompactMemory(memory, 1))).toBe(0);
    expect(memory.events[EV_COMPACT_MIGRATE_SCANNED]).toBeGreaterThan(0);
  });

  it('case 104: works on all nodes, or on the one that is named', () => {
    const twoNodes = (): Memory => {
      const memory = zonesOf([{ pages: 2048 }, { pages: 2048, node: 1 }]);
      occupyAll(memory);
      for (const start of [0, 2048]) {
        freeAllBut(memory, start + 1024, start + 2048, [start + 1024, start + 1536]);
        inflate(memory, [start + 3, start + 9]);
      }
      return memory;
    };
    const moved = (node?: number): boolean[] => {
      const memory = twoNodes();
      runToEnd(memory, compactMemory(memory, { node }));
      expectSound(memory);
      return [memory.tag[3], memory.tag[2051]].map((tag) => tag < 10);
    };
    expect(moved()).toEqual([true, true]);
    expect(moved(0)).toEqual([true, false]);
    expect(moved(1)).toEqual([false, true]);
  });
});
