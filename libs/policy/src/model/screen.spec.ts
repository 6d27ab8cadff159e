import { describe, expect, it } from '@jest/globals';
import { aGuest, aView, stats } from '../../test/support/build.js';
import type { GuestView } from './view.js';
import { screenGuests, type ScreenRules } from './screen.js';

const RULES: ScreenRules = {
  needs: ['freeBytes'],
  maxStatsAgeMs: 60_000,
  stuckAfterMs: 5000,
  movesStuckGuests: false,
  movesSilentGuests: false,
};
const NOW = 1_000_000;

function causeOf(overrides: Partial<GuestView>, rules: Partial<ScreenRules> = {}): string | null {
  const { movable, untouched } = screenGuests(aView({}, [aGuest(overrides)], NOW), { ...RULES, ...rules });
  expect(movable.length + untouched.length).toBe(1);
  return untouched[0]?.cause ?? null;
}

describe('screenGuests', () => {
  it.each<[string, Partial<GuestView>, string | null]>([
    ['runs and speaks', {}, null],
    ['is paused', { state: 'PAUSED' }, 'NOT_RUNNING'],
    ['is migrating', { migrating: true }, 'MIGRATING'],
    ['has no shares', { shares: 0 }, 'LEFT_ALONE'],
    ['is held', { heldUntilMs: NOW + 1 }, 'HELD'],
    ['was held until now', { heldUntilMs: NOW }, null],
    ['gives no statistics', { stats: null }, 'NO_STATS'],
    ['does not report what is needed', { stats: { ageMs: 0 } }, 'NO_STATS'],
    ['spoke just in time', { stats: stats({ ageMs: 60_000 }) }, null],
    ['spoke too long ago', { stats: stats({ ageMs: 60_001 }) }, 'STALE_STATS'],
    ['does not move yet', { stuckSinceMs: NOW - 4999 }, null],
    ['is stuck', { stuckSinceMs: NOW - 5000 }, 'STUCK'],
  ])('judges a guest that %s', (_, overrides, cause) => {
    expect(causeOf(overrides)).toBe(cause);
  });

  it('leaves stuck and silent guests to policies that know what to do with them', () => {
    expect(causeOf({ stuckSinceMs: 0 }, { movesStuckGuests: true })).toBeNull();
    expect(causeOf({ stats: null }, { movesSilentGuests: true })).toBeNull();
  });
});
