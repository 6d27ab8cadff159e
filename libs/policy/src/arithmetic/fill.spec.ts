import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fillByWeight, type Claim } from './fill.js';

/** The same by halving the level: slow and obvious. */
function byBisection(claims: readonly Claim[], total: number): number[] {
  const at = (level: number): number[] =>
    claims.map(({ low, high, weight }) => (weight > 0 ? Math.min(Math.max(weight * level, low), high) : low));
  const sum = (parts: readonly number[]): number => parts.reduce((all, part) => all + part, 0);
  let low = 0;
  let high = 1;
  while (sum(at(high)) < total && high < 1e15) high *= 2;
  for (let round = 0; round < 200; round++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) < total) low = middle;
    else high = middle;
  }
  return at(high);
}

const claim = fc
  .tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 50 }))
  .map(([one, other, weight]) => ({ low: Math.min(one, other), high: Math.max(one, other), weight }));

describe('fillByWeight', () => {
  it('shares by weight', () => {
    const claims = [1, 2, 5].map((weight) => ({ low: 0, high: 1000, weight }));
    expect(fillByWeight(claims, 80)).toEqual([10, 20, 50]);
  });

  it('gives what one cannot take to the others', () => {
    const claims = [
      { low: 0, high: 10, weight: 1 },
      { low: 0, high: 1000, weight: 1 },
      { low: 60, high: 1000, weight: 1 },
    ];
    expect(fillByWeight(claims, 100)).toEqual([10, 30, 60]);
  });

  it('gives lower bounds when the total is too small and upper ones when it is too large', () => {
    const claims = [
      { low: 5, high: 10, weight: 1 },
      { low: 7, high: 70, weight: 3 },
    ];
    expect(fillByWeight(claims, -100)).toEqual([5, 7]);
    expect(fillByWeight(claims, 1e9)).toEqual([10, 70]);
    expect(fillByWeight([], 100)).toEqual([]);
  });

  it('leaves a claim without weight at its lower bound', () => {
    expect(fillByWeight([{ low: 3, high: 9, weight: 0 }], 100)).toEqual([3]);
  });

  it('agrees with a search for the level by halving', () => {
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 12 }), fc.integer({ min: 0, max: 8000 }), (claims, total) => {
        const parts = fillByWeight(claims, total);
        byBisection(claims, total).forEach((part, index) => {
          expect(parts[index]).toBeCloseTo(part, 5);
        });
      }),
    );
  });
});
