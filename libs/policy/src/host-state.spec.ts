import { describe, expect, it } from '@jest/globals';
import { HOST_STATES } from '#contracts';
import { nextHostState } from './host-state.js';

describe('nextHostState', () => {
  it.each([
    ['HIGH', 0.05, 'HIGH'],
    ['HIGH', 0.04, 'HIGH'],
    ['HIGH', 0.0399, 'SOFT'],
    ['HIGH', 0.0199, 'HARD'],
    ['HIGH', 0.0099, 'LOW'],
    ['SOFT', 0.0599, 'SOFT'],
    ['SOFT', 0.06, 'HIGH'],
    ['HARD', 0.0399, 'HARD'],
    ['HARD', 0.04, 'SOFT'],
    ['LOW', 0.0199, 'LOW'],
    ['LOW', 0.02, 'HARD'],
    ['LOW', 0.9, 'HIGH'],
    ['LOW', 0, 'LOW'],
  ] as const)('goes from %s with a free share of %d to %s', (current, free, next) => {
    expect(nextHostState(current, free)).toBe(next);
  });

  it('does not flap on any free share: what a state leads to stays', () => {
    for (const current of HOST_STATES) {
      for (let free = 0; free <= 0.08; free += 0.0005) {
        const next = nextHostState(current, free);
        expect(nextHostState(next, free)).toBe(next);
      }
    }
  });

  it('takes other thresholds', () => {
    const thresholds = { HIGH: 0.5, SOFT: 0.4, HARD: 0.3, LOW: 0.2 };
    expect(nextHostState('HIGH', 0.35, thresholds)).toBe('SOFT');
  });
});
