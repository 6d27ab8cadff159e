import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chooseVictims, pagesFromColdest, swapFaultsPerSec } from './cold-pages.js';

describe('cold pages', () => {
  it('hold every resident page once', () => {
    const classes = pagesFromColdest(1000, 600, 300);
    expect(classes.reduce((sum, { pages }) => sum + pages, 0)).toBeCloseTo(1000);
  });

  it('are used the more often the deeper the host swaps, and not at all when it does not', () => {
    const classes = pagesFromColdest(1000, 1000, 0);
    const rates = [0, 100, 300, 600, 1000].map((swapped) =>
      swapFaultsPerSec(classes, swapped, { load: 1, wakingPerHour: 0 }),
    );
    expect(rates[0]).toBe(0);
    expect([...rates].sort((one, other) => one - other)).toEqual(rates);
    // All of the hot half every five seconds.
    expect(rates[4]).toBeCloseTo(470 / 5 + 250 / 75 + 130 / 1800 + 150 / 86_400);
    expect(swapFaultsPerSec(classes, 600, { load: 0.5, wakingPerHour: 0 })).toBeCloseTo(rates[3]! / 2);
  });

  it('of programs wake in swap, as phases change; what the guest has freed does not', () => {
    // Frozen: 400 pages that are free, and 0.15 of 600.
    const classes = pagesFromColdest(1000, 600, 0);
    const asleep = swapFaultsPerSec(classes, 245, { load: 1, wakingPerHour: 0 });
    const waking = swapFaultsPerSec(classes, 245, { load: 1, wakingPerHour: 0.01 });
    expect((waking - asleep) * 3600).toBeCloseTo(0.01 * 45, 9);
    expect(swapFaultsPerSec(pagesFromColdest(1000, 0, 0), 500, { load: 0, wakingPerHour: 0.01 })).toBe(0);
    expect(swapFaultsPerSec(classes, 0, { load: 1, wakingPerHour: 0.01 })).toBe(0);
  });

  it('are taken from the guest that has colder ones', () => {
    const idle = { classes: pagesFromColdest(1000, 200, 0), swapped: 0 };
    const busy = { classes: pagesFromColdest(1000, 1000, 0), swapped: 0 };
    const [fromIdle, fromBusy] = chooseVictims([idle, busy], 500);
    expect(fromIdle! + fromBusy!).toBeLessThanOrEqual(500);
    expect(fromIdle! + fromBusy!).toBeGreaterThanOrEqual(498);
    expect(fromIdle).toBeGreaterThan(3 * fromBusy!);
  });

  it('of many guests: never more than a guest has, nor more than is needed', () => {
    const guest = fc.record({ resident: fc.nat(5000), anon: fc.nat(5000), file: fc.nat(5000), swapped: fc.nat(5000) });
    fc.assert(
      fc.property(fc.array(guest, { minLength: 1, maxLength: 8 }), fc.nat(20_000), (guests, needed) => {
        const all = guests.map(({ resident, anon, file, swapped }) => ({
          classes: pagesFromColdest(resident, anon, file),
          swapped: Math.min(swapped, resident),
          resident,
        }));
        const taken = chooseVictims(all, needed);
        taken.forEach((pages, at) => expect(pages + all[at]!.swapped).toBeLessThanOrEqual(all[at]!.resident));
        expect(taken.reduce((sum, pages) => sum + pages, 0)).toBeLessThanOrEqual(needed);
      }),
    );
  });
});
