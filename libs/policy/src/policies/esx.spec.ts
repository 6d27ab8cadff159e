import { describe, expect, it } from '@jest/globals';
import { MIB, PAGE_SIZE_BYTES } from '#units';
import { aGuest, aView, loadCases, rowOf, stats } from '../../test/support/build.js';
import { fillByWeight } from '../arithmetic/fill.js';
import { parseParameters } from '../model/policy.js';
import type { GuestView } from '../model/view.js';
import { esx, idlePageCost, pageCost, sharesPerPage } from './esx.js';

interface RhoCase {
  shares: number;
  pages: number;
  active_fraction: number;
  tau: number;
  k: number;
  rho: number;
}
interface RestCase {
  tau: number;
  f1: number;
  f2: number;
  share_of_T_for_vm1: number;
}
const file = loadCases('esx-idle-tax-derived') as {
  cases: RhoCase[];
  equilibrium_two_equal_share_vms: { cases: RestCase[] };
};

/** Two guests of 256 MiB with equal shares, one active by `f1`, one by `f2`, on a host of 360 MiB. */
function pair(f1: number, f2: number, sizes: readonly [number, number] = [256, 256]): GuestView[] {
  return [f1, f2].map((active, index) =>
    aGuest({
      id: `g${index + 1}`,
      assignedBytes: 256 * MIB,
      minBytes: 0,
      balloonTargetBytes: (256 - sizes[index]!) * MIB,
      stats: stats({ idleRatio: 1 - active }),
    }),
  );
}

/** Repeats decisions on a host where every guest uses its size at once; sizes in MiB at the end. */
function settle(tau: number, f1: number, f2: number, rounds = 40): number[] {
  let sizes: [number, number] = [256, 256];
  let memory = null as ReturnType<typeof esx.plan>['memory'];
  for (let round = 0; round < rounds; round++) {
    const used = sizes[0] + sizes[1];
    const view = aView(
      { capacityBytes: 360 * MIB, freeBytes: Math.max(0, 360 - used) * MIB, state: 'HIGH' },
      pair(f1, f2, sizes).map((guest, index) => ({
        ...guest,
        swappedBytes: index === 0 ? Math.max(0, used - 360) * MIB : 0,
      })),
      round * 15_000,
    );
    const plan = esx.plan(view, { idleTaxRatio: tau, maxBalloonRatio: 1 }, memory);
    memory = plan.memory;
    const size = (id: string, present: number): number =>
      256 - (rowOf(plan, id)?.balloonTargetBytes ?? (256 - present) * MIB) / MIB;
    sizes = [size('g1', sizes[0]), size('g2', sizes[1])];
  }
  return sizes;
}

describe('esx', () => {
  it.each(file.cases)('prices $pages pages, active $active_fraction, at tax $tau as the paper does', (peer) => {
    expect(idlePageCost(peer.tau)).toBeCloseTo(peer.k, 9);
    expect(sharesPerPage(peer.shares, peer.pages, peer.active_fraction, peer.tau)).toBeCloseTo(peer.rho, 9);
  });

  it.each(file.equilibrium_two_equal_share_vms.cases)(
    'rests where both pay the same: tax $tau, $f1 and $f2',
    (peer) => {
      const claims = [peer.f1, peer.f2].map((active) => ({
        low: 0,
        high: 1,
        weight: 1000 / pageCost(active, peer.tau),
      }));
      expect(fillByWeight(claims, 1)[0]).toBeCloseTo(peer.share_of_T_for_vm1, 5);
    },
  );

  it('comes to rest at equal prices per page when it decides again and again', () => {
    const [first, second] = settle(0.5, 0.2, 0.9);
    const price = (size: number, active: number): number =>
      sharesPerPage(1000, (size * MIB) / PAGE_SIZE_BYTES, active, 0.5);
    expect(price(first!, 0.2) / price(second!, 0.9)).toBeCloseTo(1, 1);
  });

  it('gives two guests equal halves without a tax, and the active one more with a tax of 75 %', () => {
    const [idleUntaxed, activeUntaxed] = settle(0, 0.05, 0.95);
    expect(Math.abs(idleUntaxed! - activeUntaxed!)).toBeLessThanOrEqual(4);
    expect(idleUntaxed! + activeUntaxed!).toBeGreaterThan(360 * 0.9);
    const [idleTaxed, activeTaxed] = settle(0.75, 0.05, 0.95);
    expect(activeTaxed!).toBeGreaterThan(activeUntaxed! * 1.3);
    expect(idleTaxed!).toBeLessThan(idleUntaxed! / 1.7);
  });

  it('refuses a tax of 1, at which an idle page costs without limit', () => {
    expect(parseParameters(esx, { tau: 1 })).toMatchObject({ ok: false });
    expect(parseParameters(esx, { tau: 0.75 })).toMatchObject({ ok: true, value: { idleTaxRatio: 0.75 } });
  });

  it('believes a guest that wakes up at once and one that falls asleep slowly', () => {
    const active = (idleRatio: number, memory?: ReturnType<typeof esx.plan>['memory']) =>
      esx.plan(aView({ availableBytes: 0 }, [aGuest({ stats: stats({ idleRatio }) })]), {}, memory);
    const asleep = active(0.9);
    expect(rowOf(active(0.1, asleep.memory))?.reason).toContain('90 % active');
    const awake = active(0.1);
    expect(rowOf(active(0.9, awake.memory))?.reason).toContain('82 % active');
  });

  it('reclaims nothing while the host is HIGH, and down to the HIGH threshold below SOFT', () => {
    const guests = [aGuest({ id: 'a' }), aGuest({ id: 'b' })];
    const capacityBytes = 10_000 * MIB;
    expect(esx.plan(aView({ capacityBytes, availableBytes: 500 * MIB }, guests)).guests).toEqual([]);
    const short = esx.plan(aView({ capacityBytes, availableBytes: 300 * MIB }, guests));
    expect(short.neededBytes).toBe(300 * MIB);
    expect(short.plannedBytes).toBe(300 * MIB);
    expect(short.memory).toMatchObject({ state: 'SOFT' });
  });

  it('keeps guests above 35 % of their memory by the cap on the balloon', () => {
    const guest = aGuest({ minBytes: 0, assignedBytes: 1000 * MIB, stats: stats({ idleRatio: 1 }) });
    const plan = esx.plan(aView({ capacityBytes: 20_000 * MIB, availableBytes: 0 }, [guest]));
    expect(rowOf(plan)?.balloonTargetBytes).toBe(650 * MIB);
    expect(plan.unreachable).toContain('floors');
  });
});
