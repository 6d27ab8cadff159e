/**
 * One round of reclaim over a node: which kinds of page are scanned, how much of each owner's lists, round all owners.
 * Source: mm/vmscan.c of Linux (get_scan_count, shrink_lruvec, shrink_node_memcgs), as described in the reference.
 */
import { OWNER_FIELDS, SYSCTL_SWAPPINESS, S_RECLAIM_CURSOR } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { EV_WORKINGSET_ACTIVATE_FILE } from '../layout/events.js';
import { NODE_FIELDS, N_KSWAPD_FAILURES, N_SEEN_FILE_REFAULTS } from '../layout/node-fields.js';
import { ZONE_FIELDS, Z_FREE, Z_NODE, Z_WMARK_HIGH } from '../layout/zone-fields.js';
import { KIND_ANON, KIND_FILE, KIND_SLAB_RECLAIMABLE, O_KIND_PLUS_ONE, O_PAGES } from '../layout/owner-fields.js';
import { ACTIVE, INACTIVE } from '../owner-pages/generations.js';
import { pagesOnList } from '../owner-pages/lru.js';
import { freeSwapPages } from '../owner-pages/swap-slots.js';
import { MAX_OWNERS } from '../layout/tags.js';
import { SHARES, weighCosts } from './cost.js';
import type { Balance } from './cost.js';
import { DEF_PRIORITY, SWAP_CLUSTER_MAX } from './reclaim-control.js';
import type { ReclaimControl } from './reclaim-control.js';
import { shrinkGenerations } from './shrink-generations.js';
import { isInactiveLow, shrinkActive, shrinkInactive } from './shrink-lists.js';
import { hasShrinkers, shrinkSlab } from './shrinkers.js';

const ROW = OWNER_FIELDS;
/** One round at the control's priority; what it got adds to the control. */
export function shrinkNode(memory: Memory, control: ReclaimControl): void {
  const before = control.reclaimed;
  if (!memory.rules.multiGenLru) shrinkTwoLists(memory, control);
  // Where a boost alone reclaims nothing (6.3), caches are left alone, too.
  else if (control.maySwap || !memory.rules.sizesFirstRound) shrinkGenerations(memory, control);
  else return;
  shrinkSlab(memory, control);
  if (control.reclaimed > before) memory.nodes[control.node * NODE_FIELDS + N_KSWAPD_FAILURES] = 0;
}

function shrinkTwoLists(memory: Memory, control: ReclaimControl): void {
  const balance = balanceOf(memory, control);
  const start = memory.scalars[S_RECLAIM_CURSOR];
  for (let step = 0; step < MAX_OWNERS; step++) {
    const owner = (start + step) % MAX_OWNERS;
    shrinkOwnerLists(memory, owner, balance, control);
    // kswapd goes round all owners, so that it presses on each alike; others have what they want and go on there next time.
    if (control.byKswapd || control.reclaimed < control.targetPages) continue;
    memory.scalars[S_RECLAIM_CURSOR] = (owner + 1) % MAX_OWNERS;
    break;
  }
}

/**
 * The priority before which shrinkNode would find each list too short to look at; −1 when there is nothing to take at any. Requests
 * of a guest that has nothing left ask hundreds of times for one page.
 */
export function firstUsefulPriority(memory: Memory): number {
  if (hasShrinkers(memory) || freeSwapPages(memory) > 0) return DEF_PRIORITY;
  let most = 0;
  for (let row = 0; row < memory.owners.length; row += ROW) {
    const kind = memory.owners[row + O_KIND_PLUS_ONE] - 1;
    if (kind === KIND_FILE || kind === KIND_SLAB_RECLAIMABLE) most = Math.max(most, memory.owners[row + O_PAGES]);
  }
  return Math.min(DEF_PRIORITY, 31 - Math.clz32(most));
}

/** There is something that reclaim could take, however hard it is pressed. */
export function hasReclaimable(memory: Memory): boolean {
  return firstUsefulPriority(memory) >= 0;
}

/** Pages on LRU lists, by kind: what get_scan_count weighs. */
interface Lists {
  anonInactive: number;
  anon: number;
  fileInactive: number;
  file: number;
}

/** What has been missed until now is known from here on: at the end of each reclaim. */
export function noteRefaults(memory: Memory, node: number): void {
  memory.nodes[node * NODE_FIELDS + N_SEEN_FILE_REFAULTS] = memory.events[EV_WORKINGSET_ACTIVATE_FILE];
}

function countLists(memory: Memory): Lists {
  const lists: Lists = { anonInactive: 0, anon: 0, fileInactive: 0, file: 0 };
  for (let row = 0; row < memory.owners.length; row += ROW) {
    const kind = memory.owners[row + O_KIND_PLUS_ONE] - 1;
    const pages = memory.owners[row + O_PAGES];
    const inactive = pagesOnList(memory, row / ROW, INACTIVE);
    if (kind === KIND_ANON) {
      lists.anon += pages;
      lists.anonInactive += inactive;
    } else if (kind === KIND_FILE) {
      lists.file += pages;
      lists.fileInactive += inactive;
    }
  }
  return lists;
}

function balanceOf(memory: Memory, control: ReclaimControl): Balance {
  const lists = countLists(memory);
  const swappiness = memory.sysctls[SYSCTL_SWAPPINESS];
  const canSwap = control.maySwap && freeSwapPages(memory) > 0;
  if (!canSwap || swappiness === 0) return { anon: 0, file: SHARES };
  if (control.priority === 0) return { anon: SHARES, file: SHARES };
  if (isFileTiny(memory, control, lists)) return { anon: SHARES, file: 0 };
  if (isCacheAmple(memory, control, lists)) return { anon: 0, file: SHARES };
  return weighCosts(memory, control.node, swappiness);
}

/** Cache that nobody misses, enough for this round: then only cache is taken. */
function isCacheAmple(memory: Memory, control: ReclaimControl, lists: Lists): boolean {
  const seen = memory.nodes[control.node * NODE_FIELDS + N_SEEN_FILE_REFAULTS];
  const missed = memory.events[EV_WORKINGSET_ACTIVATE_FILE] !== seen;
  return !missed && lists.fileInactive >> control.priority > 0 && lists.fileInactive * 2 >= lists.file;
}

/** So little cache that dropping all of it would not balance the node: then it is kept. */
function isFileTiny(memory: Memory, control: ReclaimControl, lists: Lists): boolean {
  let free = 0;
  let high = 0;
  for (let row = 0; row < memory.zones.length; row += ZONE_FIELDS) {
    if (memory.zones[row + Z_NODE] !== control.node) continue;
    free += memory.zones[row + Z_FREE];
    high += memory.zones[row + Z_WMARK_HIGH];
  }
  return lists.file + free <= high && lists.anonInactive >> control.priority > 0;
}

function shrinkOwnerLists(memory: Memory, owner: number, balance: Balance, control: ReclaimControl): void {
  const row = owner * ROW;
  const kind = memory.owners[row + O_KIND_PLUS_ONE] - 1;
  if (kind !== KIND_ANON && kind !== KIND_FILE) return;
  const share = kind === KIND_ANON ? balance.anon : balance.file;
  if (share === 0) return;
  const active = pagesOnList(memory, owner, ACTIVE);
  let activeLeft = scanOf(active, share, control);
  let inactiveLeft = scanOf(memory.owners[row + O_PAGES] - active, share, control);
  while (inactiveLeft > 0 || activeLeft > 0) {
    if (activeLeft > 0) {
      const pages = Math.min(activeLeft, SWAP_CLUSTER_MAX);
      if (isInactiveLow(memory, owner)) shrinkActive(memory, owner, pages, control);
      activeLeft -= pages;
    }
    if (inactiveLeft > 0) {
      const pages = Math.min(inactiveLeft, SWAP_CLUSTER_MAX);
      shrinkInactive(memory, owner, pages, control);
      inactiveLeft -= pages;
    }
    if (control.reclaimed >= control.targetPages && !(control.priority === DEF_PRIORITY && !control.byKswapd)) return;
  }
}

function scanOf(pages: number, share: number, control: ReclaimControl): number {
  return Math.floor(((pages >> control.priority) * share) / SHARES);
}
