import { describe, expect, it } from '@jest/globals';
import { balloonPages, isolatedPages } from '../balloon/balloon.js';
import { setBalloonDriver } from '../balloon-list/driver.js';
import { ISOLATE } from '../layout/constants.js';
import { EAGAIN, EBUSY, EINVAL, ENOMEM } from '../layout/errno.js';
import { EV_BALLOON_MIGRATE, EV_PGMIGRATE_FAIL } from '../layout/events.js';
import type { Memory } from '../layout/memory.js';
import { KERNEL_PROFILES } from '../layout/profile.js';
import { TAG_ALLOCATED } from '../layout/tags.js';
import { createOwner, growOwner, ownerPages } from '../owners/owner.js';
import { runToEnd } from '../tasks/task.js';
import { answering, balloonList, freeAllBut, inflate, occupyAll } from '../../test/support/movable.js';
import { aZone, expectSound, freeCountOf } from '../../test/support/zone.js';
import { allocContigRange } from './contig-range.js';

const IN_RANGE = Array.from({ length: 40 }, (_, at) => 512 + 3 * at);

/** Pageblock 1 has 40 balloon pages and free memory, pageblock 2 is free, 0 and 3 are the kernel's. */
function aGuest(): { memory: Memory; device: number } {
  const memory = aZone(2048);
  occupyAll(memory);
  freeAllBut(memory, 512, 1536, IN_RANGE);
  return { memory, device: inflate(memory, IN_RANGE) };
}

function take(memory: Memory, startPfn: number, endPfn: number): number {
  return runToEnd(memory, allocContigRange(memory, startPfn, endPfn));
}

describe('allocContigRange', () => {
  it('case 113: moves balloon pages out of the way and hands the frames over', () => {
    const { memory, device } = aGuest();
    const free = freeCountOf(memory);
    expect(take(memory, 512, 1024)).toBe(0);
    expect(memory.tag.subarray(512, 1024).every((tag) => tag === TAG_ALLOCATED)).toBe(true);
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(IN_RANGE.length);
    expect(balloonPages(memory, device)).toBe(IN_RANGE.length);
    expect(balloonList(memory, device).every((pfn) => pfn >= 1024 && pfn < 1536)).toBe(true);
    expect(freeCountOf(memory)).toBe(free - 512);
    expect(memory.blockType.includes(ISOLATE)).toBe(false);
    expectSound(memory);
  });

  it('case 114: a driver that stays busy ends it with −EBUSY, and all pages go back', () => {
    const { memory, device } = aGuest();
    const free = freeCountOf(memory);
    setBalloonDriver(memory, device, answering(-EAGAIN));
    expect(take(memory, 512, 1024)).toBe(-EBUSY);
    expect([balloonPages(memory, device), isolatedPages(memory, device)]).toEqual([40, 0]);
    expect(memory.events[EV_BALLOON_MIGRATE]).toBe(0);
    expect(memory.events[EV_PGMIGRATE_FAIL]).toBeGreaterThan(0);
    expect(freeCountOf(memory)).toBe(free);
    expect(memory.blockType.includes(ISOLATE)).toBe(false);
    expectSound(memory);
  });

  it('takes part of a pageblock and gives back the rest of the free blocks it lies in', () => {
    const { memory } = aGuest();
    expect(take(memory, 1100, 1107)).toBe(0);
    expect(Array.from(memory.tag.subarray(1099, 1108), (tag) => tag === TAG_ALLOCATED)).toEqual([
      false,
      ...new Array<boolean>(7).fill(true),
      false,
    ]);
    expectSound(memory);
  });

  it.each(KERNEL_PROFILES)('moves owners’ pages too, %s', (kernelProfile) => {
    const memory = aZone(2048, { kernelProfile });
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 300);
    expect(take(memory, 0, 512)).toBe(0);
    expect(ownerPages(memory, owner)).toBe(300);
    expectSound(memory);
  });

  it('refuses kernel pages, memory without room elsewhere, and what is no range', () => {
    const { memory } = aGuest();
    expect(take(memory, 0, 600)).toBe(-EBUSY);
    expect(take(memory, 600, 600)).toBe(-EINVAL);
    expect(take(memory, 2000, 4096)).toBe(-EINVAL);
    expectSound(memory);
    const full = aZone(1024);
    occupyAll(full);
    const device = inflate(full, [512, 513]);
    full.tag.fill(TAG_ALLOCATED, 514, 1024);
    freeAllBut(full, 514, 1024, []);
    expect(take(full, 512, 1024)).toBe(-ENOMEM);
    expect(balloonList(full, device)).toHaveLength(2);
    expectSound(full);
  });
});
