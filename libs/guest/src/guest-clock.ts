/**
 * What a guest does by itself as time passes, in simulated microseconds. Everything that is due runs in the order of its time,
 * and at one moment in the order of this list; so a guest becomes the same however its time is cut into pieces.
 *
 *   balloon driver     when its step is due (size-work.ts)
 *   reporting          two seconds after it was asked for
 *   kcompactd          every 500 ms, for proactive compaction
 *   refresh of vmstat  every second: per-CPU lists give back
 *
 * After each of these the kernel's threads run that it has woken.
 */
import {
  PROACTIVE_CHECK_US,
  REPORTING_DELAY_US,
  isReportingRequested,
  perCpuPagesOf,
  refreshVmstat,
  reportFreePages,
  runToEnd,
} from '#memory-core';
import type { Memory } from '#memory-core';
import { US_PER_SEC } from '#units';
import { nextStepUs, runDriver } from './balloon/size-work.js';
import type { VirtioBalloon } from './balloon/virtio-balloon.js';
import { checkFragmentation, runWokenThreads } from './kernel-threads.js';

/** All that changes; a snapshot holds it. */
export interface ClockState {
  /** When the next reporting pass is due; null: none is requested. */
  reportAtUs: number | null;
}

export interface GuestClock {
  readonly memory: Memory;
  /** Null without MEMORY_BALLOONING. */
  readonly balloon: VirtioBalloon | null;
  readonly state: ClockState;
}

export function startClock(memory: Memory, balloon: VirtioBalloon | null, nowUs: number): GuestClock {
  const clock: GuestClock = { memory, balloon, state: { reportAtUs: null } };
  settle(clock, nowUs);
  return clock;
}

/**
 * Lets the guest live from `fromUs` to `untilUs`, both inclusive but for what was due at `fromUs` already. Returns false when
 * nothing changed that can be read. Throws KernelBugError.
 */
export function runClock(clock: GuestClock, fromUs: number, untilUs: number): boolean {
  let changed = settle(clock, fromUs);
  for (let nowUs = fromUs; ;) {
    const reportAtUs = clock.state.reportAtUs ?? Infinity;
    const nextUs = Math.min(nextMultiple(PROACTIVE_CHECK_US, nowUs), reportAtUs);
    if (runBalloonUntil(clock, Math.min(nextUs, untilUs))) changed = true;
    if (nextUs > untilUs) return changed;
    nowUs = nextUs;
    if (reportAtUs === nowUs) changed = report(clock) || changed;
    if (nowUs % PROACTIVE_CHECK_US === 0) changed = checkFragmentation(clock.memory) || changed;
    if (nowUs % US_PER_SEC === 0) changed = refresh(clock.memory) || changed;
    changed = settle(clock, nowUs) || changed;
  }
}

/** The driver's own steps, up to and including `untilUs`. */
function runBalloonUntil(clock: GuestClock, untilUs: number): boolean {
  const { balloon } = clock;
  if (balloon === null) return false;
  let changed = false;
  for (let atUs = nextStepUs(balloon); atUs <= untilUs; atUs = nextStepUs(balloon)) {
    runDriver(balloon, atUs);
    settle(clock, atUs);
    changed = true;
  }
  return changed;
}

/** After something has happened: threads that were woken run, and what was asked for is given its time. */
function settle({ memory, state }: GuestClock, nowUs: number): boolean {
  const woken = runWokenThreads(memory);
  if (state.reportAtUs === null && isReportingRequested(memory)) state.reportAtUs = nowUs + REPORTING_DELAY_US;
  return woken;
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

/** Returns false when the lists kept what they had. */
function refresh(memory: Memory): boolean {
  const before = perCpuPagesOf(memory);
  refreshVmstat(memory);
  return perCpuPagesOf(memory) !== before;
}

/** First multiple of `step` after `us`. */
function nextMultiple(step: number, us: number): number {
  return (Math.floor(us / step) + 1) * step;
}
