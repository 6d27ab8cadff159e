import { describe, expect, it } from '@jest/globals';
import { aGuest, aView, causeOf, mib, rawSize, rowOf, stats } from '../../test/support/build.js';
import type { GuestView } from '../model/view.js';
import { hyperv } from './hyperv.js';

/** A guest of 4000 MiB at `size`, of which `used` is in use. */
function guest(id: string, size: number, used: number, overrides: Partial<GuestView> = {}): GuestView {
  return aGuest({
    id,
    assignedBytes: mib(4000),
    minBytes: mib(500),
    balloonTargetBytes: mib(4000 - size),
    stats: stats({ usedBytes: mib(used), availableBytes: mib(size - used) }),
    ...overrides,
  });
}
const roomy = { capacityBytes: mib(20_000), availableBytes: mib(10_000) };

describe('hyperv', () => {
  it('gives demand and buffer at once', () => {
    const short = guest('a', 1000, 1000);
    expect(rawSize(hyperv.plan(aView(roomy, [short])), short)).toBe(mib(1200));
    expect(rawSize(hyperv.plan(aView(roomy, [short]), { bufferPercent: 50 }), short)).toBe(mib(1500));
  });

  it('takes back slowly', () => {
    const wide = guest('a', 4000, 1000);
    expect(rawSize(hyperv.plan(aView(roomy, [wide])), wide)).toBe(mib(3800));
  });

  it('splits what is above the minimums by weight when the host is short', () => {
    const guests = [guest('a', 1000, 1000, { shares: 2000 }), guest('b', 1000, 1000)];
    const plan = hyperv.plan(aView({ capacityBytes: mib(10_000), availableBytes: mib(700) }, guests), {
      removeRatio: 1,
    });
    // 2000 present and 200 beyond the reserve of 500, 1200 wanted each: 2 : 1 up to what is wanted
    expect(guests.map((each) => Math.round(rawSize(plan, each) / mib(1)))).toEqual([1200, 1000]);
    expect(plan.neededBytes).toBe(mib(200));
    expect(rowOf(plan, 'a')?.reason).toContain('split by weight');
  });

  it('counts memory by what is available, not by a total that a deflating balloon leaves whole', () => {
    const whole = guest('a', 1000, 0, { stats: stats({ usedBytes: mib(3500), availableBytes: mib(500) }) });
    const plan = hyperv.plan(aView(roomy, [whole]), { removeRatio: 1 });
    expect(rawSize(plan, whole)).toBe(mib(600));
  });

  it('says how the guest stands in the words of the original', () => {
    const status = (size: number, available: number): string | undefined => {
      const plan = hyperv.plan(
        aView({ capacityBytes: mib(10_000), availableBytes: mib(available) }, [guest('a', size, 1000)]),
      );
      return rowOf(plan, 'a')?.reason;
    };
    expect(status(1000, 5000)).toContain('(OK)');
    expect(status(1000, 600)).toContain('(Low)');
    expect(status(1500, 100)).toContain('(OK)');
  });

  it('leaves slight differences alone', () => {
    expect(causeOf(hyperv.plan(aView(roomy, [guest('a', 1210, 1000)])), 'a')).toBe('UNCHANGED');
  });
});
