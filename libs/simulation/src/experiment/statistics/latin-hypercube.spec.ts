import { describe, expect, it } from '@jest/globals';
import { latinHypercube, rankCorrelation } from './latin-hypercube.js';

describe('a Latin hypercube', () => {
  it('uses each stratum of each range once', () => {
    const points = latinHypercube(
      [
        { name: 'a', low: 0, high: 10 },
        { name: 'b', low: -1, high: 1 },
      ],
      10,
      7,
    );
    const strata = (values: number[], low: number, width: number): number[] =>
      values.map((value) => Math.floor((value - low) / width)).sort((one, other) => one - other);
    expect(
      strata(
        points.map(({ a }) => a!),
        0,
        1,
      ),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(
      strata(
        points.map(({ b }) => b!),
        -1,
        0.2,
      ),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('moves no point of a range when another is added', () => {
    const a = { name: 'a', low: 0, high: 1 };
    const alone = latinHypercube([a], 5, 1).map((point) => point['a']);
    const together = latinHypercube([{ name: 'b', low: 0, high: 1 }, a], 5, 1).map((point) => point['a']);
    expect(together).toEqual(alone);
  });
});

describe('rank correlation', () => {
  it('of the textbook example (IQ and hours of television) is −29/165', () => {
    const iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
    expect(rankCorrelation(iq, hours)).toBeCloseTo(-29 / 165, 12);
  });

  it('is 1 for what rises together, 0 for what stands still, and shares ranks of equals', () => {
    expect(rankCorrelation([1, 2, 3], [1, 10, 100])).toBe(1);
    expect(rankCorrelation([1, 2, 3], [5, 5, 5])).toBe(0);
    expect(rankCorrelation([1, 1, 2], [1, 1, 2])).toBe(1);
  });
});
