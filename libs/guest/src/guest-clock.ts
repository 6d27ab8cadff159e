/**
 * What a guest does by itself as time passes, in simulated microseconds. Everything that is due runs in the order of its time,
 * and at one moment in the order of this list; so a guest becomes the same however its time is cut into pieces.
 *
 *   balloon driver     when its step is due (size-work.ts)
 *   kswapd's nap       100 ms after it reclaimed: is memory short again?
 *   reporting          two seconds after it was asked for
 *   kcompactd          every 500 ms, for proactive compaction
 *   refresh of vmstat  every second: per-CPU lists give back, and pressure is averaged
 *
 * After each of these the kernel's threads run that it has woken. While the last two would find nothing to do, they are passed
 * over: averages of pressure decay just the same over many seconds at once.
 */
import {
  KSWAPD_NAP_US,
  PROACTIVE_CHECK_US,
  REPORTING_DELAY_US,
  advancePsi,
  isKswapdNapping,
  isPsiSettled,
  isReportingRequested,
  isVmstatFresh,
  perCpuPagesOf,
  refreshVmstat,
  reportFreePages,
  runToEnd,
} from '#memory-core';
import type { Memory } from '#memory-core';
import { US_PER_SEC } from '#units';
import { joinKernel } from './balloon/balloon-lifecycle.js';
import { nextStepUs, runDriver } from './balloon/size-work.js';
import type { VirtioBalloon } from './balloon/virtio-balloon.js';
import { checkFragmentation, endNaps, isFragmentationChecked, runWokenThreads } from './kernel-threads.js';
import type { QuietCheck } from './kernel-threads.js';

/** All that changes; a snapshot holds it. */
export interface ClockState {
  /** When the next reporting pass is due; null: none is requested. */
  reportAtUs: number | null;
  /** When kswapd's nap is over; null: it does not nap. */
  napEndsAtUs: number | null;
}

export interface GuestClock {
  readonly memory: Memory;
  /** Null without MEMORY_BALLOONING. */
  readonly balloon: VirtioBalloon | null;
  readonly state: ClockState;
  /** Of kcompactd; no part of the state. */
  readonly quiet: QuietCheck;
  /** How far runClock has come; no part of the state. */
  nowUs: number;
}

/** The clock of a guest that boots at `nowUs`: its driver joins the kernel's chains. */
export function startClock(memory: Memory, balloon: VirtioBalloon | null, nowUs: number): GuestClock {
  const clock = resumeClock(memory, balloon, { reportAtUs: null, napEndsAtUs: null });
  settle(clock, nowUs);
  return clock;
}

/** The clock of a guest that comes back from a snapshot. */
export function resumeClock(memory: Memory, balloon: VirtioBalloon | null, state: ClockState): GuestClock {
  if (balloon !== null) joinKernel(balloon);
  return { memory, balloon, state, quiet: { events: Number.NaN, scalars: 0, perCpuPages: 0 }, nowUs: 0 };
}

/**
 * Lets the guest live from `fromUs` to `untilUs`, both inclusive but for what was due at `fromUs` already. Returns false when
 * nothing changed that can be read. Throws KernelBugError.
 */
export function runClock(clock: GuestClock, fromUs: number, untilUs: number): boolean {
  const { balloon, state } = clock;
  clock.nowUs = fromUs;
  let changed = settle(clock, fromUs);
  for (;;) {
    const { nowUs } = clock;
    const stepUs = balloon === null ? Infinity : nextStepUs(balloon);
    const eventUs = Math.min(stepUs, state.napEndsAtUs ?? Infinity, state.reportAtUs ?? Infinity);
    const gridUs = nextGridUs(clock, nowUs, Math.min(eventUs, untilUs));
    const nextUs = Math.min(eventUs, gridUs);
    if (nextUs > untilUs) return changed;
    clock.nowUs = Math.max(nowUs, nextUs);
    if (balloon !== null && stepUs <= nextUs) changed = runDriver(balloon, nextUs) || changed;
    if (state.napEndsAtUs === nextUs) wakeFromNap(clock);
    if (state.reportAtUs === nextUs) changed = report(clock) || changed;
    if (gridUs === nextUs) changed = tickOver(clock, nextUs) || changed;
    changed = settle(clock, clock.nowUs) || changed;
  }
}

/** After something has happened: threads that were woken run, and what was asked for is given its time. */
function settle({ memory, state }: GuestClock, nowUs: number): boolean {
  const ran = runWokenThreads(memory);
  if (state.napEndsAtUs === null && isKswapdNapping(memory)) state.napEndsAtUs = nowUs + KSWAPD_NAP_US;
  if (state.reportAtUs === null && isReportingRequested(memory)) state.reportAtUs = nowUs + REPORTING_DELAY_US;
  return ran;
}

function wakeFromNap({ memory, state }: GuestClock): void {
  state.napEndsAtUs = null;
  endNaps(memory);
}

function report({ memory, balloon, state }: GuestClock): boolean {
  state.reportAtUs = null;
  if (balloon === null) return false;
  runToEnd(
    memory,
    reportFreePages(memory, (blocks) => balloon.device.receiveReport(memory, blocks)),
  );
  return true;
}

/** What is due every half and every full second. */
function tickOver({ memory, quiet }: GuestClock, nowUs: number): boolean {
  const compacted = checkFragmentation(memory, quiet);
  if (nowUs % US_PER_SEC !== 0) return compacted;
  advancePsi(memory, nowUs);
  return refresh(memory) || compacted;
}

/** Returns false when the lists kept what they had. */
function refresh(memory: Memory): boolean {
  const before = perCpuPagesOf(memory);
  refreshVmstat(memory);
  return perCpuPagesOf(memory) !== before;
}

/** When kcompactd or the refresh of vmstat has something to do next; at the latest, its first moment from `untilUs` on. */
function nextGridUs({ memory, quiet }: GuestClock, nowUs: number, untilUs: number): number {
  const soonUs = nextMultiple(PROACTIVE_CHECK_US, nowUs);
  if (!isFragmentationChecked(memory, quiet) || !isPsiSettled(memory)) return soonUs;
  if (!isVmstatFresh(memory)) return nextMultiple(US_PER_SEC, nowUs);
  return Math.max(soonUs, Math.ceil(untilUs / PROACTIVE_CHECK_US) * PROACTIVE_CHECK_US);
}

/** First multiple of `step` after `us`. */
function nextMultiple(step: number, us: number): number {
  return (Math.floor(us / step) + 1) * step;
}
