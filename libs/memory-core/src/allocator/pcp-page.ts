/**
 * The running CPU's lists for one single page, written out: most requests end here, and cost no more than a few words of
 * the set's row and of its ring. What is not the usual case is left to pcp.ts and pcp-list.ts, with the same results.
 *
 * `| 0` says to the compiler that a sum is an index and cannot overflow.
 */
import { NIL } from '../layout/constants.js';
import { PCP_RUN_WORDS, S_CPU } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  PCP_FIELDS,
  PCP_RUNS,
  P_ALLOC_FACTOR,
  P_COUNT,
  P_FREE_COUNT,
  P_FREE_FACTOR,
  P_LIMIT,
  P_MOST_FREE_COUNT,
  P_PREVIOUS_FREE_WAS_HIGH_ORDER,
  P_RUNS,
} from '../layout/pcp-fields.js';
import { TAG_PCP } from '../layout/tags.js';
import { popFront, pushFront } from './pcp-list.js';
import { freeCompletesSet } from './pcp.js';

// Re-bound: an imported constant costs a load and two checks at each use, a local one is folded into the machine code.
const ROW = PCP_FIELDS;
const RUNS = P_RUNS;
const RING = PCP_RUNS;
const MASK = PCP_RUNS - 1;
const SET_WORDS = PCP_RUN_WORDS;
const CPU = S_CPU;
const COUNT = P_COUNT;
const LIMIT = P_LIMIT;
const MOST_FREE = P_MOST_FREE_COUNT;
const ALLOC_FACTOR = P_ALLOC_FACTOR;
const FREE_COUNT = P_FREE_COUNT;
const FREE_FACTOR = P_FREE_FACTOR;
const PREVIOUS_HIGH = P_PREVIOUS_FREE_WAS_HIGH_ORDER;
const IN_RING = TAG_PCP;
const NO_PAGE = NIL;
const LIST_TYPES = 3;
const MOVABLE_LIST = 1;

function slotOf(memory: Memory, zone: number): number {
  return memory.cpuCount === 1 ? zone : zone * memory.cpuCount + memory.scalars[CPU];
}

/** Takes the page at the head of the list of `type`, or returns NIL when it is empty: it is not refilled here. */
export function takePcpPage(memory: Memory, zone: number, type: number): number {
  const { pcp, pcpRuns } = memory;
  const slot = slotOf(memory, zone);
  const row = Math.imul(slot, ROW);
  const state = (row + (RUNS + type * 2)) | 0;
  const runs = pcp[(state + 1) | 0];
  let pfn: number;
  if (runs === 0) {
    pfn = popFront(memory, slot, type);
    if (pfn === NO_PAGE) return NO_PAGE;
  } else {
    const top = (pcp[state] - 1) | 0;
    const at = (Math.imul(slot, SET_WORDS) + type * 2 * RING + (top & MASK) * 2) | 0;
    const signed = pcpRuns[(at + 1) | 0];
    pfn = pcpRuns[at];
    if (signed === 1 || signed === -1) {
      pcpRuns[at] = 0; // a run that is gone leaves no trace
      pcpRuns[(at + 1) | 0] = 0;
      pcp[state] = top;
      pcp[(state + 1) | 0] = runs - 1;
    } else {
      const step = signed > 0 ? 1 : -1;
      pcpRuns[at] = pfn + step;
      pcpRuns[(at + 1) | 0] = signed - step;
    }
  }
  pcp[(row + COUNT) | 0] = (pcp[(row + COUNT) | 0] - 1) | 0;
  // One of the two is 0 for good, depending on the release.
  pcp[(row + FREE_COUNT) | 0] = pcp[(row + FREE_COUNT) | 0] >> 1;
  pcp[(row + FREE_FACTOR) | 0] = pcp[(row + FREE_FACTOR) | 0] >> 1;
  return pfn;
}

/** Frees one page of a pageblock of `type`, which is not ISOLATE: freePcpRun for a single page. */
export function freePcpPage(memory: Memory, zone: number, type: number, page: number): void {
  const { pcp, pcpRuns } = memory;
  const pfn = page | 0;
  const slot = slotOf(memory, zone);
  const row = Math.imul(slot, ROW);
  const list = type < LIST_TYPES ? type : MOVABLE_LIST;
  const state = (row + (RUNS + list * 2)) | 0;
  const runs = pcp[(state + 1) | 0];
  const top = pcp[state];
  const ring = (Math.imul(slot, SET_WORDS) + list * 2 * RING) | 0;
  const follows = runs === 0 ? 0 : (pcpRuns[(ring + ((top - 1) & MASK) * 2) | 0] - pfn) | 0;
  if (follows === 1 || follows === -1 || runs === RING) {
    pushFront(memory, slot, list, pfn, 1, 1);
  } else {
    const at = (ring + (top & MASK) * 2) | 0;
    pcpRuns[at] = pfn;
    pcpRuns[(at + 1) | 0] = 1;
    pcp[state] = (top + 1) | 0;
    pcp[(state + 1) | 0] = (runs + 1) | 0;
    memory.tag[pfn] = IN_RING;
  }
  const count = (pcp[(row + COUNT) | 0] + 1) | 0;
  pcp[(row + COUNT) | 0] = count;
  pcp[(row + PREVIOUS_HIGH) | 0] = 0;
  pcp[(row + ALLOC_FACTOR) | 0] = pcp[(row + ALLOC_FACTOR) | 0] >> 1;
  const freed = pcp[(row + FREE_COUNT) | 0];
  if (freed < pcp[(row + MOST_FREE) | 0]) pcp[(row + FREE_COUNT) | 0] = (freed + 1) | 0;
  if (count >= pcp[(row + LIMIT) | 0]) freeCompletesSet(memory, zone, slot, list);
}
