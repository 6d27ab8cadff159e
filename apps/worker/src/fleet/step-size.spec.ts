import { describe, expect, it } from '@jest/globals';
import { StepSize } from './step-size.js';

describe('StepSize', () => {
  it('begins with one tick, whatever is due', () => {
    expect(new StepSize().ticks(1_000)).toBe(1);
  });

  it('grows to what fits into a fifth of a second, never beyond what is due', () => {
    const size = new StepSize();
    for (let step = 0; step < 40; step++) size.learn(10, 20);
    expect(size.ticks(1_000)).toBeGreaterThan(90);
    expect(size.ticks(1_000)).toBeLessThanOrEqual(100);
    expect(size.ticks(3)).toBe(3);
  });

  it('shrinks to one tick when ticks take long', () => {
    const size = new StepSize();
    for (let step = 0; step < 40; step++) size.learn(1, 900);
    expect(size.ticks(50)).toBe(1);
  });
});
