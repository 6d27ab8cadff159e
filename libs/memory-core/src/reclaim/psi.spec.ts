import { describe, expect, it } from '@jest/globals';
import type { Memory } from '../layout/memory.js';
import { aZone } from '../../test/support/zone.js';
import { PSI_PERIOD_US, addStall, advancePsi, memoryPressure } from './psi.js';

/** Seconds of a guest, of each of which tasks wait `waitedUs`. */
function live(memory: Memory, from: number, seconds: number, waitedUs: number): number {
  for (let second = from; second < from + seconds; second++) {
    addStall(memory, waitedUs, waitedUs / 2);
    advancePsi(memory, (second + 1) * 1_000_000);
  }
  return from + seconds;
}

describe('pressure', () => {
  it('is zero without stalls', () => {
    const memory = aZone(1024);
    advancePsi(memory, 10 * PSI_PERIOD_US);
    const none = { avg10: 0, avg60: 0, avg300: 0, totalUs: 0 };
    expect(memoryPressure(memory)).toEqual({ some: none, full: none });
  });

  it('totals are exact, averages change every two seconds only', () => {
    const memory = aZone(1024);
    addStall(memory, 113_330, 75_228);
    advancePsi(memory, PSI_PERIOD_US - 1);
    expect(memoryPressure(memory).some).toEqual({ avg10: 0, avg60: 0, avg300: 0, totalUs: 113_330 });
    advancePsi(memory, PSI_PERIOD_US);
    // Recorded after such a stall: some 0.90 0.16 0.03, full 0.54 0.09 0.02.
    const { some, full } = memoryPressure(memory);
    expect([some.avg10, some.avg60, some.avg300]).toEqual([1.02, 0.18, 0.03]);
    expect([full.avg10, full.avg60, full.avg300, full.totalUs]).toEqual([0.68, 0.12, 0.02, 75_228]);
  });

  it('comes to the share that is waited, and goes down by 1 / e in the window', () => {
    const memory = aZone(1024);
    const second = live(memory, 0, 200, 300_000);
    expect(memoryPressure(memory).some.avg10).toBeCloseTo(30, 0);
    expect(memoryPressure(memory).full.avg10).toBeCloseTo(15, 0);
    live(memory, second, 10, 0);
    expect(memoryPressure(memory).some.avg10).toBeCloseTo(30 / Math.E, 0);
  });

  it('time that nobody looked at counts like time without stalls', () => {
    const slept = aZone(1024);
    const watched = aZone(1024);
    for (const memory of [slept, watched]) live(memory, 0, 20, 500_000);
    advancePsi(slept, 60_000_000);
    live(watched, 20, 40, 0);
    expect(memoryPressure(slept)).toEqual(memoryPressure(watched));
  });
});
