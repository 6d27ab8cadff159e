/**
 * The host's side of guest memory: which frames the host holds a page for. The first touch backs a frame; ballooning
 * or reporting takes the page away; a deflated frame stays unbacked until it is touched again.
 * One bit a frame; S_RESIDENT counts the bits.
 */
import { S_RESIDENT } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';

/** The guest writes to `pages` frames from `startPfn`: the host backs those it does not yet. Cost: pages / 32. */
export function touchRun(memory: Memory, startPfn: number, pages: number): void {
  const { backed } = memory;
  const end = startPfn + pages;
  let gained = 0;
  for (let pfn = startPfn; pfn < end;) {
    const word = pfn >>> 5;
    const bits = wordMask(pfn, end);
    const missing = bits & ~backed[word];
    if (missing !== 0) {
      backed[word] |= missing;
      gained += popCount(missing);
    }
    pfn = (word + 1) << 5;
  }
  memory.scalars[S_RESIDENT] += gained;
}

/** The host drops what backs `pages` frames from `startPfn`. Returns how many were backed. Cost: pages / 32. */
export function discardRun(memory: Memory, startPfn: number, pages: number): number {
  const { backed } = memory;
  const end = startPfn + pages;
  let lost = 0;
  for (let pfn = startPfn; pfn < end;) {
    const word = pfn >>> 5;
    const present = wordMask(pfn, end) & backed[word];
    if (present !== 0) {
      backed[word] &= ~present;
      lost += popCount(present);
    }
    pfn = (word + 1) << 5;
  }
  memory.scalars[S_RESIDENT] -= lost;
  return lost;
}

/** The host drops what backs the first `count` frames of `pfns`, in any order. Returns how many were backed. */
export function discardPages(memory: Memory, pfns: Int32Array, count: number): number {
  const { backed } = memory;
  let lost = 0;
  for (let at = 0; at < count; at++) {
    const word = pfns[at] >>> 5;
    const bit = 1 << (pfns[at] & 31);
    const value = backed[word];
    if ((value & bit) === 0) continue;
    backed[word] = value & ~bit;
    lost++;
  }
  memory.scalars[S_RESIDENT] -= lost;
  return lost;
}

export function isBacked(memory: Memory, pfn: number): boolean {
  return ((memory.backed[pfn >>> 5] >>> (pfn & 31)) & 1) === 1;
}

/** Bits of the word of `pfn` from `pfn` up to, not including, `end`. */
function wordMask(pfn: number, end: number): number {
  const from = -1 << (pfn & 31);
  const left = end - (pfn & ~31);
  return left >= 32 ? from : from & ~(-1 << left);
}

function popCount(bits: number): number {
  let count = bits - ((bits >>> 1) & 0x55555555);
  count = (count & 0x33333333) + ((count >>> 2) & 0x33333333);
  return (((count + (count >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
