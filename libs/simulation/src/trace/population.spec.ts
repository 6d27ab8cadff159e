import { describe, expect, it } from '@jest/globals';
import type { TraceSource } from './trace-source.js';
import { HostSeries, choosePopulation, dealToHosts, populationOf } from './population.js';
import { indexTrace, requireIndex } from './trace-index.js';

const VMS = 12;
const rows = Array.from({ length: VMS }, (_, vm) =>
  Array.from({ length: 10 }, (_, at) => `v${vm},${at * 1000},${(vm + 1) * 1000 + (at === vm % 10 ? 500 : at)},100000`),
).flat();
const index = requireIndex(
  indexTrace('BALLAST', [{ name: 'x', chunks: [['vm,timeMs,bytes,assignedBytes', ...rows].join('\n')] }]),
);
const source = (changes: Partial<TraceSource>): TraceSource => ({
  kind: 'traces',
  format: 'BALLAST',
  path: 'x',
  sampling: 'ORDER',
  peaks: 'AS_RECORDED',
  scale: 1,
  ...changes,
});
const names = (changes: Partial<TraceSource>, count: number, seed = 1): string[] =>
  populationOf(index, source(changes), count, seed).map(({ vm }) => vm);

describe('a population', () => {
  it('is the first VMs in order, whatever the seed', () => {
    expect(names({}, 3, 1)).toEqual(['v0', 'v1', 'v2']);
    expect(names({}, 3, 2)).toEqual(['v0', 'v1', 'v2']);
    expect(() => names({}, VMS + 1)).toThrow('guests.count must be at most 12');
  });

  it('has one VM of each stratum of use', () => {
    for (let seed = 0; seed < 20; seed++) {
      const strata = names({ sampling: 'STRATIFIED' }, 4, seed).map((vm) => Math.floor(Number(vm.slice(1)) / 3));
      expect(strata).toEqual([0, 1, 2, 3]);
    }
    expect(names({ sampling: 'STRATIFIED' }, 4, 1)).not.toEqual(names({ sampling: 'STRATIFIED' }, 4, 2));
  });

  it('drawn with replacement has copies that do not peak together', () => {
    const drawn = populationOf(index, source({ sampling: 'RESAMPLE' }), 40, 7);
    expect(drawn).toEqual(populationOf(index, source({ sampling: 'RESAMPLE' }), 40, 7));
    expect(new Set(drawn.map(({ vm }) => vm)).size).toBe(40);
    const copy = drawn.find(({ vm }) => vm.endsWith('~2'));
    const original = drawn.find(({ vm }) => vm === copy?.vm.slice(0, -2));
    expect([...(copy?.activeBytes ?? [])].sort()).toEqual([...(original?.activeBytes ?? [])].sort());
  });

  it('is read for as many hosts at a time as fit into the rows', () => {
    let passes = 0;
    const text = ['vm,timeMs,bytes,assignedBytes', ...rows].join('\n');
    const chunks = {
      *[Symbol.iterator]() {
        passes++;
        yield text;
      },
    };
    const counted = requireIndex(indexTrace('BALLAST', [{ name: 'x', chunks }]));
    const chosen = choosePopulation(counted, source({ sampling: 'RESAMPLE' }), 24, 5);
    const hosts = dealToHosts(chosen, { hosts: { perHost: 3 }, shuffle: true }, 5);
    const passesAt = (mostRows: number): number => {
      passes = 0;
      const series = new HostSeries(counted, source({}), hosts, 5, mostRows);
      const all = hosts.map((_, host) => series.of(host));
      expect(all).toEqual(hosts.map((_, host) => new HostSeries(counted, source({}), hosts, 5, 1).of(host)));
      return passes - hosts.length;
    };
    expect([passesAt(1), passesAt(1_000_000)]).toEqual([8, 1]);
    expect(passesAt(60)).toBeGreaterThan(1);
    expect(passesAt(60)).toBeLessThan(8);
  });

  it('turned loses nothing and keeps its times', () => {
    for (const peaks of ['SHIFTED', 'ALIGNED'] as const) {
      for (const [at, series] of populationOf(index, source({ peaks }), VMS, 3).entries()) {
        const recorded = populationOf(index, source({}), VMS, 3)[at]!;
        expect(series.timesMs).toEqual(recorded.timesMs);
        expect([...series.activeBytes].sort()).toEqual([...recorded.activeBytes].sort());
        if (peaks === 'ALIGNED') expect(series.activeBytes.indexOf(Math.max(...series.activeBytes))).toBe(5);
      }
    }
  });

  it('scaled keeps within its size', () => {
    const [one] = populationOf(index, source({ scale: 95 }), 1, 1);
    expect(one?.activeBytes.slice(0, 3)).toEqual([100_000, 95_095, 95_190]);
  });

  it('is dealt in order, or in an order of the seed', () => {
    const deal = (shuffle: boolean, seed: number): number[][] =>
      dealToHosts([1, 2, 3, 4, 5], { hosts: { perHost: 2 }, shuffle }, seed);
    expect(deal(false, 1)).toEqual([[1, 2], [3, 4], [5]]);
    expect(deal(true, 1).flat().sort()).toEqual([1, 2, 3, 4, 5]);
    expect(deal(true, 1)).toEqual(deal(true, 1));
    expect(deal(true, 1)).not.toEqual(deal(true, 2));
  });
});
