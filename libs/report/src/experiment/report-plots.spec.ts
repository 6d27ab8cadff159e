import { describe, expect, it } from '@jest/globals';
import { GIB } from '#units';
import type { ExperimentAnswer } from '#simulation';
import { ratioPlot } from './report-plots.js';

function summaryOf(bytes: number): ExperimentAnswer['summary'] {
  return [1, 1.5, 2].map((ratio) => ({
    ...{
      policy: 'mom',
      metric: 'balloonMovedBytes',
      ratio,
      low: 0,
      mean: (bytes * ratio) / 4,
      high: (bytes * ratio) / 2,
    },
    pairedDifferenceToBaseline: null,
  }));
}

describe('a plot against the overcommit ratio', () => {
  it.each([
    [3, ['0 GiB', '0.5 GiB', '3 GiB']],
    [38, ['0 GiB', '10 GiB', '40 GiB']],
  ])('shows up to %d GiB with round steps', (mostGib, some) => {
    const svg = ratioPlot({ summary: summaryOf(mostGib * GIB) } as ExperimentAnswer, 'balloonMovedBytes', null);
    const labels = [...svg.matchAll(/>([\d.]+ GiB)</g)].map((match) => match[1]);
    expect(labels).toEqual(expect.arrayContaining(some));
    for (const label of labels) expect(label).toMatch(/^\d+(\.5)? GiB$/);
  });
});
