/**
 * Xen's scenarios of sticky balloon drivers (the case file says where they come from) on simulated guests. A KiB of a scenario
 * is 256 KiB here and a tenth of a second, its simulator's step, is a tick: guests as small as theirs do not exist.
 */
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { IDLE_WORKLOAD } from '#guest';
import { findPolicy } from '#policy';
import { KIB, MIB, PAGE_SIZE_BYTES } from '#units';
import { StickyHost, type Driver, type StickyGuestSpec } from './support/sticky-host.js';

interface Domain {
  readonly domid: number;
  readonly dynamic_min: number;
  readonly dynamic_max: number;
  readonly target: number;
  readonly inaccuracy: number;
  readonly driver: {
    readonly kind: 'rate' | 'rate_with_floor' | 'intermittently_stuck' | 'stuck';
    readonly rate_per_s?: number;
    readonly floor?: number;
    readonly half_period_s?: number;
  };
}

interface Scenario {
  readonly id: string;
  readonly about: string;
  readonly fault?: readonly string[];
  readonly host_free: number;
  readonly required: number;
  readonly domains: readonly Domain[];
  readonly should_succeed: boolean;
}

const UNIT_BYTES = 256 * KIB;
const UNIT_PAGES = UNIT_BYTES / PAGE_SIZE_BYTES;
const TICKS_PER_SEC = 10;
const TICK_MS = 1000;
/** Guests have a whole number of pageblocks. */
const BLOCK_BYTES = 2 * MIB;
const STUCK_AFTER_SEC = 5;
const LIMIT_TICKS = 60 * TICKS_PER_SEC;

const { scenarios } = JSON.parse(
  readFileSync(new URL('../cases/xen-squeezed-scenarios.json', import.meta.url), 'utf8'),
) as { scenarios: Scenario[] };

/** Moves at its rate, comes to rest its inaccuracy short of a smaller size, and has the vices of its kind. */
function driverOf({ driver, inaccuracy }: Domain, assignedBytes: number): Driver {
  const ratePages = ((driver.rate_per_s ?? 0) / TICKS_PER_SEC) * UNIT_PAGES;
  const halfPeriodTicks = (driver.half_period_s ?? Infinity) * TICKS_PER_SEC;
  const mostPages = (assignedBytes - (driver.floor ?? 0) * UNIT_BYTES) / PAGE_SIZE_BYTES;
  return (tick, actualPages, targetPages) => {
    if (driver.kind === 'stuck' || Math.floor(tick / halfPeriodTicks) % 2 === 1) return actualPages;
    const isInflating = targetPages > actualPages;
    const goal = isInflating ? Math.max(actualPages, targetPages - inaccuracy * UNIT_PAGES) : targetPages;
    const step = Math.min(ratePages, Math.abs(goal - actualPages));
    return Math.min(mostPages, actualPages + (isInflating ? step : -step));
  };
}

function guestOf(domain: Domain): StickyGuestSpec {
  const assignedBytes = Math.ceil((domain.dynamic_max * UNIT_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
  const options = {
    assignedBytes,
    numaNodes: 1,
    kernelProfile: '6.12',
    memoryBallooning: true,
    balloonCompaction: true,
    deflateOnOom: false,
    freePageReporting: false,
    freePageHinting: false,
    workload: IDLE_WORKLOAD,
    seed: domain.domid,
  } as const;
  return {
    id: String(domain.domid),
    options,
    minBytes: domain.dynamic_min * UNIT_BYTES,
    balloonBytes: assignedBytes - domain.target * UNIT_BYTES,
    driver: driverOf(domain, assignedBytes),
  };
}

function hostOf(scenario: Scenario): StickyHost {
  const compensates = !(scenario.fault ?? []).includes('DisableInaccuracyCompensation');
  const inaccuracy = compensates ? Math.max(...scenario.domains.map((domain) => domain.inaccuracy)) : 0;
  const policy = findPolicy('squeezed');
  if (!policy.ok) throw new Error('there is no policy squeezed');
  return new StickyHost({
    freeBytes: scenario.host_free * UNIT_BYTES,
    guests: scenario.domains.map(guestOf),
    policy: policy.value,
    parameters: {
      hostFreeTargetBytes: scenario.required * UNIT_BYTES,
      inaccuracyBytes: inaccuracy * UNIT_BYTES,
      freeToleranceBytes: 0,
      stuckAfterMs: STUCK_AFTER_SEC * TICKS_PER_SEC * TICK_MS,
      forgiveAfterMs: LIMIT_TICKS * TICK_MS,
      requireStats: false,
    },
  });
}

const free = (host: StickyHost, scenario: Scenario): boolean =>
  host.run(LIMIT_TICKS, () => host.freeBytes >= scenario.required * UNIT_BYTES);

/** No plan asks for what a guest may not have, and none frees and gives at once. */
function expectSound(host: StickyHost, { domains }: Scenario): void {
  for (const plan of host.plans) {
    expect(new Set(plan.guests.map(({ phase }) => phase)).size).toBeLessThanOrEqual(1);
    for (const { id, balloonTargetBytes } of plan.guests) {
      const domain = domains.find(({ domid }) => String(domid) === id);
      const { assignedBytes = NaN } = host.guests.find(({ spec }) => spec.id === id)?.spec.options ?? {};
      const sizeBytes = assignedBytes - balloonTargetBytes;
      expect(sizeBytes).toBeGreaterThanOrEqual((domain?.dynamic_min ?? NaN) * UNIT_BYTES);
    }
  }
}

describe("squeezed's scenarios on simulated guests", () => {
  it.each(scenarios.filter((one) => one.should_succeed))('$id frees what is required: $about', (scenario) => {
    const host = hostOf(scenario);
    expect(free(host, scenario)).toBe(true);
    expectSound(host, scenario);

    // Half of it is taken by somebody; the rest goes back to the guests.
    host.capacityBytes -= 500 * UNIT_BYTES;
    host.parameters = { ...host.parameters, hostFreeTargetBytes: 0, forgiveAfterMs: 1 };
    expect(host.run(2 * LIMIT_TICKS, () => host.freeBytes <= 32 * UNIT_BYTES)).toBe(true);
    expect(host.freeBytes).toBeGreaterThanOrEqual(0);
  });

  it.each(scenarios.filter((one) => !one.should_succeed))('$id fails and says why: $about', (scenario) => {
    const host = hostOf(scenario);
    expect(free(host, scenario)).toBe(false);
    expectSound(host, scenario);
    expect(host.lastPlan.unreachable).toMatch(/dynamic minimums/);
  });

  it('names the guest that is stuck, and not the one that could not grow for it', () => {
    const scenario = scenarios.find(({ id }) => id === 'd');
    if (scenario === undefined) throw new Error('there is no scenario d');
    const host = hostOf(scenario);
    free(host, scenario);
    expect(host.lastPlan.unreachable).toContain('inactive: 1');
    expect(host.lastPlan.untouched.filter(({ cause }) => cause === 'STUCK').map(({ id }) => id)).toEqual(['1']);
  });
});
