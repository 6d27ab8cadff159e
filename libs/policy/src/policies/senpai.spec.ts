import { describe, expect, it } from '@jest/globals';
import { GIB, MIB } from '#units';
import { aGuest, aView, causeOf, loadCases, rawSize, rowOf, stats } from '../../test/support/build.js';
import type { JsonValue } from '../model/json.js';
import { parseParameters } from '../model/policy.js';
import type { GuestView } from '../model/view.js';
import { senpai, senpaiFactor, tmoFactor } from './senpai.js';

interface PeerCase {
  integral_us: number;
  grace_ticks: number;
  expect_limit_factor: number;
}
const file = loadCases('senpai-derived') as { cases: PeerCase[]; defaults: Record<string, number> };
const parsed = parseParameters(senpai, {});
const DEFAULTS = (parsed.ok ? parsed.value : {}) as unknown as Parameters<typeof senpaiFactor>[2];

function stalling(some10: number, overrides: Partial<GuestView> = {}): GuestView {
  return aGuest({
    minBytes: 0,
    assignedBytes: 4 * GIB,
    stats: stats({ pressure: { some10, some60: 0, full10: 0, full60: 0 }, freeBytes: GIB }),
    ...overrides,
  });
}

describe('senpai', () => {
  it.each(file.cases)('changes the limit by $expect_limit_factor after $integral_us us of stalls', (peer) => {
    const elapsedMs = (6 - peer.grace_ticks) * 1000;
    expect(senpaiFactor(peer.integral_us, elapsedMs, DEFAULTS)).toBeCloseTo(peer.expect_limit_factor, 10);
  });

  it.each(file.cases.filter(({ grace_ticks }) => grace_ticks === 0))(
    'says the same as a plan for a guest seen first with $integral_us us',
    ({ integral_us, expect_limit_factor }) => {
      const guest = stalling(integral_us / 6e6, { balloonTargetBytes: 2 * GIB });
      const plan = senpai.plan(aView({}, [guest]));
      const expected = Math.floor((2 * GIB * (1 + expect_limit_factor)) / 4096) * 4096;
      expect(rawSize(plan, guest)).toBe(Math.min(4 * GIB, expected));
    },
  );

  it('waits out its interval before it squeezes, but backs off at once', () => {
    expect(senpaiFactor(0, 5999, DEFAULTS)).toBeNull();
    expect(senpaiFactor(10_000, 5999, DEFAULTS)).toBeNull();
    expect(senpaiFactor(10_001, 0, DEFAULTS)).toBeGreaterThan(0);
  });

  it('takes the constants of the origin as its defaults, under the names of the origin', () => {
    const { tick_s: tick, limit_alignment: alignment, ...named } = file.defaults;
    expect([tick, alignment]).toEqual([1, 4096]);
    expect(parseParameters(senpai, named)).toEqual(parsed);
  });

  it('adds up stalls between decisions, by the counter where there is one', () => {
    const counted = (someTotalUs: number, timeMs: number, memory?: JsonValue) => {
      const pressure = { some10: 0, some60: 0, full10: 0, full60: 0, someTotalUs };
      const guest = aGuest({ minBytes: 0, balloonTargetBytes: GIB, stats: stats({ pressure }) });
      return senpai.plan(aView({}, [guest], timeMs), { maxProbeRatio: 0 }, memory);
    };
    const first = counted(5_000_000, 0);
    const calm = counted(5_004_000, 1000, first.memory);
    expect(causeOf(calm)).toBe('COOLING_DOWN');
    const stalled = counted(5_100_000, 2000, calm.memory);
    expect(rowOf(stalled)?.reason).toContain('back off by 25 %');
  });

  it('starts afresh from what the guest uses when somebody else changed its size', () => {
    const first = senpai.plan(aView({}, [stalling(0)], 0));
    const changed = stalling(0, { balloonTargetBytes: GIB, balloonActualBytes: GIB });
    const plan = senpai.plan(aView({}, [changed], 1000), {}, first.memory);
    expect(rawSize(plan, changed)).toBe(2 * GIB);
    expect(rowOf(plan)?.reason).toContain('another hand');
  });

  it('does not take its own plan, cut short, for another hand', () => {
    const guest = stalling(0.5, { balloonTargetBytes: 2 * GIB });
    const first = senpai.plan(aView({ availableBytes: 10 * MIB }, [guest], 0));
    const now = stalling(0, { balloonTargetBytes: rowOf(first)!.balloonTargetBytes });
    const second = senpai.plan(aView({}, [now], 1000), {}, first.memory);
    expect(causeOf(second)).toBe('COOLING_DOWN');
  });

  it('takes less the nearer pressure comes to its limit, in the form of the TMO paper', () => {
    expect(tmoFactor(0, 6000, DEFAULTS)).toBeCloseTo(-0.0005, 12);
    expect(tmoFactor(0.0005, 6000, DEFAULTS)).toBeCloseTo(-0.00025, 12);
    expect(tmoFactor(0.002, 6000, DEFAULTS)).toBeCloseTo(0, 12);
    expect(tmoFactor(0, 5999, DEFAULTS)).toBeNull();
  });
});
