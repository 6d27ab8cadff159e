import { describe, expect, it } from '@jest/globals';
import { DEFAULT_MIX, touchedShare } from './access-model.js';

describe('the default mixture of access', () => {
  it.each([
    ['two minutes: 32 % of memory is cold, as published', 120, 1, 0.678],
    ['a minute', 60, 1, 0.61],
    ['a minute at a third of the load', 60, 0.3, 0.51],
    ['a minute, almost idle', 60, 0.03, 0.15],
    ['an hour', 3600, 1, 0.839],
  ])('touches in %s', (_, seconds, load, share) => {
    expect(touchedShare(DEFAULT_MIX, load, seconds * 1000)).toBeCloseTo(share, 2);
  });

  it('loses 13.8 % of what is cold after two minutes in the minute that follows', () => {
    const cold = (sec: number): number => 1 - touchedShare(DEFAULT_MIX, 1, sec * 1000);
    const perMinute = ((cold(119.9) - cold(120.1)) / 0.2) * 60;
    expect(perMinute / cold(120)).toBeCloseTo(0.138, 3);
  });
});
