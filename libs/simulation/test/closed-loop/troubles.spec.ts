/** Our own policy in a loop with simulated guests, when something goes wrong. */
import { describe, expect, it } from '@jest/globals';
import { IDLE_WORKLOAD, type GuestOptions, type Workload } from '#guest';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import { TestHost, type TestGuestSpec } from './support/test-host.js';

const RAM_BYTES = 2048 * MIB;
const FLOOR_BYTES = 512 * MIB;
const GUESTS = 4;
const pages = (mebibytes: number): number => (mebibytes * MIB) / PAGE_SIZE_BYTES;

/** Wants `calm` MiB, but `peak` MiB between two times in seconds; what is not wanted any more is freed at once. */
function spike(calm: number, peak: number, fromS: number, toS: number): Workload {
  return {
    ...IDLE_WORKLOAD,
    startsMs: Float64Array.of(0, fromS * 1000, toS * 1000),
    anonPages: Int32Array.of(pages(calm), pages(peak), pages(calm)),
    cachePagesPerTick: Float64Array.of(64, 64, 64),
    periodMs: 86_400_000,
    digest: `${calm} ${peak} ${fromS} ${toS}`,
  };
}

const steady = (mebibytes: number): Workload => spike(mebibytes, mebibytes, 1, 2);

function guest(id: string, workload: Workload, more: Partial<TestGuestSpec> = {}): TestGuestSpec {
  const options: GuestOptions = {
    assignedBytes: RAM_BYTES,
    numaNodes: 1,
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    deflateOnOom: false,
    freePageReporting: false,
    freePageHinting: false,
    workload,
    seed: id.charCodeAt(0),
  };
  return { id, options, minBytes: FLOOR_BYTES, ...more };
}

/** Guests that want 400 MiB of their 2 GiB each, on a host that is overcommitted by `ratio`. */
function fleet(ratio: number, first: Partial<TestGuestSpec> & { readonly workload?: Workload } = {}): TestHost {
  const { workload = steady(400), ...more } = first;
  const others = ['b', 'c', 'd'].map((id) => guest(id, steady(400)));
  return new TestHost({
    capacityBytes: (GUESTS * RAM_BYTES) / ratio,
    guests: [guest('a', workload, more), ...others],
    policy: 'ballast',
    everyTicks: 5,
  });
}

const causeOf = (host: TestHost, id: string): string | undefined =>
  host.lastPlan.untouched.find((row) => row.id === id)?.cause;

describe('a host of simulated guests under the ballast policy', () => {
  it('meets a spike from memory that others do not need, and takes it back afterwards', () => {
    const host = fleet(1.4, { workload: spike(400, 1500, 200, 400) });
    host.run(200);
    host.run(190);
    const spiking = host.guest('a');
    expect(spiking.sizeBytes).toBeGreaterThan(1700 * MIB);
    expect(spiking.counter('oom_kill')).toBe(0);
    expect(host.swapPeakBytes).toBe(0);
    host.run(300);
    for (const one of host.guests) {
      expect(one.pressure).toBeLessThan(0.05);
      expect(one.counter('oom_kill')).toBe(0);
      expect(one.sizeBytes).toBeGreaterThanOrEqual(FLOOR_BYTES);
    }
    expect(host.swapPeakBytes).toBe(0);
  });

  it('works around a guest that refuses, names it and stays out of swap', () => {
    const host = fleet(2.4, { driver: (_tick, actualPages) => actualPages });
    host.run(400);
    expect(host.guest('a').actualBytes).toBe(0);
    expect(host.swappedBytes).toBe(0);
    const said = host.plans.flatMap((plan) => [...plan.untouched, ...plan.guests]).filter(({ id }) => id === 'a');
    expect(said.some(({ reason }) => /stuck|not approached/.test(reason))).toBe(true);
  });

  it('leaves a guest alone from when its statistics stop, and goes on with the others', () => {
    const host = fleet(1.6, { isSilent: (tick) => tick >= 100 });
    host.run(99);
    const before = host.guest('a').targetBytes;
    host.run(300);
    expect(host.guest('a').targetBytes).toBe(before);
    expect(causeOf(host, 'a')).toBe('NO_STATS');
    expect(host.swappedBytes).toBe(0);
  });

  it('gets a host that loses half its memory out of swap, as far as floors allow', () => {
    const host = fleet(1);
    host.run(300);
    host.capacityBytes /= 2;
    host.run(120);
    expect(host.swappedBytes).toBe(0);

    host.capacityBytes = 1600 * MIB;
    host.run(100);
    for (const one of host.guests) expect(one.sizeBytes).toBeGreaterThanOrEqual(FLOOR_BYTES);
    expect(host.lastPlan.unreachable).toMatch(/floors/);
  });
});
