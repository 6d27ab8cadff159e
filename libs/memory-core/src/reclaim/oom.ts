/**
 * Out of memory: first those who registered give something back (the balloon with deflate-on-oom), then the largest process
 * dies, and without one to kill the kernel panics. Source: mm/oom_kill.c of Linux (out_of_memory, oom_badness,
 * select_bad_process), as described in the reference, section 6.4.
 *
 * Whoever calls has made its attempt at the high watermark before. Notifiers live outside the columns: whoever restores a
 * snapshot registers them again.
 */
import { ZONE_NORMAL } from '../layout/constants.js';
import { EV_OOM_KILL } from '../layout/events.js';
import { GFP_BIT_FS, gfpHighestZoneType } from '../layout/gfp.js';
import { OWNER_FIELDS, SYSCTL_PANIC_ON_OOM, S_OOM_VICTIM, S_PANIC, S_TOTAL_RAM } from '../layout/memory.js';
import type { Memory } from '../layout/memory.js';
import {
  KIND_ANON,
  KIND_PAGE_TABLE,
  O_KILLED,
  O_KIND_PLUS_ONE,
  O_OOM_SCORE_ADJ,
  O_PAGES,
  O_PROCESS_PLUS_ONE,
  O_SWAPPED,
} from '../layout/owner-fields.js';
import { killProcess } from '../owner-pages/release.js';

const ROW = OWNER_FIELDS;
/** Values of scalars[S_PANIC]. */
const PANIC_ON_OOM = 1;
const PANIC_NO_VICTIM = 2;
const NEVER_KILLED = -1000;

export type PanicReason = 'PANIC_ON_OOM' | 'NO_KILLABLE_PROCESS';

export type OomResult =
  /** Notifiers gave pages back: try again. */
  | { readonly kind: 'FREED'; readonly pages: number }
  /** The process of owner `process` was killed, its pages are free: try again. */
  | { readonly kind: 'KILLED'; readonly process: number; readonly pages: number }
  /** The request may not have anybody killed: it fails, or goes on trying. */
  | { readonly kind: 'NOT_ALLOWED' }
  /** The kernel has panicked: nothing goes on in this guest. */
  | { readonly kind: 'PANIC'; readonly reason: PanicReason };

/** Priority of the virtio balloon's notifier. */
export const BALLOON_OOM_PRIORITY = 80;

interface Notifier {
  readonly priority: number;
  readonly freePages: () => number;
}

const chains = new WeakMap<Memory, Notifier[]>();

/** Asked before anybody is killed, highest priority first; returns what takes it off the chain again. */
export function registerOomNotifier(memory: Memory, priority: number, freePages: () => number): () => void {
  const notifier: Notifier = { priority, freePages };
  const chain = [...(chains.get(memory) ?? []), notifier];
  chains.set(
    memory,
    chain.sort((one, other) => other.priority - one.priority),
  );
  return () => {
    const others = (chains.get(memory) ?? []).filter((other) => other !== notifier);
    chains.set(memory, others);
  };
}

/** Why the guest's kernel has panicked, or null. */
export function panicReason(memory: Memory): PanicReason | null {
  const code = memory.scalars[S_PANIC];
  if (code === 0) return null;
  return code === PANIC_ON_OOM ? 'PANIC_ON_OOM' : 'NO_KILLABLE_PROCESS';
}

/** The owner whose process the OOM killer chose last, or NIL. */
export function lastOomVictim(memory: Memory): number {
  return memory.scalars[S_OOM_VICTIM] - 1;
}

/** A request with `gfp` found nothing after all reclaim. */
export function outOfMemory(memory: Memory, gfp: number): OomResult {
  if (gfpHighestZoneType(gfp) < ZONE_NORMAL) return { kind: 'NOT_ALLOWED' };
  let pages = 0;
  for (const notifier of chains.get(memory) ?? []) pages += notifier.freePages();
  if (pages > 0) return { kind: 'FREED', pages };
  if ((gfp & GFP_BIT_FS) === 0) return { kind: 'NOT_ALLOWED' };
  if (memory.sysctls[SYSCTL_PANIC_ON_OOM] !== 0) return panic(memory, PANIC_ON_OOM);
  const process = worstProcess(memory);
  if (process < 0) return panic(memory, PANIC_NO_VICTIM);
  memory.events[EV_OOM_KILL]++;
  memory.scalars[S_OOM_VICTIM] = process + 1;
  return { kind: 'KILLED', process, pages: killProcess(memory, process) };
}

function panic(memory: Memory, code: number): OomResult {
  memory.scalars[S_PANIC] = code;
  return { kind: 'PANIC', reason: code === PANIC_ON_OOM ? 'PANIC_ON_OOM' : 'NO_KILLABLE_PROCESS' };
}

/** The process with the highest badness; of equals the one whose leader has the lowest id; −1 when none may be killed. */
function worstProcess(memory: Memory): number {
  const { owners } = memory;
  let worst = -1;
  let highest = -Infinity;
  for (let process = 0; process * ROW < owners.length; process++) {
    const row = process * ROW;
    const leads = owners[row + O_PROCESS_PLUS_ONE] === process + 1 && owners[row + O_KIND_PLUS_ONE] !== 0;
    if (!leads || owners[row + O_KILLED] !== 0) continue;
    const points = badness(memory, process);
    if (points === null || points <= highest) continue;
    worst = process;
    highest = points;
  }
  return worst;
}

/**
 * What a process holds in memory, swap and page tables, shifted by oom_score_adj thousandths of all memory and swap; null
 * for one that is never killed.
 */
export function badness(memory: Memory, process: number): number | null {
  const { owners } = memory;
  const adjust = owners[process * ROW + O_OOM_SCORE_ADJ];
  if (adjust === NEVER_KILLED) return null;
  let pages = 0;
  for (let row = 0; row < owners.length; row += ROW) {
    if (owners[row + O_PROCESS_PLUS_ONE] !== process + 1) continue;
    const kind = owners[row + O_KIND_PLUS_ONE] - 1;
    if (kind !== KIND_ANON && kind !== KIND_PAGE_TABLE) continue;
    pages += owners[row + O_PAGES] + owners[row + O_SWAPPED];
  }
  const total = memory.scalars[S_TOTAL_RAM] + memory.swapOwner.length;
  return pages + Math.trunc((adjust * total) / 1000);
}
