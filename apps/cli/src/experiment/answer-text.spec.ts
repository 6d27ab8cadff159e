import { describe, expect, it } from '@jest/globals';
import { assembleAnswer } from '#simulation';
import { aSpec, allCells } from '../../../../libs/simulation/test/experiment/cells.js';
import { answerMarkdown } from './answer-markdown.js';
import { answerText } from './answer-text.js';

const spec = aSpec({ name: 'far & <wide>' });
const cells = allCells(spec, (policyAt, ratioAt) => ({ violated: (ratioAt * 0.1) / (1 + policyAt), spread: 0.3 }));
const [first, ...others] = cells;
const results = [{ status: 'FAILED', key: first!.key, error: 'out of <frames>' } as const, ...others];
const answer = assembleAnswer(spec, results, null);

describe('the answer in a document', () => {
  it('has a table for each ratio with the policy that loses least first, and how far each goes', () => {
    const useful = (policy: string): number => (policy === 'ballast' ? 0.9 : 0.8);
    const summary = answer.summary.map((row) =>
      row.metric === 'usefulTimeRatio' ? { ...row, mean: useful(row.policy) } : row,
    );
    const text = answerMarkdown(spec, { ...answer, summary });
    expect(text).toContain('| `ballast` | 10 % |');
    const tables = text.split('## Overcommitted ').slice(1);
    expect(tables).toHaveLength(spec.overcommitRatios.length);
    for (const table of tables) expect(table.indexOf('| `ballast`')).toBeLessThan(table.indexOf('| `none`'));
    expect(text).toMatch(/\| `none` \| 1\.\d\d \| 1\.\d\d \| performance \|/);
    expect(text).not.toMatch(/NaN|undefined/);
  });
});

describe('the answer on a terminal', () => {
  it('has each policy and ratio, what failed, and how far each policy goes', () => {
    const text = answerText(answer);
    expect(text).toMatch(/ballast at 2 .*windows below the objective \d/);
    expect(text).toContain('none at 1, seed 1: FAILED out of <frames>');
    expect(text).toMatch(/ {2}none: 1\.\d\d \(95 %: 1\.\d\d to 1\.\d\d\); performance breaks first/);
    expect(text).toContain(`digest ${answer.digest}`);
  });
});
