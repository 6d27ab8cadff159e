import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomOperations } from './operations.js';

/** Four machines, 25,000 operations each. */
const MACHINES = [
  { kernelProfile: '6.1', pcp: true },
  { kernelProfile: '6.12' },
  { kernelProfile: '6.12', pcp: true, adjustManaged: false },
  { kernelProfile: '7.0', pcp: true },
] as const;

describe('case 50: the balloon’s invariants hold after every one of 100,000 random operations', () => {
  it.each(MACHINES)('$kernelProfile, per-CPU lists: $pcp', (machine) => {
    expect(randomOperations(20_260_101, 25_000, machine)).toBeNull();
  });

  it('with another seed each time', () => {
    const seed = fc.sample(fc.nat(), 1)[0];
    for (const machine of MACHINES) expect(randomOperations(seed, 1000, machine)).toBeNull();
  });

  it('isolates nothing where balloon pages cannot move', () => {
    expect(randomOperations(1, 2000, { balloonCompaction: false })).toBeNull();
  });
});
