import { describe, expect, it } from '@jest/globals';
import { KIB, MIB } from '#units';
import { aGuest, aView, causeOf, loadCases, mib, rowOf } from '../../test/support/build.js';
import { drive, StickyHost, type Domain } from '../../test/support/sticky-host.js';
import type { Plan } from '../model/plan.js';
import type { GuestView } from '../model/view.js';
import { squeezed } from './squeezed.js';

interface Scenario {
  id: string;
  about: string;
  fault?: string[];
  host_free: number;
  required: number;
  domains: Domain[];
  should_succeed: boolean;
}
const { scenarios } = loadCases('xen-squeezed-scenarios') as { scenarios: Scenario[] };

function decider(scenario: Scenario, hostFreeKib: number): Parameters<typeof drive>[1] {
  const compensates = !(scenario.fault ?? []).includes('DisableInaccuracyCompensation');
  const inaccuracyKib = compensates ? Math.max(...scenario.domains.map(({ inaccuracy }) => inaccuracy)) : 0;
  const parameters = {
    hostFreeTargetBytes: hostFreeKib * KIB,
    inaccuracyBytes: inaccuracyKib * KIB,
    freeToleranceBytes: 0,
    requireStats: false,
  };
  return (view, memory) => squeezed.plan(view, parameters, memory);
}

/** Invariants of the original, at every step. */
function checker(host: StickyHost): (plan: Plan) => void {
  return (plan) => {
    for (const { id, rawBalloonTargetBytes } of plan.guests) {
      const domain = host.domains.find(({ domid }) => String(domid) === id)!;
      const target = domain.dynamic_max - rawBalloonTargetBytes / KIB;
      expect(target).toBeLessThanOrEqual(domain.dynamic_max);
      expect(target).toBeGreaterThanOrEqual(domain.dynamic_min);
      expect(target - Math.max(domain.target, domain.memory_actual)).toBeLessThanOrEqual(Math.max(0, host.freeKib));
    }
    const phases = new Set(plan.guests.map(({ phase }) => phase));
    expect(phases.size).toBeLessThanOrEqual(1);
  };
}

function free(scenario: Scenario): { host: StickyHost; outcome: ReturnType<typeof drive> } {
  const host = new StickyHost(scenario.domains, scenario.host_free);
  const decide = decider(scenario, scenario.required);
  const outcome = drive(host, decide, () => host.freeKib >= scenario.required, checker(host));
  return { host, outcome };
}

describe('squeezed', () => {
  it.each(scenarios.filter(({ should_succeed }) => should_succeed))('frees what is required: $about', (scenario) => {
    const { host, outcome } = free(scenario);
    expect(outcome.isDone).toBe(true);
    expect(host.guaranteedFreeKib()).toBeGreaterThanOrEqual(scenario.required);

    host.freeKib -= 500;
    const rebalanced = drive(host, decider(scenario, 0), () => host.freeKib <= 32, checker(host));
    expect(rebalanced.isDone).toBe(true);
    expect(host.guaranteedFreeKib()).toBeGreaterThanOrEqual(-16);
  });

  it.each(scenarios.filter(({ should_succeed }) => !should_succeed))('fails and says why: $about', (scenario) => {
    const { outcome } = free(scenario);
    expect(outcome.isDone).toBe(false);
    expect(outcome.lastPlan.unreachable).toMatch(/dynamic minimums/);
  });

  it('names the guest that is stuck', () => {
    const scenario = scenarios.find(({ id }) => id === 'd')!;
    const { outcome } = free(scenario);
    expect(outcome.lastPlan.unreachable).toContain('inactive: 1');
    expect(causeOf(outcome.lastPlan, '1')).toBe('STUCK');
  });

  const ranged = (id: string, size: number, overrides: Partial<GuestView> = {}): GuestView =>
    aGuest({
      id,
      assignedBytes: mib(2000),
      minBytes: mib(1000),
      balloonTargetBytes: mib(2000 - size),
      ...overrides,
    });
  const parameters = { hostFreeTargetBytes: 0, inaccuracyBytes: 0 };

  it('gives every guest the same part of its range', () => {
    const guests = [
      ranged('a', 1500),
      ranged('b', 1500, { assignedBytes: mib(1400), balloonTargetBytes: 0, minBytes: mib(1000) }),
    ];
    const plan = squeezed.plan(aView({ freeBytes: mib(200) }, guests), parameters);
    // surplus 200 + 500 + 400 over ranges of 1000 + 400: both get 78.6 %
    expect(rowOf(plan, 'b')?.rawBalloonTargetBytes).toBe(mib(1400) - Math.trunc(mib(1000) + (1100 / 1400) * mib(400)));
    expect(rowOf(plan, 'a')).toBeUndefined(); // grows only when nobody has to shrink
    expect(plan.untouched.find(({ id }) => id === 'a')?.reason).toContain('others free memory first');
  });

  it('does not divide by a range of zero', () => {
    const fixed = aGuest({ assignedBytes: mib(1000), minBytes: mib(1000) });
    const plan = squeezed.plan(aView({ freeBytes: mib(500) }, [fixed]), parameters);
    expect(plan.guests).toEqual([]);
    expect(squeezed.plan(aView({ freeBytes: 0 }, []), parameters).guests).toEqual([]);
  });

  it('lets a range reservation take part like a guest', () => {
    const reserving = { ...parameters, reserveMinBytes: mib(100), reserveMaxBytes: mib(1100) };
    const plan = squeezed.plan(aView({ freeBytes: mib(100) }, [ranged('a', 2000)]), reserving);
    // surplus 100 + 1000 − 100 over ranges of 1000 + 1000: half each, so 600 MiB are reserved
    expect(rowOf(plan, 'a')?.balloonTargetBytes).toBe(mib(500));
    expect(plan.neededBytes).toBe(500 * MIB);
  });

  it('blames nobody for failing to grow while others have not freed', () => {
    const scenario = scenarios.find(({ id }) => id === 'e')!;
    const { host, outcome } = free(scenario);
    expect(outcome.isDone).toBe(true);
    expect(host.domains.find(({ domid }) => domid === 1)?.memory_actual).toBeLessThanOrEqual(5000);
  });

  it('forgives a stuck guest after a while', () => {
    const asked = (timeMs: number): Parameters<typeof squeezed.plan>[0] =>
      aView({ freeBytes: 0 }, [ranged('a', 1500, { balloonActualBytes: 0, balloonTargetBytes: mib(500) })], timeMs);
    const demanding = { hostFreeTargetBytes: mib(800), inaccuracyBytes: 0, stuckAfterMs: 5000, forgiveAfterMs: 60_000 };
    let memory = squeezed.plan(asked(0), demanding).memory;
    const causes = [4999, 5000, 64_999, 65_000].map((timeMs) => {
      const plan = squeezed.plan(asked(timeMs), demanding, memory);
      memory = plan.memory;
      return causeOf(plan, 'a');
    });
    expect(causes).toEqual([undefined, 'STUCK', 'STUCK', undefined]);
  });

  it('leaves silent guests alone unless told that none need to speak', () => {
    const silent = ranged('a', 2000, { stats: null });
    const view = aView({ freeBytes: 0 }, [silent]);
    const demanding = { ...parameters, hostFreeTargetBytes: mib(500) };
    expect(causeOf(squeezed.plan(view, demanding), 'a')).toBe('NO_STATS');
    expect(rowOf(squeezed.plan(view, { ...demanding, requireStats: false }), 'a')).toBeDefined();
  });
});
