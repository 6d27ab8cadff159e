import { describe, expect, it } from '@jest/globals';
import { MOVABLE, NIL, UNMOVABLE, ZONE_NORMAL } from '../layout/constants.js';
import {
  EV_BALLOON_MIGRATE,
  EV_COMPACT_FAIL,
  EV_COMPACT_ISOLATED,
  EV_COMPACT_STALL,
  EV_COMPACT_SUCCESS,
} from '../layout/events.js';
import { S_CAPTURED, S_CAPTURE_ZONE } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { TAG_ALLOCATED, TAG_FREE } from '../layout/tags.js';
import { runToEnd } from '../tasks/task.js';
import { balloonPages } from '../balloon/balloon.js';
import { takeSmallest } from '../allocator/buddy.js';
import { balloonList, freeAllBut, inflate, occupyAll } from '../../test/support/movable.js';
import { aZone, expectSound, freeCountOf } from '../../test/support/zone.js';
import {
  PRIORITY_ASYNC,
  PRIORITY_SYNC_FULL,
  PRIORITY_SYNC_LIGHT,
  directCompact,
  shouldCompactRetry,
} from './direct.js';
import type { DirectOutcome, DirectRequest } from './direct.js';
import { COMPACT_COMPLETE, COMPACT_SKIPPED, COMPACT_SUCCESS } from './result.js';

function compact(memory: Memory, overrides: Partial<DirectRequest> = {}): DirectOutcome {
  const request: DirectRequest = {
    order: 4,
    migratetype: MOVABLE,
    zonelist: Int32Array.of(0),
    highestType: ZONE_NORMAL,
    rights: 0,
    priority: PRIORITY_SYNC_LIGHT,
    ...overrides,
  };
  return runToEnd(
    memory,
    directCompact(memory, request, () => takeSmallest(memory, 0, request.order, request.migratetype)),
  );
}

function direct({ events }: Memory): number[] {
  return [events[EV_COMPACT_STALL], events[EV_COMPACT_SUCCESS], events[EV_COMPACT_FAIL]];
}

/** Every other frame of the upper half is free; the first frames of pageblock 0 are in a balloon, with free ones between. */
function fragmented(movable: boolean): { memory: Memory; device: number } {
  const memory = aZone(4096);
  occupyAll(memory);
  const odd = (from: number, to: number): number[] =>
    Array.from({ length: (to - from) / 2 }, (_, at) => from + 1 + 2 * at);
  freeAllBut(memory, 2048, 4096, odd(2048, 4096));
  freeAllBut(memory, 0, 64, odd(0, 64));
  return { memory, device: movable ? inflate(memory, odd(0, 64)) : NIL };
}

describe('direct compaction', () => {
  it('case 96: a block that was made counts as stall and success', () => {
    const { memory } = fragmented(true);
    const { result, pfn } = compact(memory);
    expect(result).toBe(COMPACT_SUCCESS);
    expect(pfn % 16).toBe(0);
    expect(direct(memory)).toEqual([1, 1, 0]);
  });

  it('case 96: a run without a block counts as stall and failure', () => {
    const { memory } = fragmented(false);
    expect(compact(memory).pfn).toBe(NIL);
    expect(direct(memory)).toEqual([1, 0, 1]);
  });

  it('hands over a block on its way to the free lists: it is on none, and not counted free', () => {
    const { memory } = fragmented(true);
    const free = freeCountOf(memory);
    const { pfn } = compact(memory);
    expect(Array.from(memory.tag.subarray(pfn, pfn + 16))).toEqual(new Array(16).fill(TAG_FREE));
    expect(freeCountOf(memory)).toBe(free - 16);
    expect([memory.scalars[S_CAPTURE_ZONE], memory.scalars[S_CAPTURED]]).toEqual([0, 0]);
    memory.tag.fill(TAG_ALLOCATED, pfn, pfn + 16);
    expectSound(memory);
  });

  it('a request that cannot be moved catches no part of a movable pageblock', () => {
    const { memory } = fragmented(true);
    const { result, pfn } = compact(memory, { migratetype: UNMOVABLE });
    expect([result, pfn]).toEqual([COMPACT_SUCCESS, NIL]); // what was made could be claimed, which its caller does not try here
    expect(direct(memory)).toEqual([1, 0, 1]);
    expectSound(memory);
  });

  it('case 105: in a hurry, one kernel page in an aligned sub-block puts its movable ones back', () => {
    const memory = aZone(4096);
    occupyAll(memory);
    freeAllBut(
      memory,
      2048,
      4096,
      Array.from({ length: 1024 }, (_, at) => 2049 + 2 * at),
    );
    const device = inflate(memory, [0, 1, 2, 3, 4]); // frame 5 is the kernel's
    expect(compact(memory, { priority: PRIORITY_ASYNC }).pfn).toBe(NIL);
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(0);
    expect(memory.events[EV_COMPACT_ISOLATED]).toBe(0);
    expect(balloonPages(memory, device)).toBe(5);
    expect(balloonList(memory, device)).toEqual([0, 1, 2, 3, 4]); // the one isolated last went back first
    expectSound(memory);
  });

  it('raises its effort from round to round, and not to the highest for large blocks', () => {
    const retry = { priority: PRIORITY_ASYNC, retries: 0 };
    expect(shouldCompactRetry(retry, 9, COMPACT_SKIPPED, true)).toBe(true);
    expect(shouldCompactRetry(retry, 9, COMPACT_SKIPPED, false)).toBe(false);
    expect(shouldCompactRetry(retry, 9, COMPACT_COMPLETE, false)).toBe(true);
    expect(retry.priority).toBe(PRIORITY_SYNC_LIGHT);
    expect(shouldCompactRetry(retry, 9, COMPACT_COMPLETE, false)).toBe(false);
    expect(Array.from({ length: 5 }, () => shouldCompactRetry(retry, 9, COMPACT_SUCCESS, false))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(shouldCompactRetry(retry, 2, COMPACT_COMPLETE, false)).toBe(true);
    expect(retry.priority).toBe(PRIORITY_SYNC_FULL);
    expect(shouldCompactRetry(retry, 0, COMPACT_COMPLETE, true)).toBe(false);
  });
});
