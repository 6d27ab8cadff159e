import { describe, expect, it } from '@jest/globals';
import { aSpec, allCells } from '../../../test/experiment/cells.js';
import { answerCsv } from './answer-csv.js';
import { assembleAnswer, cellKeys } from './assemble-answer.js';

const spec = aSpec({ policies: [{ name: 'none' }, { name: 'mom', label: 'mom, "gentle"' }] });
const cells = allCells(spec, (_, ratioAt) => ({ violated: ratioAt * 0.1, spread: 0.3 }));

describe('an answer', () => {
  it('is the same bytes whatever order its cells came in', () => {
    const answer = assembleAnswer(spec, cells, null);
    expect(JSON.stringify(assembleAnswer(spec, [...cells].reverse(), null))).toBe(JSON.stringify(answer));
    expect(answer.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(answer.cells).toHaveLength(12);
    expect(answer.cells[0]).toMatchObject({ policy: 'none', ratio: 1, seed: 1, status: 'DONE' });
  });

  it('has another digest when one figure differs', () => {
    const [first, ...others] = cells;
    const changed = { ...first!, metrics: { ...first!.metrics, majorFaults: 1 } };
    expect(assembleAnswer(spec, [changed, ...others], null).digest).not.toBe(assembleAnswer(spec, cells, null).digest);
  });

  it('says which cells failed and why, and which never ran', () => {
    const [first, second, ...others] = cells;
    const failed = { status: 'FAILED', key: first!.key, error: 'out of frames' } as const;
    const answer = assembleAnswer(spec, [failed, ...others], null);
    expect(answer.cells[0]).toEqual({
      policy: 'none',
      ratio: 1,
      seed: 1,
      status: 'FAILED',
      error: 'out of frames',
      metrics: null,
    });
    expect(answer.cells[1]).toMatchObject({ seed: spec.seeds[second!.key.seedAt], status: 'CANCELLED', metrics: null });
  });

  it('counts all against the policy in cells that were stored before full backing was told apart', () => {
    const told = assembleAnswer(spec, cells, null);
    const stored = cells.map((cell) => {
      const { policyViolatedWindowsRatio, worstGuestPolicyViolatedRatio, ...metrics } = cell.metrics;
      expect([policyViolatedWindowsRatio, worstGuestPolicyViolatedRatio]).toEqual([
        metrics.violatedWindowsRatio,
        metrics.worstGuestViolatedRatio,
      ]);
      return { ...cell, metrics: metrics as typeof cell.metrics };
    });
    expect(assembleAnswer(spec, stored, null)).toEqual(told);
    expect(told.frontier.map(({ firstBroken }) => firstBroken)).toEqual(['performance', 'performance']);
  });

  it('bounds modelled guests by the demand that their hosts saw', () => {
    const { bound } = assembleAnswer(spec, cells, null);
    expect(bound).toMatchObject({ min: 2, hosts: [{ assignedBytes: 6 * 2 ** 30, peakUsedBytes: 3 * 2 ** 30 }, {}] });
  });

  it('names every cell once', () => {
    expect(new Set(cellKeys(spec).map((key) => JSON.stringify(key))).size).toBe(12);
  });
});

describe('the CSV of an answer', () => {
  it('has a row for each figure, and quotes what needs quoting', () => {
    const rows = answerCsv(assembleAnswer(spec, cells.slice(1), null))
      .trimEnd()
      .split('\r\n');
    expect(rows).toHaveLength(1 + 11 * 21 + 1 + 4 * 21 + 2 + 4);
    expect(rows[0]).toContain('table,policy,ratio,seed,metric,value,low,high');
    expect(rows[1]).toBe('cell,none,1,1,,,,,,,,,CANCELLED');
    expect(rows.at(-5)).toMatch(/^frontier,"mom, ""gentle""",,,ratio,1\.\d+,/);
    expect(rows.at(-1)).toMatch(
      /^broken,"mom, ""gentle""",2,,worstGuestPolicyViolatedRatio,0\.\d+,,0\.01,,,,,fairness$/,
    );
  });

  it('is there for an answer that was stored before what broke was kept', () => {
    const { judgement, ...old } = assembleAnswer(spec, cells, null);
    expect(judgement?.length).toBeGreaterThan(0);
    const told = answerCsv({ ...old, judgement: judgement ?? [] });
    expect(answerCsv(old)).toBe(told.slice(0, told.indexOf('broken,')));
  });
});
