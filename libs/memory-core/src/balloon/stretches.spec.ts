import { describe, expect, it } from '@jest/globals';
import { expectSound, zonesOf } from '../../test/support/zone.js';
import { allocatePages } from '../request/allocate.js';
import { freePageList, freePages } from '../allocator/free.js';
import { tryLockPage } from '../tasks/page-lock.js';
import { Gfp } from '../layout/gfp.js';
import type { Memory } from '../layout/memory.js';
import type { KernelProfile } from '../layout/profile.js';
import { digestMemory } from '../state/snapshot.js';
import {
  balloonPageAlloc,
  balloonPageDequeue,
  balloonPageEnqueue,
  balloonPageListDequeue,
  balloonPageListEnqueue,
  createBalloonDevice,
} from './balloon.js';
import {
  balloonBatchAlloc,
  balloonBatchDequeue,
  balloonBatchEnqueue,
  createPageBatch,
  fillBackwards,
  freeBatch,
  pagesBackwards,
} from './stretches.js';

const BATCH = 256;

/** Two zones with free memory in pieces: every seventh page is held. */
function fragmented(kernelProfile: KernelProfile): Memory {
  const zones = [
    { pages: 8192, type: 1 },
    { pages: 16_384, type: 2 },
  ];
  const memory = zonesOf(zones, { kernelProfile, pcp: true, watermarks: true });
  const pages = Array.from({ length: 9000 }, () => allocatePages(memory, 0, Gfp.HIGHUSER_MOVABLE));
  pages.forEach((pfn, at) => {
    if (at % 7 !== 0) freePages(memory, pfn, 0);
  });
  return memory;
}

describe.each<KernelProfile>(['6.1', '6.12', '7.0'])('batches of stretches, %s', (kernelProfile) => {
  it('leave every list, order and counter as pages taken one by one do', () => {
    const [bulk, single] = [fragmented(kernelProfile), fragmented(kernelProfile)];
    const device = createBalloonDevice(bulk, true);
    createBalloonDevice(single, true);
    const batch = createPageBatch(BATCH);
    for (let round = 0; round < 30; round++) {
      const got = balloonBatchAlloc(bulk, batch, BATCH);
      balloonBatchEnqueue(bulk, device, batch);
      const pfns = Array.from({ length: got }, () => balloonPageAlloc(single));
      for (const pfn of pfns.reverse()) balloonPageEnqueue(single, device, pfn);
      expect([round, digestMemory(bulk)]).toEqual([round, digestMemory(single)]);
    }
    expectSound(bulk);
    for (let round = 0; round < 15; round++) {
      const taken = balloonBatchDequeue(bulk, device, batch, BATCH);
      freeBatch(bulk, batch);
      const pfns = Array.from({ length: taken }, () => balloonPageDequeue(single, device));
      for (const pfn of pfns.reverse()) freePages(single, pfn, 0);
      expect([round, digestMemory(bulk)]).toEqual([round, digestMemory(single)]);
    }
    expectSound(bulk);
  });

  it('come off the list as the list of pages does', () => {
    const [bulk, list] = [fragmented(kernelProfile), fragmented(kernelProfile)];
    const device = createBalloonDevice(bulk, true);
    createBalloonDevice(list, true);
    const batch = createPageBatch(1000);
    for (const memory of [bulk, list]) {
      balloonBatchAlloc(memory, batch, 1000);
      balloonBatchEnqueue(memory, device, batch);
    }
    const pfns = new Int32Array(700);
    expect(balloonBatchDequeue(bulk, device, batch, 700)).toBe(balloonPageListDequeue(list, device, pfns, 700));
    freeBatch(bulk, batch);
    freePageList(list, pfns, 700);
    expect(digestMemory(bulk)).toBe(digestMemory(list));
  });

  it('stop at a page that somebody has locked, as the list of pages does', () => {
    const [bulk, list] = [fragmented(kernelProfile), fragmented(kernelProfile)];
    const outcomes = [bulk, list].map((memory) => {
      const device = createBalloonDevice(memory, true);
      const batch = createPageBatch(300);
      balloonBatchAlloc(memory, batch, 300);
      const pfns = pagesBackwards(batch);
      tryLockPage(memory, pfns[120]);
      try {
        if (memory === bulk) balloonBatchEnqueue(memory, device, batch);
        else balloonPageListEnqueue(memory, device, pfns, 300);
        return 'listed';
      } catch (error) {
        return String(error);
      }
    });
    expect(outcomes[0]).toBe(outcomes[1]);
    expect(digestMemory(bulk)).toBe(digestMemory(list));
  });

  it('name their pages backwards, and are made of such a list again', () => {
    const memory = fragmented(kernelProfile);
    const [batch, again] = [createPageBatch(BATCH), createPageBatch(BATCH)];
    balloonBatchAlloc(memory, batch, BATCH);
    const pfns = [...pagesBackwards(batch)];
    expect(new Set(pfns).size).toBe(BATCH);
    fillBackwards(again, pfns);
    expect([...pagesBackwards(again)]).toEqual(pfns);
  });
});
