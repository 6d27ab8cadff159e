import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { readTrace } from './read-trace.js';
import { indexTrace, loadSeries, requireIndex } from './trace-index.js';
import type { TraceFile } from './trace-reading.js';

const file = (name: string, ...lines: string[]): TraceFile => ({ name, chunks: [lines.join('\n')] });
const plain = (name: string, ...rows: string[]): TraceFile => file(name, 'vm,timeMs,bytes', ...rows);
const samples = (folder: string): TraceFile[] =>
  readdirSync(folder)
    .sort()
    .map((name) => ({ name, chunks: [readFileSync(`${folder}/${name}`, 'utf8')] }));

describe('an index of traces', () => {
  it('has a line for each VM, and loads the series that reading the whole gives', () => {
    for (const [format, folder] of [
      ['GWA_T_12', 'data/traces/gwa-t-12-rnd-2013-7'],
      ['GOOGLE_2011', 'data/traces/google-2011'],
      ['AZURE_V2', 'data/traces/azure-2017'],
    ] as const) {
      const files = samples(folder);
      const reading = readTrace(format, files);
      const index = requireIndex(indexTrace(format, files));
      if (reading.outcome === 'REJECTED') throw new Error(folder);
      const names = index.vms.map(({ vm }) => vm);
      expect(loadSeries(index, names)).toEqual(reading.series);
      expect(loadSeries(index, names.slice(3, 5))).toEqual(reading.series.slice(3, 5));
      expect(index.skippedVms).toEqual(reading.skippedVms);
      if (format !== 'AZURE_V2') expect(index.stepMs).toBe(300_000);
    }
  });

  it('keeps size, life, mean and peak', () => {
    const index = requireIndex(
      indexTrace('BALLAST', [plain('1', 'a,1000,4', 'b,1500,1', 'a,3000,8'), plain('2', 'a,9000,0')]),
    );
    expect(index).toMatchObject({ startMs: 1000, rowCount: 4, stepMs: 2000, meaning: 'USED' });
    expect(index.vms[0]).toEqual({
      vm: 'a',
      assignedBytes: 2 ** 20,
      firstMs: 1000,
      lastMs: 9000,
      rowCount: 3,
      meanBytes: 4,
      peakBytes: 8,
      files: [0, 1],
    });
  });

  it('reads only the files that a VM is in', () => {
    const asked: string[] = [];
    const watched = ({ name, chunks }: TraceFile): TraceFile => ({
      name,
      chunks: {
        [Symbol.iterator]: () => {
          asked.push(name);
          return chunks[Symbol.iterator]();
        },
      },
    });
    const index = requireIndex(indexTrace('BALLAST', [plain('1', 'a,1,1'), plain('2', 'b,1,1')].map(watched)));
    expect(asked).toEqual(['1', '2']);
    loadSeries(index, ['b']);
    expect(asked).toEqual(['1', '2', '2']);
  });

  it('of a broken trace says file and line of everything', () => {
    expect(() => requireIndex(indexTrace('BALLAST', [plain('x.csv', 'a,1,1', 'a,z,1', 'a,1,1')]))).toThrow(
      'the trace is not accepted\n  x.csv:3: timeMs must be a whole number from 0, got "z"\n  x.csv:4: timeMs must be after',
    );
  });
});
