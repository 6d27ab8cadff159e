import { describe, expect, it } from '@jest/globals';
import { MIGRATE_SYNC_LIGHT } from '../layout/migrate-mode.js';
import { balloonPages } from '../balloon/balloon.js';
import { MOVABLE, UNMOVABLE } from '../layout/constants.js';
import {
  EV_BALLOON_MIGRATE,
  EV_COMPACT_FREE_SCANNED,
  EV_COMPACT_ISOLATED,
  EV_COMPACT_MIGRATE_SCANNED,
  EV_COMPACT_STALL,
  EV_PGFREE,
} from '../layout/events.js';
import { BLOCK_SKIP } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import type { KernelProfile } from '../layout/profile.js';
import { Z_COMPACT_CACHED_FREE, Z_COMPACT_CACHED_MIGRATE } from '../layout/zone-fields.js';
import { runToEnd } from '../tasks/task.js';
import { balloonList, freeAllBut, inflate, occupyAll } from '../../test/support/movable.js';
import { aZone, expectSound, nrFree, zoneField } from '../../test/support/zone.js';
import { isMigrationTarget } from './blocks.js';
import { compactZone } from './compact-zone.js';
import { createControl } from './control.js';
import type { CompactRequest } from './control.js';
import { compactWholeZone } from './manual.js';
import { COMPACT_COMPLETE, COMPACT_PARTIAL_SKIPPED } from './result.js';
import type { CompactionEvent } from './result.js';

const TEN = [3, 17, 50, 51, 100, 200, 255, 256, 400, 511];
const MODERN: KernelProfile[] = ['6.12', '7.0'];

/**
 * The zone of case 91 with a pageblock of kernel pages in between: balloon pages scattered in the lowest pageblock, one kernel
 * page at the start of the highest.
 */
function caseNinetyOne(kernelProfile: KernelProfile, upper: readonly number[] = [1024]): Ballooned {
  const memory = aZone(1536, { kernelProfile });
  occupyAll(memory);
  freeAllBut(memory, 0, 512, TEN);
  freeAllBut(memory, 1024, 1536, upper);
  const device = inflate(memory, TEN);
  memory.events.fill(0, EV_PGFREE, EV_PGFREE + 1);
  return { memory, device };
}

interface Ballooned {
  readonly memory: Memory;
  readonly device: number;
}

function request(overrides: Partial<CompactRequest>): CompactRequest {
  const { zone, order } = { zone: 0, order: 4 };
  return { zone, order, mode: MIGRATE_SYNC_LIGHT, migratetype: MOVABLE, highestType: 2, rights: 0, ...overrides };
}

describe('manual compaction of a zone', () => {
  it.each(MODERN)('case 91: the lower pageblock becomes free, its pages go up, %s', (profile) => {
    const { memory, device } = caseNinetyOne(profile);
    expect(runToEnd(memory, compactWholeZone(memory, 0))).toBe(COMPACT_COMPLETE);
    expect(memory.blockFree[0]).toBe(10);
    expect(balloonList(memory, device).sort((one, other) => one - other)).toEqual([
      1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032, 1033, 1034,
    ]);
    const { events } = memory;
    expect([events[EV_BALLOON_MIGRATE], events[EV_COMPACT_ISOLATED], events[EV_COMPACT_STALL]]).toEqual([10, 25, 0]);
    expect(events[EV_PGFREE]).toBe(10 + 5);
    expectSound(memory);
  });

  /**
   * The case as written has two pageblocks only. Its pages cannot move: when the lower one has been scanned to its end, the
   * free scanner may not enter the pageblock that the migrate scanner stands at. Recorded: compaction-with-balloon-512-6.12
   * ends at 0x3600 with its last visit at 0x3800, and so do all runs that are exact.
   */
  it.each(MODERN)('case 91 as written, without a pageblock between: the pages go back, %s', (profile) => {
    const memory = aZone(1024, { kernelProfile: profile });
    occupyAll(memory);
    freeAllBut(memory, 0, 1024, [...TEN, 512]);
    const device = inflate(memory, TEN);
    expect(runToEnd(memory, compactWholeZone(memory, 0))).toBe(COMPACT_COMPLETE);
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(0);
    expect(balloonPages(memory, device)).toBe(10);
    expectSound(memory);
  });

  it('before 6.9 the target found last is used first', () => {
    const { memory, device } = caseNinetyOne('6.1');
    runToEnd(memory, compactWholeZone(memory, 0));
    expect(balloonList(memory, device)).toEqual([1030, 1031, 1032, 1033, 1034, 1035, 1036, 1037, 1038, 1039]);
    expectSound(memory);
  });

  it.each(MODERN)('case 91, variant: a pageblock that is wholly free is no target, %s', (profile) => {
    const { memory } = caseNinetyOne(profile, []);
    expect(runToEnd(memory, compactWholeZone(memory, 0))).toBe(COMPACT_COMPLETE);
    expect([memory.events[EV_BALLOON_MIGRATE], memory.events[EV_COMPACT_ISOLATED]]).toEqual([0, 10]);
    expectSound(memory);
  });

  it('case 92: kernel pages do not move, and looking at them counts', () => {
    const memory = aZone(1024);
    occupyAll(memory);
    freeAllBut(memory, 0, 1024, [...TEN, 512]);
    const before = nrFree(memory);
    runToEnd(memory, compactWholeZone(memory, 0));
    expect(nrFree(memory)).toEqual(before);
    expect(memory.events[EV_COMPACT_MIGRATE_SCANNED]).toBe(512);
    expect([memory.events[EV_COMPACT_ISOLATED], memory.events[EV_COMPACT_FREE_SCANNED]]).toEqual([0, 0]);
  });

  it('case 93: pages move up and never down', () => {
    const memory = aZone(8192);
    occupyAll(memory);
    const kept = Array.from({ length: 8192 }, (_, pfn) => pfn).filter((pfn) => (pfn * 2_654_435_761) % 7 < 3);
    freeAllBut(memory, 0, 8192, kept);
    const device = inflate(memory, kept);
    const moves: CompactionEvent[] = [];
    runToEnd(
      memory,
      compactWholeZone(memory, 0, (event) => moves.push(event)),
    );
    const was = new Set(kept);
    const gone = kept.filter((pfn) => memory.tag[pfn] !== 16 + device);
    const arrived = balloonList(memory, device).filter((pfn) => !was.has(pfn));
    expect(arrived).toHaveLength(gone.length);
    expect(gone.length).toBeGreaterThan(500);
    expect(Math.min(...arrived)).toBeGreaterThan(Math.max(...gone) - 512);
    expect(balloonPages(memory, device)).toBe(kept.length);
    expect(moves[0].kind).toBe('BEGIN');
    expectSound(memory);
  });

  it('case 63: without balloon compaction nothing is isolated from a pageblock full of balloon pages', () => {
    const memory = aZone(1024, { balloonCompaction: false });
    occupyAll(memory);
    freeAllBut(memory, 513, 1024, []);
    inflate(memory, TEN);
    runToEnd(memory, compactWholeZone(memory, 0));
    expect(memory.events[EV_COMPACT_ISOLATED]).toBe(0);
    expectSound(memory);
  });

  it('puts back what has no target when the scanners meet', () => {
    const memory = aZone(1024);
    occupyAll(memory);
    const device = inflate(memory, TEN);
    runToEnd(memory, compactWholeZone(memory, 0));
    expect(balloonPages(memory, device)).toBe(10);
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(0);
    expectSound(memory);
  });
});

describe('where targets come from', () => {
  /** Ten balloon pages in pageblock 0; pageblock 2 has a kernel page, then free memory; the others are full. */
  function withTarget(type: number): Memory {
    const memory = aZone(1536);
    occupyAll(memory);
    memory.blockType[2] = type;
    freeAllBut(memory, 1024, 1536, [1024]);
    inflate(memory, TEN);
    return memory;
  }

  it('case 94: only from movable pageblocks, but for the highest effort', () => {
    const unmovable = withTarget(UNMOVABLE);
    runToEnd(unmovable, compactWholeZone(unmovable, 0));
    expect(unmovable.events[EV_BALLOON_MIGRATE]).toBe(0);
    const movable = withTarget(MOVABLE);
    runToEnd(movable, compactWholeZone(movable, 0));
    expect(movable.events[EV_BALLOON_MIGRATE]).toBe(10);
    const hard = withTarget(UNMOVABLE);
    const effort = { direct: true, wholeZone: true, ignoreSkipHint: true, ignoreBlockSuitable: true };
    runToEnd(hard, compactZone(createControl(hard, request({ order: -1, ...effort }))));
    expect(hard.events[EV_BALLOON_MIGRATE]).toBe(10);
    expectSound(hard);
  });

  it('case 95: not from a pageblock that begins with a free block of the wanted order', () => {
    const memory = aZone(1024);
    occupyAll(memory);
    freeAllBut(memory, 512, 528, []); // order 4
    const isTarget = (order: number): boolean => isMigrationTarget(createControl(memory, request({ order })), 512);
    expect([3, 4, 5, 9, -1].map(isTarget)).toEqual([false, false, true, true, true]);
    freeAllBut(memory, 528, 1024, []); // order 9
    expect([5, 9, -1].map(isTarget)).toEqual([false, false, false]);
    const old = aZone(1024, { kernelProfile: '6.1' });
    occupyAll(old);
    freeAllBut(old, 512, 528, []);
    expect(isMigrationTarget(createControl(old, request({ order: 3 })), 512)).toBe(true);
  });

  it('pageblocks without a target are looked at less and less, and a target ends that', () => {
    const memory = aZone(512 * 12);
    occupyAll(memory);
    freeAllBut(memory, 512 * 3 + 1, 512 * 3 + 40, []);
    inflate(memory, TEN);
    const seen: number[] = [];
    const trace = (event: CompactionEvent): void => {
      if (event.kind === 'ISOLATE_FREEPAGES') seen.push(event.scanned);
    };
    runToEnd(memory, compactWholeZone(memory, 0, trace));
    // 512, 256, 128, 64, 32, then 16 frames of each; the free memory of pageblock 3 begins between two samples.
    expect(seen.slice(0, 8)).toEqual([512, 256, 128, 64, 32, 16, 16, 16]);
    expectSound(memory);
  });
});

describe('how a run ends', () => {
  it('case 101: one from cached positions ends partially skipped, one over the whole zone complete; both reset the positions', () => {
    const memory = aZone(4096);
    occupyAll(memory);
    freeAllBut(
      memory,
      2048,
      4096,
      Array.from({ length: 4 }, (_, block) => 2048 + 512 * block),
    );
    const cached = [Z_COMPACT_CACHED_MIGRATE, Z_COMPACT_CACHED_MIGRATE + 1, Z_COMPACT_CACHED_FREE] as const;
    memory.zones[cached[0]] = 1024;
    memory.zones[cached[1]] = 1024;
    memory.zones[cached[2]] = 3584;
    const partial = createControl(memory, request({ order: -1 }));
    expect(runToEnd(memory, compactZone(partial))).toBe(COMPACT_PARTIAL_SKIPPED);
    expect(cached.map((field) => zoneField(memory, field))).toEqual([0, 0, 3584]);
    const whole = createControl(memory, request({ order: -1 }));
    expect(runToEnd(memory, compactZone(whole))).toBe(COMPACT_COMPLETE);
    expect(cached.map((field) => zoneField(memory, field))).toEqual([0, 0, 3584]);
  });

  it('case 99: a pageblock where nothing could be isolated is skipped by the next hinted run, not by manual compaction', () => {
    const memory = aZone(2048);
    occupyAll(memory);
    const scanned = (manual: boolean): number => {
      const before = memory.events[EV_COMPACT_MIGRATE_SCANNED];
      runToEnd(
        memory,
        manual
          ? compactWholeZone(memory, 0)
          : compactZone(createControl(memory, request({ order: -1, wholeZone: true }))),
      );
      return memory.events[EV_COMPACT_MIGRATE_SCANNED] - before;
    };
    expect(scanned(false)).toBe(1536);
    expect(Array.from(memory.blockFlags, (flags) => flags & BLOCK_SKIP)).toEqual([1, 1, 1, 0]);
    expect(scanned(false)).toBe(0);
    expect(scanned(true)).toBe(1536);
  });
});
