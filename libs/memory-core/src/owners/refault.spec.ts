import { describe, expect, it } from '@jest/globals';
import { EV_PGMAJFAULT, EV_PSWPIN, EV_PSWPOUT, EV_WORKINGSET_REFAULT_FILE } from '../layout/events.js';
import { Gfp } from '../layout/gfp.js';
import { S_SWAP_USED } from '../layout/memory.js';
import { directReclaim } from '../reclaim/direct-reclaim.js';
import { aZone, expectSound } from '../../test/support/zone.js';
import { createOwner, growOwner, ownerPages, shrinkOwner } from './owner.js';
import { absentPages, refaultOwner } from './refault.js';

describe('pages that come back', () => {
  it('from swap, eight with each major fault', () => {
    const memory = aZone(16_384, { watermarks: true, swapPages: 4096 });
    const owner = createOwner(memory, 'ANON');
    growOwner(memory, owner, 4000);
    while (absentPages(memory, owner) < 800) directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE);
    const out = memory.events[EV_PSWPOUT];
    expect(ownerPages(memory, owner)).toBe(4000 - out);
    expect(refaultOwner(memory, owner, 800)).toBe(800);
    expect([memory.events[EV_PSWPIN], memory.events[EV_PGMAJFAULT]]).toEqual([800, 100]);
    expect([ownerPages(memory, owner), memory.scalars[S_SWAP_USED]]).toEqual([4800 - out, out - 800]);
    expectSound(memory);
    expect(shrinkOwner(memory, owner, 9999, 'OLDEST')).toBe(4000);
    expect(memory.scalars[S_SWAP_USED]).toBe(0);
    expectSound(memory);
  });

  it('from disk, as refaults of the page cache', () => {
    const memory = aZone(16_384, { watermarks: true });
    const owner = createOwner(memory, 'FILE');
    growOwner(memory, owner, 4000);
    while (absentPages(memory, owner) < 500) directReclaim(memory, 0, Gfp.HIGHUSER_MOVABLE);
    const dropped = absentPages(memory, owner);
    expect(refaultOwner(memory, owner, 9999)).toBe(dropped);
    expect([memory.events[EV_WORKINGSET_REFAULT_FILE], ownerPages(memory, owner)]).toEqual([dropped, 4000]);
    expectSound(memory);
  });
});
