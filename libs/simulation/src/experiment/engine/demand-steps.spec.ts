import { describe, expect, it } from '@jest/globals';
import { DemandSteps, type Demand } from './demand-steps.js';

const ASSIGNED_PAGES = 1000;

/** Seconds of a guest, each as [wanted, pending, waits]. */
function recoveries(seconds: readonly (readonly [number, number, boolean?])[], warmUpMs = 0): readonly number[] {
  const steps = new DemandSteps(warmUpMs);
  seconds.forEach(([wantedPages, pendingPages, isWaiting = false], at) => {
    const demand: Demand = { assignedPages: ASSIGNED_PAGES, wantedPages, pendingPages, isWaiting };
    steps.add(demand, (at + 1) * 1000);
  });
  steps.end();
  return steps.recoveriesMs;
}

describe('recovery from a demand step', () => {
  it('takes no time when all that is asked for is there, however slowly it is asked for', () => {
    expect(recoveries([[100, 0], [400, 300], [400, 200], [400, 100], [400, 0]])).toEqual([0]); // prettier-ignore
  });

  it('lasts from the first page that was asked for in vain to the last', () => {
    const waiting = [[100, 0], [400, 300], [400, 250, true], [400, 200], [400, 150, true], [400, 0]] as const; // prettier-ignore
    expect(recoveries(waiting)).toEqual([3000]);
  });

  it('is not asked of a rise by less than a quarter of RAM, nor of programs that want what they lost', () => {
    expect(
      recoveries([
        [100, 0],
        [349, 249, true],
        [349, 0],
      ]),
    ).toEqual([]);
    expect(
      recoveries([
        [600, 0],
        [600, 600, true],
        [600, 0],
      ]),
    ).toEqual([]);
  });

  it('counts rises that follow each other before the first is met as one', () => {
    expect(
      recoveries([
        [100, 0],
        [250, 150, true],
        [400, 200, true],
        [400, 0],
      ]),
    ).toEqual([2000]);
  });

  it('is not judged when the step begins while balloons first find their sizes', () => {
    const seconds = [[100, 0], [400, 300, true], [400, 0], [100, 0], [500, 400, true], [500, 0]] as const; // prettier-ignore
    expect(recoveries(seconds)).toEqual([1000, 1000]);
    expect(recoveries(seconds, 2000)).toEqual([1000]);
  });

  it('of a guest that still waits when the run ends is as long as it has waited', () => {
    expect(
      recoveries([
        [100, 0],
        [400, 300, true],
        [400, 300, true],
        [400, 300, true],
      ]),
    ).toEqual([3000]);
  });
});
