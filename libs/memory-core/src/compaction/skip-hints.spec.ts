import { describe, expect, it } from '@jest/globals';
import { MIGRATE_SYNC_LIGHT } from '../layout/migrate-mode.js';
import { createOwner } from '../owners/owner.js';
import { BLOCK_SKIP } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  Z_COMPACT_BLOCKSKIP_FLUSH,
  Z_COMPACT_CACHED_FREE,
  Z_COMPACT_CACHED_MIGRATE,
  Z_COMPACT_CONSIDERED,
  Z_COMPACT_DEFER_SHIFT,
} from '../layout/zone-fields.js';
import { runToEnd } from '../tasks/task.js';
import { freeAllBut, inflate, occupyAll } from '../../test/support/movable.js';
import { aZone, adoptPages, zoneField } from '../../test/support/zone.js';
import { compactZone } from './compact-zone.js';
import { createControl } from './control.js';
import { resetSkipHints } from './skip-hints.js';

/** Eight pageblocks of kernel pages, every one of them marked to be skipped. */
function skippedZone(): Memory {
  const memory = aZone(4096);
  occupyAll(memory);
  memory.blockFlags.fill(BLOCK_SKIP);
  memory.zones[Z_COMPACT_BLOCKSKIP_FLUSH] = 1;
  return memory;
}

function skipped(memory: Memory): number[] {
  return Array.from(memory.blockFlags, (flags) => flags & BLOCK_SKIP);
}

describe('reset of the skip hints', () => {
  it('case 98: happens once when it was asked for, else not', () => {
    const memory = skippedZone();
    adoptPages(memory, createOwner(memory, 'ANON'), 8, 1);
    memory.zones[Z_COMPACT_BLOCKSKIP_FLUSH] = 0;
    resetSkipHints(memory, 0);
    expect(skipped(memory)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    memory.zones[Z_COMPACT_BLOCKSKIP_FLUSH] = 1;
    resetSkipHints(memory, 0);
    expect(skipped(memory)).toEqual([0, 1, 1, 1, 1, 1, 1, 1]);
    expect(zoneField(memory, Z_COMPACT_BLOCKSKIP_FLUSH)).toBe(0);
  });

  it('case 98: comes before a run after the longest deferral', () => {
    const memory = skippedZone();
    adoptPages(memory, createOwner(memory, 'ANON'), 8, 1);
    freeAllBut(
      memory,
      2048,
      4096,
      Array.from({ length: 1024 }, (_, at) => 2049 + 2 * at),
    );
    memory.zones[Z_COMPACT_DEFER_SHIFT] = 6;
    memory.zones[Z_COMPACT_CONSIDERED] = 64;
    const request = { zone: 0, order: 4, mode: MIGRATE_SYNC_LIGHT, migratetype: 1, highestType: 2, rights: 0 } as const;
    runToEnd(memory, compactZone(createControl(memory, request)));
    expect(zoneField(memory, Z_COMPACT_BLOCKSKIP_FLUSH)).toBe(0);
    expect(skipped(memory).slice(1, 4)).toEqual([1, 1, 1]);
  });

  it('samples every eighth frame', () => {
    const memory = skippedZone();
    const owner = createOwner(memory, 'ANON');
    adoptPages(memory, owner, 9, 7); // 9 … 15: between two samples
    adoptPages(memory, owner, 512 + 504, 1);
    resetSkipHints(memory, 0);
    expect(skipped(memory)).toEqual([1, 0, 1, 1, 1, 1, 1, 1]);
  });

  it('case 100: a pageblock of balloon pages stays skipped', () => {
    const memory = skippedZone();
    inflate(memory, [0, 8, 16, 3584, 3592]);
    resetSkipHints(memory, 0);
    expect(skipped(memory)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('case 100: in the upper half a free block at a sampled frame of a movable pageblock brings it back', () => {
    const memory = skippedZone();
    inflate(memory, [3585, 3586]);
    freeAllBut(memory, 3592, 3593, []);
    resetSkipHints(memory, 0);
    expect(skipped(memory)).toEqual([1, 1, 1, 1, 1, 1, 1, 0]);

    const unmovable = skippedZone();
    unmovable.blockType[7] = 0;
    freeAllBut(unmovable, 3592, 3593, []);
    resetSkipHints(unmovable, 0);
    expect(skipped(unmovable)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('later runs start at the first source and the last target', () => {
    const memory = skippedZone();
    adoptPages(memory, createOwner(memory, 'FILE'), 1024, 1);
    freeAllBut(memory, 3072, 3073, []);
    resetSkipHints(memory, 0);
    expect([zoneField(memory, Z_COMPACT_CACHED_MIGRATE), zoneField(memory, Z_COMPACT_CACHED_FREE)]).toEqual([
      1024, 3583,
    ]);
  });
});
