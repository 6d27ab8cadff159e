/**
 * One round of reclaim over a node with generations. Source: mm/vmscan.c of Linux 6.12 (lru_gen_shrink_node,
 * try_to_shrink_lruvec, get_nr_to_scan, should_abort_scan), as their behaviour is known.
 */
import { ALLOC_WMARK_HIGH, effectiveMark, isWatermarkOk } from '../allocator/watermark.js';
import { SYSCTL_SWAPPINESS } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import { KIND_ANON, KIND_FILE } from '../layout/owner-fields.js';
import { freeSwapPages } from '../owner-pages/swap-slots.js';
import { activePagesOfKind, pagesOfKind } from '../owner-pages/kind-sums.js';
import { age, lookOut } from './aging.js';
import { managedZones } from './balance.js';
import { BATCH_PAGES, evict } from './evict.js';
import { DEF_PRIORITY } from './reclaim-control.js';
import type { ReclaimControl } from './reclaim-control.js';

/** What is reclaimed adds to the control. */
export function shrinkGenerations(memory: Memory, control: ReclaimControl): void {
  const swappiness = swappinessNow(memory, control);
  if (memory.rules.sizesFirstRound) sizeFirstRound(memory, control, swappiness > 0);
  let looked = 0;
  for (;;) {
    const wanted = pagesToScan(memory, control, swappiness > 0);
    if (wanted <= 0) return;
    const got = evict(memory, control, swappiness);
    looked += got;
    if (got === 0 || looked >= wanted || isEnough(memory, control)) return;
  }
}

/** 0: anonymous pages are left alone. */
function swappinessNow(memory: Memory, control: ReclaimControl): number {
  const canSwap = control.maySwap && freeSwapPages(memory) >= BATCH_PAGES;
  return canSwap ? memory.sysctls[SYSCTL_SWAPPINESS] : 0;
}

/** The first round of a large goal is so hard that it would be met if all inactive pages it looks at could be taken. */
function sizeFirstRound(memory: Memory, control: ReclaimControl, canSwap: boolean): void {
  const goal = control.targetPages - control.reclaimed;
  if (control.priority !== DEF_PRIORITY || goal < BATCH_PAGES) return;
  let inactive = pagesOfKind(memory, KIND_FILE) - activePagesOfKind(memory, KIND_FILE);
  if (canSwap) inactive += pagesOfKind(memory, KIND_ANON) - activePagesOfKind(memory, KIND_ANON);
  const priority = 31 - Math.clz32(inactive) - (32 - Math.clz32(goal - 1));
  control.priority = Math.max(DEF_PRIORITY / 2, Math.min(DEF_PRIORITY, priority));
}

/** Pages to look at in this round; nothing when aging was due, which is done instead. */
function pagesToScan(memory: Memory, control: ReclaimControl, canSwap: boolean): number {
  const { totalPages, needsAging } = lookOut(memory, canSwap);
  if (!needsAging || control.priority === DEF_PRIORITY) return totalPages >> control.priority;
  age(memory);
  return 0;
}

/** The goal is met; kswapd may also stop when every zone is well above its high watermark. */
function isEnough(memory: Memory, control: ReclaimControl): boolean {
  if (control.reclaimed >= control.targetPages) return true;
  if (!control.byKswapd) return false;
  return managedZones(memory, control.node, control.highestType).every((zone) => {
    const mark = effectiveMark(memory, zone, ALLOC_WMARK_HIGH) + BATCH_PAGES;
    return isWatermarkOk(memory, zone, 0, mark, control.highestType, 0);
  });
}
