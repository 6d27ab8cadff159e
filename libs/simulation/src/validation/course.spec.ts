import { describe, expect, it } from '@jest/globals';
import { figureAt } from './course.js';

describe('a course', () => {
  it.each([
    [0, 0],
    [1, 5],
    [2, 10],
    [3, 8],
    [4, 6],
    [9, 6],
  ])('at %p is %p', (at, figure) => {
    expect(
      figureAt(
        [
          [2, 10],
          [4, 6],
        ],
        at,
      ),
    ).toBe(figure);
  });
});
