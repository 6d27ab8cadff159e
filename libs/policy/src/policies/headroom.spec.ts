import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { aGuest, aView, causeOf, loadCases, mib, rowOf } from '../../test/support/build.js';
import { parseParameters } from '../model/policy.js';
import type { ParameterValues } from '../model/parameters.js';
import type { GuestView, HostFigures } from '../model/view.js';
import { grownBytes, nextPressureState } from './headroom-host.js';
import type { HeadroomValues, PressureState } from './headroom-parameters.js';
import { headroom } from './headroom.js';

interface HypemanFile {
  hysteresis: { state: string; available_percent: number; expect: string }[];
  growth_on_demand: {
    enabled: boolean;
    threshold?: number;
    utilization: number | number[];
    baseline_gib?: number;
    ceiling_gib?: number;
    expect_gib?: number;
    baseline_mib?: number;
    ceiling_mib?: number;
    floor_mib?: number;
    expect_mib?: number;
  }[];
}
interface Vm0Case {
  id: string;
  stats: { target_mib: number; actual_mib: number; free_memory_bytes?: number; available_memory_bytes?: number };
  max_inflate_mib: number;
  expect_new_target_mib: number | null;
}
const hypeman = loadCases('hypeman-guestmemory-controller') as HypemanFile;
const vm0 = loadCases('vm0-per-guest-controller') as { cases: Vm0Case[]; constants: Record<string, number> };

function values(input: Record<string, unknown> = {}): ParameterValues {
  const parsed = parseParameters(headroom, input);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}
const DEFAULTS = values() as unknown as HeadroomValues;

function vm(assigned: number, overrides: Partial<GuestView> = {}): GuestView {
  return aGuest({ assignedBytes: mib(assigned), minBytes: 0, ...overrides });
}

/** New size in MiB of each guest after one decision. */
function targets(guests: GuestView[], host: Partial<HostFigures>, parameters: Record<string, unknown> = {}): number[] {
  const plan = headroom.plan(aView(host, guests), values(parameters));
  return guests.map(({ id, assignedBytes, balloonTargetBytes }) => {
    return (assignedBytes - (rowOf(plan, id)?.balloonTargetBytes ?? balloonTargetBytes)) / MIB;
  });
}

describe('headroom, hypeman style', () => {
  it.each(hypeman.hysteresis)('is $expect after $state at $available_percent % available', (peer) => {
    const state = nextPressureState(peer.state.toUpperCase() as PressureState, peer.available_percent, false, DEFAULTS);
    expect(state.toLowerCase()).toBe(peer.expect);
  });

  it('leaves pressure exactly at the upper watermark, unless the host is stressed', () => {
    expect(nextPressureState('PRESSURE', 15, false, DEFAULTS)).toBe('HEALTHY');
    expect(nextPressureState('PRESSURE', 15, true, DEFAULTS)).toBe('PRESSURE');
    expect(nextPressureState('HEALTHY', 50, true, DEFAULTS)).toBe('PRESSURE');
  });

  it('splits a request by headroom above the floors', () => {
    const guests = [vm(1024, { id: 'a' }), vm(2048, { id: 'b' })];
    const host = { capacityBytes: mib(4096), availableBytes: mib(4096) };
    expect(targets(guests, host, { request_mib: 768, per_vm_max_step_mib: 1024 })).toEqual([768, 1536]);
  });

  it('leaves changes below the least one out', () => {
    const plan = headroom.plan(aView({}, [vm(1024)]), values({ request_mib: 32, max_step_mib: 64 }));
    expect(plan.guests).toEqual([]);
    expect(causeOf(plan)).toBe('UNCHANGED');
  });

  it('gives back when the request is gone, and holds a guest at its baseline, not at its ceiling', () => {
    const reclaimed = [vm(1024, { balloonTargetBytes: mib(256) })];
    expect(targets(reclaimed, {})).toEqual([1024]);
    const ceiling = vm(4096, { baselineBytes: mib(1024), balloonTargetBytes: mib(3072) });
    expect(targets([ceiling], { capacityBytes: mib(65_536), availableBytes: mib(32_768) })).toEqual([1024]);
  });

  it('keeps what is reclaimed while the host is stressed above its watermark', () => {
    const guests = [
      vm(4096, { id: 'a', baselineBytes: mib(1024), balloonTargetBytes: mib(3072) }),
      vm(2048, { id: 'b', baselineBytes: mib(2048) }),
    ];
    const stressed = { some10: 0.5, some60: 0, full10: 0, full60: 0 };
    const host = { capacityBytes: mib(65_536), availableBytes: mib(32_768), pressure: stressed };
    expect(targets(guests, host)).toEqual([1024, 2048]);
  });

  it('reclaims from the baseline towards the floor under pressure, never up to the ceiling', () => {
    const guest = vm(4096, { baselineBytes: mib(1024), balloonTargetBytes: mib(3072) });
    const [size] = targets([guest], { capacityBytes: mib(8192), availableBytes: mib(256) });
    expect(size).toBeGreaterThanOrEqual(512);
    expect(size).toBeLessThan(1024);
  });

  it('caps a step and rests after it', () => {
    const host = { capacityBytes: mib(8192), availableBytes: mib(100) };
    expect(targets([vm(4096)], host)).toEqual([4096 - 256]);
    const moved = headroom.plan(aView(host, [vm(4096, { lastMovedMs: 996_000 })]));
    expect(causeOf(moved)).toBe('COOLING_DOWN');
    expect(targets([vm(4096, { lastMovedMs: 995_000 })], host)).toEqual([4096 - 256]);
  });

  it('names the floors when they leave less than is needed', () => {
    const plan = headroom.plan(aView({ capacityBytes: mib(16_384), availableBytes: 0 }, [vm(1024)]), values());
    expect(plan.unreachable).toContain('floors');
  });

  it.each(hypeman.growth_on_demand)('grows on demand as upstream does: $utilization % used', (peer) => {
    const gib = 1024 * MIB;
    const baseline = peer.baseline_mib === undefined ? (peer.baseline_gib ?? 1) * gib : peer.baseline_mib * MIB;
    const ceiling = peer.ceiling_mib === undefined ? (peer.ceiling_gib ?? 4) * gib : peer.ceiling_mib * MIB;
    const expected = peer.expect_mib === undefined ? (peer.expect_gib ?? 0) * gib : peer.expect_mib * MIB;
    const parameters = values({ growOnDemand: peer.enabled, threshold: peer.threshold ?? 85 });
    for (const used of [peer.utilization].flat()) {
      const guest = aGuest({ assignedBytes: ceiling, minBytes: 0, baselineBytes: baseline });
      const grown = grownBytes(guest, baseline, used, parameters as unknown as HeadroomValues);
      expect(Math.max(grown, (peer.floor_mib ?? 0) * MIB)).toBe(expected);
    }
  });

  it('grows to its ceiling when a guest is full', () => {
    const guest = vm(4096, { baselineBytes: mib(1024) });
    const parameters = values({ growOnDemand: true }) as unknown as HeadroomValues;
    expect(grownBytes(guest, mib(1024), 100, parameters)).toBe(mib(4096));
    expect(grownBytes(guest, mib(1024), 85, parameters)).toBe(mib(1024));
  });
});

describe('headroom, vm0 style', () => {
  /** New balloon target in MiB, or null when it stays. */
  function newTarget({ stats, max_inflate_mib }: Vm0Case): number | null {
    const guest = aGuest({
      assignedBytes: mib(4096),
      minBytes: 0,
      balloonTargetBytes: mib(stats.target_mib),
      balloonActualBytes: mib(stats.actual_mib),
      stats: { ageMs: 0, freeBytes: stats.free_memory_bytes, availableBytes: stats.available_memory_bytes },
    });
    const { target_free_mib, inflate_hysteresis_mib, deflate_hysteresis_mib, max_inflate_per_tick_mib } = vm0.constants;
    const constants = { target_free_mib, inflate_hysteresis_mib, deflate_hysteresis_mib, max_inflate_per_tick_mib };
    const plan = headroom.plan(aView({}, [guest]), values({ ...constants, max_inflate_mib }));
    const row = rowOf(plan);
    return row === undefined ? null : row.rawBalloonTargetBytes / MIB;
  }

  it.each(vm0.cases)('asks for the target of the upstream case $id', (peerCase) => {
    expect(newTarget(peerCase)).toBe(peerCase.expect_new_target_mib);
  });

  it('releases strictly below 192 MiB available', () => {
    const at = (available: number): Vm0Case => ({
      id: '',
      stats: { target_mib: 512, actual_mib: 512, free_memory_bytes: 0, available_memory_bytes: available },
      max_inflate_mib: 1536,
      expect_new_target_mib: null,
    });
    expect(newTarget(at(mib(192)))).toBeNull();
    expect(newTarget(at(mib(192) - 1))).toBe(0);
  });

  it('leaves guests of at most the least size alone', () => {
    const plan = headroom.plan(aView({}, [vm(512)]), values({ style: 'vm0' }));
    expect(causeOf(plan)).toBe('LEFT_ALONE');
  });
});
