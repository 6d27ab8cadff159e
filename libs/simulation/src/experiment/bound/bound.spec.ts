import { describe, expect, it } from '@jest/globals';
import { readFileSync, readdirSync } from 'node:fs';
import { indexTrace, requireIndex } from '../../trace/trace-index.js';
import type { Bound } from '../model/answer.js';
import { parseSpec } from '../spec/parse-spec.js';
import { boundOfHosts, boundOfTrace } from './bound.js';

const FOLDER = 'data/traces/gwa-t-12-rnd-2013-7';

function boundOf(
  files: { name: string; chunks: string[] }[],
  format: string,
  perHost: number,
  count: number,
  untilMs?: number,
): Bound {
  const read = parseSpec({
    hosts: { perHost },
    guests: { source: { kind: 'traces', format, path: '.' }, count, demand: 'DIRECT' },
  });
  if (!read.ok || read.value.guests.source.kind !== 'traces') throw new Error('refused');
  const { source } = read.value.guests;
  return boundOfTrace(requireIndex(indexTrace(source.format, files)), source, read.value, untilMs);
}

/** The same by hand, from the raw rows: columns 0, 5 and 6 are time, provisioned and used KB. */
function independently(perHost: number): { vms: string[]; assigned: number; peak: number; ratio: number }[] {
  const vms = readdirSync(FOLDER)
    .sort()
    .map((name) => {
      const lines = readFileSync(`${FOLDER}/${name}`, 'utf8').trim().split(/\r?\n/).slice(1);
      const rows = lines.map((line) => line.split(';').map(Number));
      return {
        name: name.replace('.csv', ''),
        assigned: Math.max(...rows.map((row) => row[5]!)),
        used: new Map(rows.map((row) => [Math.round(row[0]! / 300), row[6]!])),
      };
    });
  const hosts = [];
  for (let from = 0; from < vms.length; from += perHost) {
    const members = vms.slice(from, from + perHost);
    let peak = 0;
    for (const step of new Set(members.flatMap(({ used }) => [...used.keys()]))) {
      let sum = 0;
      for (const { used } of members) {
        const past = [...used.keys()].filter((key) => key <= step);
        const isOver = step > Math.max(...used.keys());
        if (past.length > 0 && !isOver) sum += used.get(Math.max(...past))!;
      }
      peak = Math.max(peak, sum);
    }
    const assigned = members.reduce((sum, vm) => sum + vm.assigned, 0);
    hosts.push({ vms: members.map(({ name }) => name), assigned, peak, ratio: assigned / peak });
  }
  return hosts;
}

const gwaFiles = (): { name: string; chunks: string[] }[] =>
  readdirSync(FOLDER)
    .sort()
    .map((name) => ({ name, chunks: [readFileSync(`${FOLDER}/${name}`, 'utf8')] }));

describe('the bound', () => {
  it.each([8, 16, 24])('of hosts of %i equals an independent calculation on the same rows', (perHost) => {
    const bound = boundOf(gwaFiles(), 'GWA_T_12', perHost, 24);
    const expected = independently(perHost);
    expect(bound.hosts.map(({ vms }) => vms)).toEqual(expected.map(({ vms }) => vms));
    for (const [at, host] of bound.hosts.entries()) {
      expect(host.assignedBytes / 1024).toBeCloseTo(expected[at]!.assigned, 3);
      expect(host.peakUsedBytes / 1024).toBeCloseTo(expected[at]!.peak, 1);
      expect(host.ratio).toBeCloseTo(expected[at]!.ratio, 6);
    }
    const ratios = expected.map(({ ratio }) => ratio).sort((one, other) => one - other);
    expect(bound.min).toBeCloseTo(ratios[0]!, 6);
    expect(bound.max).toBeCloseTo(ratios.at(-1)!, 6);
  });

  it('counts a guest with its last sample, and before its first and after its last with nothing', () => {
    const rows = ['a,1000,10,100', 'a,2000,50,100', 'a,3000,10,100', 'a,6000,10,100', 'b,3400,45,100', 'b,4400,45,100'];
    const text = ['vm,timeMs,bytes,assignedBytes', ...rows, 'c,7000,54,100', 'c,8000,1,100'].join('\n');
    const bound = boundOf([{ name: 'x', chunks: [text] }], 'BALLAST', 3, 3);
    // a holds 10 at 5 s although it has no sample there; b is gone by then; c comes when a is gone.
    expect(bound.hosts).toEqual([{ vms: ['a', 'b', 'c'], assignedBytes: 300, peakUsedBytes: 55, ratio: 300 / 55 }]);
  });

  it('of a run knows only the time that was run', () => {
    const [whole, hours] = [Infinity, 3 * 3_600_000].map((untilMs) => boundOf(gwaFiles(), 'GWA_T_12', 24, 24, untilMs));
    expect(hours!.hosts[0]!.assignedBytes).toBe(whole!.hosts[0]!.assignedBytes);
    expect(hours!.min).toBeGreaterThan(whole!.min);
  });

  it('of hosts has the least, middle and largest ratio', () => {
    const host = (peakUsedBytes: number): { vms: string[]; assignedBytes: number; peakUsedBytes: number } => ({
      vms: [],
      assignedBytes: 12,
      peakUsedBytes,
    });
    expect(boundOfHosts([host(6), host(4), host(12)])).toMatchObject({ min: 1, p50: 2, max: 3 });
    expect(boundOfHosts([host(6), host(4), host(12), host(3)])).toMatchObject({ min: 1, p50: 2.5, max: 4 });
  });
});
