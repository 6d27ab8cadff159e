import { describe, expect, it } from '@jest/globals';
import { EV_COMPACT_FAIL, EV_COMPACT_STALL } from '../layout/events.js';
import type { Memory } from '../layout/memory.js';
import { NIL, ZONE_NORMAL } from '../layout/constants.js';
import {
  Z_COMPACT_CONSIDERED,
  Z_COMPACT_DEFER_SHIFT,
  Z_COMPACT_ORDER_FAILED,
  Z_WMARK_LOW,
} from '../layout/zone-fields.js';
import { runToEnd } from '../tasks/task.js';
import { freeBlocks, fragmentationIndex } from './fragmentation.js';
import { freePages } from '../allocator/free.js';
import { occupyAll } from '../../test/support/movable.js';
import { aZone, freeCountOf, zoneField } from '../../test/support/zone.js';
import { PRIORITY_SYNC_LIGHT, directCompact } from './direct.js';
import { COMPACT_CONTINUE, COMPACT_DEFERRED, COMPACT_SKIPPED, COMPACT_SUCCESS } from './result.js';
import {
  deferCompaction,
  isCompactionDeferred,
  isCompactionRestarting,
  resetDeferral,
  suitabilityFor,
} from './suitability.js';

/** A zone whose every other stretch of 2^order pages is free. */
function chequered(pages: number, order: number): Memory {
  const memory = aZone(pages);
  occupyAll(memory);
  for (let pfn = 0; pfn < pages; pfn += 2 << order) freePages(memory, pfn, order);
  return memory;
}

function suitable(memory: Memory, order: number): number {
  return suitabilityFor(memory, 0, order, ZONE_NORMAL, 0, 1);
}

describe('suitability', () => {
  it('case 89: too little fragmentation for an order above 3 and the zone is skipped; no stall counts', () => {
    const light = chequered(1024 * 100, 8);
    expect(fragmentationIndex(light, 0, 9)).toBeLessThan(500);
    expect(suitable(light, 9)).toBe(COMPACT_SKIPPED);
    const direct = directCompact(light, { ...REQUEST, order: 9 }, () => NIL);
    expect(runToEnd(light, direct)).toEqual({ result: COMPACT_SKIPPED, pfn: NIL });
    expect(light.events[EV_COMPACT_STALL]).toBe(0);
    const strong = chequered(1024 * 100, 7);
    expect(fragmentationIndex(strong, 0, 9)).toBeGreaterThan(600);
    expect(suitable(strong, 9)).toBe(COMPACT_CONTINUE);
  });

  it('case 89: order 3 does not ask for the index', () => {
    const memory = chequered(1024, 2);
    expect(fragmentationIndex(memory, 0, 3)).toBeLessThanOrEqual(500);
    expect(suitable(memory, 3)).toBe(COMPACT_CONTINUE);
    expect(suitable(memory, 2)).toBe(COMPACT_SUCCESS);
  });

  it('case 90: free pages must be more than the low mark and twice the block', () => {
    const memory = chequered(1024 * 4, 0);
    const free = freeCountOf(memory);
    memory.zones[Z_WMARK_LOW] = free - 1024;
    expect(suitable(memory, 9)).toBe(COMPACT_SKIPPED);
    memory.zones[Z_WMARK_LOW]--;
    expect(suitable(memory, 9)).toBe(COMPACT_CONTINUE);
    expect(freeBlocks(memory, 0, 0)).toBe(free);
  });
});

const REQUEST = {
  order: 9,
  migratetype: 1,
  zonelist: Int32Array.of(0),
  highestType: ZONE_NORMAL,
  rights: 0,
  priority: PRIORITY_SYNC_LIGHT,
};

describe('deferral', () => {
  it('case 97: after two failed runs three attempts are deferred, the fourth runs; recorded kernels count them as stalls', () => {
    const memory = chequered(1024 * 4, 0); // kernel pages: nothing moves
    const results = Array.from({ length: 6 }, () => {
      const { result } = runToEnd(
        memory,
        directCompact(memory, REQUEST, () => NIL),
      );
      return [result, memory.events[EV_COMPACT_STALL]];
    });
    expect(results.map(([result]) => result === COMPACT_DEFERRED)).toEqual([false, true, false, true, true, true]);
    expect(results.map(([, stalls]) => stalls)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(memory.events[EV_COMPACT_FAIL]).toBe(6);
    expect(zoneField(memory, Z_COMPACT_DEFER_SHIFT)).toBe(2);
    const seventh = runToEnd(
      memory,
      directCompact(memory, REQUEST, () => NIL),
    );
    expect(seventh.result).not.toBe(COMPACT_DEFERRED);
  });

  it('case 97: success ends it, and smaller orders than the failed one are never deferred', () => {
    const memory = aZone(1024);
    memory.zones[Z_COMPACT_ORDER_FAILED] = 10;
    deferCompaction(memory, 0, 9);
    deferCompaction(memory, 0, 9);
    expect([zoneField(memory, Z_COMPACT_DEFER_SHIFT), zoneField(memory, Z_COMPACT_ORDER_FAILED)]).toEqual([2, 9]);
    expect(isCompactionDeferred(memory, 0, 8)).toBe(false);
    expect(Array.from({ length: 4 }, () => isCompactionDeferred(memory, 0, 9))).toEqual([true, true, true, false]);
    resetDeferral(memory, 0, 9, true);
    expect([zoneField(memory, Z_COMPACT_DEFER_SHIFT), zoneField(memory, Z_COMPACT_ORDER_FAILED)]).toEqual([0, 10]);
    expect(isCompactionDeferred(memory, 0, 9)).toBe(false);
  });

  it('skips at most 63 attempts', () => {
    const memory = aZone(1024);
    for (let failure = 0; failure < 9; failure++) deferCompaction(memory, 0, 0);
    let skipped = 0;
    while (isCompactionDeferred(memory, 0, 0)) skipped++;
    expect(skipped).toBe(63);
    expect(isCompactionRestarting(memory, 0, 0)).toBe(true);
    memory.zones[Z_COMPACT_CONSIDERED] = 63;
    expect(isCompactionRestarting(memory, 0, 0)).toBe(false);
  });
});
