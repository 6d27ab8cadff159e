import { describe, expect, it } from '@jest/globals';
import { GIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { boundOfExperiment } from '../bound/bound.js';
import { parseSpec } from '../spec/parse-spec.js';
import type { CellMetrics, CellResult } from '../model/cell.js';
import type { ExperimentSpec } from '../model/spec.js';
import { indexTrace, requireIndex, type TraceIndex } from '../../trace/trace-index.js';
import { runCell } from './run-cell.js';

const LENGTH_MS = 1_200_000;

/** Two guests whose memory in use swings against each other, in 5-minute rows. */
function traceOf(rows: number): TraceIndex {
  const lines = ['vm,timeMs,bytes,assignedBytes'];
  for (let row = 0; row < rows; row++) {
    const swing = row % 2 === 0 ? 200 : 500;
    lines.push(`a,${row * 300_000},${swing * MIB},${GIB}`, `b,${row * 300_000},${(750 - swing) * MIB},${GIB}`);
  }
  return requireIndex(indexTrace('BALLAST', [{ name: 'two.csv', chunks: [`${lines.join('\n')}\n`] }]));
}

function specOf(changes: object): ExperimentSpec {
  const parsed = parseSpec({
    name: 'engine',
    hosts: { perHost: 2, swapBytes: GIB },
    guests: { source: { kind: 'synthetic', mix: { web: 1, build: 1 } }, count: 4, assignedBytes: GIB },
    overcommitRatios: [1, 2],
    policies: [{ name: 'none' }, { name: 'proxmox' }],
    seeds: [1, 2],
    durationMs: LENGTH_MS,
    stepMs: 5000,
    ...changes,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

function done(result: CellResult): Extract<CellResult, { status: 'DONE' }> {
  if (result.status !== 'DONE') throw new Error(result.error);
  return result;
}

describe('a cell', () => {
  const spec = specOf({});
  const key = { policyAt: 1, ratioAt: 1, seedAt: 0 };

  it('is the same bytes whenever it is run, and others under another seed', () => {
    const once = JSON.stringify(runCell(spec, key, null));
    expect(JSON.stringify(runCell(spec, key, null))).toBe(once);
    expect(JSON.stringify(runCell(spec, { ...key, seedAt: 1 }, null))).not.toBe(once);
  });

  it('tells of each guest and each window, and how far it is', () => {
    const shares: number[] = [];
    const cell = done(runCell(spec, key, null, (share) => shares.push(share)));
    expect(cell.guests).toHaveLength(4);
    expect(cell.guests.map(({ host }) => host)).toEqual([0, 0, 1, 1]);
    for (const { days } of cell.guests) expect(days).toMatchObject([{ windows: 4 }]);
    expect(cell.timelines).toHaveLength(2);
    expect(cell.timelines[0]).toMatchObject({ capacityBytes: GIB });
    expect(cell.timelines[0]!.timesMs).toHaveLength(4);
    expect(cell.guestSeconds).toBe(4 * 1200);
    expect(shares.at(-1)).toBeCloseTo(1);
    expect([...shares].sort((one, other) => one - other)).toEqual(shares);
  });

  it('says what the guests’ memory is used for, all of it', () => {
    for (const { timesMs, balloonBytes, guestMemory } of done(runCell(spec, key, null)).timelines) {
      const columns = Object.values(guestMemory ?? {}) as (readonly number[])[];
      expect(columns).toHaveLength(6);
      timesMs.forEach((_, at) => {
        const parts = columns.map((bytes) => bytes[at]!);
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
        expect(parts.reduce((sum, bytes) => sum + bytes, balloonBytes[at]!)).toBe(2 * GIB);
      });
      for (const bytes of columns) expect(Math.max(...bytes)).toBeGreaterThan(0);
      expect(new Set(columns.map(String)).size).toBe(6);
    }
  });

  it('never holds more in memory than its hosts have, nor pushes a guest below its floor', () => {
    const squeezed = specOf({ overcommitRatios: [4], policies: [{ name: 'proxmox' }] });
    const { timelines } = done(runCell(squeezed, { policyAt: 0, ratioAt: 0, seedAt: 0 }, null));
    for (const { capacityBytes, residentBytes, balloonBytes } of timelines) {
      for (const bytes of residentBytes) expect(bytes).toBeLessThanOrEqual(capacityBytes);
      for (const bytes of balloonBytes) expect(bytes).toBeLessThanOrEqual(2 * GIB * (1 - squeezed.guests.minRatio));
    }
  });

  it('costs time where the host must swap, and less where a policy makes room', () => {
    const tight = specOf({ overcommitRatios: [1, 2.5] });
    const at = (policyAt: number, ratioAt: number): number =>
      done(runCell(tight, { policyAt, ratioAt, seedAt: 0 }, null)).metrics.hostSwapInBytes;
    expect(at(0, 0)).toBe(0);
    expect(at(0, 1)).toBeGreaterThan(0);
    expect(at(1, 1)).toBeLessThan(at(0, 1));
  });

  it('moves no balloon of guests that refuse, and decides on old statistics when they are late', () => {
    const fault = { kind: 'REFUSE', guestRatio: 1, fromMs: 0, toMs: LENGTH_MS };
    const refusing = specOf({ faults: [fault], overcommitRatios: [2], policies: [{ name: 'proxmox' }] });
    const cell = { policyAt: 0, ratioAt: 0, seedAt: 0 };
    expect(done(runCell(refusing, cell, null)).metrics.balloonMovedBytes).toBe(0);
    const late = specOf({
      faults: [{ kind: 'LATE_STATISTICS', guestRatio: 1, fromMs: 0, toMs: LENGTH_MS, delayMs: 900_000 }],
      overcommitRatios: [2],
      policies: [{ name: 'proxmox' }],
    });
    const onTime = specOf({ overcommitRatios: [2], policies: [{ name: 'proxmox' }] });
    expect(done(runCell(late, cell, null)).metrics.balloonMovedBytes).not.toBe(
      done(runCell(onTime, cell, null)).metrics.balloonMovedBytes,
    );
  });

  it('judges the rest of a run that is no whole window, and windows that steps do not divide', () => {
    const daysOf = (changes: object): unknown => {
      const asked = specOf({ overcommitRatios: [1], policies: [{ name: 'none' }], warmUpMs: 0, ...changes });
      return done(runCell(asked, { policyAt: 0, ratioAt: 0, seedAt: 0 }, null)).guests[0]!.days.map(
        ({ windows, usefulMs, stalledMs }) => [windows, Math.round(usefulMs + stalledMs)],
      );
    };
    expect(daysOf({ durationMs: 400_000 })).toEqual([[2, 400_000]]);
    expect(daysOf({ durationMs: 60_000 })).toEqual([[1, 60_000]]);
    expect(daysOf({ durationMs: 700_000, stepMs: 7000 })).toEqual([[3, 700_000]]);
  });

  it('judges neither reserve nor windows while balloons first find their sizes', () => {
    const metricsOf = (warmUpMs: number): { reserveKeptRatio: number; windows: number } => {
      const asked = specOf({ overcommitRatios: [1.5], policies: [{ name: 'ballast' }], warmUpMs });
      const { metrics, guests } = done(runCell(asked, { policyAt: 0, ratioAt: 0, seedAt: 0 }, null));
      return { reserveKeptRatio: metrics.reserveKeptRatio, windows: guests[0]!.days[0]!.windows };
    };
    const [cold, warm] = [metricsOf(0), metricsOf(600_000)];
    expect(cold.reserveKeptRatio).toBeLessThan(1);
    expect(warm.reserveKeptRatio).toBeGreaterThan(cold.reserveKeptRatio);
    expect([cold.windows, warm.windows]).toEqual([4, 2]);
  });

  it('kills nobody for how guests begin, but whoever has not made room by the end of the warm-up', () => {
    const killsOf = (policy: string, warmUpMs: number): number => {
      const guests = { source: { kind: 'synthetic', mix: { web: 1 } }, count: 2, assignedBytes: GIB };
      const hosts = { perHost: 2, swapBytes: 256 * MIB };
      const asked = specOf({ hosts, guests, overcommitRatios: [1.5], policies: [{ name: policy }], warmUpMs });
      return done(runCell(asked, { policyAt: 0, ratioAt: 0, seedAt: 0 }, null)).metrics.hostOomKills;
    };
    expect(killsOf('ballast', 0)).toBeGreaterThan(0);
    expect(killsOf('ballast', 600_000)).toBe(0);
    expect(killsOf('none', 600_000)).toBeGreaterThan(0);
  });

  it('costs nothing at all without costs, whatever guests and host go through', () => {
    const hard = { overcommitRatios: [4], policies: [{ name: 'proxmox' }], hosts: { perHost: 2, swapBytes: 2 * GIB } };
    const guests = {
      source: { kind: 'synthetic', mix: { web: 1, build: 1 } },
      count: 2,
      assignedBytes: GIB,
      minRatio: 0.1,
    };
    const metricsOf = (costs: string): CellMetrics =>
      done(runCell(specOf({ ...hard, guests, costs }), { policyAt: 0, ratioAt: 0, seedAt: 0 }, null)).metrics;
    const [free, priced] = [metricsOf('OFF'), metricsOf('DEFAULT')];
    expect(free).toEqual({
      ...priced,
      usefulTimeRatio: 1,
      violatedWindowsRatio: 0,
      worstGuestViolatedRatio: 0,
      policyViolatedWindowsRatio: 0,
      worstGuestPolicyViolatedRatio: 0,
      hostPressureSomeP99: 0,
    });
    expect(free.guestOomKills + free.majorFaults).toBeGreaterThan(1000);
    expect(priced.usefulTimeRatio).toBeLessThan(0.99);
  });

  it('tells what a guest is short of at full backing from what the policy takes from it', () => {
    // One wants all that it is assigned, which nobody has who runs a kernel; the other four fifths of it.
    const rows = [0, 1, 2, 3].flatMap((row) => [
      `full,${row * 300_000},${GIB},${GIB}`,
      `part,${row * 300_000},${820 * MIB},${GIB}`,
    ]);
    const lines = ['vm,timeMs,bytes,assignedBytes', ...rows];
    const index = requireIndex(indexTrace('BALLAST', [{ name: 'two.csv', chunks: [`${lines.join('\n')}\n`] }]));
    const source = { kind: 'traces', format: 'BALLAST', path: 'two.csv' };
    const asked = specOf({
      hosts: { perHost: 2, swapBytes: 2 * GIB },
      guests: { source, count: 2, demand: 'DIRECT', minRatio: 0.1, features: { deflateOnOom: false } },
      overcommitRatios: [1, 4],
      policies: [{ name: 'none' }, { name: 'proxmox' }],
    });
    const at = (policyAt: number, ratioAt: number): Extract<CellResult, { status: 'DONE' }> =>
      done(runCell(asked, { policyAt, ratioAt, seedAt: 0 }, index));
    const alone = at(0, 0);
    const [full, part] = alone.guests.map(({ days }) => days[0]!);
    expect(full!.violatedWindows).toBeGreaterThan(0);
    expect(full!.shortAtFullBacking).toBe(full!.violatedWindows);
    expect(part).not.toHaveProperty('shortAtFullBacking');
    expect(alone.metrics.violatedWindowsRatio).toBeGreaterThan(0);
    expect(alone.metrics).toMatchObject({ policyViolatedWindowsRatio: 0, worstGuestPolicyViolatedRatio: 0 });
    expect(alone.metrics.guestOomKills).toBeGreaterThan(0);
    expect(alone.metrics.policyOomKills).toBe(0);
    const squeezed = at(1, 1);
    expect(squeezed.guests[1]!.days[0]!.violatedWindows).toBeGreaterThan(0);
    expect(squeezed.guests[1]!.days[0]).not.toHaveProperty('shortAtFullBacking');
    const { violatedWindowsRatio, policyViolatedWindowsRatio } = squeezed.metrics;
    expect(policyViolatedWindowsRatio).toBeGreaterThan(0);
    expect(policyViolatedWindowsRatio).toBeLessThan(violatedWindowsRatio);
  });

  it('of perfect knowledge fits to a page block below the bound of the rows, and not above it', () => {
    const index = traceOf(4);
    const source = { kind: 'traces', format: 'BALLAST', path: 'two.csv' };
    const asked = (ratios: readonly number[]): ExperimentSpec =>
      specOf({
        hosts: { perHost: 2, swapBytes: 0 },
        guests: { source, count: 2, demand: 'DIRECT' },
        costs: 'OFF',
        overcommitRatios: ratios,
        policies: [{ name: 'perfect' }],
      });
    const [host] = boundOfExperiment(asked([1]), index)!.hosts;
    expect(host).toMatchObject({ assignedBytes: 2 * GIB, peakUsedBytes: 750 * MIB });
    const block = 512 * PAGE_SIZE_BYTES;
    const ratios = [
      host!.assignedBytes / (host!.peakUsedBytes + block),
      host!.assignedBytes / (host!.peakUsedBytes - block),
    ];
    const [below, above] = ratios.map(
      (_, ratioAt) => done(runCell(asked(ratios), { policyAt: 0, ratioAt, seedAt: 0 }, index)).metrics,
    );
    expect(below).toMatchObject({ hostOomKills: 0, violatedWindowsRatio: 0 });
    expect(above!.hostOomKills).toBeGreaterThan(0);
    expect(above!.violatedWindowsRatio).toBe(1);
  });
});
