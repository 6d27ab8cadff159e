import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CellResult } from '#simulation';
import { aSpec } from '../../../../libs/simulation/test/experiment/cells.js';
import { openJournal } from './journal.js';
import { runLocally } from './run-local.js';

const experiment = { spec: aSpec(), index: null, tracePath: null };
/** A thread whose figures are those of its cell; it leaves a file for each cell that it was given. */
const THREAD = `
import { parentPort, workerData } from 'node:worker_threads';
import { writeFileSync } from 'node:fs';
const folder = FOLDER;
parentPort.on('message', async (key) => {
  const name = key.policyAt + '-' + key.ratioAt + '-' + key.seedAt;
  writeFileSync(folder + '/ran-' + name + '-' + Math.random(), '');
  parentPort.postMessage({ kind: 'PROGRESS', share: 0.5 });
  if (name === DIES) process.exit(3);
  if (name === HANGS) return;
  const error = 'seed ' + workerData.spec.seeds[key.seedAt];
  parentPort.postMessage({ kind: 'ENDED', result: { status: 'DONE', key, metrics: { name }, error } });
});
`;

describe('cells on threads', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-cells-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const thread = ({ dies = '', hangs = '' } = {}): URL => {
    const path = join(folder, `thread${dies}${hangs}.mjs`);
    const text = THREAD.replace('FOLDER', JSON.stringify(folder))
      .replace('DIES', `'${dies}'`)
      .replace('HANGS', `'${hangs}'`);
    writeFileSync(path, text);
    return pathToFileURL(path);
  };
  const ran = (): string[] => readdirSync(folder).filter((name) => name.startsWith('ran-'));
  const options = { workers: 2, onProgress: () => undefined, signal: new AbortController().signal };
  const names = (results: readonly CellResult[]): string[] => results.map((result) => JSON.stringify(result)).sort();

  it('are each run once, whatever the number of workers, with the same results', async () => {
    const seen: number[] = [];
    const one = await runLocally(
      experiment,
      { ...options, workers: 1, onProgress: (done) => seen.push(done) },
      thread(),
    );
    expect(one).toHaveLength(12);
    expect(ran()).toHaveLength(12);
    expect(seen[0]).toBe(0);
    expect(seen).toContain(0.5);
    expect(seen.at(-1)).toBe(12);
    for (const workers of [2, 4, 50]) {
      expect(names(await runLocally(experiment, { ...options, workers }, thread()))).toEqual(names(one));
    }
  });

  it('whose thread dies fail, and the others finish', async () => {
    const results = await runLocally(experiment, options, thread({ dies: '1-0-2' }));
    expect(results).toHaveLength(12);
    expect(results.filter(({ status }) => status === 'FAILED')).toEqual([
      { status: 'FAILED', key: { policyAt: 1, ratioAt: 0, seedAt: 2 }, error: 'its thread ended with code 3' },
    ]);
  });

  it('that ended before the signal are kept, and a later run does the rest', async () => {
    const journal = (): ReturnType<typeof openJournal> => openJournal(join(folder, 'journal'), experiment);
    const stop = new AbortController();
    const onProgress = (done: number): void => {
      if (done >= 5) stop.abort();
    };
    const hanging = thread({ hangs: '0-1-0' });
    const first = await runLocally(
      experiment,
      { ...options, workers: 1, signal: stop.signal, onProgress, journal: journal() },
      hanging,
    );
    expect(first).toHaveLength(5);
    const all = await runLocally(experiment, { ...options, journal: journal() }, thread());
    expect(all).toHaveLength(12);
    expect(ran()).toHaveLength(12);
  });
});
