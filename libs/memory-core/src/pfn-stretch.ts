/**
 * Lists of pfns, as drivers hold them, come in long stretches of consecutive numbers; verbs over such lists work a stretch
 * at a time.
 */

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
