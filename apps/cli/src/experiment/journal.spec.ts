import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aSpec, allCells } from '../../../../libs/simulation/test/experiment/cells.js';
import { openJournal } from './journal.js';

const experiment = { spec: aSpec(), index: null, tracePath: null };
const [first, second] = allCells(experiment.spec, () => ({ violated: 0.123456789, spread: 0.3 }));

describe('a journal', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-journal-'));
    path = join(folder, 'journal');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives back what was done, to the last bit, and not what failed', () => {
    const journal = openJournal(path, experiment);
    journal.add(first!);
    journal.add({ status: 'FAILED', key: second!.key, error: 'x' });
    expect(openJournal(path, experiment).results).toEqual([first]);
  });

  it('goes on after a kill in the middle of a line, wherever it was', () => {
    openJournal(path, experiment).add(first!);
    const whole = readFileSync(path, 'utf8');
    const line = `${JSON.stringify(second)}\n`;
    for (const cut of [0, 1, 100, line.length - 1]) {
      writeFileSync(path, whole);
      appendFileSync(path, line.slice(0, cut));
      const journal = openJournal(path, experiment);
      expect(journal.results).toEqual([first]);
      journal.add(second!);
      expect(openJournal(path, experiment).results).toEqual([first, second]);
    }
    for (const cut of [0, 10]) {
      writeFileSync(path, whole.slice(0, cut));
      expect(openJournal(path, experiment).results).toEqual([]);
    }
  });

  it('of another experiment is refused', () => {
    openJournal(path, experiment);
    expect(() => openJournal(path, { ...experiment, spec: aSpec({ seeds: [9] }) })).toThrow(
      'belongs to another experiment',
    );
  });
});
