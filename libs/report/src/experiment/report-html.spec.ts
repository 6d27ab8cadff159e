import { describe, expect, it } from '@jest/globals';
import { assembleAnswer } from '#simulation';
import { aSpec, allCells } from '../../../simulation/test/experiment/cells.js';
import { experimentHtml } from './report-html.js';

const spec = aSpec({ name: 'far & <wide>' });
const cells = allCells(spec, (policyAt, ratioAt) => ({ violated: (ratioAt * 0.1) / (1 + policyAt), spread: 0.3 }));
const [first, ...others] = cells;
const results = [{ status: 'FAILED', key: first!.key, error: 'out of <frames>' } as const, ...others];
const answer = assembleAnswer(spec, results, null);
const series = [
  {
    vm: 'web',
    assignedBytes: 2 ** 32,
    timesMs: [0, 300_000],
    activeBytes: [2 ** 30, 2 ** 31],
    diskReadBytesPerSec: [0, 0],
    diskWriteBytesPerSec: [0, 0],
    cpuRatio: [0, 0],
    meaning: 'ACTIVE' as const,
  },
];

describe('the report of an experiment', () => {
  const html = experimentHtml({ spec, answer, results, series });

  it('is one file that asks for nothing else', () => {
    expect(html).not.toMatch(/<(script|link|img|iframe)\b|(src|href)="http/);
    expect(html).toContain('far &amp; &lt;wide&gt;');
    expect(html).not.toContain('<wide>');
  });

  it('has the plots, the frontier beside the bound, the failed cell, the constants with their marks, spec and digest', () => {
    for (const part of [
      'largest ratio that meets the objective',
      'windows below the objective',
      'What perfect knowledge allows, host by host: 2.000',
      'none at 1, seed 1: FAILED, out of &lt;frames&gt;',
      'swapOutUs<td class="number">3<td>µs/page<td>1 to 6<td><span class="guess">unchecked</span>',
      '<span class="guess">guess</span>',
      '&quot;overcommitRatios&quot;',
      `<code>${answer.digest}</code>`,
      '<td>web<td>4 GiB<td>4 GiB<td>1.5 GiB<td>2 GiB<td>ACTIVE',
      'performance',
      'what broke, the worst first',
      'windows of guests with too little useful time that full backing would have spared (allowed',
      'overcommit ratio',
      'host 1: its guests’ memory by kind',
      'page tables',
    ]) {
      expect(html).toContain(part);
    }
    expect(html.match(/<svg/g)).toHaveLength(7 + 11 * 3 + 1); // the guests of one of the two hosts kept their kinds
    expect(html.match(/<option/g)).toHaveLength(11);
    expect(html).not.toMatch(/NaN|undefined/);
  });

  it('lets no table make the page wider than a narrow screen', () => {
    expect(html.match(/<table/g)!.length).toBeGreaterThan(3);
    expect(html.replaceAll('<div class="wide"><table', '')).not.toContain('<table');
    expect(html).toMatch(/\.wide \{ overflow-x: auto; \}/);
  });

  it('does not say that nothing broke when that was not stored', () => {
    const { judgement, ...old } = answer;
    expect(judgement).not.toEqual([]);
    const page = experimentHtml({ spec, answer: old, results, series });
    expect(page).toContain('Not known: this answer was stored before it was kept');
    expect(page).not.toContain('Nothing: every policy met the objective');
    expect(page).toContain(`<code>${answer.digest}</code>`);
  });

  it('says how many cells it does not draw', () => {
    const many = Array.from({ length: 7 }, () => others).flat();
    const page = experimentHtml({ spec, answer, results: many, series });
    expect(page.match(/<option/g)).toHaveLength(60);
    expect(page).toContain(`${many.length - 60} more of the ${many.length} cells`);
    expect(html).not.toContain('more of the');
  });
});
