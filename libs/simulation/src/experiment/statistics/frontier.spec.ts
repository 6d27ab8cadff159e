import { describe, expect, it } from '@jest/globals';
import { DEFAULT_OBJECTIVE } from '../../objective/objective.js';
import { brokenTests, frontierOf, type JudgedPoint } from './frontier.js';

const GOOD: JudgedPoint['metrics'] = {
  policyViolatedWindowsRatio: 0,
  worstGuestPolicyViolatedRatio: 0,
  hostOomKills: 0,
  policyOomKills: 0,
  reserveKeptRatio: 1,
  recoveryMsP99: 0,
};
const size = { guests: 1000, durationMs: 30 * 86_400_000 };
const point = (ratio: number, changes: Partial<JudgedPoint['metrics']> = {}): JudgedPoint => ({
  ratio,
  metrics: { ...GOOD, ...changes },
});
const frontier = (...points: JudgedPoint[]): ReturnType<typeof frontierOf> =>
  frontierOf(points, DEFAULT_OBJECTIVE, size);

describe('the frontier', () => {
  it('is the largest ratio when nothing breaks', () => {
    expect(frontier(point(1), point(3), point(2))).toEqual({ ratio: 3, firstBroken: null });
  });

  it('is nowhere when the smallest ratio breaks', () => {
    expect(frontier(point(1, { recoveryMsP99: 20_000 }), point(2))).toEqual({ ratio: null, firstBroken: 'recovery' });
  });

  it('lies where the straight line to the first broken ratio meets the limit', () => {
    // From 0.0002 to 0.0042 the limit of 0.001 comes after a fifth of the way.
    const points = [point(1, { policyViolatedWindowsRatio: 0.0002 }), point(2, { policyViolatedWindowsRatio: 0.0042 })];
    const { ratio, firstBroken } = frontier(...points);
    expect(ratio).toBeCloseTo(1.2, 9);
    expect(firstBroken).toBe('performance');
  });

  it('names what reaches its limit first, not what breaks most', () => {
    const broken = point(2, { policyViolatedWindowsRatio: 0.002, worstGuestPolicyViolatedRatio: 0.9 });
    expect(frontier(point(1), broken)).toMatchObject({ firstBroken: 'fairness' });
  });

  it('a kill by the host ends it at the last ratio without one', () => {
    expect(frontier(point(1), point(1.5), point(2, { hostOomKills: 1 }))).toEqual({
      ratio: 1.5,
      firstBroken: 'safety',
    });
  });

  it('does not come back when a larger ratio holds by luck', () => {
    expect(frontier(point(1), point(2, { hostOomKills: 1 }), point(3))).toMatchObject({ ratio: 1 });
  });

  it('counts kills for a thousand guests and a month, and takes what just meets a limit', () => {
    const brokenParts = (...of: Parameters<typeof brokenTests>): string[] => brokenTests(...of).map(({ part }) => part);
    expect(brokenParts(point(1, { policyOomKills: 1, reserveKeptRatio: 0.9999 }), DEFAULT_OBJECTIVE, size)).toEqual([]);
    expect(brokenParts(point(1, { policyOomKills: 1 }), DEFAULT_OBJECTIVE, { ...size, guests: 999 })).toEqual([
      'safety',
    ]);
    expect(brokenParts(point(1, { reserveKeptRatio: 0.9998 }), DEFAULT_OBJECTIVE, size)).toEqual(['reserve']);
  });
});
