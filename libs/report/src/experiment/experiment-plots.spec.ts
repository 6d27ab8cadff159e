import { describe, expect, it } from '@jest/globals';
import { assembleAnswer } from '#simulation';
import { aSpec, allCells } from '../../../simulation/test/experiment/cells.js';
import { experimentPlots } from './experiment-plots.js';

const spec = aSpec({ seeds: [1, 2] });
const results = allCells(spec, () => ({ violated: 0.1, spread: 0.1 }));
const plots = experimentPlots({ spec, answer: assembleAnswer(spec, results, null), results, series: null });
const names = plots.map(({ name }) => name);

describe('the plots of an experiment', () => {
  it('are the frontier, what each ratio costs, and memory over time in the cells of the first seed', () => {
    expect(names.slice(0, 3)).toEqual(['frontier', 'violated-windows-ratio', 'pressure-some-p99']);
    const cells = spec.policies.length * spec.overcommitRatios.length;
    expect(names.filter((name) => name.startsWith('memory-') && name.endsWith('-host-1'))).toHaveLength(cells);
    expect(names).toContain('memory-none-1-host-1-guests');
  });

  it('have names of their own that can be files, and a white ground', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { name, svg } of plots) {
      expect(name).toMatch(/^[\w.-]+$/);
      expect(svg).toMatch(/^<svg[^>]*>\s*<rect[^>]*fill="#fff"/);
    }
  });
});
