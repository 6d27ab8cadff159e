import { describe, expect, it } from '@jest/globals';
import { FleetClock } from './clock.js';

describe('FleetClock', () => {
  it('owes a tick a second at speed 1', () => {
    const clock = new FleetClock(1, 0, 5_000);
    expect(clock.due(999)).toBe(0);
    expect(clock.untilNextMs(999)).toBeCloseTo(1, 6);
    expect(clock.due(1_000)).toBe(1);
    clock.settle(1);
    expect(clock.due(1_500)).toBe(0);
  });

  it('owes nothing from the moment it is paused, whatever was due', () => {
    const clock = new FleetClock(10, 0, 5_000);
    clock.setSpeed(0, 500);
    expect(clock.due(100_000)).toBe(0);
    expect(clock.untilNextMs(100_000)).toBe(Infinity);
    clock.setSpeed(1, 100_000);
    expect(clock.due(101_000)).toBe(1);
  });

  it('counts what passed before a change at the old speed', () => {
    const clock = new FleetClock(10, 0, 5_000);
    clock.setSpeed(2, 500);
    expect(clock.due(1_500)).toBe(7);
  });

  it('never owes more than five seconds', () => {
    const clock = new FleetClock(2, 0, 5_000);
    expect(clock.due(3_600_000)).toBe(10);
  });
});
