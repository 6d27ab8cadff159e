import { describe, expect, it } from '@jest/globals';
import {
  balloonPageAlloc,
  balloonPageAllocList,
  balloonPageDequeue,
  balloonPageEnqueue,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  balloonPages,
  createBalloonDevice,
  isolatedPages,
} from './balloon.js';
import { MOVABLE, NIL, UNMOVABLE } from '../layout/constants.js';
import { createMemory } from '../boot/create.js';
import { EV_BALLOON_DEFLATE, EV_BALLOON_INFLATE } from '../layout/events.js';
import { freePageList, freePages } from '../allocator/free.js';
import { KernelBugError } from '../layout/kernel-bug.js';
import { DEVICE_FIELDS, S_TOTAL_RAM, balloonListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { tryLockPage, unlockPage } from '../tasks/page-lock.js';
import type { KernelProfile } from '../layout/profile.js';
import { aZone, expectSound, freeCountOf, nrFree, withoutPcp, zoneField } from '../../test/support/zone.js';
import { inspectPage } from '../views/inspect.js';
import { readUsage } from '../views/usage.js';
import { vmstat } from '../views/vmstat.js';
import { Z_FREE, Z_MANAGED, Z_RESERVE, Z_WMARK_LOW } from '../layout/zone-fields.js';

const LEGACY: KernelProfile[] = ['5.15', '6.1', '6.12'];
const ALL: KernelProfile[] = [...LEGACY, '7.0'];

interface Balloon {
  readonly memory: Memory;
  readonly device: number;
}

function aBalloon(kernelProfile: KernelProfile = '6.12', adjustManaged = false): Balloon {
  const memory = aZone(4096, { kernelProfile });
  return { memory, device: createBalloonDevice(memory, adjustManaged) };
}

/** Allocates `count` pages and enqueues them one by one: a, b, c … */
function enqueued({ memory, device }: Balloon, count: number): number[] {
  return Array.from({ length: count }, () => {
    const pfn = balloonPageAlloc(memory);
    balloonPageEnqueue(memory, device, pfn);
    return pfn;
  });
}

function listOf({ memory, device }: Balloon): number[] {
  const sentinel = balloonListNode(memory, device);
  const pfns: number[] = [];
  for (let pfn = memory.links[2 * sentinel]; pfn !== sentinel; pfn = memory.links[2 * pfn]) pfns.push(pfn);
  return pfns;
}

function events({ memory }: Balloon): [inflate: number, deflate: number] {
  return [memory.events[EV_BALLOON_INFLATE], memory.events[EV_BALLOON_DEFLATE]];
}

describe.each(ALL)('balloon core, %s', (kernelProfile) => {
  it('case 35: above the low watermark a page comes: held, not offline, nothing counted', () => {
    const memory = createMemory({ ramBytes: 2 ** 28, kernelProfile });
    const pfn = balloonPageAlloc(memory);
    expect(inspectPage(memory, pfn)).toMatchObject({ state: 'ALLOCATED', refcount: 1, offline: false });
    expect(memory.events[EV_BALLOON_INFLATE]).toBe(0);
  });

  it('case 39: enqueue puts the page at the head, offline and owned by the device', () => {
    const balloon = aBalloon(kernelProfile);
    const [first, second] = enqueued(balloon, 2);
    expect(listOf(balloon)).toEqual([second, first]);
    expect(balloonPages(balloon.memory, balloon.device)).toBe(2);
    expect(events(balloon)).toEqual([2, 0]);
    expect(inspectPage(balloon.memory, second)).toMatchObject({
      state: 'BALLOON',
      refcount: 1,
      offline: true,
      device: 0,
    });
    const reported = vmstat(balloon.memory).find(([name]) => name === 'nr_balloon_pages')?.[1];
    expect(reported).toBe(kernelProfile === '7.0' ? 2 : undefined);
    expectSound(balloon.memory);
  });

  it('case 40: list enqueue leaves the last page of the list at the head', () => {
    const balloon = aBalloon(kernelProfile);
    const pfns = new Int32Array(3);
    expect(balloonPageAllocList(balloon.memory, pfns, 3)).toBe(3);
    const [a, b, c] = pfns;
    expect(balloonPageListEnqueue(balloon.memory, balloon.device, pfns, 3)).toBe(3);
    expect(listOf(balloon)).toEqual([c, b, a]);
    expect(events(balloon)).toEqual([3, 0]);
    expectSound(balloon.memory);
  });

  it('case 41: enqueueing an empty list changes nothing', () => {
    const balloon = aBalloon(kernelProfile);
    expect(balloonPageListEnqueue(balloon.memory, balloon.device, new Int32Array(0), 0)).toBe(0);
    expect([listOf(balloon), events(balloon)]).toEqual([[], [0, 0]]);
    expectSound(balloon.memory);
  });

  it('case 42: dequeue takes the head and leaves it held', () => {
    const balloon = aBalloon(kernelProfile);
    const [a, b, c] = enqueued(balloon, 3);
    expect(balloonPageDequeue(balloon.memory, balloon.device)).toBe(c);
    expect(listOf(balloon)).toEqual([b, a]);
    expect(events(balloon)).toEqual([3, 1]);
    expect(inspectPage(balloon.memory, c)).toMatchObject({ refcount: 1, device: NIL });
    expectSound(balloon.memory);
  });

  it('case 43: list dequeue hands the pages out in reverse of the list', () => {
    const balloon = aBalloon(kernelProfile);
    const [a, b, c] = enqueued(balloon, 3);
    const out = new Int32Array(2);
    expect(balloonPageListDequeue(balloon.memory, balloon.device, out, 2)).toBe(2);
    expect([...out]).toEqual([b, c]);
    expect(listOf(balloon)).toEqual([a]);
    expectSound(balloon.memory);
  });

  it('case 44: list dequeue gives what there is', () => {
    const balloon = aBalloon(kernelProfile);
    enqueued(balloon, 3);
    const out = new Int32Array(10);
    expect(balloonPageListDequeue(balloon.memory, balloon.device, out, 0)).toBe(0);
    expect(balloonPageListDequeue(balloon.memory, balloon.device, out, 10)).toBe(3);
    expect(listOf(balloon)).toEqual([]);
  });

  it('case 45: an empty balloon with isolated pages answers "later"; with none it is a kernel bug', () => {
    const balloon = aBalloon(kernelProfile);
    balloon.memory.devices[balloon.device * DEVICE_FIELDS + 2] = 1;
    expect(isolatedPages(balloon.memory, balloon.device)).toBe(1);
    expect(balloonPageDequeue(balloon.memory, balloon.device)).toBe(NIL);
    balloon.memory.devices[balloon.device * DEVICE_FIELDS + 2] = 0;
    expect(() => balloonPageDequeue(balloon.memory, balloon.device)).toThrow(KernelBugError);
    expect(events(balloon)).toEqual([0, 0]);
  });

  it('case 48: a dequeued page that is freed returns to the buddy without a trace', () => {
    const balloon = aBalloon(kernelProfile);
    enqueued(balloon, 1);
    const pfn = balloonPageDequeue(balloon.memory, balloon.device);
    // From 7.0 the page stays offline until it is freed.
    expect(inspectPage(balloon.memory, pfn).offline).toBe(kernelProfile === '7.0');
    expect(freeCountOf(balloon.memory)).toBe(4095);
    freePages(balloon.memory, pfn, 0);
    expect(inspectPage(balloon.memory, pfn)).toMatchObject({ state: 'FREE', refcount: 0, offline: false });
    expect(freeCountOf(balloon.memory)).toBe(4096);
    expect(nrFree(balloon.memory)[10]).toBe(4);
    expectSound(balloon.memory);
  });

  it.each([true, false])(
    'case 49: managed pages follow the balloon exactly when the device adjusts them (%p)',
    (adjust) => {
      const balloon = aBalloon(kernelProfile, adjust);
      const { memory, device } = balloon;
      enqueued(balloon, 5);
      expect(zoneField(memory, Z_MANAGED)).toBe(adjust ? 4091 : 4096);
      expect(readUsage(memory).totalPages).toBe(adjust ? 4091 : 4096);
      expectSound(memory);
      const out = new Int32Array(5);
      freePageList(memory, out, balloonPageListDequeue(memory, device, out, 5));
      expect([zoneField(memory, Z_MANAGED), memory.scalars[S_TOTAL_RAM]]).toEqual([4096, 4096]);
      expectSound(memory);
    },
  );

  it('keeps two devices apart', () => {
    const first = aBalloon(kernelProfile);
    const second = { memory: first.memory, device: createBalloonDevice(first.memory, false) };
    const one = enqueued(first, 2);
    const other = enqueued(second, 2);
    expect([listOf(first), listOf(second)]).toEqual([one.reverse(), other.reverse()]);
    expectSound(first.memory);
  });

  it('refuses to enqueue a page that the driver does not hold', () => {
    const balloon = aBalloon(kernelProfile);
    expect(() => balloonPageEnqueue(balloon.memory, balloon.device, 100)).toThrow('pfn 100 is not held by the driver');
    const [pfn] = enqueued(balloon, 1);
    expect(() => balloonPageEnqueue(balloon.memory, balloon.device, pfn)).toThrow('is not held by the driver');
    expectSound(balloon.memory);
  });
});

describe.each(LEGACY)('page locks of the balloon core, %s', (kernelProfile) => {
  it('case 46: dequeue passes over locked pages', () => {
    const balloon = aBalloon(kernelProfile);
    const [a, b, c] = enqueued(balloon, 3);
    expect(tryLockPage(balloon.memory, c)).toBe(true);
    expect(tryLockPage(balloon.memory, c)).toBe(false);
    expect(balloonPageDequeue(balloon.memory, balloon.device)).toBe(b);
    expect(listOf(balloon)).toEqual([c, a]);
    tryLockPage(balloon.memory, a);
    expect(balloonPageDequeue(balloon.memory, balloon.device)).toBe(NIL);
    expect(events(balloon)).toEqual([3, 1]);
    expectSound(balloon.memory);
    unlockPage(balloon.memory, c);
    expect(balloonPageDequeue(balloon.memory, balloon.device)).toBe(c);
    expectSound(balloon.memory);
  });

  it('case 47: enqueueing a locked page is a kernel bug', () => {
    const { memory, device } = aBalloon(kernelProfile);
    const pfns = new Int32Array(3);
    balloonPageAllocList(memory, pfns, 3);
    tryLockPage(memory, pfns[1]);
    expect(() => balloonPageListEnqueue(memory, device, pfns, 3)).toThrow(KernelBugError);
    expect(listOf({ memory, device })).toEqual([pfns[0]]);
    expectSound(memory);
  });
});

describe('balloon core, 7.0', () => {
  it('knows no page locks', () => {
    const balloon = aBalloon('7.0');
    const pfn = balloonPageAlloc(balloon.memory);
    tryLockPage(balloon.memory, pfn);
    balloonPageEnqueue(balloon.memory, balloon.device, pfn);
    expect(balloonPageDequeue(balloon.memory, balloon.device)).toBe(pfn);
  });

  it('recomputes the lowmem reserves with the managed pages, which earlier releases leave', () => {
    for (const kernelProfile of ALL) {
      const memory = createMemory({ ramBytes: 2 ** 28, kernelProfile });
      const device = createBalloonDevice(memory, true);
      const before = memory.zones[Z_RESERVE + 2];
      const pfns = new Int32Array(25_600);
      balloonPageListEnqueue(memory, device, pfns, balloonPageAllocList(memory, pfns, 25_600));
      const gain = kernelProfile === '6.12' || kernelProfile === '7.0' ? 8 : 9; // of the pages freed late in boot
      expect(memory.zones[Z_RESERVE + 2]).toBe(kernelProfile === '7.0' ? before + gain - 100 : before);
    }
  });
});

describe('balloon options', () => {
  it('a guest without memory ballooning gets no device', () => {
    const memory = aZone(4096, { memoryBallooning: false });
    expect(createBalloonDevice(memory, false)).toBe(NIL);
  });

  it('has room for four devices', () => {
    const memory = aZone(4096);
    expect([1, 2, 3, 4, 5].map(() => createBalloonDevice(memory, false))).toEqual([0, 1, 2, 3, NIL]);
    expect(() => balloonPages(aZone(4096), 0)).toThrow('createBalloonDevice');
  });

  it('takes movable memory when its pages can move and unmovable memory when not', () => {
    const movable = aZone(4096);
    balloonPageAlloc(movable);
    expect(movable.blockType[0]).toBe(MOVABLE);
    const pinned = aZone(4096, { balloonCompaction: false });
    balloonPageAlloc(pinned);
    expect(pinned.blockType[0]).toBe(UNMOVABLE);
    const names = vmstat(pinned).map(([name]) => name);
    expect(names.filter((name) => name.startsWith('balloon_'))).toEqual(['balloon_inflate', 'balloon_deflate']);
  });

  it('stops at the min watermark plus the reserve of the lowest zone it may use', () => {
    const memory = withoutPcp(createMemory({ ramBytes: 2 ** 28 }));
    const device = createBalloonDevice(memory, false);
    const pfns = new Int32Array(70_000);
    const got = balloonPageAllocList(memory, pfns, 70_000);
    balloonPageListEnqueue(memory, device, pfns, got);
    const zones = readUsage(memory).zones;
    expect(zones[1].freePages).toBe(zones[1].watermarks.minPages);
    expect(zones[0].freePages).toBe(zones[0].watermarks.minPages + memory.zones[Z_RESERVE + 3]);
    expect(memory.zones[Z_FREE]).toBeGreaterThan(memory.zones[Z_WMARK_LOW]);
    expectSound(memory);
  });
});
