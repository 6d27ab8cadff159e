import { describe, expect, it } from '@jest/globals';
import { GIB } from '#units';
import { aGuest, aView } from '../test/support/build.js';
import type { HostView } from './model/view.js';
import { placeGuest } from './placement.js';

/** A host of 16 GiB with `floors` promised, `used` GiB in use, stalling by `some10`. */
function host(id: string, floors: number, used: number, some10 = 0): HostView {
  const guests = Array.from({ length: floors }, (_, index) => aGuest({ id: `${id}-${index}`, minBytes: GIB }));
  const pressure = { some10, some60: 0, full10: 0, full60: 0 };
  return aView({ id, capacityBytes: 16 * GIB, availableBytes: (16 - used) * GIB, pressure }, guests);
}

const guest = { id: 'new', minBytes: 2 * GIB, assignedBytes: 4 * GIB, maxBytes: 4 * GIB };
const hosts = [host('busy', 6, 15, 0.3), host('empty', 1, 14, 0.1), host('full', 15, 2), host('calm', 10, 3)];

describe('placeGuest', () => {
  it.each([
    ['SPREAD', 'empty', 'promised least'],
    ['PACK', 'calm', 'fullest'],
    ['PRESSURE', 'calm', 'suffers least'],
  ] as const)('places by %s on %s and says why', (strategy, hostId, why) => {
    const placement = placeGuest(hosts, guest, strategy);
    expect(placement).toMatchObject({ outcome: 'PLACED', hostId });
    expect(placement.reason).toContain(why);
    expect(placement.reason).toContain('1 have no room');
  });

  it('takes the first of equals', () => {
    const equals = [host('b', 2, 4), host('a', 2, 4)];
    for (const strategy of ['SPREAD', 'PACK', 'PRESSURE'] as const) {
      expect(placeGuest(equals, guest, strategy)).toMatchObject({ hostId: 'b' });
    }
  });

  it('refuses with the numbers of the host that comes closest', () => {
    const placement = placeGuest([host('full', 16, 2), host('nearly', 15, 2)], guest, 'PACK');
    expect(placement.outcome).toBe('REFUSED');
    expect(placement.reason).toContain('host nearly: 1024 MiB too much');
    expect(placeGuest([], guest, 'PACK')).toEqual({ outcome: 'REFUSED', reason: 'there is no host' });
  });

  it('keeps to the rules of admission', () => {
    expect(placeGuest(hosts, guest, 'SPREAD', { maxOvercommitRatio: 0.1 }).outcome).toBe('REFUSED');
  });
});
