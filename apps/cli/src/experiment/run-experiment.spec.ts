import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cellKeys, type ExperimentAnswer } from '#simulation';
import { aCell } from '../../../../libs/simulation/test/experiment/cells.js';
import { run, sensitivity, type CellRunner } from './run-experiment.js';

const TRACES = { kind: 'traces', format: 'GOOGLE_2011', path: 'data/traces/google-2011' };
const SPEC = {
  guests: { source: TRACES, demand: 'DIRECT', count: 4 },
  hosts: { perHost: 2 },
  overcommitRatios: [1, 2],
  policies: [{ name: 'none' }, { name: 'mom' }],
  seeds: [5, 6],
};

/** Gives every cell a figure that hangs on its costs. */
const runner: CellRunner = ({ spec }, { onProgress }) => {
  const cells = cellKeys(spec).map((key) =>
    aCell(
      key,
      spec.seeds[key.seedAt] ?? 0,
      { violated: 0, spread: 0 },
      { majorFaults: spec.costs.inflateUs - key.policyAt },
    ),
  );
  onProgress(cells.length);
  return Promise.resolve(cells);
};
const failing: CellRunner = async (experiment, options) =>
  (await runner(experiment, options)).map((cell) =>
    cell.key.seedAt === 1 ? { status: 'FAILED', key: cell.key, error: 'no frames left' } : cell,
  );

describe('a run on this machine', () => {
  let folder: string;
  let printed: string[];
  let spec: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-run-'));
    spec = join(folder, 'spec.json');
    writeFileSync(spec, JSON.stringify(SPEC));
    printed = [];
    jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    process.exitCode = undefined;
    rmSync(folder, { recursive: true });
  });

  it('prints the answer and writes report, plots and CSV', async () => {
    const [out, plots, csv] = [join(folder, 'report.html'), join(folder, 'plots'), join(folder, 'answer.csv')];
    await run(spec, { json: true, out, plots, csv, workers: 1 }, runner);
    const answer = JSON.parse(printed.join('')) as ExperimentAnswer;
    expect(answer.cells.map(({ status }) => status)).toEqual(Array(8).fill('DONE'));
    expect(answer.bound?.hosts.map(({ vms }) => vms.length)).toEqual([2, 2]);
    expect(readFileSync(csv, 'utf8')).toContain('frontier,mom');
    expect(readFileSync(out, 'utf8')).toContain(answer.digest);
    expect(readdirSync(plots)).toEqual(expect.arrayContaining(['frontier.svg', 'traces.svg', 'useful-time-ratio.svg']));
    expect(process.exitCode).toBeUndefined();
  });

  it('runs nothing that it could not write', async () => {
    const never: CellRunner = () => Promise.reject(new Error('it ran'));
    const lost = join(folder, 'none', 'file');
    for (const option of ['out', 'csv', 'markdown', 'journal']) {
      await expect(run(spec, { [option]: lost }, never)).rejects.toThrow(
        `--${option}: cannot write "${lost}": there is no`,
      );
    }
    await expect(run(spec, { plots: spec }, never)).rejects.toThrow(/^--plots: cannot write .* is not a folder$/);
  });

  it('ends with 1 when a cell failed, and the others are in the answer', async () => {
    await run(spec, {}, failing);
    expect(process.exitCode).toBe(1);
    expect(printed.join('')).toContain('none at 1, seed 6: FAILED no frames left');
    expect(printed.join('')).toContain('mom: 2.00');
  });

  it('shows what a figure hangs on', async () => {
    await sensitivity(spec, { draws: 12, metric: 'majorFaults' }, runner);
    expect(printed.join('')).toMatch(/hangs on \(rank correlation\):\ninflateUs +1\.00 #{30}/);
    expect(printed.join('')).toContain('mom at 2: -1.00 against the baseline; the sign holds in 100 % of draws');
    await expect(sensitivity(spec, { draws: 2, metric: 'joy' }, runner)).rejects.toThrow('--metric must be one of');
  });
});
