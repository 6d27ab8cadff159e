/** How fast the recorded machine was at what a replay gives time to: recordings are made under emulation, on shared machines. */
import { DEFAULT_BALLOON_COSTS, type BalloonCosts } from '#guest';
import type { RecordedSnapshot, RecordedStep, Recording } from './recording.js';

const US_PER_MS = 1000;
/** Steps with fewer say more of other things. */
const LEAST_FAULTS = 1000;
/** Where a recording does not show it: between the recorded 500 and 2,300. */
const MAJOR_FAULT_US = 1000;

/** What a major fault from swap takes, its neighbours read ahead included: from programs that read all they have. */
export function majorFaultUs({ boot, steps }: Recording): number {
  let [wallMs, faults] = [0, 0];
  let before: RecordedSnapshot = boot.snapshot;
  for (const { op, wall_ms: ms, after } of steps) {
    if (after == null) continue;
    const here = (after.vmstat['pgmajfault'] ?? 0) - (before.vmstat['pgmajfault'] ?? 0);
    before = after;
    if (op !== 'worker' || here < LEAST_FAULTS) continue;
    wallMs += ms;
    faults += here;
  }
  return faults === 0 ? MAJOR_FAULT_US : (wallMs * US_PER_MS) / faults;
}

/** A balloon that reached its target takes as long as the recorded one for each page. */
export function balloonCosts({ reached_ms: reachedMs }: RecordedStep, pages: number): BalloonCosts {
  if (reachedMs == null || pages === 0) return DEFAULT_BALLOON_COSTS;
  const pageUs = (reachedMs * US_PER_MS) / pages;
  return { inflatePageUs: pageUs, discardPageUs: 0, deflatePageUs: pageUs };
}
