import { describe, expect, it } from '@jest/globals';
import { StateHash } from './state-hash.js';

const of = (...values: number[]): string => new StateHash().addNumbers(values).finish();

describe('StateHash', () => {
  it('gives 16 digits that are the same everywhere', () => {
    expect(of(1, 2, 3)).toBe('42ca6baf36afeec6');
    expect(new StateHash().addText('guest').finish()).toMatch(/^[0-9a-f]{16}$/);
  });

  it('tells order, length and where a text ends', () => {
    expect(of(1, 2)).not.toBe(of(2, 1));
    expect(of(1, 0)).not.toBe(of(1));
    expect(new StateHash().addText('ab').addText('c').finish()).not.toBe(
      new StateHash().addText('a').addText('bc').finish(),
    );
    expect(of(-0)).toBe(of(0));
  });

  it('has no two alike among 50,000 neighbouring states', () => {
    const seen = new Set<string>();
    for (let count = 0; count < 50_000; count++) seen.add(of(count % 1000, Math.floor(count / 1000) / 8));
    expect(seen.size).toBe(50_000);
  });
});
