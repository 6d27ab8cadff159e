/**
 * What a guest does by itself as time passes: its balloon driver, free page reporting, and the kernel's refresh of vmstat. Time
 * is simulated microseconds since the fleet's start. Everything that is due runs in the order of its time, and at one moment in
 * the order below; so a guest becomes the same however its time is cut into pieces.
 */
import { isReportingRequested, perCpuPagesOf, refreshVmstat, reportFreePages, runToEnd } from '#memory-core';
import { REPORTING_DELAY_US } from '#memory-core';
import type { Memory } from '#memory-core';
import { US_PER_SEC } from '#units';
import { nextStepUs, runDriver } from './balloon/size-work.js';
import type { VirtioBalloon } from './balloon/virtio-balloon.js';

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
  scheduleReporting(clock, nowUs);
  return clock;
}

/**
 * Lets the guest live from `fromUs` to `untilUs`, both inclusive but for what was due at `fromUs` already. Returns false when
 * nothing changed that can be read. Throws KernelBugError.
 */
export function runClock(clock: GuestClock, fromUs: number, untilUs: number): boolean {
  let changed = false;
  let nowUs = fromUs;
  scheduleReporting(clock, nowUs);
  for (;;) {
    const refreshAtUs = (Math.floor(nowUs / US_PER_SEC) + 1) * US_PER_SEC;
    const nextUs = Math.min(refreshAtUs, clock.state.reportAtUs ?? Infinity);
    const stopUs = Math.min(nextUs, untilUs);
    if (runBalloonUntil(clock, stopUs)) changed = true;
    // The driver may have asked for a pass that is due before then.
    if (nextUs > untilUs) return changed;
    nowUs = nextUs;
    if (clock.state.reportAtUs === nowUs) changed = report(clock, nowUs) || changed;
    if (refreshAtUs === nowUs) changed = refresh(clock) || changed;
  }
}

/** The driver's own steps, up to and including `untilUs`. */
function runBalloonUntil(clock: GuestClock, untilUs: number): boolean {
  const { balloon } = clock;
  if (balloon === null) return false;
  let changed = false;
  for (let atUs = nextStepUs(balloon); atUs <= untilUs; atUs = nextStepUs(balloon)) {
    runDriver(balloon, atUs);
    scheduleReporting(clock, atUs);
    changed = true;
  }
  return changed;
}

/** A pass that was requested since this was last asked is due two seconds after `nowUs`. */
function scheduleReporting({ memory, state }: GuestClock, nowUs: number): void {
  if (state.reportAtUs === null && isReportingRequested(memory)) state.reportAtUs = nowUs + REPORTING_DELAY_US;
}

function report(clock: GuestClock, nowUs: number): boolean {
  const { memory, balloon, state } = clock;
  state.reportAtUs = null;
  if (balloon === null) return false;
  runToEnd(
    memory,
    reportFreePages(memory, (blocks) => balloon.device.receiveReport(memory, blocks)),
  );
  scheduleReporting(clock, nowUs);
  return true;
}

/** Returns false when the lists kept what they had. */
function refresh({ memory }: GuestClock): boolean {
  const before = perCpuPagesOf(memory);
  refreshVmstat(memory);
  return perCpuPagesOf(memory) !== before;
}
