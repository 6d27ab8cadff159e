/**
 * How often a guest's pages are used, seen from the host, which swaps out the coldest first. Anonymous memory is a mixture of
 * four classes with exponential gaps between two uses of a page; set by its author to two published figures of fleets (32 % of
 * memory untouched for 120 s, 15 % of that touched again within a minute) and checked against a third. Shares and
 * times are guesses within that.
 *
 *   hot 0.47, 5 s · warm 0.25, 75 s · cool 0.13, 30 min · frozen 0.15, 24 h
 *
 * Page cache is used like cool memory. What the guest has freed is not used until it is allocated again, which the
 * host sees as a use of a page that lies in swap: taken as frozen.
 */
import { invariant } from '#units';

/** One class of pages. */
interface ColdClass {
  readonly pages: number;
  /** Mean time between two uses of a page at usual load. */
  readonly gapSec: number;
}

/** The coldest class first. */
export type ColdPages = readonly ColdClass[];

const FROZEN_GAP_SEC = 86_400;
const COOL_GAP_SEC = 1800;
const WARM_GAP_SEC = 75;
const HOT_GAP_SEC = 5;
const FROZEN_SHARE = 0.15;
const COOL_SHARE = 0.13;
const WARM_SHARE = 0.25;
const HOT_SHARE = 0.47;

/** The classes of a guest with so many resident, anonymous and page cache pages. */
export function pagesFromColdest(residentPages: number, anonPages: number, filePages: number): ColdPages {
  const anon = Math.min(anonPages, residentPages);
  const file = Math.min(filePages, residentPages - anon);
  return [
    { pages: residentPages - anon - file + FROZEN_SHARE * anon, gapSec: FROZEN_GAP_SEC },
    { pages: file + COOL_SHARE * anon, gapSec: COOL_GAP_SEC },
    { pages: WARM_SHARE * anon, gapSec: WARM_GAP_SEC },
    { pages: HOT_SHARE * anon, gapSec: HOT_GAP_SEC },
  ];
}

/** Uses a second of swapped pages when the coldest `swappedPages` are in swap; `load` multiplies every rate. */
export function swapFaultsPerSec(classes: ColdPages, swappedPages: number, load: number): number {
  let left = swappedPages;
  let perSec = 0;
  for (const { pages, gapSec } of classes) {
    const here = Math.min(left, pages);
    perSec += here / gapSec;
    left -= here;
  }
  return perSec * load;
}

/**
 * How many more pages of each guest to swap out so that `neededPages` come free: the coldest of all guests first, and within a
 * class in proportion. `swapped`: what of each is out already. Whole pages; their sum is `neededPages`, or all there is.
 */
export function chooseVictims(
  guests: readonly { readonly classes: ColdPages; readonly swapped: number }[],
  neededPages: number,
): number[] {
  const taken = guests.map(() => 0);
  let needed = neededPages;
  const depth = guests[0]?.classes.length ?? 0;
  const covered = guests.map(({ swapped }) => swapped);
  for (let level = 0; level < depth && needed > 0; level++) {
    const room = guests.map(({ classes }, at) => {
      const pages = Math.floor(classes[level]?.pages ?? 0);
      const out = Math.min(covered[at] ?? 0, pages);
      covered[at] = (covered[at] ?? 0) - out;
      return pages - out;
    });
    needed -= takeInProportion(room, needed, taken);
  }
  return taken;
}

/** Adds to `taken` what each gives of `needed`, in proportion to `room`. Returns what they give together. */
function takeInProportion(room: readonly number[], needed: number, taken: number[]): number {
  const all = room.reduce((sum, pages) => sum + pages, 0);
  const wanted = Math.min(all, needed);
  if (wanted === 0) return 0;
  let given = 0;
  let passed = 0;
  room.forEach((pages, at) => {
    passed += pages;
    const upTo = Math.round((passed / all) * wanted);
    taken[at] = (taken[at] ?? 0) + Math.min(pages, upTo - given);
    given += Math.min(pages, upTo - given);
  });
  invariant(given <= wanted, 'no more is taken than is needed');
  return given;
}
