import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#contracts';
import { planFor } from './plan-for.js';

const GIB = 2 ** 30;

/** A host with nothing left and one guest that uses a quarter of what it has. */
const VIEW = {
  timeMs: 1_000_000,
  host: { id: 'h1', capacityBytes: 8 * GIB, reservedBytes: 0, usedBytes: 8 * GIB, freeBytes: 0, availableBytes: 0 },
  guests: [
    {
      id: 'g1',
      state: 'RUNNING',
      assignedBytes: 8 * GIB,
      minBytes: 2 * GIB,
      maxBytes: 8 * GIB,
      shares: 1000,
      balloonTargetBytes: 0,
      balloonActualBytes: 0,
      residentBytes: 8 * GIB,
      swappedBytes: 0,
      stats: { ageMs: 0, freeBytes: 6 * GIB, availableBytes: 6 * GIB, totalBytes: 8 * GIB, usedBytes: 2 * GIB },
    },
  ],
};
const request = { policy: 'mom', settings: [], view: JSON.stringify(VIEW), memory: undefined };

const problem = (change: Partial<Parameters<typeof planFor>[0]>): string => {
  try {
    planFor({ ...request, ...change });
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
  return 'accepted';
};

describe('planFor', () => {
  it('plans with the policy and its settings', () => {
    const plan = planFor(request);
    expect(plan.guests).toMatchObject([{ id: 'g1', phase: 1 }]);
    const held = planFor({ ...request, settings: ['maxStepBytes=4096'] });
    expect(held.guests[0]?.balloonTargetBytes).toBe(4096);
  });

  it('hands the memory of the last plan in', () => {
    const first = planFor(request);
    const second = planFor({ ...request, memory: JSON.stringify(first.memory) });
    expect(second.memory).not.toEqual(first.memory);
  });

  it('names what is wrong and what would be accepted', () => {
    expect(problem({ policy: 'best' })).toContain('accepted: none, proxmox');
    expect(problem({ settings: ['maxStepBytes'] })).toContain('name=value');
    expect(problem({ settings: ['maxStepBytes=-1', 'colour=red'] })).toMatch(/maxStepBytes: .*\n {2}colour: /);
    expect(problem({ view: '{' })).toContain('the view on standard input is not JSON');
    expect(problem({ view: '{}' })).toContain('host');
    expect(problem({ memory: 'x' })).toContain('--memory is not JSON');
  });
});
