import { describe, expect, it } from '@jest/globals';
import { GIB } from '#units';
import { aGuest, aView } from '../test/support/build.js';
import type { HostView } from './model/view.js';
import { placeGuest, placeGuests } from './placement.js';

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

  it('places by PRESSURE on no host that is out of memory while another has some, even if its guests do not stall yet', () => {
    const placement = placeGuest([host('spent', 2, 16), host('stalling', 2, 8, 0.001)], guest, 'PRESSURE');
    expect(placement).toMatchObject({ hostId: 'stalling' });
    expect(placement.reason).toContain(
      'host stalling suffers least: HIGH, stalling 0.1 % of the time, 50 % of its memory used',
    );
    const bothSpent = [host('calm', 2, 16), host('stalling', 2, 16, 0.001)];
    expect(placeGuest(bothSpent, guest, 'PRESSURE')).toMatchObject({ hostId: 'calm' });
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

describe('placeGuests', () => {
  const several = (count: number): (typeof guest)[] =>
    Array.from({ length: count }, (_, index) => ({ ...guest, id: `new-${index}` }));
  const placesOf = (strategy: 'SPREAD' | 'PACK' | 'PRESSURE', count: number): string[] => {
    const placed = placeGuests([host('a', 4, 4), host('b', 4, 4)], several(count), strategy);
    return placed.outcome === 'PLACED' ? placed.places.map(({ hostId }) => hostId) : [];
  };

  it('counts those placed before: spreads by turns, packs one host full, and keeps pressure level', () => {
    expect(placesOf('SPREAD', 4)).toEqual(['a', 'b', 'a', 'b']);
    expect(placesOf('PACK', 7)).toEqual(['a', 'a', 'a', 'a', 'a', 'a', 'b']);
    expect(placesOf('PRESSURE', 4)).toEqual(['a', 'b', 'a', 'b']);
  });

  it('places all or none, and says how far it came', () => {
    const placed = placeGuests([host('a', 4, 4), host('b', 4, 4)], several(13), 'SPREAD');
    expect(placed).toMatchObject({ outcome: 'REFUSED' });
    expect('reason' in placed && placed.reason).toMatch(/^after 12 of 13 found a place, none of 2 hosts admits new-12/);
  });
});
