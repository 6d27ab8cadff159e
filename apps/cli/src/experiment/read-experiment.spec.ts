import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PRESETS, runCell } from '#simulation';
import { MIB } from '#units';
import { readExperiment } from './read-experiment.js';

const GWA_SOURCE = { kind: 'traces', format: 'GWA_T_12', path: 'set' };
const GWA_ROWS = `Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]
1372629804;\t2;\t5852;\t87;\t1.5;\t8218624;\t5000;\t0;\t1;\t0;\t1
1372630104;\t2;\t5852;\t87;\t1.5;\t8218624;\t6000;\t0;\t1;\t0;\t1
`;

describe('readExperiment', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-experiment-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const specAt = (content: unknown): string => {
    const path = join(folder, 'spec.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const traces = (path: string): unknown => ({ guests: { source: { kind: 'traces', format: 'BALLAST', path } } });

  it('finds traces beside the spec', () => {
    mkdirSync(join(folder, 'set'));
    writeFileSync(join(folder, 'set', 'a.csv'), 'vm,timeMs,bytes\na,1,5\n');
    const { spec, index } = readExperiment(specAt(traces('set')), undefined);
    expect(spec.guests.count).toBe(24);
    expect(index?.vms).toMatchObject([{ vm: 'a' }]);
  });

  it('finds the same guests in traces packed with gzip, and their broken rows by line', () => {
    const set = join(folder, 'set');
    mkdirSync(set);
    const index = (): unknown => {
      const found = readExperiment(specAt({ guests: { source: GWA_SOURCE } }), undefined).index;
      return { ...found, files: [] };
    };
    for (const name of ['9', '10']) writeFileSync(join(set, `${name}.csv`), GWA_ROWS);
    const unpacked = index();
    expect(unpacked).toMatchObject({ vms: [{ vm: '10' }, { vm: '9' }] });
    for (const name of ['9', '10']) {
      rmSync(join(set, `${name}.csv`));
      writeFileSync(join(set, `${name}.csv.gz`), gzipSync(GWA_ROWS));
    }
    expect(index()).toEqual(unpacked);
    writeFileSync(join(set, '9.csv.gz'), gzipSync(`${GWA_ROWS}rubbish\n`));
    expect(index).toThrow(/\n {2}9\.csv\.gz:4: /);
    writeFileSync(join(set, '9.csv.gz'), gzipSync(GWA_ROWS).subarray(0, -9));
    expect(index).toThrow(/^9\.csv\.gz:\d: the gzip file is cut off or damaged/);
  });

  it('reads every preset', () => {
    for (const { name } of PRESETS) expect(readExperiment(undefined, name).index?.vms).toHaveLength(24);
  });

  const byHostSize = PRESETS.map(({ name }) => name).filter((name) => name.startsWith('hosts-of-'));
  it.each(byHostSize)('has a preset %s that fills its hosts and runs to its end', (name) => {
    const { spec, index } = readExperiment(undefined, name);
    // Small guests boot fast.
    const small = { ...spec, durationMs: 30_000, warmUpMs: 0, guests: { ...spec.guests, assignedBytes: 256 * MIB } };
    const key = { policyAt: spec.policies.length - 1, ratioAt: spec.overcommitRatios.length - 1, seedAt: 0 };
    const cell = runCell(small, key, index);
    if (cell.status !== 'DONE') throw new Error(cell.error);
    expect(cell.guestSeconds).toBe(spec.guests.count * 30);
    expect(cell.guests).toHaveLength(spec.guests.count);
    expect(cell.timelines).toHaveLength(spec.guests.count / spec.hosts.perHost);
    const held = cell.timelines.map(({ residentBytes, capacityBytes }) => Math.max(...residentBytes) / capacityBytes);
    for (const ratio of held) {
      expect(ratio).toBeGreaterThan(0.1);
      expect(ratio).toBeLessThanOrEqual(1);
    }
  });

  it('says what is wrong, all of it', () => {
    const fails = (path: string | undefined, preset?: string): string => {
      try {
        readExperiment(path, preset);
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    expect(fails(undefined)).toContain('either a spec');
    expect(fails(specAt({}), 'quick')).toContain('either a spec');
    expect(fails(undefined, 'slow')).toContain('--preset must be one of quick, how-far');
    expect(fails(join(folder, 'none.json'))).toContain('cannot read the spec');
    expect(fails(specAt('{'))).toContain('is not JSON');
    expect(fails(specAt({ guests: { source: { kind: 'x' } }, seeds: [-1] }))).toMatch(
      /is not accepted\n {2}guests\.source\.kind: must be .*\n {2}seeds\[0\]: must be a whole number from 0/,
    );
    expect(fails(specAt(traces('nowhere')))).toContain(
      'guests.source.path: must be a file or a folder; nowhere does not exist',
    );
    mkdirSync(join(folder, 'empty'));
    expect(fails(specAt(traces('empty')))).toContain('has no .csv or .csv.gz file');
    writeFileSync(join(folder, 'bad.csv'), 'vm,timeMs,bytes\na,1,5\na,x,5\n');
    expect(fails(specAt(traces('bad.csv')))).toContain('bad.csv:3: timeMs must be a whole number from 0, got "x"');
  });
});
