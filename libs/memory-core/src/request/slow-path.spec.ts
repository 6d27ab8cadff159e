import { describe, expect, it } from '@jest/globals';
import { balloonPageAlloc } from '../balloon/balloon.js';
import { NIL } from '../layout/constants.js';
import {
  EV_ALLOCSTALL,
  EV_COMPACT_STALL,
  EV_OOM_KILL,
  EV_PAGEOUTRUN,
  EV_PGSTEAL_DIRECT,
  EV_PGSTEAL_FILE,
} from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { S_KSWAPD_WAKES } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { Z_WMARK_MIN } from '../layout/zone-fields.js';
import { createOwner, isOwnerKilled, ownerPages } from '../owners/owner.js';
import { runPendingKswapd } from '../reclaim/kswapd.js';
import { BALLOON_OOM_PRIORITY, panicReason, registerOomNotifier } from '../reclaim/oom.js';
import { aShortZone, adoptPages, freeCountOf } from '../../test/support/zone.js';
import { allocatePages } from './allocate.js';
import { freePages } from '../allocator/free.js';

/** A program that holds one page, taken from the reserve. */
function aSmallProgram(memory: Memory): number {
  const owner = createOwner(memory, 'ANON');
  adoptPages(memory, owner, allocatePages(memory, 0, Gfp.ATOMIC), 1);
  return owner;
}

describe('a request at the min watermark', () => {
  it('case 36: free between MIN and LOW and nothing to reclaim: a page, and kswapd woken once, which then gives up', () => {
    const memory = aShortZone(300, 0);
    expect([memory.zones[Z_WMARK_MIN], memory.zones[Z_WMARK_MIN + 1]]).toEqual([256, 320]);
    expect(balloonPageAlloc(memory)).not.toBe(NIL);
    expect(memory.scalars[S_KSWAPD_WAKES]).toBe(1);
    runPendingKswapd(memory);
    expect([memory.events[EV_PAGEOUTRUN], memory.events[EV_ALLOCSTALL + 3]]).toEqual([16, 0]);
  });

  it.each([
    // 32 are wanted; the round that gets them ends when its share of the list is done.
    ['5.15', 40],
    // Generations give a batch.
    ['6.12', 64],
  ] as const)(
    'case 38: free at MIN and 100 clean cache pages: one direct reclaim, then a page: %s',
    (kernelProfile, got) => {
      const memory = aShortZone(256, 100, { kernelProfile });
      expect(freeCountOf(memory)).toBe(memory.zones[Z_WMARK_MIN]);
      expect(balloonPageAlloc(memory)).not.toBe(NIL);
      expect([memory.events[EV_ALLOCSTALL + 3], memory.events[EV_PGSTEAL_DIRECT]]).toEqual([1, got]);
      expect(memory.events[EV_PGSTEAL_FILE]).toBe(got);
      expect(memory.events[EV_OOM_KILL]).toBe(0);
    },
  );

  it('case 37: free at MIN and nothing to reclaim: no page, a stall, nobody killed, nothing compacted', () => {
    for (const [kernelProfile, stalls] of [
      ['6.1', 1],
      // Recorded: 64 stalls in 32 retries; 6.8 and later go over everything once more.
      ['6.12', 2],
    ] as const) {
      const memory = aShortZone(256, 0, { kernelProfile });
      expect(balloonPageAlloc(memory)).toBe(NIL);
      expect(memory.events[EV_ALLOCSTALL + 3]).toBe(stalls);
      expect([memory.events[EV_OOM_KILL], memory.events[EV_COMPACT_STALL]]).toEqual([0, 0]);
    }
  });

  it('a program’s request goes 17 rounds, then has somebody killed (recorded: 34 stalls a kill)', () => {
    const memory = aShortZone(256, 0);
    const victim = aSmallProgram(memory);
    // The page that comes free goes to the first request; a zone of one CPU's lists switched off has it at once.
    expect(allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE)).toBe(NIL);
    expect([memory.events[EV_ALLOCSTALL + 3], memory.events[EV_OOM_KILL]]).toEqual([68, 1]);
    expect(isOwnerKilled(memory, victim)).toBe(true);
    expect(panicReason(memory)).toBe('NO_KILLABLE_PROCESS');
  });

  it('with notifiers that give pages back nobody dies', () => {
    const memory = aShortZone(256, 0);
    const victim = aSmallProgram(memory);
    const kept = Array.from({ length: 10 }, () => allocatePages(memory, 0, Gfp.ATOMIC));
    registerOomNotifier(memory, BALLOON_OOM_PRIORITY, () => {
      const freed = kept.length + 1;
      for (const pfn of kept.splice(0)) freePages(memory, pfn, 0);
      for (let taken = 0; taken < 12; taken++) memory.zones[Z_WMARK_MIN]--;
      return freed;
    });
    expect(allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE)).not.toBe(NIL);
    expect([memory.events[EV_ALLOCSTALL + 3], memory.events[EV_OOM_KILL]]).toEqual([34, 0]);
    expect(ownerPages(memory, victim)).toBe(1);
  });

  it('after a panic there is nothing to get', () => {
    const memory = aShortZone(256, 0);
    expect(allocatePages(memory, 0, Gfp.KERNEL)).toBe(NIL);
    expect(panicReason(memory)).toBe('NO_KILLABLE_PROCESS');
    const stalls = memory.events[EV_ALLOCSTALL + 2];
    expect(allocatePages(memory, 0, Gfp.KERNEL)).toBe(NIL);
    expect(memory.events[EV_ALLOCSTALL + 2]).toBe(stalls);
  });
});
