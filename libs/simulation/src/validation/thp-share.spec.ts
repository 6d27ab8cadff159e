import { describe, expect, it } from '@jest/globals';
import { sharesBeside } from './thp-share.js';

describe('huge pages beside a balloon', () => {
  it('are more where the balloon lets its pages be moved, which are moved only there', () => {
    const [movable, fixed] = [sharesBeside(1, 192, true), sharesBeside(1, 192, false)];
    expect(movable.share).toBeGreaterThan(fixed.share);
    expect(movable.moved).toBeGreaterThan(10_000);
    expect(fixed.moved).toBe(0);
  });
});
