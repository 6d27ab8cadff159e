/** Policies in a loop with the small model of test/support/model-host.ts. All sizes in MiB. */
import { describe, expect, it } from '@jest/globals';
import { MIB, RandomStream } from '#units';
import type { Policy } from '../src/model/policy.js';
import { ballast } from '../src/policies/ballast.js';
import { findPolicy, POLICIES } from '../src/registry.js';
import { causeOf } from './support/build.js';
import { ModelHost, type ModelGuestSpec } from './support/model-host.js';

const EVERY_S = 10;

function policyNamed(name: string): Policy {
  const found = findPolicy(name);
  if (!found.ok) throw new Error(name);
  return found.value;
}

const steady =
  (used: number): ((timeS: number) => number) =>
  () =>
    used;

/** `used`, but `peak` between two times, reached and left within 20 s. */
function spike(used: number, peak: number, fromS: number, toS: number): (timeS: number) => number {
  return (timeS) => {
    const share = Math.min(1, Math.max(0, (timeS - fromS) / 20), Math.max(0, (toS + 20 - timeS) / 20));
    return used + (peak - used) * share;
  };
}

const guests = (count: number, overrides: Partial<ModelGuestSpec> = {}): ModelGuestSpec[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `g${index}`,
    assigned: 4096,
    min: 1024,
    demand: steady(1200),
    ...overrides,
  }));

/** Jobs that come and go: a base, bursts of a few minutes, ramps of 20 s. */
function bursty(seed: number, assigned: number, seconds: number): (timeS: number) => number {
  const random = RandomStream.of(seed, 'bursts');
  const table = new Float64Array(seconds).fill((0.1 + 0.25 * random.nextFloat()) * assigned);
  for (let startS = 0; startS < seconds; startS += Math.floor(-Math.log(1 - random.nextFloat()) * 3600)) {
    startS += 1;
    const lengthS = 300 + random.nextBelow(1200);
    const height = (0.1 + 0.4 * random.nextFloat()) * assigned;
    for (let at = 0; at < lengthS && startS + at < seconds; at++) {
      const ramp = Math.min(1, at / 20, (lengthS - at) / 30);
      table[startS + at] = Math.min(0.9 * assigned, table[startS + at]! + height * ramp);
    }
  }
  return (timeS) => table[timeS] ?? 0;
}

describe('ballast in a loop', () => {
  it('meets a spike from memory that others do not need, and starves nobody', () => {
    const specs = guests(8);
    specs[0] = { ...specs[0]!, demand: spike(1000, 3400, 1800, 2400) };
    const host = new ModelHost(16_384, specs);
    const calm = host.run(ballast, 1800, EVERY_S);
    expect(calm).toMatchObject({ stalledGuestS: 0, swapPeak: 0 });
    const during = host.run(ballast, 600, EVERY_S);
    expect(host.guests[0]!.size).toBeGreaterThan(3400);
    expect(during.stalledGuestS).toBeLessThanOrEqual(20);
    expect(during.swapPeak).toBe(0);
    host.run(ballast, 1800, EVERY_S);
    for (const { size } of host.guests) expect(size).toBeGreaterThan(1500);
    expect(host.result.stalledGuestS).toBe(during.stalledGuestS);
  });

  it('works around a guest that refuses, and stops asking it', () => {
    const specs = guests(6);
    specs[2] = { ...specs[2]!, refuses: () => true };
    const host = new ModelHost(12_288, specs);
    const { plans, swapPeak } = host.run(ballast, 1800, EVERY_S);
    expect(swapPeak).toBe(0);
    expect(host.guests[2]!.target).toBe(0); // settled at what it gave
    expect(plans.some((plan) => plan.guests.some(({ id, reason }) => id === 'g2' && reason.startsWith('stuck')))).toBe(
      true,
    );
    expect(host.used).toBeLessThan(12_288);
  });

  it('leaves a guest alone from when its statistics stop, and says so', () => {
    const specs = guests(6);
    specs[1] = { ...specs[1]!, isSilent: (timeS) => timeS >= 600 };
    const host = new ModelHost(12_288, specs);
    host.run(ballast, 600, EVERY_S);
    const before = host.guests[1]!.target;
    const { plans } = host.run(ballast, 1200, EVERY_S);
    expect(host.guests[1]!.target).toBe(before);
    expect(causeOf(plans.at(-1)!, 'g1')).toBe('NO_STATS');
    expect(host.used).toBeLessThan(12_288);
  });

  it('gets a host that loses half its memory out of swap as far as needs allow', () => {
    const host = new ModelHost(24_576, guests(8, { demand: steady(1100) }));
    host.run(ballast, 1800, EVERY_S);
    host.capacity = 12_288;
    host.run(ballast, 120, EVERY_S);
    expect(host.used).toBeLessThan(12_288);

    host.capacity = 8192; // below the floors: the rest stays swapped, floors are kept, the plan says why
    const { plans } = host.run(ballast, 600, EVERY_S);
    for (const { size } of host.guests) expect(size).toBeGreaterThanOrEqual(1024);
    expect(plans.at(-1)?.unreachable).toContain('floors');
  });

  it('moves memory before a nightly peak that it has seen', () => {
    const daily = (timeS: number): number => 800 + (timeS % 86_400 >= 7200 && timeS % 86_400 < 9000 ? 2400 : 0);
    const specs = guests(6);
    specs[0] = { ...specs[0]!, demand: daily };
    const host = new ModelHost(13_000, specs);
    const firstNight = host.run(ballast, 86_400, 180).stalledGuestS;
    host.run(ballast, 7100, 60);
    expect(host.guests[0]!.size).toBeGreaterThan(3200); // 100 s before the peak
    const before = host.result.stalledGuestS;
    host.run(ballast, 1900, 60);
    expect(host.result.stalledGuestS - before).toBeLessThan(Math.max(1, firstNight));
  });
});

describe('policies in a loop', () => {
  // senpai never rests by design: it probes.
  const resting = POLICIES.filter(({ name }) => name !== 'senpai').map((policy) => ({ name: policy.name, policy }));

  it.each(resting)('$name comes to rest when demand does', ({ policy }) => {
    const host = new ModelHost(12_288, guests(6, { demand: steady(1300) }));
    host.run(policy, 7200, EVERY_S);
    const before = host.result.moved;
    host.run(policy, 1800, EVERY_S);
    expect(host.result.moved - before).toBeLessThan(6 * 4096 * 0.25);
  });

  it('stalls guests least under ballast, on a mixed fleet at a ratio of 2', () => {
    const seconds = 3 * 3600;
    const stalls = (name: string): number => {
      const specs = Array.from({ length: 8 }, (_, index) => {
        const assigned = [2048, 4096, 8192, 4096][index % 4]!;
        return { id: `g${index}`, assigned, min: assigned / 4, demand: bursty(index + 1, assigned, seconds) };
      });
      const configured = specs.reduce((sum, { assigned }) => sum + assigned, 0);
      return new ModelHost(configured / 2, specs).run(policyNamed(name), seconds, EVERY_S).stalledGuestS;
    };
    const ours = stalls('ballast');
    for (const { name } of POLICIES) {
      if (name !== 'ballast') expect({ name, ratio: ours / stalls(name) < 0.9 }).toEqual({ name, ratio: true });
    }
  });
});

describe('the idle-tax experiment', () => {
  /** Two guests of 256 MiB with equal shares on a host of 360 MiB: one idle, one busy with files that it caches. */
  function at(idleTaxRatio: number): { idle: number; active: number; work: number } {
    const host = new ModelHost(360, [
      { id: 'idle', assigned: 256, min: 0, demand: steady(30), activeRatio: 0.05 },
      { id: 'active', assigned: 256, min: 0, demand: steady(60), activeRatio: 0.95 },
    ]);
    host.run(policyNamed('esx'), 1800, 15, { idleTaxRatio, deadZoneBytes: MIB });
    const [idle, active] = host.guests;
    return { idle: idle!.size, active: active!.size, work: active!.cache };
  }

  it('gives equal halves untaxed, and the active guest more at 75 %, whose work gains', () => {
    const untaxed = at(0);
    expect(Math.abs(untaxed.idle - untaxed.active)).toBeLessThan(5);
    expect(untaxed.idle + untaxed.active).toBeGreaterThan(330);
    const taxed = at(0.75);
    expect(taxed.active).toBeGreaterThan(untaxed.active * 1.3);
    expect(taxed.idle).toBeLessThan(untaxed.idle * 0.6);
    expect(taxed.work).toBeGreaterThan(untaxed.work * 1.3); // published: above 30 % more throughput
  });
});
