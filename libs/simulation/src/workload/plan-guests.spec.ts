import { describe, expect, it } from '@jest/globals';
import type { TraceSeries } from '#contracts';
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { parseSpec } from '../experiment/spec/parse-spec.js';
import type { GuestPopulation } from './guest-population.js';
import { planGuests } from './plan-guests.js';

const STEP_MS = 300_000;

function series(vm: string, rows = 288, meaning: TraceSeries['meaning'] = 'USED'): TraceSeries {
  const values = Array.from({ length: rows }, (_, row) => (100 + ((row * 37) % 101)) * MIB);
  const none = values.map(() => 0);
  const timesMs = values.map((_, row) => row * STEP_MS);
  const disk = { diskReadBytesPerSec: none, diskWriteBytesPerSec: none };
  return { vm, assignedBytes: 2 * GIB, timesMs, activeBytes: values, ...disk, cpuRatio: none, meaning };
}

function population(changes: object): GuestPopulation {
  const source = { kind: 'traces', format: 'BALLAST', path: 'x.csv' };
  const parsed = parseSpec({ guests: { source, count: 2, ...changes } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value.guests;
}

describe('Plans of traced guests', () => {
  it('hold the column as it stands when demand is direct, common factor or not', () => {
    const one = series('a');
    const [plan] = planGuests(population({ demand: 'DIRECT', commonFactor: { fleet: 0.5, tenant: 0.5 } }), 1, [one]);
    const used = one.timesMs.map((timeMs) => plan?.usedBytesAt?.(timeMs));
    expect(used).toEqual(one.activeBytes);
  });

  it('take 0.85 of memory in use as anonymous, row by row', () => {
    const [plan] = planGuests(population({ commonFactor: { fleet: 0, tenant: 0 } }), 1, [series('a')]);
    const expected = series('a').activeBytes.map((bytes) => Math.floor((0.85 * bytes) / PAGE_SIZE_BYTES));
    const off = expected.map((pages, row) => Math.abs(pages - (plan?.workload.anonPages[row] ?? 0)));
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
  });

  it('draw what a guest touches where the trace says nothing of memory', () => {
    const absent = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((vm) => series(vm, 12, 'ABSENT'));
    const shares = planGuests(population({}), 1, absent).map(
      ({ workload, assignedBytes }) => ((workload.anonPages[5] ?? 0) * PAGE_SIZE_BYTES) / assignedBytes,
    );
    expect(new Set(shares).size).toBe(8);
    const middle = [...shares].sort((a, b) => a - b).slice(3, 5);
    for (const share of middle) expect(Math.abs(share - 0.5)).toBeLessThan(0.25);
  });

  it('tell tenants apart by the place in the whole population, and move rows with the tenant', () => {
    const plan = (places: readonly number[]): readonly number[][] =>
      planGuests(population({ commonFactor: { fleet: 0, tenant: 1 } }), 1, [series('a'), series('b')], places).map(
        ({ workload }) => Array.from(workload.anonPages),
      );
    const [one, other] = plan([0, 7]);
    expect(one).toEqual(other);
    const [left, right] = plan([7, 8]);
    expect(left).not.toEqual(right);
  });
});
