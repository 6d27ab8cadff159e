/**
 * How often a guest's pages are used, seen from the host, which swaps out the coldest first: anonymous memory by the classes of
 * the access model, page cache like cool memory. What the guest has freed is not used until it is allocated again, which the
 * host sees as a use of a page that lies in swap: taken as frozen.
 */
import { DEFAULT_MIX, GAP_SEC, type AccessMix } from '#guest';
import { invariant } from '#units';

const HOUR_SEC = 3600;

/** One class of pages. */
interface ColdClass {
  readonly pages: number;
  /** Of these, programs' memory. */
  readonly anonPages: number;
  /** Mean time between two uses of a page at usual load. */
  readonly gapSec: number;
}

/** The coldest class first. */
export type ColdPages = readonly ColdClass[];

/** The classes of a guest with so many resident, anonymous and page cache pages. */
export function pagesFromColdest(
  residentPages: number,
  anonPages: number,
  filePages: number,
  mix: AccessMix = DEFAULT_MIX,
): ColdPages {
  const anon = Math.min(anonPages, residentPages);
  const file = Math.min(filePages, residentPages - anon);
  return [
    classOf(residentPages - anon - file, mix.frozen * anon, GAP_SEC.frozen),
    classOf(file, mix.cool * anon, GAP_SEC.cool),
    classOf(0, mix.warm * anon, GAP_SEC.warm),
    classOf(0, mix.hot * anon, GAP_SEC.hot),
  ];
}

function classOf(otherPages: number, anonPages: number, gapSec: number): ColdClass {
  return { pages: otherPages + anonPages, anonPages, gapSec };
}

/** How a guest uses its pages. */
export interface PagesUsed {
  /** Multiplies every rate. */
  readonly load: number;
  /** Share of anonymous pages that get another class each hour, one that is not frozen: in swap or not, they are used soon. */
  readonly wakingPerHour: number;
}

/** Uses a second of swapped pages when the coldest `swappedPages` are in swap. */
export function swapFaultsPerSec(classes: ColdPages, swappedPages: number, { load, wakingPerHour }: PagesUsed): number {
  let left = swappedPages;
  let perSec = 0;
  for (const { pages, anonPages, gapSec } of classes) {
    const here = Math.min(left, pages);
    if (here <= 0) break;
    perSec += (here / gapSec) * load + (here / pages) * anonPages * (wakingPerHour / HOUR_SEC);
    left -= here;
  }
  return perSec;
}

/**
 * How many more pages of each guest to swap out so that `neededPages` come free: the coldest of all guests first, and within a
 * class in proportion. `swapped`: what of each is out already. Whole pages; their sum is at most `neededPages`.
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
