import { describe, expect, it } from '@jest/globals';
import { IDLE_WORKLOAD, type Workload } from '#guest';
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { DEFAULT_COSTS } from '../../costs/costs.js';
import { HostGuest } from '../../host/host-guest.js';
import { DEFAULT_OBJECTIVE } from '../../objective/objective.js';
import { GuestTally } from './guest-tally.js';

const WINDOW_MS = 300_000;
const STEP_MS = 10_000;
const BALLOON_PAGES = (400 * MIB) / PAGE_SIZE_BYTES;
/** Wants 650 MiB from the tenth minute on. */
const RISING: Workload = {
  ...IDLE_WORKLOAD,
  startsMs: Float64Array.of(0, 600_000),
  anonPages: Int32Array.of((300 * MIB) / PAGE_SIZE_BYTES, (650 * MIB) / PAGE_SIZE_BYTES),
  cachePagesPerTick: Float64Array.of(0, 0),
  periodMs: 86_400_000,
  isImmediate: true,
  digest: 'rises',
};

/** Two hours of a guest whose balloon goes once it has killed a program. */
function twoHours(restarts: number): { kills: number; lostMs: number; lostWindows: number } {
  const options = {
    assignedBytes: GIB,
    numaNodes: 1,
    kernelProfile: '6.12' as const,
    memoryBallooning: true,
    balloonCompaction: true,
    deflateOnOom: false,
    freePageReporting: false,
    freePageHinting: false,
    workload: RISING,
    seed: 1,
  };
  const guest = new HostGuest({ id: 'one', options, minBytes: 0, shares: 1000, loadAt: () => 1 });
  const tally = new GuestTally(DEFAULT_COSTS, DEFAULT_OBJECTIVE, 0, restarts);
  const calm = { refuses: false, statisticsDelayMs: 0 };
  guest.setTarget(BALLOON_PAGES, 0, calm);
  for (let timeMs = STEP_MS; timeMs <= 24 * WINDOW_MS; timeMs += STEP_MS) {
    guest.advanceTo(timeMs / 1000);
    if (guest.vitals.oomKills > 0) guest.setTarget(0, timeMs, calm);
    tally.add(guest, { backedPages: 0, swapFaults: 0 }, timeMs);
    if (timeMs % WINDOW_MS === 0) tally.endWindow(guest, timeMs);
  }
  const [day] = tally.days;
  return { kills: tally.oomKills, lostMs: day!.stalledMs, lostWindows: day!.violatedWindows };
}

describe('what a killed program costs a guest', () => {
  it('is lost in the window of the kill, and where it is more than that, in those after it', () => {
    const quick = twoHours(1);
    expect(quick.kills).toBeGreaterThan(0);
    expect(quick.lostWindows).toBe(0);
    expect(quick.lostMs).toBeGreaterThan(quick.kills * 10_000);
    expect(quick.lostMs).toBeLessThan(quick.kills * 30_000);
    const dear = twoHours(132);
    expect(dear.kills).toBe(quick.kills);
    const killsMs = dear.kills * 132 * DEFAULT_COSTS.restartMs;
    expect(dear.lostMs).toBeGreaterThan(Math.min(killsMs, 20 * WINDOW_MS) * 0.9);
    expect(dear.lostWindows).toBeGreaterThanOrEqual(Math.floor(Math.min(killsMs, 20 * WINDOW_MS) / WINDOW_MS));
  });
});
