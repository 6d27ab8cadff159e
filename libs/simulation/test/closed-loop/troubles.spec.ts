/** Our own policy in a loop with simulated guests, when something goes wrong. */
import { describe, expect, it } from '@jest/globals';
import { IDLE_WORKLOAD, type Workload } from '#guest';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import { NO_TROUBLE, type GuestTrouble } from '../../src/host/host-guest.js';
import { HostSimulation } from '../../src/host/host-simulation.js';
import { aGuest, guestOf, policyOf, run, sizeBytes } from './support/closed-loop.js';

const RAM_BYTES = 2048 * MIB;
const FLOOR_BYTES = 512 * MIB;
const IDS = ['a', 'b', 'c', 'd'] as const;
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

const STEADY = spike(400, 400, 1, 2);

interface Trouble {
  readonly workload?: Workload;
  /** What is wrong with the first guest. */
  readonly trouble?: (timeMs: number) => GuestTrouble;
}

/** Guests that want 400 MiB of their 2 GiB each, on a host that is overcommitted by `ratio`. */
function fleet(ratio: number, { workload = STEADY, trouble }: Trouble = {}): HostSimulation {
  return new HostSimulation({
    id: 'host',
    capacityBytes: (IDS.length * RAM_BYTES) / ratio,
    reservedBytes: 0,
    swapBytes: IDS.length * RAM_BYTES,
    guests: IDS.map((id) => aGuest(id, RAM_BYTES, FLOOR_BYTES, id === 'a' ? workload : STEADY)),
    policy: policyOf('ballast'),
    decideEveryMs: 5000,
    stepMs: 1000,
    troubleAt: (guest, timeMs) => (guest === 0 ? (trouble?.(timeMs) ?? NO_TROUBLE) : NO_TROUBLE),
  });
}

const refusing = (): GuestTrouble => ({ ...NO_TROUBLE, refuses: true });
const silentFrom =
  (fromMs: number) =>
  (timeMs: number): GuestTrouble => ({ ...NO_TROUBLE, statisticsDelayMs: Math.max(0, timeMs - fromMs) });

describe('a simulated host under the ballast policy', () => {
  it('meets a spike from memory that others do not need, and is calm again afterwards', () => {
    const host = fleet(1.4, { workload: spike(400, 1500, 200, 400) });
    run(host, 390);
    expect(sizeBytes(guestOf(host, 'a'))).toBeGreaterThan(1700 * MIB);
    run(host, 300);
    for (const guest of host.guests) {
      expect(guest.pressure.some.avg10).toBeLessThan(5);
      expect(guest.counters.get('oom_kill')).toBe(0);
      expect(sizeBytes(guest)).toBeGreaterThanOrEqual(FLOOR_BYTES);
    }
    expect(host.swappedOutPages).toBe(0);
  });

  it('works around a guest that refuses, names it and stays out of swap', () => {
    const host = fleet(2.4, { trouble: refusing });
    const said = new Set<string>();
    for (let decision = 0; decision < 80; decision++) {
      run(host, 5);
      const { guests = [], untouched = [] } = host.lastPlan ?? {};
      for (const { id, reason } of [...guests, ...untouched]) if (/stuck|not approach/.test(reason)) said.add(id);
    }
    expect(guestOf(host, 'a').balloonPages).toBe(0);
    expect([...said]).toEqual(['a']);
    expect(host.swappedPages).toBe(0);
  });

  it('leaves a guest alone from when its statistics stop, and goes on with the others', () => {
    const host = fleet(1.6, { trouble: silentFrom(100_000) });
    run(host, 170);
    const before = guestOf(host, 'a').targetPages;
    run(host, 230);
    expect(guestOf(host, 'a').targetPages).toBe(before);
    expect(host.lastPlan?.untouched.find(({ id }) => id === 'a')?.cause).toMatch(/_STATS$/);
    expect(host.swappedPages).toBe(0);
  });

  it('gets a host that loses half its memory out of need for swap, as far as floors allow', () => {
    const host = fleet(1);
    run(host, 300);
    host.capacityBytes /= 2;
    run(host, 120);
    const writtenBefore = host.swappedOutPages;
    run(host, 60);
    expect(host.swappedOutPages).toBe(writtenBefore);
    expect(host.freePages).toBeGreaterThan(0);

    host.capacityBytes = 1600 * MIB;
    run(host, 100);
    for (const guest of host.guests) expect(sizeBytes(guest)).toBeGreaterThanOrEqual(FLOOR_BYTES);
    expect(host.lastPlan?.unreachable).toMatch(/floors/);
  });
});
