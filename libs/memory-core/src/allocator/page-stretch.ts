/**
 * Pages mostly come and go in stretches of consecutive numbers, and verbs work a stretch at a time.
 */

/** Consecutive pages in some order: `startPfn` first, then `step` (1 or −1) from one to the next. Callers own the record. */
export interface PageStretch {
  startPfn: number;
  pages: number;
  step: number;
}

/** Lowest page of a stretch. */
export function lowestPfn(stretch: PageStretch): number {
  return stretch.step > 0 ? stretch.startPfn : stretch.startPfn - stretch.pages + 1;
}

/** Gives the tag to all pages of a run; most runs of a guest that is short of memory are one page. */
export function tagRun(tags: Uint8Array, value: number, lowestPfn: number, pages: number): void {
  if (pages === 1) tags[lowestPfn] = value;
  else tags.fill(value, lowestPfn, lowestPfn + pages);
}

/** Index after the last pfn of the stretch that starts at index `from`: consecutive numbers, rising or falling. */
export function stretchEnd(pfns: Int32Array, from: number, count: number): number {
  let to = from + 1;
  if (to >= count) return to;
  const step = pfns[to] - pfns[from];
  if (step !== 1 && step !== -1) return to;
  let expected = pfns[to];
  while (to < count && pfns[to] === expected) {
    to++;
    expected += step;
  }
  return to;
}
