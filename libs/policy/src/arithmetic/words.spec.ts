import { describe, expect, it } from '@jest/globals';
import { GIB, KIB, MIB } from '#units';
import { names, percent, seconds, size } from './words.js';

describe('figures in sentences', () => {
  it('shows a size in the unit that fits it', () => {
    expect([12 * KIB, 1.5 * MIB, 2048 * MIB, 12.25 * GIB, -3 * MIB].map(size)).toEqual([
      '12 KiB',
      '1.5 MiB',
      '2048 MiB',
      '12.3 GiB',
      '-3 MiB',
    ]);
  });

  it('shows ratios in per cent and times in seconds', () => {
    expect([percent(0.1234), percent(1), seconds(2500)]).toEqual(['12.3 %', '100 %', '2.5 s']);
  });

  it('names the first few of many', () => {
    expect(names(['a', 'b'])).toBe('a, b');
    expect(names(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  });
});
