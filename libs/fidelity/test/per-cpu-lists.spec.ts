/** Which pages of a recorded map lay on the per-CPU lists. */
import { describe, expect, it } from '@jest/globals';
import { framesOf, parseRuns, type ZonePlace } from '../src/frame-map.js';
import { ListedPages } from '../src/per-cpu-lists.js';

/** Boot memory, an unmovable and a reclaimable pageblock, and free ones. */
const MAP = 'R100 o80 A10 .322 S60 o11 S3 o120 .318 S100 o50 .362 .512'.replaceAll(' ', '');
const TYPES = Uint8Array.of(1, 0, 2, 1);
const FREE = 322 + 318 + 362 + 512;

/** The lists' pages in this map, where `count` were counted and `free` pages were free at that moment. */
function movableOf(map: string, count: number, free: number): { pages: ListedPages; frames: Uint8Array } {
  const recorded = { free, pagesets: [{ cpu: 0, count, high: 400, batch: 31 }] };
  const zone = { name: 'DMA32', node: 0, type: 1, startPfn: 0, endPfn: 1024, recorded } as unknown as ZonePlace;
  const runs = parseRuns(map.replaceAll(' ', ''));
  const frames = framesOf(runs, 1024);
  const pages = new ListedPages(zone, { runs, isExact: true, frames });
  pages.findMovable();
  return { pages, frames };
}

function listed(count: number, isExact = true): ListedPages {
  const recorded = { free: FREE, pagesets: [{ cpu: 0, count, high: 400, batch: 31 }] };
  const zone = { name: 'DMA32', node: 0, type: 1, startPfn: 0, endPfn: 2048, recorded } as unknown as ZonePlace;
  const runs = parseRuns(MAP);
  const pages = new ListedPages(zone, { runs, isExact, frames: framesOf(runs, 2048) });
  pages.findMovable();
  pages.findTheRest(TYPES, false);
  return pages;
}

describe('per-CPU lists of a recorded map', () => {
  it('hold boot memory that was given back, highest first, and what the last refills have left', () => {
    const { unmovablePfns, movablePfns, reclaimablePfns } = listed(250);
    expect([movablePfns.length, movablePfns[0], movablePfns.at(-1)]).toEqual([80, 179, 100]);
    // The rest reaches up to the next free frame; the 11 pages before it are the kernel's.
    expect([unmovablePfns.length, unmovablePfns[0], unmovablePfns.at(-1)]).toEqual([120, 586, 705]);
    expect([reclaimablePfns.length, reclaimablePfns[0]]).toEqual([50, 1124]);
  });

  it('hold no more than was counted; movable pages are found first', () => {
    const { unmovablePfns, movablePfns, reclaimablePfns } = listed(100);
    expect([movablePfns.length, unmovablePfns.length, reclaimablePfns.length]).toEqual([80, 20, 0]);
  });

  it('what is left over stays as long as pages of higher orders do: with the reclaimable ones, which give back last', () => {
    expect(listed(261).reclaimablePfns.slice(50)).toEqual(Array.from({ length: 11 }, (_, at) => 572 + at));
  });

  it('without a map of every frame reclaimable pages are found by their pageblock, and some belong to higher orders', () => {
    const { unmovablePfns, reclaimablePfns } = listed(230, false);
    expect([unmovablePfns.length, reclaimablePfns.length]).toEqual([50, 100]);
  });

  it('end with the rest of the refill that files were written from, lowest first: boot memory was freed after it', () => {
    const { pages } = movableOf('R100 o80 A10 F50 o60 .724', 140, 724);
    const { movablePfns } = pages;
    expect([movablePfns[0], movablePfns[79], movablePfns[80], movablePfns[139]]).toEqual([179, 100, 240, 299]);
  });

  it('had what was free behind their end a moment later, as many pages as were given back', () => {
    const { pages, frames } = movableOf('R100 .50 o80 A10 F60 .724', 110, 744);
    pages.undoDrain(frames);
    const perCpu = [...frames.keys()].filter((pfn) => frames[pfn] === frames[150]);
    expect([perCpu.length, perCpu[0], perCpu.at(-1)]).toEqual([110, 120, 229]);
  });
});
