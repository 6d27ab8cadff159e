/**
 * The three order-0 lists of a set of per-CPU pages. Each is one sequence of pages from its head (hot, taken first) to its
 * tail (given back first), kept in two parts:
 *
 *   head  [run] [run] … [run]   ring of up to PCP_RUNS runs of consecutive pages, rising or falling
 *         page — page — page    then a linked list of single pages                                    tail
 *
 * Pages come and go in long stretches, so most lists are a few runs and cost nothing a page; a list of scattered pages
 * spills its older half to links now and then. A run is two words of Memory.pcpRuns: first page in the order they are
 * taken, and the number of pages, negative when they fall. Tags tell the parts apart: TAG_PCP, TAG_PCP_LINKED.
 */
import { NIL } from '../layout/constants.js';
import { PCP_RUN_WORDS, pcpListNode } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { pushHead, pushTail, stretchFrom, unlink } from './page-list.js';
import type { PageStretch } from './page-stretch.js';
import { PCP_FIELDS, PCP_RUNS, P_RUNS } from '../layout/pcp-fields.js';
import { TAG_PCP, TAG_PCP_LINKED } from '../layout/tags.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const ROW = PCP_FIELDS;
const RUNS = P_RUNS;
const RING = PCP_RUNS;
const MASK = PCP_RUNS - 1;
const SET_WORDS = PCP_RUN_WORDS;
const IN_RING = TAG_PCP;
const LINKED = TAG_PCP_LINKED;
const NO_PAGE = NIL;

/** Pushes `pages` pages at the head one after the other: `startPfn`, `startPfn + step` …, and sets their tags. */
export function pushFront(
  memory: Memory,
  slot: number,
  list: number,
  startPfn: number,
  pages: number,
  step: number,
): void {
  const { pcp, pcpRuns, tag } = memory;
  const head = startPfn + (pages - 1) * step; // the last one pushed is the first one taken
  if (pages === 1) tag[startPfn] = IN_RING;
  else tag.fill(IN_RING, Math.min(startPfn, head), Math.max(startPfn, head) + 1);

  const state = slot * ROW + RUNS + list * 2;
  const ring = slot * SET_WORDS + list * 2 * RING;
  const top = pcp[state];
  if (pcp[state + 1] > 0) {
    const at = ring + ((top - 1) & MASK) * 2;
    const first = pcpRuns[at];
    const signed = pcpRuns[at + 1];
    // The new pages continue the newest run when its first page follows them in the direction both are taken in.
    const direction = first - startPfn;
    const joins = (direction === 1 || direction === -1) && (pages === 1 || direction === -step);
    if (joins && (signed === 1 || signed === -1 || signed * direction > 0)) {
      pcpRuns[at] = head;
      pcpRuns[at + 1] = direction * (Math.abs(signed) + pages);
      return;
    }
    if (pcp[state + 1] === RING) spill(memory, slot, list);
  }
  const at = ring + (top & MASK) * 2;
  pcpRuns[at] = head;
  pcpRuns[at + 1] = pages === 1 ? 1 : -step * pages;
  pcp[state] = top + 1;
  pcp[state + 1]++;
}

/** Takes the page at the head, or returns NIL when the list is empty. The tag is the caller's to set. */
export function popFront(memory: Memory, slot: number, list: number): number {
  const { pcp, pcpRuns } = memory;
  const state = slot * ROW + RUNS + list * 2;
  if (pcp[state + 1] === 0) return popLinked(memory, slot, list);
  const at = slot * SET_WORDS + list * 2 * RING + ((pcp[state] - 1) & MASK) * 2;
  const pfn = pcpRuns[at];
  const signed = pcpRuns[at + 1];
  if (signed === 1 || signed === -1) {
    forgetRun(pcpRuns, at);
    pcp[state]--;
    pcp[state + 1]--;
  } else {
    pcpRuns[at] = signed > 0 ? pfn + 1 : pfn - 1;
    pcpRuns[at + 1] = signed > 0 ? signed - 1 : signed + 1;
  }
  return pfn;
}

/** Takes up to `limit` consecutive pages from the head into `stretch`; false when the list is empty. */
export function popFrontStretch(
  memory: Memory,
  slot: number,
  list: number,
  limit: number,
  stretch: PageStretch,
): boolean {
  const { pcp, pcpRuns } = memory;
  const state = slot * ROW + RUNS + list * 2;
  stretch.step = 1;
  stretch.pages = 1;
  if (pcp[state + 1] === 0) {
    stretch.startPfn = popLinked(memory, slot, list);
    return stretch.startPfn !== NO_PAGE;
  }
  const at = slot * SET_WORDS + list * 2 * RING + ((pcp[state] - 1) & MASK) * 2;
  const signed = pcpRuns[at + 1];
  const step = signed > 0 ? 1 : -1;
  const pages = Math.min(limit, signed * step);
  stretch.startPfn = pcpRuns[at];
  stretch.pages = pages;
  stretch.step = step;
  pcpRuns[at] += pages * step;
  pcpRuns[at + 1] -= pages * step;
  if (signed === pages * step) {
    forgetRun(pcpRuns, at);
    pcp[state]--;
    pcp[state + 1]--;
  }
  return true;
}

/** Takes up to `limit` consecutive pages from the tail into `stretch`; false when the list is empty. */
export function popBackStretch(
  memory: Memory,
  slot: number,
  list: number,
  limit: number,
  stretch: PageStretch,
): boolean {
  const { pcp, pcpRuns, links } = memory;
  const sentinel = pcpListNode(memory, slot, list);
  const tail = links[2 * sentinel + 1];
  if (tail !== sentinel) {
    const last = stretchFrom(links, tail, 1, limit);
    const before = links[2 * last + 1];
    links[2 * sentinel + 1] = before;
    links[2 * before] = sentinel;
    stretch.startPfn = tail;
    stretch.pages = Math.abs(last - tail) + 1;
    stretch.step = last < tail ? -1 : 1;
    return true;
  }
  const state = slot * ROW + RUNS + list * 2;
  if (pcp[state + 1] === 0) return false;
  const at = slot * SET_WORDS + list * 2 * RING + ((pcp[state] - pcp[state + 1]) & MASK) * 2;
  const signed = pcpRuns[at + 1];
  const step = signed > 0 ? 1 : -1;
  const pages = Math.min(limit, signed * step);
  stretch.startPfn = pcpRuns[at] + signed - step;
  stretch.pages = pages;
  stretch.step = -step;
  pcpRuns[at + 1] -= pages * step;
  if (signed === pages * step) {
    forgetRun(pcpRuns, at);
    pcp[state + 1]--;
  }
  return true;
}

/** Appends `pages` rising pages behind the tail, and sets their tags: how a refill arrives. */
export function appendBack(memory: Memory, slot: number, list: number, startPfn: number, pages: number): void {
  const { pcp, pcpRuns, links, tag } = memory;
  const state = slot * ROW + RUNS + list * 2;
  const sentinel = pcpListNode(memory, slot, list);
  const ring = slot * SET_WORDS + list * 2 * RING;
  const count = pcp[state + 1];
  const mayUseRing = links[2 * sentinel] === sentinel;
  if (mayUseRing && count > 0) {
    const at = ring + ((pcp[state] - count) & MASK) * 2;
    if (pcpRuns[at + 1] > 0 && pcpRuns[at] + pcpRuns[at + 1] === startPfn) {
      pcpRuns[at + 1] += pages;
      tag.fill(IN_RING, startPfn, startPfn + pages);
      return;
    }
  }
  if (mayUseRing && count < RING) {
    const at = ring + ((pcp[state] - count - 1) & MASK) * 2;
    pcpRuns[at] = startPfn;
    pcpRuns[at + 1] = pages;
    pcp[state + 1] = count + 1;
    tag.fill(IN_RING, startPfn, startPfn + pages);
    return;
  }
  tag.fill(LINKED, startPfn, startPfn + pages);
  for (let pfn = startPfn; pfn < startPfn + pages; pfn++) pushTail(links, sentinel, pfn);
}

export function isListEmpty(memory: Memory, slot: number, list: number): boolean {
  const sentinel = pcpListNode(memory, slot, list);
  return memory.pcp[slot * ROW + RUNS + list * 2 + 1] === 0 && memory.links[2 * sentinel] === sentinel;
}

function popLinked(memory: Memory, slot: number, list: number): number {
  const sentinel = pcpListNode(memory, slot, list);
  const pfn = memory.links[2 * sentinel];
  if (pfn === sentinel) return NO_PAGE;
  unlink(memory.links, pfn);
  return pfn;
}

/** Makes room in the ring: its older half of runs goes to the head of the linked part, page by page. */
function spill(memory: Memory, slot: number, list: number): void {
  const { pcp, pcpRuns, links, tag } = memory;
  const state = slot * ROW + RUNS + list * 2;
  const sentinel = pcpListNode(memory, slot, list);
  const ring = slot * SET_WORDS + list * 2 * RING;
  const oldest = pcp[state] - pcp[state + 1];
  for (let index = oldest; index < oldest + RING / 2; index++) {
    const at = ring + (index & MASK) * 2;
    const first = pcpRuns[at];
    const signed = pcpRuns[at + 1];
    const step = signed > 0 ? 1 : -1;
    for (let pfn = first + signed - step; pfn !== first - step; pfn -= step) {
      pushHead(links, sentinel, pfn);
      tag[pfn] = LINKED;
    }
    forgetRun(pcpRuns, at);
  }
  pcp[state + 1] -= RING / 2;
}

/** A run that is gone leaves no trace, so that equal lists are equal columns. */
function forgetRun(pcpRuns: Int32Array, at: number): void {
  pcpRuns[at] = 0;
  pcpRuns[at + 1] = 0;
}
