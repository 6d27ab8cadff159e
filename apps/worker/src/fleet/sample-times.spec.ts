import { describe, expect, it } from '@jest/globals';
import type { GuestSample } from '#contracts';
import { SampleTimes } from './sample-times.js';

const START = 1_000_000;

function at(tick: number): GuestSample {
  return { guestId: 'g', tick } as GuestSample;
}

function secondsOf(
  times: SampleTimes,
  fromTick: number,
  ticks: readonly number[],
  speed: number,
  nowMs: number,
): number[] {
  const toTick = Math.max(...ticks);
  const timed = times.ofStep(ticks.map(at), { fromTick, toTick, speed }, nowMs);
  return timed.map(({ sampledAt }) => (sampledAt.getTime() - START) / 1000);
}

describe('SampleTimes', () => {
  it('lays the ticks of a step back by the speed of the fleet', () => {
    expect(secondsOf(new SampleTimes(START), 0, [5, 10], 10, START + 1_000)).toEqual([0.5, 1]);
  });

  it('never gives a later tick an earlier time, however far the fleet was behind', () => {
    const times = new SampleTimes(START);
    expect(secondsOf(times, 0, [1], 1, START + 5_000)).toEqual([5]);
    expect(secondsOf(times, 1, [3, 5], 1, START + 5_200)).toEqual([5.1, 5.2]);
  });

  it('does not stretch a step over a pause', () => {
    expect(secondsOf(new SampleTimes(START), 0, [1, 2], 1, START + 3_600_000)).toEqual([3_599, 3_600]);
  });

  it('stands still while the wall clock runs backwards', () => {
    const times = new SampleTimes(START);
    expect(times.now([at(0)], START - 60_000)[0]?.sampledAt.getTime()).toBe(START);
    expect(secondsOf(times, 0, [1], 1, START - 30_000)).toEqual([0]);
  });
});
