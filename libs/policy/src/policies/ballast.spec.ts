import { describe, expect, it } from '@jest/globals';
import { MIB } from '#units';
import { aGuest, aView as viewOf, causeOf, mib, rawSize, rowOf, stats } from '../../test/support/build.js';
import type { Plan } from '../model/plan.js';
import type { GuestStats, GuestView, HostFigures, HostView } from '../model/view.js';
import { ballast } from './ballast.js';

interface Sketch {
  readonly id?: string;
  readonly size?: number;
  readonly used: number;
  readonly cached?: number;
  readonly stats?: Partial<GuestStats>;
  readonly guest?: Partial<GuestView>;
}

/** A guest of 4000 MiB, floor 500: `used` in use, `cached` page cache, the rest of its size free, all backed. */
function guest({
  id = 'g1',
  size = 4000,
  used,
  cached = 0,
  stats: more = {},
  guest: overrides = {},
}: Sketch): GuestView {
  return aGuest({
    id,
    assignedBytes: mib(4000),
    minBytes: mib(500),
    balloonTargetBytes: mib(4000 - size),
    stats: stats({
      freeBytes: mib(size - used - cached),
      availableBytes: mib(size - used),
      cachedBytes: mib(cached),
      idleRatio: 0,
      unusableIndex9: 0,
      ...more,
    }),
    ...overrides,
  });
}

/** A host of 20 000 MiB: its reserve is 1200. */
const host = (available: number, overrides: Partial<HostFigures> = {}): Partial<HostFigures> => ({
  capacityBytes: mib(20_000),
  availableBytes: mib(available),
  ...overrides,
});

/** The host of `guests`, and of one that is left alone and could touch 8000 MiB more: what the reserve is for. */
function aView(figures: Partial<HostFigures>, guests: readonly GuestView[], timeMs?: number): HostView {
  const aside = aGuest({ id: 'aside', shares: 0, assignedBytes: mib(10_000), residentBytes: mib(2000) });
  return viewOf(figures, [...guests, aside], timeMs);
}

const sizes = (plan: Plan, guests: readonly GuestView[]): number[] =>
  guests.map((each) => Math.round(rawSize(plan, each) / MIB));
const steadyHistory = (used: number): GuestView['demand'] => ({
  stepMs: 60_000,
  usedBytes: new Array<number>(30).fill(mib(used)),
});

describe('ballast', () => {
  it('moves nothing while the host has its reserve and no balloon holds anything', () => {
    const guests = [guest({ used: 1000 }), guest({ id: 'g2', used: 3000 })];
    expect(ballast.plan(aView(host(4000), guests)).guests).toEqual([]);
  });

  it('takes nothing from guests whose host can back all that they may yet touch', () => {
    const calm = guest({ used: 1000, guest: { residentBytes: mib(3100), demand: steadyHistory(1000) } });
    const backed = ballast.plan(viewOf(host(900), [calm]));
    expect([backed.neededBytes, backed.guests]).toEqual([0, []]);
    expect(ballast.plan(viewOf(host(899), [calm])).neededBytes).toBe(MIB);
  });

  it('takes before there is pressure: as much as the reserve and what guests may rise by call for', () => {
    const calm = guest({ used: 1000, guest: { demand: steadyHistory(1000) } });
    const plan = ballast.plan(aView(host(1000), [calm]));
    expect(plan.neededBytes).toBe(200 * MIB);
    expect(plan.plannedBytes).toBe(200 * MIB);
    const restless = { stepMs: 60_000, usedBytes: [1000, 2200, 1000, 1000, 2200, 1000, 1000, 1000].map(mib) };
    const rising = guest({
      used: 1000,
      guest: { demand: restless, residentBytes: mib(2000) },
      stats: { cachedBytes: 0 },
    });
    expect(ballast.plan(aView(host(1300), [rising])).neededBytes).toBeGreaterThan(0);
    expect(ballast.plan(aView(host(1300), [calm])).neededBytes).toBeLessThan(0);
  });

  it('counts on guests rising together only when they did', () => {
    const demand = (peaks: readonly number[]): GuestView['demand'] => ({
      stepMs: 60_000,
      usedBytes: Array.from({ length: 40 }, (_, at) => mib(peaks.includes(at % 10) ? 2000 : 1000)),
    });
    const pair = (first: readonly number[], second: readonly number[]): GuestView[] =>
      [first, second].map((peaks, index) =>
        guest({ id: `g${index}`, used: 1000, guest: { demand: demand(peaks), residentBytes: mib(1000) } }),
      );
    const together = ballast.plan(aView(host(4000), pair([3], [3]))).neededBytes;
    const apart = ballast.plan(aView(host(4000), pair([3], [7]))).neededBytes;
    expect(together - apart).toBe(1000 * MIB);
  });

  it('takes free memory before idle cache, and idle cache before cache in use', () => {
    const guests = [
      guest({ id: 'free', used: 1000, guest: { demand: steadyHistory(1000) } }),
      guest({ id: 'idle', used: 1000, cached: 3000, stats: { idleRatio: 1 }, guest: { demand: steadyHistory(1000) } }),
      guest({ id: 'busy', used: 1000, cached: 3000, stats: { idleRatio: 0 }, guest: { demand: steadyHistory(1000) } }),
    ];
    const take = (missing: number): number[] =>
      sizes(ballast.plan(aView(host(1200 - missing), guests), { stepBytes: mib(8000) }), guests);
    expect(take(1000)).toEqual([3000, 4000, 4000]);
    expect(take(1200)).toEqual([2800, 4000, 4000]);
    const deep = sizes(
      ballast.plan(
        aView(
          host(0, { swapTotalBytes: 1 }),
          guests.map((each) => ({ ...each, swappedBytes: mib(1000) })),
        ),
        {
          stepBytes: mib(8000),
        },
      ),
      guests,
    );
    expect(deep[0]).toBeLessThan(1300);
    expect(deep[1]).toBeLessThan(deep[2]!);
  });

  it('takes memory that is broken up before it breaks large blocks', () => {
    const guests = [
      guest({ id: 'whole', used: 1000, guest: { demand: steadyHistory(1000) } }),
      guest({ id: 'broken', used: 1000, stats: { unusableIndex9: 0.5 }, guest: { demand: steadyHistory(1000) } }),
    ];
    expect(sizes(ballast.plan(aView(host(600), guests)), guests)).toEqual([4000, 3400]);
  });

  it('takes more from guests with fewer shares', () => {
    const guests = [
      guest({ id: 'a', used: 1000, guest: { shares: 3000, demand: steadyHistory(1000) } }),
      guest({ id: 'b', used: 1000, guest: { shares: 1000, demand: steadyHistory(1000) } }),
    ];
    const [a, b] = sizes(ballast.plan(aView(host(400), guests)), guests);
    expect(a).toBeGreaterThan(b!);
  });

  it('asks for more where much of the free memory was never touched', () => {
    const untouched = guest({ used: 1000, guest: { demand: steadyHistory(1000), residentBytes: mib(2500) } });
    const plan = ballast.plan(aView(host(1000), [untouched]));
    // half of the free 3000 is backed: 200 to gain need 400
    expect(plan.neededBytes).toBe(200 * MIB);
    expect(plan.plannedBytes).toBeGreaterThan(380 * MIB);
    expect(plan.plannedBytes).toBeLessThanOrEqual(400 * MIB);
  });

  it('gives a guest its whole balloon back when it is in trouble, at once and first', () => {
    const short = guest({ size: 2000, used: 1950 });
    const plan = ballast.plan(aView(host(8000), [short]));
    expect(rowOf(plan)).toMatchObject({ balloonTargetBytes: 0, phase: 2 });
    expect(rowOf(plan)?.reason).toContain('in trouble');
    const stalling = guest({
      size: 2000,
      used: 1800,
      stats: { pressure: { some10: 0.3, some60: 0, full10: 0, full60: 0 } },
      guest: { lastMovedMs: 999_999 },
    });
    expect(rowOf(ballast.plan(aView(host(8000), [stalling])))?.balloonTargetBytes).toBe(0);
  });

  it('does not take stalls for want of memory while there is plenty', () => {
    const swappedByHost = guest({
      size: 2000,
      used: 500,
      stats: { pressure: { some10: 0.9, some60: 0, full10: 0, full60: 0 } },
    });
    expect(rowOf(ballast.plan(aView(host(1200), [swappedByHost])))?.balloonTargetBytes).not.toBe(0);
  });

  it('pays for a release with what others can spare, and not with the last of the host', () => {
    const guests = [guest({ id: 'short', size: 2000, used: 1950 }), guest({ id: 'rich', used: 500, cached: 1000 })];
    const plan = ballast.plan(aView(host(1200), guests));
    expect(rowOf(plan, 'rich')?.phase).toBe(1);
    expect(rowOf(plan, 'short')?.phase).toBe(2);
    const broke = ballast.plan(aView(host(300), [guests[0]!]));
    expect(rowOf(broke, 'short')?.balloonTargetBytes).toBe(mib(2000)); // 300 is what the host keeps
  });

  it('leaves a guest that was in trouble more than it uses for a while', () => {
    const troubled = guest({ size: 2000, used: 1990 });
    const { memory } = ballast.plan(aView(host(8000), [troubled], 0));
    const after = guest({ used: 1990, guest: { demand: steadyHistory(1990) } });
    const at = (timeMs: number) =>
      sizes(ballast.plan(aView(host(0, { state: 'LOW' }), [after], timeMs), { stepBytes: mib(4000) }, memory), [
        after,
      ])[0];
    expect(at(60_000)).toBeGreaterThan(2600);
    expect(at(200_000)).toBeLessThanOrEqual(at(60_000)!);
  });

  it('gives a guest all back whose OOM killer struck, and leaves it more than it had then until that is forgotten', () => {
    const seen = (size: number, oomKillsTotal: number | undefined, timeMs: number, memory?: Plan['memory']): Plan =>
      ballast.plan(
        aView(
          host(100),
          [guest({ size, used: 1000, stats: { oomKillsTotal }, guest: { demand: steadyHistory(1000) } })],
          timeMs,
        ),
        { stepBytes: mib(8000), reserveRatio: 0.5 },
        memory,
      );
    const before = seen(2000, 3, 0);
    const struck = seen(2000, 4, 10_000, before.memory);
    expect(rowOf(struck)).toMatchObject({ rawBalloonTargetBytes: 0 });
    expect(rowOf(struck)?.reason).toMatch(/OOM killer/);
    const later = seen(4000, 4, 400_000, struck.memory);
    expect(4000 - rowOf(later)!.rawBalloonTargetBytes / MIB).toBe(2000 + 200);
    const forgotten = seen(4000, 4, 610_000, later.memory);
    expect(4000 - rowOf(forgotten)!.rawBalloonTargetBytes / MIB).toBeLessThan(2000);
    // A guest first seen with kills, one that says nothing of them, and one that booted again have not been struck.
    for (const kills of [7, undefined, 0]) {
      const calm = seen(2000, kills, 10_000, kills === 0 ? before.memory : undefined);
      expect(rowOf(calm)?.reason ?? '').not.toMatch(/OOM/);
    }
  });

  it('never asks for what a guest uses, even when the host has nothing', () => {
    const guests = [guest({ used: 3000 }), guest({ id: 'g2', used: 600 })];
    const plan = ballast.plan(aView(host(0, { state: 'LOW' }), guests), { stepBytes: mib(8000) });
    const [first, second] = sizes(plan, guests);
    expect(first).toBeGreaterThan(3000);
    expect(second).toBeGreaterThan(600);
    expect(plan.unreachable).toBeNull();
    const short = guests.map((each) => ({ ...each, swappedBytes: mib(3000) }));
    expect(ballast.plan(aView(host(0), short)).unreachable).toContain('cannot be gained');
  });

  it('keeps the floor', () => {
    const idle = guest({ used: 10 });
    const short = { ...idle, swappedBytes: mib(10_000) };
    const plan = ballast.plan(aView(host(0), [short]), { stepBytes: mib(8000) });
    expect(sizes(plan, [idle])).toEqual([500]);
  });

  it('gives back when there is enough beyond a band, forecasts first', () => {
    const rising = { stepMs: 60_000, usedBytes: [500, 500, 500, 1700, 500, 500, 500, 500].map(mib) };
    const guests = [
      guest({ id: 'rising', size: 1000, used: 500, guest: { demand: rising } }),
      guest({ id: 'calm', size: 1000, used: 500, guest: { demand: steadyHistory(500) } }),
    ];
    expect(ballast.plan(aView(host(1200 + 150), guests)).plannedBytes).toBeGreaterThan(-250 * MIB);
    const [first, second] = sizes(ballast.plan(aView(host(2800), guests)), guests);
    expect(first).toBeGreaterThan(1800);
    expect(second).toBeLessThan(1500);
    expect(sizes(ballast.plan(aView(host(9000), guests)), guests)).toEqual([4000, 4000]);
  });

  it('evens out only what is worth a move, and rests after one', () => {
    const slight = guest({ size: 3960, used: 1000, guest: { demand: steadyHistory(1000) } });
    expect(causeOf(ballast.plan(aView(host(1200), [slight])))).toBe('UNCHANGED');
    const rested = (lastMovedMs: number): Plan =>
      ballast.plan(aView(host(1000), [guest({ used: 1000, guest: { lastMovedMs, demand: steadyHistory(1000) } })]));
    expect(causeOf(rested(990_001))).toBe('COOLING_DOWN');
    expect(rowOf(rested(990_000))).toBeDefined();
  });

  it('does not wait when the host is nearly out of memory', () => {
    const moved = guest({ used: 1000, guest: { lastMovedMs: 999_999, demand: steadyHistory(1000) } });
    expect(rowOf(ballast.plan(aView(host(500), [moved])))).toBeDefined();
  });

  it('stops asking a guest that is stuck for more than it gave, and forgives it later', () => {
    const stuck = guest({ size: 2000, used: 1000, guest: { balloonActualBytes: mib(1000), stuckSinceMs: 994_000 } });
    const plan = ballast.plan(aView(host(500), [stuck]));
    expect(rowOf(plan)).toMatchObject({ balloonTargetBytes: mib(1000), phase: 2 });
    const settled = guest({ size: 3000, used: 1000, guest: { demand: steadyHistory(1000) } });
    expect(rowOf(ballast.plan(aView(host(1000), [settled], 1_010_000), {}, plan.memory))).toBeUndefined();
    expect(rowOf(ballast.plan(aView(host(1000), [settled], 1_310_000), {}, plan.memory))?.phase).toBe(1);
  });

  it('remembers rises of a guest that has no history', () => {
    const seen = (used: number, timeMs: number, memory?: Plan['memory']): Plan =>
      ballast.plan(aView(host(1200), [guest({ used, guest: { residentBytes: mib(used) } })], timeMs), {}, memory);
    const calm = seen(1000, 0);
    const risen = seen(2000, 10_000, calm.memory);
    expect(risen.neededBytes).toBe(1000 * MIB);
    const later = seen(2000, 10_000 + 1_800_000, risen.memory);
    expect(later.neededBytes).toBe(500 * MIB); // faded by one half-life
  });

  it('asks in whole pageblocks', () => {
    const plan = ballast.plan(aView(host(1100.7), [guest({ used: 1000, guest: { demand: steadyHistory(1000) } })]));
    expect(rowOf(plan)!.rawBalloonTargetBytes % (2 * MIB)).toBe(0);
  });
});
