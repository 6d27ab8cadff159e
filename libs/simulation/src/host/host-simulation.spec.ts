import { describe, expect, it } from '@jest/globals';
import { IDLE_WORKLOAD, type GuestOptions, type Workload } from '#guest';
import { findPolicy, type Policy } from '#policy';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import { HostSimulation, type HostOptions } from './host-simulation.js';

const RAM_BYTES = 256 * MIB;
const HOUR_MS = 3_600_000;
const pages = (mebibytes: number): number => (mebibytes * MIB) / PAGE_SIZE_BYTES;

/** Wants 100 MiB of anonymous memory, and 20 MiB from the second hour on. */
const WORKLOAD: Workload = {
  ...IDLE_WORKLOAD,
  startsMs: Float64Array.of(0, HOUR_MS),
  anonPages: Int32Array.of(pages(100), pages(20)),
  cachePagesPerTick: new Float64Array(2),
  periodMs: 24 * HOUR_MS,
  digest: 'hours',
};

function options(seed: number): GuestOptions {
  return {
    assignedBytes: RAM_BYTES,
    numaNodes: 1,
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    deflateOnOom: true,
    freePageReporting: false,
    freePageHinting: false,
    workload: WORKLOAD,
    seed,
  };
}

function hostOf(changes: Partial<HostOptions> = {}): HostSimulation {
  return new HostSimulation({
    id: 'host',
    capacityBytes: 3 * RAM_BYTES,
    reservedBytes: 0,
    swapBytes: 0,
    guests: [1, 2, 3].map((seed) => ({
      id: `g${seed}`,
      options: options(seed),
      minBytes: 64 * MIB,
      shares: 1000,
      loadAt: () => 1,
    })),
    policy: null,
    decideEveryMs: 5000,
    stepMs: 1000,
    ...changes,
  });
}

/** Wants balloons of 32 MiB, later of 64 MiB. */
const growing: Policy = (() => {
  const none = findPolicy('none');
  if (!none.ok) throw new Error('there is always none');
  return {
    ...none.value,
    plan: (view) => ({
      guests: view.guests.map(({ id }) => {
        const balloonTargetBytes = (view.timeMs < 20_000 ? 32 : 64) * MIB;
        return { id, balloonTargetBytes, rawBalloonTargetBytes: balloonTargetBytes, reason: 'a test', phase: 1 };
      }),
      untouched: [],
      neededBytes: 0,
      plannedBytes: 0,
      unreachable: null,
      memory: null,
    }),
  };
})();

function run(host: HostSimulation, steps: number): void {
  for (let step = 0; step < steps; step++) host.step();
}

describe('a simulated host', () => {
  it('swaps out what does not fit, and never has more in memory than it has', () => {
    const host = hostOf({ swapBytes: 3 * RAM_BYTES });
    run(host, 5);
    const held = host.residentPages;
    host.capacityBytes = Math.floor(held / 2) * PAGE_SIZE_BYTES;
    run(host, 5);
    expect(host.residentPages).toBeLessThanOrEqual(Math.floor(held / 2));
    expect(host.residentPages + host.swappedPages).toBe(
      host.guests.reduce((sum, { residentPages }) => sum + residentPages, 0),
    );
    expect(host.oomKills).toBe(0);
  });

  it('kills one guest after the other, each once in a step, when even its swap is too small', () => {
    const host = hostOf();
    run(host, 5);
    host.capacityBytes = 8 * MIB;
    host.step();
    expect(host.oomKills).toBe(3);
    expect(host.guests.map(({ restarts, hostKills }) => [restarts, hostKills])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it('starts a killed guest at the hour it was at', () => {
    const host = hostOf({ stepMs: 60_000 });
    run(host, 61);
    const [guest] = host.guests;
    const before = guest!.vitals.anonPages;
    guest!.restart(host.timeMs / 1000);
    run(host, 1);
    expect(Math.abs(guest!.vitals.anonPages - before)).toBeLessThan(pages(80));
    expect(guest!.vitals.anonPages).toBeLessThan(pages(80));
  });

  it('moves a balloon that refused as soon as it no longer does', () => {
    const host = hostOf({
      policy: { rule: growing, parameters: {} },
      troubleAt: (_, timeMs) => ({ refuses: timeMs < 60_000, statisticsDelayMs: 0 }),
    });
    run(host, 59);
    expect(host.guests.map(({ balloonPages }) => balloonPages)).toEqual([0, 0, 0]);
    run(host, 20);
    expect(host.guests.map(({ balloonPages }) => balloonPages)).toEqual([pages(64), pages(64), pages(64)]);
  });

  it('tells policies of the moves of the last quarter of an hour', () => {
    const host = hostOf({ policy: { rule: growing, parameters: {} } });
    const movesOf = (): unknown => host.view().guests[0]?.recentMoves;
    run(host, 30);
    const second = { fromBytes: 32 * MIB, toBytes: 64 * MIB };
    expect(movesOf()).toEqual([{ fromBytes: 0, toBytes: 32 * MIB }, second]);
    run(host, 886);
    expect(movesOf()).toEqual([second]);
    run(host, 20);
    expect(movesOf()).toEqual([]);
  });
});
